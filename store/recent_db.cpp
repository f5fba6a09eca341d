#include "store/recent_db.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "store/day.hpp"
#include "store/migrations.hpp"
#include "store/query.hpp"

namespace telltale::store {

using namespace proto;

namespace {

constexpr const char* steps[] = {
    R"(create table series(series_id integer primary key, tenant text not null, site text not null,
                           device text not null, metric text not null, unit text not null);
       create table reading(series_id integer not null, ts integer not null, value,
                            primary key(series_id, ts)) without rowid;
       create table position(one integer primary key check (one = 1), generation integer not null,
                             sequence integer not null);
       create view recent as
         select strftime('%Y-%m-%dT%H:%M:%fZ', reading.ts / 1000.0, 'unixepoch') as time, tenant, site, device, metric,
                value, unit, ts, series_id
         from reading join series using (series_id);)"};

constexpr std::size_t batches_per_tick = 20'000;
constexpr auto fill_time_per_tick = std::chrono::milliseconds(200);
constexpr std::size_t series_pruned_per_tick = 200;

void put_value(Statement& put, SeriesId id, std::int64_t ts, const Row& row) {
  switch (row.type) {
    case ValueType::integer:
      return put.run(to_number(id), ts, row.integer);
    case ValueType::text:
      return put.run(to_number(id), ts, row.text);
    case ValueType::boolean:
      return put.run(to_number(id), ts, row.number != 0 ? 1 : 0);
    case ValueType::number:
      return put.run(to_number(id), ts, row.number);
  }
}

void put_value(Statement& put, const Batch& batch, const Reading& r) {
  switch (r.type) {
    case ValueType::integer:
      return put.run(to_number(r.series), to_ms(r.ts), r.integer);
    case ValueType::text:
      return put.run(to_number(r.series), to_ms(r.ts), batch.text_of(r));
    case ValueType::boolean:
      return put.run(to_number(r.series), to_ms(r.ts), r.number != 0 ? 1 : 0);
    case ValueType::number:
      return put.run(to_number(r.series), to_ms(r.ts), r.number);
  }
}

}  // namespace

/// The connection and its statements, prepared once.
struct RecentDb::Open {
  Database database;
  Statement put, keep, series, position, no_position, next_series, prune, erase_rows, erase_name;

  explicit Open(const std::filesystem::path& file)
      : database(migrated(file)),
        put(database, "insert or replace into reading values(?, ?, ?)"),
        keep(database, "insert or ignore into reading values(?, ?, ?)"),
        series(database, "insert or replace into series values(?, ?, ?, ?, ?, ?)"),
        position(database, "insert or replace into position values(1, ?, ?)"),
        no_position(database, "delete from position"),
        next_series(database, "select series_id from series where series_id>? order by series_id limit ?"),
        prune(database, "delete from reading where series_id=? and ts<?"),
        erase_rows(database, "delete from reading where series_id=?"),
        erase_name(database, "delete from series where series_id=?") {}

  static Database migrated(const std::filesystem::path& file) {
    Database database(file, Database::Mode::normal);
    migrate(database, steps);
    return database;
  }
};

RecentDb::RecentDb(std::filesystem::path folder, Feed& feed, const Clock& clock, Logger& log, Limits limits)
    : folder_(std::move(folder)), feed_(feed), clock_(clock), log_(log), limits_(limits) {}

RecentDb::~RecentDb() = default;

void RecentDb::open_file() {
  const auto file = folder_ / "recent.db";
  try {
    open_ = std::make_unique<Open>(file);
  } catch (const DatabaseError& error) {
    if (!error.corrupt()) throw;
    log_.warn("store", std::string(error.what()) + ": recent.db is made anew");
    for (const char* part : {"", "-wal", "-shm"}) std::filesystem::remove(file.string() + part);
    open_ = std::make_unique<Open>(file);
  }
}

void RecentDb::open() {
  open_file();
  to_fill_.clear();
  Statement select(open_->database, "select generation, sequence from position");
  if (auto row = select.query(); row.next()) {
    position_ = {static_cast<std::uint64_t>(row.integer(0)), static_cast<std::uint64_t>(row.integer(1))};
  } else {
    position_ = feed_.end();
    start_filling(to_ms(clock_.now()) - limits_.hours * hour_ms);
  }
  // Names come from the store, for which the position was taken first: later ones come with the batches.
  auto directory = Reader(folder_).directory();
  for (auto& device : directory.devices) names_.add(std::move(device));
  for (auto& series : directory.series) names_.add(std::move(series));
}

void RecentDb::forget(const std::vector<SeriesId>& series) {
  if (open_) return erase(series);
  if (!std::filesystem::exists(folder_ / "recent.db")) return;
  open_file();
  erase(series);
  open_.reset();  // tick() begins as it would have
}

void RecentDb::erase(const std::vector<SeriesId>& series) {
  const Overwriting overwriting(open_->database);
  std::optional<Transaction> transaction;
  if (!open_->database.in_transaction()) transaction.emplace(open_->database);
  for (const auto id : series) {
    open_->erase_rows.run(to_number(id));
    open_->erase_name.run(to_number(id));
  }
  if (!transaction) return;
  transaction->commit();
  open_->database.checkpoint();
}

void RecentDb::start_filling(std::int64_t from_ms) {
  fill_from_ms_ = from_ms;
  const auto directory = Reader(folder_).directory();
  Transaction transaction(open_->database);
  for (const auto& device : directory.devices) names_.add(device);
  to_fill_.clear();
  for (const auto& series : directory.series) {
    names_.add(series);
    put_series(series.id);
    to_fill_.push_back(series.id);
  }
  // What was removed in batches that were passed over.
  std::vector<SeriesId> gone;
  Statement named(open_->database, "select series_id from series");
  for (auto row = named.query(); row.next();)
    if (const auto id = static_cast<SeriesId>(row.integer(0));
        to_number(id) < directory.series_end && !std::ranges::binary_search(directory.series, id, {}, &SeriesEntry::id))
      gone.push_back(id);
  erase(gone);
  transaction.commit();
}

bool RecentDb::too_fast(Millis elapsed) {
  const auto readings = feed_.readings();
  const auto seconds = static_cast<double>(std::max<std::int64_t>(elapsed.count(), 1)) / 1000.0;
  const auto now = static_cast<double>(readings - readings_) / seconds;
  readings_ = readings;
  rate_ += (now - rate_) * 0.3;
  const auto limit = static_cast<double>(limits_.max_rate);
  const bool pause = rate_ > (paused_ ? limit / 2 : limit);
  if (pause != paused_)
    log_.info("store", pause ? "recent.db pauses: more than " + std::to_string(limits_.max_rate) + " readings/s"
                             : "recent.db goes on");
  return std::exchange(paused_, pause) || pause;
}

void RecentDb::tick(Millis elapsed) {
  try {
    follow(elapsed);
  } catch (...) {
    open_.reset();  // what was taken and not written is in no file
    throw;
  }
}

void RecentDb::follow(Millis elapsed) {
  const bool was_paused = paused_;
  const bool skip = too_fast(elapsed);
  if (!open_) open();
  const auto oldest_ms = to_ms(clock_.now()) - limits_.hours * hour_ms;
  if (paused_ || skip) {
    // The newest rows stay as they are; what is missed meanwhile is filled in from the store afterwards.
    if (was_paused && !paused_) {
      position_ = feed_.end();
      start_filling(oldest_ms);
    }
    return;
  }
  Transaction transaction(open_->database);
  bool gap = false;
  for (std::size_t i = 0; i < batches_per_tick; ++i) {
    const auto next = feed_.next(cursor_, position_, Millis{0});
    if (!next.batch) break;
    gap = gap || next.gap_before;
    position_ = next.batch->position;
    copy(*next.batch, oldest_ms);
  }
  // Until everything older is filled in there is no position: whoever opens the file fills it in from the beginning.
  if (gap || !to_fill_.empty()) {
    open_->no_position.run();
  } else {
    open_->position.run(position_.generation, position_.sequence);
  }
  transaction.commit();
  if (gap) start_filling(oldest_ms);
  fill_some();
  prune_some(oldest_ms);
}

void RecentDb::copy(const Batch& batch, std::int64_t oldest_ms) {
  walk(
      batch, [&](const Event& event) { put_names(event); },
      [&](const Reading& r) {
        if (to_ms(r.ts) >= oldest_ms) put_value(open_->put, batch, r);
      });
}

void RecentDb::put_names(const Event& event) {
  names_.apply(event);
  if (const auto* added = std::get_if<NewSeries>(&event)) put_series(added->id);
  if (const auto* unit = std::get_if<SeriesUnit>(&event)) put_series(unit->id);
  if (const auto* removal = std::get_if<DevicesRemoved>(&event)) erase(removal->series);
}

void RecentDb::put_series(SeriesId id) {
  const auto* series = names_.series(id);
  const auto* device = series != nullptr ? names_.device(series->device) : nullptr;
  if (device != nullptr)
    open_->series.run(to_number(id), device->tenant, device->site, device->device, series->metric, series->unit);
}

void RecentDb::fill_some() {
  if (to_fill_.empty()) return;
  const auto until = std::chrono::steady_clock::now() + fill_time_per_tick;
  const Reader reader(folder_);
  Transaction transaction(open_->database);
  while (!to_fill_.empty() && std::chrono::steady_clock::now() < until) {
    const auto id = to_fill_.back();
    to_fill_.pop_back();
    for (const auto& row : reader.rows(id, {from_ms(fill_from_ms_), from_ms(INT64_MAX)}))
      put_value(open_->keep, id, to_ms(row.ts), row);
  }
  transaction.commit();
}

void RecentDb::prune_some(std::int64_t oldest_ms) {
  std::vector<SeriesId> ids;
  for (auto row = open_->next_series.query(to_number(pruned_), series_pruned_per_tick); row.next();)
    ids.push_back(static_cast<SeriesId>(row.integer(0)));
  pruned_ = ids.size() < series_pruned_per_tick ? SeriesId::none : ids.back();
  Transaction transaction(open_->database);
  for (const auto id : ids) open_->prune.run(to_number(id), oldest_ms);
  transaction.commit();
}

}  // namespace telltale::store
