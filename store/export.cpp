#include "store/export.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>
#include <utility>

#include "store/batch_codec.hpp"
#include "store/catalog.hpp"
#include "store/day.hpp"
#include "store/disk.hpp"
#include "store/segment.hpp"
#include "store/sqlite.hpp"

namespace telltale::store {

using namespace proto;
namespace fs = std::filesystem;

namespace {

/// Nothing is looked for outside them, and days can be turned into milliseconds.
Range bounded(Range range) {
  return {std::max(range.from, from_ms(first_day * day_ms)), std::min(range.to, from_ms((last_day + 1) * day_ms))};
}

void days_of_segment(SegmentScanner& scanner, std::set<std::int64_t>& days) {
  BatchHead head;
  Batch batch;
  while (const auto payload = scanner.next()) {
    if (!decode_head(*payload, head) || head.readings == 0) continue;
    if (day_of(to_ms(head.t_min)) == day_of(to_ms(head.t_max))) {
      days.insert(day_of(to_ms(head.t_min)));
    } else if (decode_batch(*payload, batch)) {
      for (const auto& reading : batch.readings) days.insert(day_of(to_ms(reading.ts)));
    }
  }
}

constexpr const char* tables =
    R"(create table device(device_key integer primary key, tenant text not null, site text not null,
                           device text not null);
       create table series(series_id integer primary key, device_key integer not null references device,
                           metric text not null, unit text not null);
       create table reading(series_id integer not null references series, ts integer not null, value,
                            type text not null, ts_source text not null,
                            primary key(series_id, ts)) without rowid;)";

std::string_view type_name(ValueType type) {
  constexpr std::string_view names[] = {"number", "integer", "boolean", "text"};
  return names[static_cast<std::size_t>(type)];
}

void put(Statement& insert, std::uint32_t series, const Row& row) {
  const auto ts = to_ms(row.ts);
  const auto type = type_name(row.type);
  const auto source = to_string(row.source);
  switch (row.type) {
    case ValueType::integer:
      return insert.run(series, ts, row.integer, type, source);
    case ValueType::boolean:
      return insert.run(series, ts, row.number != 0 ? 1 : 0, type, source);
    case ValueType::text:
      return insert.run(series, ts, row.text, type, source);
    case ValueType::number:
      return insert.run(series, ts, row.number, type, source);  // NaN becomes NULL
  }
}

}  // namespace

std::vector<SeriesOf> matching_series(const Directory& directory, const SeriesFilter& filter) {
  const auto is = [](const std::string& wanted, const std::string& name) { return wanted.empty() || wanted == name; };
  std::vector<SeriesOf> out;
  for (const auto& series : directory.series) {
    const auto device = std::lower_bound(directory.devices.begin(), directory.devices.end(), series.device,
                                         [](const DeviceEntry& d, DeviceKey key) { return d.key < key; });
    if (device == directory.devices.end() || device->key != series.device || !is(filter.metric, series.metric) ||
        !is(filter.device, device->device) || !is(filter.site, device->site) || !is(filter.tenant, device->tenant))
      continue;
    out.push_back({*device, series});
  }
  return out;
}

std::vector<std::int64_t> days_with_readings(const fs::path& folder) {
  std::set<std::int64_t> days;
  // The log first: what is sealed meanwhile is in the manifest then.
  if (fs::exists(folder / "log"))
    for (const auto& file : list_segments(folder / "log"))
      if (auto scanner = SegmentScanner::open(file.path)) days_of_segment(*scanner, days);
  for (const auto& file : Catalog::open_read_only(folder).day_files(INT64_MIN, INT64_MAX)) days.insert(file.day);
  return {days.begin(), days.end()};
}

RowStream::RowStream(const Reader& reader, const std::vector<std::int64_t>& days, SeriesId series, Range range,
                     Order order)
    : reader_(&reader), series_(series), range_(bounded(range)), order_(order) {
  if (range_.from >= range_.to) return;
  const auto first = std::lower_bound(days.begin(), days.end(), day_of(to_ms(range_.from)));
  const auto last = std::upper_bound(first, days.end(), day_of(to_ms(range_.to) - 1));
  days_.assign(first, last);
  if (order == Order::ascending) std::reverse(days_.begin(), days_.end());
}

const Row* RowStream::next() {
  while (at_ == rows_.size()) {
    if (days_.empty()) return nullptr;
    const auto day = days_.back();
    days_.pop_back();
    rows_ = reader_->rows(
        series_, {std::max(range_.from, from_ms(day * day_ms)), std::min(range_.to, from_ms((day + 1) * day_ms))});
    if (order_ == Order::descending) std::reverse(rows_.begin(), rows_.end());
    at_ = 0;
  }
  return &rows_[at_++];
}

std::uint64_t export_sqlite(const fs::path& folder, const SeriesFilter& filter, Range range, const fs::path& out) {
  const Reader reader(folder);
  const auto days = days_with_readings(folder);
  const auto chosen = matching_series(reader.directory(), filter);
  const fs::path part = out.string() + ".part";
  fs::remove(part);
  std::uint64_t count = 0;
  {
    Database database(part, Database::Mode::build);
    Transaction transaction(database);
    database.exec(tables);
    Statement device(database, "insert or ignore into device values(?, ?, ?, ?)");
    Statement series(database, "insert into series values(?, ?, ?, ?)");
    Statement reading(database, "insert into reading values(?, ?, ?, ?, ?)");
    for (const auto& one : chosen) {
      device.run(to_number(one.device.key), one.device.tenant, one.device.site, one.device.device);
      series.run(to_number(one.series.id), to_number(one.device.key), one.series.metric, one.series.unit);
      RowStream rows(reader, days, one.series.id, range);
      while (const auto* row = rows.next()) {
        put(reading, to_number(one.series.id), *row);
        ++count;
      }
    }
    transaction.commit();
  }
  const Fd fd(::open(part.c_str(), O_RDWR | O_CLOEXEC));
  if (const int error = fd ? Disk().sync(fd.get()) : errno; error != 0)
    throw StoreFailure(part.string() + ": " + std::strerror(error));
  fs::rename(part, out);
  return count;
}

}  // namespace telltale::store
