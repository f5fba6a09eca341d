#include "notify/trial.hpp"

#include <utility>

#include "notify/compose.hpp"
#include "notify/delivery_id.hpp"
#include "notify/request.hpp"

namespace telltale::notify {

namespace {

Alert test_alert(const Channel& channel, Timestamp now) {
  const std::string ms = std::to_string(to_ms(now));
  const std::string severity(
      to_string(channel.severities.empty() ? proto::Severity::info : channel.severities.front()));
  auto alert = read_alert(
      "default", R"({"ts":)" + ms + R"(,"id":"a-test","n":1,"state":"firing","active":1,"severity":")" + severity +
                     R"(","site":"-","device":"-","rule":"notify-test","metric":"_",)" + R"("started_ts":)" + ms +
                     R"(,"count":0,"summary":"This is a test from telltale: nothing is wrong"})");
  return std::move(*alert);
}

}  // namespace

Outcome try_channel(const Channel& channel, const NotifyOptions& options, Transfer& transfer, const Clock& clock,
                    const std::stop_token& stop) {
  const Alert alert = test_alert(channel, clock.now());
  const Message message{.receiver = channel.name,
                        .group = group_of(alert),
                        .external_url = options.external_url,
                        .alerts = {{&alert, true}},
                        .truncated = 0};
  const std::string delivery = new_delivery_id();
  transfer.start(1, make_request(channel, options.user_agent, delivery,
                                 compose(message, channel, delivery, {}, clock.now()), clock.now()));
  while (!stop.stop_requested()) {
    auto done = transfer.wait(Millis{1'000});
    if (!done.empty()) return std::move(done.front().outcome);
  }
  return {.verdict = Verdict::retry, .detail = "the service stops"};
}

std::string host_of(const std::string& url) {
  const auto scheme_end = url.find("://");
  const auto from = scheme_end == std::string::npos ? 0 : scheme_end + 3;
  const auto authority = url.substr(from, url.find_first_of("/?#", from) - from);
  return url.substr(0, from) + authority.substr(authority.rfind('@') + 1);
}

}  // namespace telltale::notify
