#include "store/day_remains.hpp"

#include <algorithm>
#include <tuple>

namespace telltale::store {

namespace {

// The tables of a day file as records: how many columns, of which kinds (see day_file.cpp).
constexpr std::size_t chunk_columns = 13, small_columns = 6;
using Kind = RecordColumn::Kind;

bool all(const std::vector<RecordColumn>& columns, Kind kind) {
  return std::all_of(columns.begin() + 1, columns.end(), [kind](const RecordColumn& c) { return c.kind == kind; });
}

/// Enough of a record to know a chunk by, without the pages that it goes on in.
bool looks_like_chunk(std::string_view record_head) {
  // Size of the header and serial types, of which all but the last two are one byte; the id is NULL.
  return record_head.size() > 2 && record_head[0] >= static_cast<char>(chunk_columns + 1) && record_head[0] < 24 &&
         record_head[1] == 0;
}

}  // namespace

DayRemains::DayRemains(const std::filesystem::path& file) : pages_(file) {
  for (std::uint32_t page = 1; page <= pages_.count(); ++page) {
    const auto marked = pages_.cells(page, SqlitePages::Trust::marked_leaves);
    for (const auto cell : marked.empty() ? pages_.cells(page, SqlitePages::Trust::any_page) : marked) {
      const auto row = pages_.row(page, cell);
      if (!row) {
        // A chunk whose rest is gone, as long as the page says what it is.
        if (const auto id = pages_.rowid(page, cell); id && !marked.empty()) places_.push_back({*id, page, cell, true});
      } else if (looks_like_chunk(row->record)) {
        places_.push_back({row->rowid, page, cell, !marked.empty()});
      } else if (!marked.empty()) {
        take_small_row(*row);
      }
    }
  }
  std::stable_sort(places_.begin(), places_.end(), [](const Place& a, const Place& b) {
    return std::tuple(a.id, !a.marked) < std::tuple(b.id, !b.marked);
  });
  std::sort(ledger_.begin(), ledger_.end(), [](const auto& a, const auto& b) { return a.generation < b.generation; });
  std::sort(names_.begin(), names_.end(), [](const auto& a, const auto& b) { return a.series < b.series; });
}

void DayRemains::take_small_row(const SqlitePages::Row& row) {
  const auto columns = record_columns(row.record);
  if (!columns || columns->size() != small_columns || columns->front().kind != Kind::null) return;
  const auto& c = *columns;
  if (all(c, Kind::integer)) {
    ledger_.push_back({static_cast<std::uint64_t>(row.rowid), c[1].integer, c[2].integer, c[3].integer,
                       static_cast<std::uint64_t>(c[4].integer), static_cast<std::uint64_t>(c[5].integer)});
  } else if (all(c, Kind::text)) {
    names_.push_back({static_cast<proto::SeriesId>(row.rowid), std::string(c[1].bytes), std::string(c[2].bytes),
                      std::string(c[3].bytes), std::string(c[4].bytes), std::string(c[5].bytes)});
  }
}

bool DayRemains::next(Found& found) {
  while (at_ < places_.size()) {
    // Several rows of one key: copies of one, as moving rows between pages leaves them. The first good one will do.
    const auto id = places_[at_].id;
    bool good = false;
    bool marked = false;
    for (; at_ < places_.size() && places_[at_].id == id; ++at_) {
      marked = marked || places_[at_].marked;
      good = good || read(places_[at_], found);
    }
    if (good) return true;
    damaged_ += marked ? 1U : 0U;
  }
  return false;
}

bool DayRemains::read(const Place& place, Found& found) {
  const auto row = pages_.row(place.page, place.cell);
  if (!row) return false;
  const auto columns = record_columns(row->record);
  if (!columns || columns->size() != chunk_columns) return false;
  const auto& c = *columns;
  const auto& data = c[12];
  if (c[1].kind != Kind::integer || c[11].kind != Kind::integer || data.kind != Kind::blob) return false;
  if (!decode_chunk(data.bytes, found.points) || found.points.size() == 0) return false;
  found.series = static_cast<proto::SeriesId>(c[1].integer);
  found.chunk.id = row->rowid;
  found.chunk.generation = static_cast<std::uint64_t>(c[11].integer);
  found.chunk.header = summarize(found.points);
  found.chunk.type = found.points.type;
  found.chunk.data = data.bytes;
  return true;
}

}  // namespace telltale::store
