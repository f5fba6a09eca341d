#include "app/channel_trials.hpp"

#include <catch2/catch.hpp>
#include <future>

#include "notify/trial.hpp"
#include "tests/support/simulated_clock.hpp"

namespace telltale::app {
namespace {

using Refusal = api::ChannelDesk::Refusal;

notify::NotifyOptions some_channels() {
  notify::Channel ours;
  ours.name = "ours";
  ours.url = "http://127.0.0.1:1/hook?token=secret";  // nobody listens on port 1
  ours.tenant = "acme";
  ours.token = "secret";
  ours.severities = {proto::Severity::critical};
  notify::Channel theirs;
  theirs.name = "theirs";
  theirs.tenant = "rival";
  notify::NotifyOptions options;
  options.channels = {ours, theirs};
  return options;
}

TEST_CASE("a tenant sees the channels that its alerts may go to, and of their addresses the host", "[app]") {
  const test::SimulatedClock clock;
  ChannelTrials trials(clock);
  trials.use(some_channels());
  const auto shown = trials.channels("acme");
  REQUIRE(shown.size() == 1);
  CHECK(shown.front().name == "ours");
  CHECK(shown.front().kind == "webhook");
  CHECK(shown.front().host == "http://127.0.0.1:1");
  CHECK(shown.front().severities == std::vector{proto::Severity::critical});
}

TEST_CASE("of a url only scheme and host are shown", "[app]") {
  const auto [url, host] = GENERATE(table<std::string, std::string>({
      {"https://hooks.example/services/T0/B0/secret", "https://hooks.example"},
      {"https://user:secret@hooks.example:8443?key=secret", "https://hooks.example:8443"},
      {"smtp://mail.example:587", "smtp://mail.example:587"},
      {"https://secret/@elsewhere", "https://secret"},
      {"", ""},
  }));
  CHECK(notify::host_of(url) == host);
}

TEST_CASE("a test message that nobody takes is said to have failed, without secrets", "[app]") {
  const test::SimulatedClock clock;
  ChannelTrials trials(clock);
  trials.use(some_channels());
  const auto ignore = [](const api::ChannelDesk::Tried&) {};
  CHECK(trials.test("acme", "theirs", ignore) == Refusal::unknown);
  CHECK(trials.test("acme", "nobody", ignore) == Refusal::unknown);
  std::promise<api::ChannelDesk::Tried> told;
  CHECK_FALSE(trials.test("acme", "ours", [&](const api::ChannelDesk::Tried& tried) { told.set_value(tried); }));
  const auto tried = told.get_future().get();
  CHECK_FALSE(tried.delivered);
  CHECK_FALSE(tried.detail.empty());
  CHECK(tried.detail.find("secret") == std::string::npos);
}

}  // namespace
}  // namespace telltale::app
