#include "app/channel_trials.hpp"

#include <algorithm>

#include "notify/curl_transfer.hpp"
#include "notify/trial.hpp"

namespace telltale::app {

namespace {

constexpr notify::CurlTransfer::Patience patience{.connect = Millis{5'000}, .whole = Millis{8'000}};

api::ChannelFacts facts_of(const notify::Channel& channel) {
  return {channel.name,
          std::string(to_string(channel.kind)),
          notify::host_of(channel.url),
          channel.severities,
          channel.site,
          channel.device,
          channel.rule,
          channel.resolve,
          channel.group_wait,
          channel.repeat,
          channel.rate_limit};
}

api::ChannelDesk::Tried try_it(const notify::Channel& channel, const notify::NotifyOptions& options, const Clock& clock,
                               const std::stop_token& stop) {
  try {
    notify::CurlTransfer transfer(patience);
    const auto outcome = notify::try_channel(channel, options, transfer, clock, stop);
    return {outcome.verdict == notify::Verdict::accepted, outcome.detail, outcome.seconds};
  } catch (const std::runtime_error& error) {
    return {false, error.what(), 0};
  }
}

}  // namespace

void ChannelTrials::use(notify::NotifyOptions options) {
  options_.set(std::make_shared<const notify::NotifyOptions>(std::move(options)));
}

std::vector<api::ChannelFacts> ChannelTrials::channels(const std::string& tenant) const {
  std::vector<api::ChannelFacts> found;
  for (const auto& channel : options_.get()->channels) {
    if (proto::matches(channel.tenant, tenant)) found.push_back(facts_of(channel));
  }
  return found;
}

std::optional<api::ChannelDesk::Refusal> ChannelTrials::test(const std::string& tenant, const std::string& name,
                                                             std::function<void(Tried)> done) {
  auto options = options_.get();
  const auto channel = std::ranges::find_if(
      options->channels, [&](const auto& c) { return c.name == name && proto::matches(c.tenant, tenant); });
  if (channel == options->channels.end()) return Refusal::unknown;
  const std::lock_guard lock(starting_);
  if (busy_.exchange(true)) return Refusal::busy;
  const auto index = static_cast<std::size_t>(channel - options->channels.begin());
  thread_ =
      std::jthread([this, options = std::move(options), index, done = std::move(done)](const std::stop_token& stop) {
        const auto tried = try_it(options->channels[index], *options, clock_, stop);
        busy_ = false;
        done(tried);
      });
  return std::nullopt;
}

}  // namespace telltale::app
