#include "store/catalog.hpp"

#include <algorithm>
#include <cmath>
#include <variant>

#include "store/compression.hpp"
#include "store/migrations.hpp"

namespace telltale::store {

using namespace proto;
namespace fs = std::filesystem;

namespace {

constexpr const char* steps[] = {
    R"(create table generation_mark(one integer primary key check (one = 1), next integer not null);
       insert into generation_mark values(1, 1);
       create table tenant(tenant text primary key) without rowid;
       create table device(device_key integer primary key, tenant text not null, site text not null,
                           device text not null);
       create table device_tag(device_key integer not null, place integer not null, name text not null,
                               value text not null, primary key(device_key, place)) without rowid;
       create table series(series_id integer primary key, device_key integer not null, metric text not null,
                           unit text not null, last_stamp_ms integer not null default 0);
       create table latest(series_id integer primary key, ts integer not null, type integer not null,
                           ts_source integer not null, value, generation integer not null);
       create table dead_letter(id integer primary key, at integer not null, reason text not null,
                                topic text not null, payload blob not null, packed integer not null,
                                payload_bytes integer not null, detail text not null);
       create table counter(name text primary key, value integer not null) without rowid;
       create table generation(generation integer primary key, first_sequence integer not null,
                               last_sequence integer not null, readings integer not null, sealed_at integer not null);
       create table day_file(day integer not null, class text not null, rev integer not null, name text not null,
                             primary key(day, class, rev)) without rowid;)",
    R"(alter table day_file add column closed integer not null default 0;
       create table day_loss(day integer not null, class text not null, primary key(day, class)) without rowid;)",
    R"(create table removal(id integer primary key, at integer not null, tenant text not null, site text not null,
                            device text not null, by text not null, comment text not null, devices integer not null,
                            series integer not null, done_at integer);
       create table removed_device(device_key integer primary key, removal integer not null);
       create index removed_device_by_removal on removed_device(removal);
       create table removed_series(series_id integer primary key, removal integer not null);
       create index removed_series_by_removal on removed_series(removal);
       alter table dead_letter add column device_key integer not null default 0;)",
    "create table rollup_file(name text primary key, complete integer not null) without rowid;"};

constexpr std::size_t row_overhead_bytes = 64;  // of a dead letter besides its texts
constexpr std::size_t most_letter_bytes = 1u << 20;

void bind_value_and_run(Statement& put, const Catalog::Sealed::SeriesFacts& facts, std::uint64_t generation) {
  const auto id = to_number(facts.id);
  const auto& row = facts.latest;
  const auto ts = to_ms(row.ts);
  switch (row.type) {
    case ValueType::integer:
      return put.run(id, ts, row.type, row.source, row.integer, generation);
    case ValueType::text:
      return put.run(id, ts, row.type, row.source, row.text, generation);
    case ValueType::number:
    case ValueType::boolean:
      return put.run(id, ts, row.type, row.source, row.number, generation);
  }
}

}  // namespace

Catalog Catalog::open(const fs::path& folder) {
  Database database(folder / file_name, Database::Mode::full);
  migrate(database, steps);
  return Catalog(std::move(database));
}

Catalog Catalog::open_read_only(const fs::path& folder) {
  if (!fs::exists(folder / file_name)) throw StoreFailure(folder.string() + ": is no data folder (no catalog.db)");
  Database database(folder / file_name, Database::Mode::read_only);
  refuse_newer(database, std::size(steps));
  refuse_older(database, std::size(steps));
  return Catalog(std::move(database));
}

bool Catalog::is_sealed(std::uint64_t generation) {
  return database_.number("select count(*) from generation where generation=" + std::to_string(generation)) > 0;
}

Catalog::SealMark Catalog::seal_mark() {
  return {static_cast<std::uint64_t>(database_.number("select count(*) from generation")), last_generation()};
}

std::uint64_t Catalog::last_sequence() {
  return static_cast<std::uint64_t>(database_.number("select max(last_sequence) from generation"));
}

std::uint64_t Catalog::last_generation() {
  return static_cast<std::uint64_t>(database_.number("select max(generation) from generation"));
}

std::uint64_t Catalog::record(const Sealed& sealed, std::uint64_t dead_letter_bytes) {
  std::optional<Overwriting> overwriting;
  if (!sealed.removals.empty()) overwriting.emplace(database_);
  Transaction transaction(database_);
  put_directory(sealed.directory);
  put_series(sealed);
  put_letters(sealed.letters);
  put_removals(sealed.removals);
  const auto dropped = sealed.letters.empty() ? 0 : bound_letters(dead_letter_bytes);
  put_day_files(sealed.files);
  Statement(database_, "insert or ignore into generation values(?, ?, ?, ?, ?)")
      .run(sealed.generation, sealed.first_sequence, sealed.last_sequence, sealed.readings, sealed.sealed_at_ms);
  transaction.commit();
  return dropped;
}

void Catalog::put_directory(const std::vector<Event>& events) {
  Statement tenant(database_, "insert or ignore into tenant values(?)");
  Statement device(database_, "insert or replace into device values(?, ?, ?, ?)");
  Statement series(
      database_,
      "insert into series(series_id, device_key, metric, unit) values(?, ?, ?, ?) on conflict(series_id) do "
      "update set device_key=excluded.device_key, metric=excluded.metric, "
      "unit=iif(excluded.unit='', unit, excluded.unit)");
  Statement unit(database_, "update series set unit=? where series_id=?");
  Statement clear_tags(database_, "delete from device_tag where device_key=?");
  Statement tag(database_, "insert into device_tag values(?, ?, ?, ?)");
  for (const auto& event : events) {
    if (const auto* d = std::get_if<NewDevice>(&event)) {
      tenant.run(d->tenant);
      device.run(to_number(d->key), d->tenant, d->site, d->device);
    } else if (const auto* s = std::get_if<NewSeries>(&event)) {
      series.run(to_number(s->id), to_number(s->device), s->metric, s->unit);
    } else if (const auto* u = std::get_if<SeriesUnit>(&event)) {
      unit.run(u->unit, to_number(u->id));
    } else if (const auto* t = std::get_if<DeviceTags>(&event)) {
      clear_tags.run(to_number(t->device));
      for (std::size_t i = 0; i < t->tags.size(); ++i)
        tag.run(to_number(t->device), i, t->tags[i].first, t->tags[i].second);
    }
  }
}

void Catalog::put_series(const Sealed& sealed) {
  // Newest by event time; of equal times the later arrival.
  Statement latest(database_,
                   "insert into latest values(?, ?, ?, ?, ?, ?) on conflict(series_id) do update set ts=excluded.ts, "
                   "type=excluded.type, ts_source=excluded.ts_source, value=excluded.value, "
                   "generation=excluded.generation where excluded.ts > ts or "
                   "(excluded.ts = ts and excluded.generation >= generation)");
  Statement stamp(database_, "update series set last_stamp_ms=max(last_stamp_ms, ?) where series_id=?");
  for (const auto& facts : sealed.series) {
    bind_value_and_run(latest, facts, sealed.generation);
    if (facts.last_stamp_ms != 0) stamp.run(facts.last_stamp_ms, to_number(facts.id));
  }
}

void Catalog::put_letters(const std::vector<Letter>& letters) {
  Statement put(database_, "insert or ignore into dead_letter values(?, ?, ?, ?, ?, ?, ?, ?, ?)");
  for (const auto& l : letters) {
    const auto packed = compress(l.letter.payload);
    const bool smaller = packed.size() < l.letter.payload.size();
    put.run(letter_id(l.sequence, l.index), to_ms(l.at), to_string(l.letter.reason), l.letter.topic,
            Blob{smaller ? std::string_view(packed) : std::string_view(l.letter.payload)}, smaller,
            l.letter.payload_bytes, l.letter.detail, to_number(l.letter.device));
  }
}

std::uint64_t Catalog::bound_letters(std::uint64_t most_bytes) {
  const std::string size = "length(payload)+length(topic)+length(detail)+" + std::to_string(row_overhead_bytes);
  auto bytes = static_cast<std::uint64_t>(database_.number("select sum(" + size + ") from dead_letter"));
  if (bytes <= most_bytes) return 0;
  std::int64_t upto = 0;
  {
    Statement oldest(database_, "select id, " + size + " from dead_letter order by id");
    for (auto row = oldest.query(); bytes > most_bytes && row.next();) {
      upto = row.integer(0);
      bytes -= std::min(bytes, static_cast<std::uint64_t>(row.integer(1)));
    }
  }
  Statement(database_, "delete from dead_letter where id<=?").run(upto);
  const auto dropped = static_cast<std::uint64_t>(database_.changes());
  Statement(database_,
            "insert into counter values('dead_letters_dropped', ?) on conflict(name) do update set "
            "value=value+excluded.value")
      .run(dropped);
  return dropped;
}

void Catalog::load(DirectoryBuilder& directory) {
  Transaction snapshot(database_, Transaction::Kind::read);
  directory.remove(removed());
  std::map<std::int64_t, std::vector<std::pair<std::string, std::string>>> tags;
  Statement all_tags(database_, "select device_key, name, value from device_tag order by device_key, place");
  for (auto row = all_tags.query(); row.next();) tags[row.integer(0)].emplace_back(row.text(1), row.text(2));
  Statement devices(database_, "select device_key, tenant, site, device from device");
  for (auto row = devices.query(); row.next();)
    directory.add(DeviceEntry{static_cast<DeviceKey>(row.integer(0)), std::string(row.text(1)),
                              std::string(row.text(2)), std::string(row.text(3)), std::move(tags[row.integer(0)])});
  Statement series(database_,
                   "select series_id, device_key, metric, unit, max(last_stamp_ms, coalesce(ts, 0)) from series left "
                   "join latest using (series_id)");
  for (auto row = series.query(); row.next();)
    directory.add(SeriesEntry{static_cast<SeriesId>(row.integer(0)), static_cast<DeviceKey>(row.integer(1)),
                              std::string(row.text(2)), std::string(row.text(3)), row.integer(4)});
}

std::optional<Catalog::Latest> Catalog::latest(SeriesId series) {
  auto& select =
      latest_of_series_.of(database_, "select ts, type, ts_source, value, generation from latest where series_id=?");
  auto found = select.query(to_number(series));
  if (!found.next()) return std::nullopt;
  Latest latest{{from_ms(found.integer(0)),
                 static_cast<ValueType>(found.integer(1) & 3),
                 static_cast<TsSource>(found.integer(2) & 3),
                 0,
                 0,
                 {}},
                static_cast<std::uint64_t>(found.integer(4))};
  switch (latest.row.type) {
    case ValueType::integer:
      latest.row.integer = found.integer(3);
      break;
    case ValueType::text:
      latest.row.text = found.text(3);
      break;
    case ValueType::number:
    case ValueType::boolean:
      latest.row.number = found.null(3) ? std::nan("") : found.real(3);
      break;  // SQLite: no NaN
  }
  return latest;
}

std::vector<Reader::DeadLetterRow> Catalog::dead_letters(std::size_t limit, const std::vector<Removal>& removals) {
  std::vector<Reader::DeadLetterRow> out;
  Statement select(database_,
                   "select id, at, reason, topic, payload, packed, payload_bytes, detail, device_key from dead_letter "
                   "order by id desc");
  for (auto row = select.query(); out.size() < limit && row.next();) {
    const auto device = static_cast<DeviceKey>(row.integer(8));
    if (std::ranges::any_of(removals, [&](const auto& r) { return concerns(r.what, device, row.text(3)); })) continue;
    Reader::DeadLetterRow letter{row.integer(0),
                                 from_ms(row.integer(1)),
                                 std::string(row.text(2)),
                                 std::string(row.text(3)),
                                 std::string(row.blob(4)),
                                 std::string(row.text(7)),
                                 static_cast<std::uint64_t>(row.integer(6))};
    if (row.integer(5) != 0 && !decompress(row.blob(4), most_letter_bytes, letter.payload)) letter.payload.clear();
    out.push_back(std::move(letter));
  }
  return out;
}

std::vector<Catalog::DayFile> Catalog::day_files(std::int64_t first_day, std::int64_t last_day) {
  std::vector<DayFile> out;
  Statement select(database_,
                   "select day, class, rev, name, closed from day_file where day between ? and ? order by day, class, "
                   "rev");
  for (auto row = select.query(first_day, last_day); row.next();)
    out.push_back({row.integer(0), std::string(row.text(1)), static_cast<std::uint32_t>(row.integer(2)),
                   std::string(row.text(3)), row.integer(4) != 0});
  return out;
}

void Catalog::switch_day_file(const DayFile& added) {
  Transaction transaction(database_);
  forget_day(added.day, added.klass);
  put_day_files({added});
  transaction.commit();
}

void Catalog::forget_day(std::int64_t day, const std::string& klass) {
  Statement(database_, "delete from day_file where day=? and class=?").run(day, klass);
}

bool Catalog::has_lost_readings(std::int64_t day, const std::string& klass) {
  Statement select(database_, "select 1 from day_loss where day=? and class=?");
  return select.query(day, klass).next();
}

void Catalog::replace_damaged_day_file(const DayFile& file, const std::optional<DayFile>& with) {
  Transaction transaction(database_);
  note_lost_readings(file.day, file.klass);
  Statement(database_, "delete from day_file where day=? and class=? and rev=?").run(file.day, file.klass, file.rev);
  if (with) put_day_files({*with});
  transaction.commit();
}

void Catalog::note_lost_readings(std::int64_t day, const std::string& klass) {
  Statement(database_, "insert or ignore into day_loss values(?, ?)").run(day, klass);
}

std::vector<Catalog::RollupEntry> Catalog::rollup_files() {
  std::vector<RollupEntry> out;
  Statement select(database_, "select name, complete from rollup_file order by name");
  for (auto row = select.query(); row.next();) out.push_back({std::string(row.text(0)), row.integer(1) != 0});
  return out;
}

std::optional<Catalog::RollupEntry> Catalog::rollup_file(const std::string& name) {
  Statement select(database_, "select complete from rollup_file where name=?");
  auto row = select.query(name);
  return row.next() ? std::optional(RollupEntry{name, row.integer(0) != 0}) : std::nullopt;
}

void Catalog::put_rollup_file(const RollupEntry& entry) {
  Statement(database_, "insert or replace into rollup_file values(?, ?)").run(entry.name, entry.complete);
}

void Catalog::forget_rollup_file(const std::string& name) {
  Statement(database_, "delete from rollup_file where name=?").run(name);
}

void Catalog::put_day_files(const std::vector<DayFile>& files) {
  Statement put(database_, "insert or ignore into day_file(day, class, rev, name, closed) values(?, ?, ?, ?, ?)");
  for (const auto& f : files) put.run(f.day, f.klass, f.rev, f.name, f.closed);
}

Generations::Generations(const fs::path& folder, std::uint64_t least)
    : database_(folder / Catalog::file_name, Database::Mode::full) {
  mark_ = static_cast<std::uint64_t>(database_.number("select next from generation_mark"));
  next_ = mark_ = std::max(mark_, least);
}

std::uint64_t Generations::next() {
  constexpr std::uint64_t block = 16;
  if (next_ == mark_) {
    Statement(database_, "update generation_mark set next=?").run(mark_ + block);
    mark_ += block;
  }
  return next_++;
}

}  // namespace telltale::store
