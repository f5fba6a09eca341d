#include "alerting/feeder.hpp"

#include <string>
#include <utility>

namespace telltale::alerting {

namespace {

std::string spell(proto::LogPosition position) {
  return std::to_string(position.generation) + ":" + std::to_string(position.sequence);
}

}  // namespace

Feeder::Feeder(store::Store& store, Checkpoints& checkpoints, proto::Logger& log) : store_(store), log_(log) {
  if (auto loaded = checkpoints.load()) {
    engine_ = std::move(loaded->engine);
    position_ = loaded->position;
  } else {
    cold_ = true;
  }
}

const proto::Batch* Feeder::next(Millis timeout) {
  if (next_) return next_.get();
  auto [batch, gap_before] = store_.next(position_, timeout);
  if (!batch) {
    replaying_ = false;
    return nullptr;
  }
  const auto recovered_upto = store_.recovered().last_log_time;
  if (!recovered_upto || batch->log_time > *recovered_upto) replaying_ = false;
  next_ = std::move(batch);
  if (cold_ || gap_before || next_->position.sequence <= position_.sequence) start_cold(*next_);
  return next_.get();
}

void Feeder::start_cold(const proto::Batch& first) {
  constexpr std::uint64_t first_of_all = 1;
  if (!cold_) {
    log_.error("alerting", "the log does not hold what follows " + spell(position_) + "; analytics starts cold at " +
                               spell(first.position) + ": alerts and windows before it are forgotten");
  } else if (first.position.sequence != first_of_all) {
    log_.error("alerting", "no checkpoint for a log that begins at " + spell(first.position) +
                               "; analytics starts cold: alerts and windows before it are forgotten");
  }
  cold_ = false;
  engine_ = analytics::Engine();
  position_ = {};
  // From the very first batch on the log names every device itself, at its time. Naming them all before would make
  // another history than the one of a run that was not interrupted.
  if (first.position.sequence == first_of_all) return;
  for (const auto& device : store_.recovered().directory.devices) {
    engine_.seed(proto::NewDevice{device.key, device.tenant, device.site, device.device});
    if (!device.tags.empty()) engine_.seed(proto::DeviceTags{device.key, device.tags});
  }
  for (const auto& series : store_.recovered().directory.series) {
    engine_.seed(proto::NewSeries{series.id, series.device, series.metric, series.unit});
  }
  seeded_ = true;
}

bool Feeder::at_new_segment() const noexcept {
  return next_ && position_.sequence != 0 && next_->position.generation != position_.generation;
}

void Feeder::process(std::vector<proto::Finding>& findings) {
  engine_.process(*next_, findings);
  position_ = next_->position;
  next_.reset();
  seeded_ = false;
}

}  // namespace telltale::alerting
