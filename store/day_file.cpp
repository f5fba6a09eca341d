#include "store/day_file.hpp"

#include <algorithm>
#include <string>

#include "store/day.hpp"
#include "store/migrations.hpp"

namespace telltale::store {

namespace {

// chunk.id of an open file = order of the generation << 43 | hour << 38 | series << 10 | piece (series numbers are
// below 2^28): a seal only ever appends, so its pages fill up and are written once (lab: 3.6 -> 6.5 M readings/s at 100
// k series). Of a closed file: series << 16 | piece. A plain rowid keeps blobs of up to 4 KB in the leaf, which WITHOUT
// ROWID would not.
constexpr unsigned order_shift = 43, hour_shift = 38, series_shift = 10, closed_series_shift = 16;

constexpr std::int64_t closed_mark = 0x544C4443;  // application_id "TLDC"

constexpr const char* steps[] = {
    R"(create table chunk(id integer primary key, series_id integer not null, t_min integer not null,
                          t_max integer not null, n integer not null, v_min real, v_max real, v_sum real, v_sumsq real,
                          v_last real, type integer not null, generation integer not null, data blob not null);
       create table sealed(generation integer primary key, ord integer not null unique, t_min integer not null,
                           t_max integer not null, readings integer not null, chunks integer not null);
       create table series(series_id integer primary key, tenant text not null, site text not null,
                           device text not null, metric text not null, unit text not null);)"};

constexpr const char* insert_chunk = "insert into chunk values(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
constexpr const char* insert_name = "insert or ignore into series values(?, ?, ?, ?, ?, ?)";
constexpr const char* insert_ledger = "insert into sealed values(?, ?, ?, ?, ?, ?)";
constexpr const char* head_columns = "id, generation, t_min, t_max, n, v_min, v_max, v_sum, v_sumsq, v_last, type";

std::int64_t key(std::int64_t order, unsigned hour, std::uint32_t series, unsigned piece) {
  return (order << order_shift) | (static_cast<std::int64_t>(hour) << hour_shift) |
         (static_cast<std::int64_t>(series) << series_shift) | static_cast<std::int64_t>(piece);
}
std::int64_t closed_key(std::uint32_t series, unsigned piece) {
  return (static_cast<std::int64_t>(series) << closed_series_shift) | static_cast<std::int64_t>(piece);
}

ChunkHeader put_chunk(Statement& insert, std::int64_t id, proto::SeriesId series, std::uint64_t generation,
                      const ChunkPoints& points) {
  const auto header = summarize(points);
  const auto data = encode_chunk(points);
  const auto number = proto::to_number(series);
  if (header.values) {
    const auto& v = *header.values;
    insert.run(id, number, header.t_min, header.t_max, header.n, v.min, v.max, v.sum, v.sumsq, v.last, points.type,
               generation, Blob{data});
  } else {
    insert.run(id, number, header.t_min, header.t_max, header.n, nullptr, nullptr, nullptr, nullptr, nullptr,
               points.type, generation, Blob{data});
  }
  return header;
}

/// The columns head_columns from `first` on.
void read_head(const Statement::Rows& row, int first, DayFile::Head& head) {
  head.id = row.integer(first);
  head.generation = static_cast<std::uint64_t>(row.integer(first + 1));
  head.header = {row.integer(first + 2), row.integer(first + 3), static_cast<std::uint64_t>(row.integer(first + 4)),
                 std::nullopt};
  // A sum may have gone over the largest double: then the header does not help either.
  if (!row.null(first + 5) && !row.null(first + 7) && !row.null(first + 8))
    head.header.values = ChunkHeader::Values{row.real(first + 5), row.real(first + 6), row.real(first + 7),
                                             row.real(first + 8), row.real(first + 9)};
  head.type = static_cast<proto::ValueType>(row.integer(first + 10) & 3);
}

void put_name(Statement& insert, proto::SeriesId series, std::string_view tenant, std::string_view site,
              std::string_view device, std::string_view metric, std::string_view unit) {
  insert.run(proto::to_number(series), tenant, site, device, metric, unit);
}

}  // namespace

DayFile DayFile::open(const std::filesystem::path& file) {
  Database database(file, Database::Mode::full);
  migrate(database, steps);
  return {std::move(database), false};
}

DayFile DayFile::open_read_only(const std::filesystem::path& file) {
  Database database(file, Database::Mode::read_only);
  refuse_newer(database, std::size(steps));
  return {std::move(database), false};
}

DayFile DayFile::open_closed(const std::filesystem::path& file) {
  Database database(file, Database::Mode::immutable);
  refuse_newer(database, std::size(steps));
  if (database.number("pragma application_id") != closed_mark)
    throw StoreFailure(file.string() + ": is listed as a closed day but is none");
  return {std::move(database), true};
}

DayFile DayFile::build(const std::filesystem::path& file) {
  Database database(file, Database::Mode::build);
  migrate(database, steps);
  database.exec("pragma application_id=" + std::to_string(closed_mark));
  return {std::move(database), true};
}

bool DayFile::has(std::uint64_t generation) {
  return database_.number("select count(*) from sealed where generation=" + std::to_string(generation)) > 0;
}

std::vector<DayFile::LedgerEntry> DayFile::ledger() {
  std::vector<LedgerEntry> out;
  Statement select(database_, "select generation, ord, t_min, t_max, readings, chunks from sealed order by ord");
  for (auto row = select.query(); row.next();)
    out.push_back({static_cast<std::uint64_t>(row.integer(0)), row.integer(1), row.integer(2), row.integer(3),
                   static_cast<std::uint64_t>(row.integer(4)), static_cast<std::uint64_t>(row.integer(5))});
  return out;
}

std::vector<std::uint64_t> DayFile::generations() {
  std::vector<std::uint64_t> out;
  for (const auto& entry : ledger()) out.push_back(entry.generation);
  return out;
}

std::vector<DayFile::Name> DayFile::names() {
  std::vector<Name> out;
  Statement select(database_, "select series_id, tenant, site, device, metric, unit from series order by series_id");
  for (auto row = select.query(); row.next();)
    out.push_back({static_cast<proto::SeriesId>(row.integer(0)), std::string(row.text(1)), std::string(row.text(2)),
                   std::string(row.text(3)), std::string(row.text(4)), std::string(row.text(5))});
  return out;
}

bool DayFile::mentions(proto::SeriesId series) {
  Statement named(database_, "select 1 from series where series_id=?");
  if (named.query(proto::to_number(series)).next()) return true;
  if (!closed_) return false;
  Statement held(database_, "select 1 from chunk where id between ? and ?");
  const auto id = proto::to_number(series);
  return held.query(closed_key(id, 0), closed_key(id, (1u << closed_series_shift) - 1)).next();
}

DayFile::Seal::Seal(DayFile& file, std::uint64_t generation)
    : transaction_(file.database_),
      insert_(file.database_, insert_chunk),
      name_(file.database_, insert_name),
      ledger_(file.database_, insert_ledger),
      entry_{generation, file.database_.number("select max(ord) + 1 from sealed"), INT64_MAX, INT64_MIN, 0, 0} {}

void DayFile::Seal::name(const DeviceEntry& device, const SeriesEntry& series) {
  put_name(name_, series.id, device.tenant, device.site, device.device, series.metric, series.unit);
}

void DayFile::Seal::add(proto::SeriesId series, unsigned hour_of_day, unsigned piece, const ChunkPoints& points) {
  const auto id = key(entry_.order, hour_of_day, proto::to_number(series), piece);
  const auto header = put_chunk(insert_, id, series, entry_.generation, points);
  entry_.t_min = std::min(entry_.t_min, header.t_min);
  entry_.t_max = std::max(entry_.t_max, header.t_max);
  entry_.readings += header.n;
  ++entry_.chunks;
}

void DayFile::Seal::commit() {
  ledger_.run(entry_.generation, entry_.order, entry_.t_min, entry_.t_max, entry_.readings, entry_.chunks);
  transaction_.commit();
}

DayFile::Build::Build(DayFile& file)
    : transaction_(file.database_),
      insert_(file.database_, insert_chunk),
      name_(file.database_, insert_name),
      ledger_(file.database_, insert_ledger) {}

void DayFile::Build::add(proto::SeriesId series, unsigned piece, std::uint64_t generation, const ChunkPoints& points) {
  put_chunk(insert_, closed_key(proto::to_number(series), piece), series, generation, points);
}

void DayFile::Build::name(const Name& name) {
  put_name(name_, name.series, name.tenant, name.site, name.device, name.metric, name.unit);
}

void DayFile::Build::enter(const LedgerEntry& entry) {
  ledger_.run(entry.generation, entry.order, entry.t_min, entry.t_max, entry.readings, entry.chunks);
}

void DayFile::Build::commit() { transaction_.commit(); }

std::vector<DayFile::IdRange> DayFile::ranges(proto::SeriesId series, std::int64_t from, std::int64_t to) {
  const auto number = proto::to_number(series);
  if (closed_) return {{closed_key(number, 0), closed_key(number, (1u << closed_series_shift) - 1)}};
  std::vector<IdRange> out;
  auto& select =
      ledger_of_range_.of(database_, "select ord, t_min, t_max from sealed where t_max>=? and t_min<? order by ord");
  for (auto row = select.query(from, to); row.next();) {
    const auto last_hour = hour_of(std::min(to - 1, row.integer(2)));
    for (auto hour = hour_of(std::max(from, row.integer(1))); hour <= last_hour; ++hour) {
      const auto hour_of_day = static_cast<unsigned>(hour - floor_divide(hour, 24) * 24);
      out.push_back({key(row.integer(0), hour_of_day, number, 0),
                     key(row.integer(0), hour_of_day, number, (1u << series_shift) - 1)});
    }
  }
  return out;
}

std::vector<DayFile::Head> DayFile::heads(proto::SeriesId series, std::int64_t from, std::int64_t to) {
  std::vector<Head> out;
  static const auto sql =
      "select " + std::string(head_columns) + " from chunk where id between ? and ? and t_max>=? and t_min<?";
  auto& select = heads_of_range_.of(database_, sql);
  for (const auto& range : ranges(series, from, to))
    for (auto row = select.query(range.first, range.last, from, to); row.next();) read_head(row, 0, out.emplace_back());
  return out;
}

std::vector<DayFile::Chunk> DayFile::chunks(proto::SeriesId series, std::int64_t from, std::int64_t to) {
  std::vector<Chunk> out;
  static const auto sql =
      "select " + std::string(head_columns) + ", data from chunk where id between ? and ? and t_max>=? and t_min<?";
  auto& select = chunks_of_range_.of(database_, sql);
  for (const auto& range : ranges(series, from, to)) {
    for (auto row = select.query(range.first, range.last, from, to); row.next();) {
      read_head(row, 0, out.emplace_back());
      out.back().data = row.blob(11);
    }
  }
  return out;
}

std::string DayFile::data(std::int64_t id) {
  auto row = data_of_chunk_.of(database_, "select data from chunk where id=?").query(id);
  return row.next() ? std::string(row.blob(0)) : std::string();
}

void DayFile::each_head(std::int64_t from, std::int64_t to,
                        const std::function<void(proto::SeriesId, const Head&)>& visit) {
  Statement select(database_,
                   "select " + std::string(head_columns) + ", series_id from chunk where t_max>=? and t_min<?");
  Head head;
  for (auto row = select.query(from, to); row.next();) {
    read_head(row, 0, head);
    visit(static_cast<proto::SeriesId>(row.integer(11)), head);
  }
}

DayFile::Run::Run(DayFile& file, std::int64_t first_id, std::int64_t last_id)
    : select_(file.database_, "select " + std::string(head_columns) +
                                  ", data, series_id from chunk where id between ? and ? order by id"),
      rows_(select_.query(first_id, last_id)) {}

bool DayFile::Run::next() { return rows_.next(); }
proto::SeriesId DayFile::Run::series() const { return static_cast<proto::SeriesId>(rows_.integer(12)); }
DayFile::Chunk DayFile::Run::chunk() const {
  Chunk out;
  read_head(rows_, 0, out);
  out.data = rows_.blob(11);
  return out;
}

std::vector<std::unique_ptr<DayFile::Run>> DayFile::runs() {
  std::vector<std::unique_ptr<Run>> out;
  if (closed_) {
    out.push_back(std::make_unique<Run>(*this, INT64_MIN, INT64_MAX));
    return out;
  }
  for (const auto& entry : ledger()) {
    for (auto hour = hour_of(entry.t_min); hour <= hour_of(entry.t_max); ++hour) {
      const auto hour_of_day = static_cast<unsigned>(hour - floor_divide(hour, 24) * 24);
      out.push_back(std::make_unique<Run>(*this, key(entry.order, hour_of_day, 0, 0),
                                          key(entry.order, hour_of_day + 1, 0, 0) - 1));
    }
  }
  return out;
}

DayFile::Key DayFile::key_of(std::int64_t id, bool closed) noexcept {
  const auto bits = [id](unsigned from, unsigned to) {
    return static_cast<std::uint32_t>(static_cast<std::uint64_t>(id) >> from & ((std::uint64_t{1} << (to - from)) - 1));
  };
  if (closed) return {0, 0, bits(closed_series_shift, closed_series_shift + 32), bits(0, closed_series_shift)};
  return {id >> order_shift, bits(hour_shift, order_shift), bits(series_shift, hour_shift), bits(0, series_shift)};
}

}  // namespace telltale::store
