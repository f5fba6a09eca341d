#include "tests/app/stored_data.hpp"

#include <limits>
#include <stdexcept>

namespace telltale::test {

namespace {

using proto::DeviceKey;
using proto::SeriesId;

proto::Reading reading(std::uint32_t series, Timestamp ts, proto::ValueType type) {
  proto::Reading r{};
  r.ts = ts;
  r.series = SeriesId{series};
  r.type = type;
  r.source = proto::TsSource::device;
  return r;
}

void add_number(proto::Batch& batch, std::uint32_t series, Timestamp ts, double value) {
  auto r = reading(series, ts, proto::ValueType::number);
  r.number = value;
  batch.readings.push_back(r);
}

void add_text(proto::Batch& batch, std::uint32_t series, Timestamp ts, std::string_view value) {
  auto r = reading(series, ts, proto::ValueType::text);
  r.text = {static_cast<std::uint32_t>(batch.text.size()), static_cast<std::uint32_t>(value.size())};
  batch.text += value;
  batch.readings.push_back(r);
}

std::shared_ptr<proto::Batch> contents(Timestamp start) {
  auto batch = std::make_shared<proto::Batch>();
  batch->log_time = start;
  batch->add(proto::NewDevice{DeviceKey{1}, "default", "site1", "esp32-7"});
  batch->add(proto::NewDevice{DeviceKey{2}, "default", "attic", "door"});
  batch->add(proto::NewDevice{DeviceKey{3}, "default", "cellar", "door"});
  batch->add(proto::NewSeries{SeriesId{1}, DeviceKey{1}, "temperature", "Cel"});
  batch->add(proto::NewSeries{SeriesId{2}, DeviceKey{1}, "open", ""});
  batch->add(proto::NewSeries{SeriesId{3}, DeviceKey{1}, "mode", ""});
  batch->add(proto::NewSeries{SeriesId{4}, DeviceKey{1}, "counter", ""});
  batch->add(proto::NewSeries{SeriesId{5}, DeviceKey{2}, "open", ""});
  batch->add(proto::NewSeries{SeriesId{6}, DeviceKey{3}, "open", ""});
  batch->add(proto::DeadLetter{proto::DeadLetterReason::bad_json, "telemetry/site1/esp32-7", "{\"t\":", 5,
                               "byte 5: no value", DeviceKey{1}});
  batch->add(proto::DeadLetter{proto::DeadLetterReason::bad_topic, "telemetry/x", "\"line\n", 100'000,
                               "topic levels are missing", DeviceKey::none});

  const auto minute = Millis{60'000};
  add_number(*batch, 1, start - Millis{25 * 3'600'000}, -40);  // older than a day
  add_number(*batch, 1, start - 2 * minute, 21.4);
  add_number(*batch, 1, start - 2 * minute + Millis{250}, 0.1 + 0.2);
  add_number(*batch, 1, start - minute, 1e6);
  add_number(*batch, 1, start, 1e-9);
  add_number(*batch, 1, start + Millis{1000}, std::numeric_limits<double>::quiet_NaN());  // ahead of our clock

  auto open = reading(2, start - minute, proto::ValueType::boolean);
  open.number = 1;
  batch->readings.push_back(open);
  open.ts = start;
  open.number = 0;
  batch->readings.push_back(open);

  add_text(*batch, 3, start - minute, "plain");
  add_text(*batch, 3, start, "a \"quoted\", text\nin two lines");

  auto counter = reading(4, start, proto::ValueType::integer);
  counter.integer = 9'007'199'254'740'993;  // 2^53 + 1
  batch->readings.push_back(counter);
  return batch;
}

}  // namespace

StoredData::StoredData() {
  std::string name = (std::filesystem::temp_directory_path() / "telltale-app-XXXXXX").string();
  if (!mkdtemp(name.data())) throw std::runtime_error("no temporary folder");
  path_ = name;
  store::StoreOptions options;
  options.path = path_;
  options.reserve_bytes = 1;
  options.recent_hours = 0;
  store_ = std::make_unique<store::Store>(options, clock_, log_, metrics_);
  if (!store_->append(contents(clock_.now()))) throw std::runtime_error("cannot store");
}

StoredData::~StoredData() {
  store_.reset();
  std::filesystem::remove_all(path_);
}

}  // namespace telltale::test
