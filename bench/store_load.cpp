#include "bench/store_load.hpp"

#include <algorithm>
#include <cstdio>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "store/catalog.hpp"
#include "store/day.hpp"
#include "store/day_close.hpp"
#include "store/segment.hpp"

namespace telltale::bench {

using namespace proto;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t most_segments = 3;  // one being sealed, one that waits, one that is written
constexpr double patience_s = 300;
constexpr auto day_ms = std::int64_t{24} * 3600 * 1000;

store::StoreOptions store_options(const StoreLoad::Options& options) {
  store::StoreOptions out;
  out.path = options.folder;
  out.rotate_readings = options.rotate;
  out.raw_retention_days = 3650;  // nothing outlives the run
  out.recent_hours = 0;           // above 5,000 readings/s the service has no recent.db either
  return out;
}

std::string numbered(const char* stem, std::uint32_t number) {
  auto digits = std::to_string(number);
  if (digits.size() < 6) digits.insert(0, 6 - digits.size(), '0');
  return stem + digits;
}

}  // namespace

void Complaints::write(LogLevel level, std::string_view, std::string_view message) {
  if (level == LogLevel::warn || level == LogLevel::error)
    std::fprintf(stderr, "store: %.*s\n", static_cast<int>(message.size()), message.data());
}

StoreLoad::StoreLoad(const Options& options)
    : options_(options),
      telemetry_(options.shape),
      clock_(options.shape.start_ms),
      store_(std::make_unique<store::Store>(store_options(options), clock_, complaints_, metrics_)) {
  for (const auto& series : store_->recovered().directory.series) {
    const auto number = to_number(series.id);
    if (number >= options_.first_series && number - options_.first_series < options_.shape.series) ++announced_;
  }
}

void StoreLoad::announce(Batch& batch, std::uint32_t series) const {
  const auto device = static_cast<DeviceKey>(options_.first_series + series / metrics_per_device);
  if (series % metrics_per_device == 0)
    batch.add(NewDevice{device, "default", "bench", numbered("dev-", to_number(device))});
  batch.add(NewSeries{static_cast<SeriesId>(options_.first_series + series), device,
                      "m" + std::to_string(series % metrics_per_device), ""});
}

std::shared_ptr<Batch> StoreLoad::next_batch(std::uint32_t readings) {
  auto batch = std::make_shared<Batch>();
  batch->readings.reserve(readings);
  for (std::uint32_t i = 0; i < readings; ++i) {
    const auto sample = telemetry_.next();
    if (sample.series == announced_) announce(*batch, announced_++);
    Reading reading{};
    reading.ts = from_ms(sample.ts_ms);
    reading.number = sample.value;
    reading.series = static_cast<SeriesId>(options_.first_series + sample.series);
    reading.type = ValueType::number;
    reading.source = TsSource::device;
    batch->readings.push_back(reading);
  }
  if (options_.clock_follows) clock_.set(telemetry_.now_ms());
  batch->log_time = clock_.now();
  return batch;
}

void StoreLoad::put(std::shared_ptr<Batch> batch) {
  const auto position = store_->append(std::move(batch));
  if (!position) throw std::runtime_error(options_.folder.string() + ": the store refused a batch");
  newest_ = *position;
}

void StoreLoad::append(std::uint64_t readings) {
  for (std::uint64_t done = 0; done < readings;) {
    const auto size = static_cast<std::uint32_t>(std::min<std::uint64_t>(options_.batch, readings - done));
    auto batch = next_batch(size);
    const Stopwatch watch;
    put(std::move(batch));
    append_seconds_.push_back(watch.seconds());
    done += size;
    readings_ += size;
    if (options_.paced_per_s > 0) clock_.hurry(std::chrono::microseconds(size * 1'000'000ULL / options_.paced_per_s));
    if (store_->rotation_due()) rotate();
  }
}

void StoreLoad::rotate() {
  const Stopwatch watch;
  if (!store_->rotate()) throw std::runtime_error(options_.folder.string() + ": the store did not rotate");
  store_->checkpointed(newest_);
  wait_for_segments(most_segments);
  waited_seconds_ += watch.seconds();
}

/// The newest segment with batches stays for recovery; a batch without readings in a fresh segment lets all others go.
void StoreLoad::seal_all() {
  rotate();
  auto tick = std::make_shared<Batch>();
  tick->log_time = clock_.now();
  tick->add(RedeliveryTable{});
  put(std::move(tick));
  store_->checkpointed(newest_);
  wait_for_segments(1);
}

void StoreLoad::wait_for_segments(std::size_t most) {
  const Stopwatch watch;
  while (store::list_segments(options_.folder / "log").size() > most) {
    if (watch.seconds() > patience_s) throw std::runtime_error(options_.folder.string() + ": segments are not sealed");
    std::this_thread::sleep_for(1ms);
  }
}

double StoreLoad::close_days() {
  clock_.set(telemetry_.now_ms() + 2 * day_ms);
  store_->checkpointed(newest_);  // wakes it
  const Stopwatch watch;
  while (!days_closed()) {
    if (watch.seconds() > patience_s) throw std::runtime_error(options_.folder.string() + ": days are not closed");
    std::this_thread::sleep_for(20ms);
  }
  store_.reset();  // ends what it does, and counts
  return watch.seconds();
}

void StoreLoad::close_past_days() {
  const auto over = store::day_of(telemetry_.now_ms() - 3 * store::hour_ms);
  const auto past_closed = [&] {
    for (const auto& group :
         store::group_days(store::Catalog::open_read_only(options_.folder).day_files(INT64_MIN, over - 1)))
      if (group.closed() == nullptr) return false;
    return true;
  };
  const Stopwatch watch;
  while (!past_closed()) {
    if (watch.seconds() > patience_s) throw std::runtime_error(options_.folder.string() + ": days are not closed");
    store_->checkpointed(newest_);  // wakes it
    std::this_thread::sleep_for(20ms);
  }
}

/// Every day in the manifest has its series-first file.
bool StoreLoad::days_closed() const {
  std::set<std::int64_t> closed, open;
  for (const auto& file : store::Catalog::open_read_only(options_.folder).day_files(INT64_MIN, INT64_MAX))
    (file.closed ? closed : open).insert(file.day);
  return std::ranges::includes(closed, open);
}

}  // namespace telltale::bench
