#include "alerting/gauges.hpp"

#include <algorithm>
#include <string>

namespace telltale::alerting {

Gauges::Gauges(proto::Metrics& metrics, const Clock& clock)
    : clock_(clock),
      series_(metrics.gauge("telltale_series", "Series that analytics knows")),
      outbox_(metrics.gauge("telltale_queue_depth", "Entries that wait in a queue", {{"queue", "outbox"}})),
      late_(metrics.counter("telltale_late_readings_total",
                            "Readings that came after a window of theirs had closed; what is stored is corrected")),
      due_(clock.steady_now()) {
  for (std::size_t i = 0; i < devices_.size(); ++i) {
    devices_[i] = &metrics.gauge("telltale_devices", "Devices by presence",
                                 {{"state", std::string(to_string(static_cast<proto::Presence>(i)))}});
  }
  for (std::size_t i = 0; i < alerts_.size(); ++i) {
    alerts_[i] = &metrics.gauge("telltale_alerts_active", "Active alerts by severity",
                                {{"severity", std::string(to_string(static_cast<proto::Severity>(i)))}});
  }
}

void Gauges::refresh_if_due(const analytics::Engine& engine, const store::StateDb& state) {
  const auto now = clock_.steady_now();
  if (now < due_) return;
  due_ = now + std::chrono::seconds{1};
  const auto census = engine.census();
  for (std::size_t i = 0; i < devices_.size(); ++i) devices_[i]->set(static_cast<double>(census.devices[i]));
  for (std::size_t i = 0; i < alerts_.size(); ++i) alerts_[i]->set(static_cast<double>(census.alerts[i]));
  series_.set(static_cast<double>(census.series));
  // What the checkpoint had counted before is no event of this run.
  late_.add(census.late_readings - std::min(late_seen_.value_or(census.late_readings), census.late_readings));
  late_seen_ = census.late_readings;
  const auto [events, topics] = state.backlog();
  outbox_.set(static_cast<double>(events + topics));
}

}  // namespace telltale::alerting
