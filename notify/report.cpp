#include "notify/report.hpp"

#include <array>

namespace telltale::notify {

namespace {

constexpr std::array duration_bounds = {0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0};

proto::Counter& result(proto::Metrics& metrics, const std::string& channel, const char* name) {
  return metrics.counter("telltale_notifications_total", "Attempts to notify by channel and result",
                         {{"channel", channel}, {"result", name}});
}

}  // namespace

Report::Report(const std::string& channel, proto::Logger& log, proto::Metrics& metrics)
    : channel_(channel),
      log_(log),
      sent_(result(metrics, channel, "sent")),
      retried_(result(metrics, channel, "retried")),
      failed_(result(metrics, channel, "failed")),
      refused_(result(metrics, channel, "refused")),
      dropped_(result(metrics, channel, "dropped")),
      queue_dropped_(metrics.counter("telltale_queue_dropped_total", "Entries that found a queue full",
                                     {{"queue", "notify:" + channel}})),
      duration_(metrics.histogram("telltale_notification_duration_seconds", "Time one attempt to notify takes",
                                  duration_bounds, {{"channel", channel}})),
      depth_(metrics.gauge("telltale_queue_depth", "Entries that wait in a queue", {{"queue", "notify:" + channel}})) {}

void Report::sent(const Outcome& outcome) {
  sent_.add();
  duration_.observe(outcome.seconds);
  if (failing_) log_.info("notify", "channel " + channel_ + " delivers again");
  failing_ = dropping_ = false;
}

void Report::retried(const Outcome& outcome) {
  retried_.add();
  duration_.observe(outcome.seconds);
  if (!failing_) log_.warn("notify", "channel " + channel_ + " does not deliver, trying again: " + outcome.detail);
  failing_ = true;
}

void Report::failed(const Outcome& outcome, std::string_view group) {
  failed_.add();
  duration_.observe(outcome.seconds);
  log_.error("notify",
             "channel " + channel_ + ": " + std::string(group) + " given up after an hour: " + outcome.detail);
  failing_ = true;
}

void Report::refused(const Outcome& outcome, std::string_view group) {
  refused_.add();
  duration_.observe(outcome.seconds);
  log_.error("notify", "channel " + channel_ + ": " + std::string(group) + " was refused: " + outcome.detail);
}

void Report::dropped() {
  dropped_.add();
  queue_dropped_.add();
  if (!dropping_) log_.error("notify", "channel " + channel_ + ": its queue is full, alerts are not notified");
  dropping_ = true;
}

}  // namespace telltale::notify
