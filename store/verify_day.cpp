#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "store/chunk_codec.hpp"
#include "store/day.hpp"
#include "store/day_file.hpp"
#include "store/day_remains.hpp"
#include "store/verify_parts.hpp"

namespace telltale::store {

using namespace proto;
namespace fs = std::filesystem;

namespace {

bool same_bits(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

/// As a file keeps them: SQLite has no NaN, so a header with one reads back as without values.
bool same(const ChunkHeader& in_file, const ChunkHeader& computed) {
  if (in_file.t_min != computed.t_min || in_file.t_max != computed.t_max || in_file.n != computed.n) return false;
  const bool readable = computed.values && !std::isnan(computed.values->min) && !std::isnan(computed.values->sum) &&
                        !std::isnan(computed.values->sumsq);
  if (in_file.values.has_value() != readable) return false;
  if (!readable) return true;
  const auto& a = *in_file.values;
  const auto& b = *computed.values;
  return same_bits(a.min, b.min) && same_bits(a.max, b.max) && same_bits(a.sum, b.sum) && same_bits(a.sumsq, b.sumsq) &&
         same_bits(a.last, b.last);
}

/// One file whose pages are sound, chunk by chunk.
class DayCheck {
 public:
  DayCheck(Verification& v, const Catalog::DayFile& file, DayFile& day)
      : v_(v), file_(file), path_(v.folder / "day" / file.name), day_(day) {}

  bool run() {
    const auto snapshot = day_.snapshot();
    for (const auto& entry : day_.ledger()) {
      ledger_[entry.generation] = entry;
      order_[entry.generation] = entry.order;
    }
    check_names();
    DayFile::Run walk(day_, INT64_MIN, INT64_MAX);
    while (walk.next()) check(walk.series(), walk.chunk());
    check_ledger();
    return sound_;
  }

 private:
  struct Sum {
    std::uint64_t readings = 0, chunks = 0;
    std::int64_t t_min = INT64_MAX, t_max = INT64_MIN;
  };

  void damage(std::string place, std::string lost) {
    sound_ = false;
    v_.report(path_, std::move(place), std::move(lost));
  }

  void check_names() {
    for (const auto& name : day_.names()) {
      named_.insert(name.series);
      if (v_.removed(path_, name.series)) continue;
      const auto* series = v_.names.series(name.series);
      const auto* device = series != nullptr ? v_.names.device(series->device) : nullptr;
      if (device == nullptr) {
        v_.report(
            path_, v_.name_of(name.series),
            "the catalog has no such series; the file calls it " + name.site + "/" + name.device + " " + name.metric);
      } else if (device->tenant != name.tenant || device->site != name.site || device->device != name.device ||
                 series->metric != name.metric) {
        v_.report(path_, "series " + std::to_string(to_number(name.series)),
                  "is called " + name.site + "/" + name.device + " " + name.metric + " here and " +
                      v_.name_of(name.series) + " in the catalog; its readings are whole, one of the names is damaged");
      }
    }
  }

  void check(SeriesId series, const DayFile::Chunk& chunk) {
    if (v_.removed(path_, series)) named_.insert(series);
    const auto place = [&] { return v_.name_of(series) + ", " + time_span(chunk.header.t_min, chunk.header.t_max); };
    ++v_.result.chunks;
    auto& sum = sums_[chunk.generation];
    ++sum.chunks;
    sum.readings += chunk.header.n;
    sum.t_min = std::min(sum.t_min, chunk.header.t_min);
    sum.t_max = std::max(sum.t_max, chunk.header.t_max);
    if (!decode_chunk(chunk.data, points_)) {
      damage(place(), "chunk " + std::to_string(chunk.id) + " is damaged: " + std::to_string(chunk.header.n) +
                          " readings are lost");
      return;
    }
    v_.result.readings += points_.size();
    if (points_.type != chunk.type || !same(chunk.header, summarize(points_)))
      damage(place(), "the columns beside chunk " + std::to_string(chunk.id) +
                          " are not those of its readings; the readings are whole, aggregates may be wrong");
    if (day_of(points_.ts.front()) != file_.day || day_of(points_.ts.back()) != file_.day)
      damage(place(), "chunk " + std::to_string(chunk.id) + " holds readings of another day, where nobody looks");
    check_key(series, chunk, place);
    if (!named_.contains(series) && v_.names.series(series) == nullptr) {
      named_.insert(series);
      v_.report(path_, v_.name_of(series), "has no name here nor in the catalog: its readings cannot be asked for");
    }
  }

  template <class Place>
  void check_key(SeriesId series, const DayFile::Chunk& chunk, const Place& place) {
    const auto key = DayFile::key_of(chunk.id, day_.closed());
    bool right = key.series == to_number(series);
    if (!day_.closed()) {
      const auto order = order_.find(chunk.generation);
      const auto hour = static_cast<unsigned>(hour_of(points_.ts.front()) - file_.day * 24);
      right = right && order != order_.end() && order->second == key.order && hour == key.hour &&
              hour_of(points_.ts.front()) == hour_of(points_.ts.back());
    }
    if (!right) {
      damage(place(), "chunk " + std::to_string(chunk.id) + " stands under a key where nobody looks for it");
    } else if (key.piece > 0 && chunk.id != last_id_ + 1) {
      damage(place(), "the chunks before chunk " + std::to_string(chunk.id) + " are missing");
    }
    last_id_ = chunk.id;
  }

  void check_ledger() {
    if (day_.closed()) {
      // Merging dropped what was overwritten, so that there may be fewer readings; the newest generation of a series
      // stands for all that are in its chunks.
      Sum all, said;
      for (const auto& [generation, sum] : sums_) {
        all.readings += sum.readings;
        all.t_min = std::min(all.t_min, sum.t_min);
        all.t_max = std::max(all.t_max, sum.t_max);
        if (!ledger_.contains(generation))
          damage("generation " + std::to_string(generation), "has chunks but is not in the ledger");
      }
      for (const auto& [generation, entry] : ledger_) {
        said.readings += entry.readings;
        said.t_min = std::min(said.t_min, entry.t_min);
        said.t_max = std::max(said.t_max, entry.t_max);
      }
      if (all.readings > said.readings || all.t_min < said.t_min || all.t_max > said.t_max)
        damage("ledger", "says " + std::to_string(said.readings) + " readings in " + time_span(said.t_min, said.t_max) +
                             ", the chunks hold " + std::to_string(all.readings) + " in " +
                             time_span(all.t_min, all.t_max));
      return;
    }
    for (const auto& [generation, entry] : ledger_) {
      const auto& sum = sums_[generation];
      if (sum.chunks == entry.chunks && sum.readings == entry.readings && sum.t_min == entry.t_min &&
          sum.t_max == entry.t_max)
        continue;
      damage("generation " + std::to_string(generation) + ", " + time_span(entry.t_min, entry.t_max),
             "the ledger says " + std::to_string(entry.readings) + " readings in " + std::to_string(entry.chunks) +
                 " chunks, there are " + std::to_string(sum.readings) + " in " + std::to_string(sum.chunks));
    }
    for (const auto& [generation, sum] : sums_)
      if (!ledger_.contains(generation))
        damage("generation " + std::to_string(generation),
               std::to_string(sum.readings) + " readings are there but not in the ledger");
  }

  Verification& v_;
  const Catalog::DayFile& file_;
  fs::path path_;
  DayFile& day_;
  std::map<std::uint64_t, DayFile::LedgerEntry> ledger_;
  std::map<std::uint64_t, std::int64_t> order_;
  std::map<std::uint64_t, Sum> sums_;
  std::set<SeriesId> named_;
  ChunkPoints points_;
  std::int64_t last_id_ = INT64_MIN;
  bool sound_ = true;
};

/// A file whose pages are not sound: what is left of it, page by page.
void tell_remains(Verification& v, const Catalog::DayFile& file, const std::string& complaint) {
  const auto path = v.folder / "day" / file.name;
  DayRemains remains(path);
  std::map<std::uint64_t, std::uint64_t> left;  // readings by generation
  std::uint64_t readings = 0;
  DayRemains::Found found;
  while (remains.next(found)) {
    ++v.result.chunks;
    readings += found.points.size();
    left[found.chunk.generation] += found.points.size();
  }
  v.result.readings += readings;
  std::uint64_t held = 0;
  auto first = std::numeric_limits<std::int64_t>::max();
  auto last = std::numeric_limits<std::int64_t>::min();
  for (const auto& entry : remains.ledger()) {
    held += entry.readings;
    if (!file.closed && left[entry.generation] >= entry.readings) continue;
    first = std::min(first, entry.t_min);
    last = std::max(last, entry.t_max);
  }
  const bool known = first <= last;
  const auto place = known ? time_span(first, last) : time_span(file.day * day_ms, (file.day + 1) * day_ms - 1);
  v.report(path, place,
           "pages are damaged (" + complaint + "): " + std::to_string(readings) + " readings can still be read" +
               (held > readings ? ", of " + std::to_string(held) : "") +
               "; 'telltale verify --salvage' puts them into a new file");
}

}  // namespace

bool verify_day_file(Verification& v, const Catalog::DayFile& file) {
  const auto path = v.folder / "day" / file.name;
  ++v.result.files;
  std::string complaint;
  try {
    auto day = file.closed ? DayFile::open_closed(path) : DayFile::open_read_only(path);
    auto found = day.quick_check();
    if (!found) return DayCheck(v, file, day).run();
    complaint = std::move(*found);
    std::replace(complaint.begin(), complaint.end(), '\n', ' ');
  } catch (const DatabaseError& error) {
    if (!fs::exists(path)) throw;
    if (!error.corrupt() && !error.cannot_open()) throw;
    complaint = error.what();
  } catch (const StoreFailure& error) {
    if (!fs::exists(path)) throw;
    complaint = error.what();
  }
  tell_remains(v, file, complaint);
  return false;
}

}  // namespace telltale::store
