#include "store/verify.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "proto/timestamp.hpp"
#include "store/day.hpp"
#include "store/day_file.hpp"
#include "store/keys_db.hpp"
#include "store/log_tail.hpp"
#include "store/query.hpp"
#include "store/segment.hpp"
#include "store/verify_parts.hpp"

namespace telltale::store {

using namespace proto;
namespace fs = std::filesystem;

namespace {

constexpr const char* catalog_price =
    "names and numbers of series and the list of day files are in it; stop the service and restore the folder from a "
    "back-up";
constexpr const char* state_price =
    "alert history and what waits to be sent are in it, no readings; stop the service and put the file of a back-up "
    "there, or delete it to forget all alerts";
constexpr const char* notify_price =
    "what notification channels have said is in it, no readings; stop the service and delete it: alerts that fire are "
    "notified again";
constexpr const char* keys_price = "nobody can ask over HTTP with a key: make new ones, the readings are untouched";
constexpr const char* recent_price =
    "nothing is lost, it is a copy: stop the service and delete it, it is filled again";

bool same_file(const Catalog::DayFile& a, const Catalog::DayFile& b) { return a.name == b.name && a.day == b.day; }

bool listed(Catalog& catalog, const Catalog::DayFile& file) {
  const auto now = catalog.day_files(file.day, file.day);
  return std::any_of(now.begin(), now.end(), [&](const auto& other) { return same_file(file, other); });
}

/// The newest batch that the files behind the log have worked on. Read before the log, which only grows.
SeenUpto newest_seen(const fs::path& folder) {
  SeenUpto seen;
  const auto look = [&](const char* file, const char* sql) {
    if (!fs::exists(folder / file)) return;
    try {
      Database database(folder / file, Database::Mode::read_only);
      const auto sequence = static_cast<std::uint64_t>(database.number(sql));
      if (sequence > seen.sequence) seen = {sequence, file};
    } catch (const DatabaseError&) {
      // Its own check says so.
    }
  };
  look("state.db", "select max(sequence) from checkpoint");
  look("state.db", "select max(sequence) from emitted_upto");
  look("recent.db", "select max(sequence) from position");
  return seen;
}

/// Day files on disk when verify() began, by name.
std::vector<std::string> names_in(const fs::path& day_folder) {
  std::vector<std::string> out;
  if (!fs::is_directory(day_folder)) return out;
  for (const auto& entry : fs::directory_iterator(day_folder))
    if (parse_day_file_name(entry.path().filename().string())) out.push_back(entry.path().filename().string());
  std::sort(out.begin(), out.end());
  return out;
}

class FolderCheck {
 public:
  FolderCheck(const fs::path& folder, const std::function<void(const Problem&)>& tell) : v_(folder, tell) {}

  Verified run() {
    const auto& folder = v_.folder;
    if (!fs::exists(folder / Catalog::file_name))
      throw StoreFailure(folder.string() + ": is no data folder (no catalog.db)");
    const auto seen = newest_seen(folder);
    const auto on_disk = names_in(folder / "day");
    const bool catalog_sound = verify_database(v_, folder / Catalog::file_name, catalog_price);
    auto catalog = open_catalog();
    segments_ = verify_log(v_, seen, catalog_sound && catalog ? catalog->last_sequence() : seen.sequence);
    if (catalog) {
      try {
        verify_days(*catalog, on_disk);
      } catch (const DatabaseError&) {
        if (catalog_sound) throw;  // else it was said already what a damaged catalog costs
      }
    }
    if (catalog && catalog_sound) verify_rows_of_removed();
    check_state_is_there();
    for (const auto& [file, price] : {std::pair{"state.db", state_price}, std::pair{"recent.db", recent_price},
                                      std::pair{"notify.db", notify_price}, std::pair{KeysDb::file_name, keys_price}})
      if (fs::exists(folder / file)) verify_database(v_, folder / file, price);
    return std::move(v_.result);
  }

 private:
  void verify_days(Catalog& catalog, const std::vector<std::string>& on_disk) {
    learn_names(catalog);
    const auto manifest = catalog.day_files(INT64_MIN, INT64_MAX);
    verify_manifest(manifest);
    for (const auto& file : manifest) verify_day(catalog, file);
    for (const auto& name : on_disk) verify_known(catalog, name);
    verify_rollups(v_, catalog, group_days(manifest));
  }

  /// The service makes these right after state.db. A folder without any has had no service, only readings.
  void check_state_is_there() {
    const auto file = v_.folder / "state.db";
    if (fs::exists(file) || (!fs::exists(v_.folder / "notify.db") && !fs::exists(v_.folder / KeysDb::file_name)))
      return;
    v_.report(
        file, "",
        "is not there: alert history, silences and what waited to be sent are lost, no readings; stop the service "
        "and put the file of a back-up there. Without it the service makes a new one at its next start, and "
        "alerts that are still open fire anew");
  }

  /// Rows by series outside of day files and rollups.
  void verify_rows_of_removed() {
    const auto look = [&](const char* name, const char* sql) {
      const auto file = v_.folder / name;
      if (!fs::exists(file)) return;
      try {
        Database database(file, Database::Mode::read_only);
        Statement select(database, sql);
        for (auto row = select.query(); row.next();) v_.removed(file, static_cast<SeriesId>(row.integer(0)));
      } catch (const DatabaseError&) {
        // Its own check says so.
      }
    };
    look(Catalog::file_name, "select series_id from series union select series_id from latest");
    look("recent.db", "select series_id from series union select distinct series_id from reading");
  }

  std::optional<Catalog> open_catalog() {
    try {
      return Catalog::open_read_only(v_.folder);
    } catch (const StoreFailure& error) {
      if (v_.result.problems == 0) v_.report(v_.folder / Catalog::file_name, "", error.what());
      return std::nullopt;
    }
  }

  void learn_names(Catalog& catalog) {
    catalog.load(v_.names);
    v_.gone = catalog.removed_for_good();
    LogTail log(v_.folder / "log", 0);
    log.refresh();
    v_.names.remove(log.removed());
    const auto directory = Reader(v_.folder).directory();  // the log may add to it
    for (const auto& device : directory.devices) v_.names.add(device);
    for (const auto& series : directory.series) {
      v_.names.add(series);
      if (v_.names.device(series.device) == nullptr)
        v_.report(v_.folder / Catalog::file_name, "series " + std::to_string(to_number(series.id)),
                  "belongs to a device that does not exist");
    }
  }

  void verify_manifest(const std::vector<Catalog::DayFile>& manifest) {
    const auto catalog = v_.folder / Catalog::file_name;
    for (const auto& file : manifest)
      if (file.name != to_string(DayFileName{file.day, file.klass, file.rev}))
        v_.report(catalog, "manifest", "the entry of " + file.name + " contradicts itself");
    for (const auto& group : group_days(manifest)) {
      const auto closed = std::count_if(group.files.begin(), group.files.end(), [](const auto& f) { return f.closed; });
      if (group.files.size() > 2 || closed > 1 || std::ssize(group.files) - closed > 1)
        v_.report(catalog, "manifest",
                  "day " + day_text(group.day) +
                      " has more files than one closed and one open: readings may be "
                      "doubled or passed over");
    }
  }

  void verify_day(Catalog& catalog, const Catalog::DayFile& file) {
    const auto path = v_.folder / "day" / file.name;
    try {
      if (fs::exists(path)) {
        if (!verify_wal(v_, path) | !verify_day_file(v_, file)) v_.result.damaged_days.push_back(file);
        return;
      }
    } catch (const StoreFailure&) {
      if (fs::exists(path)) throw;
    }
    if (!listed(catalog, file)) return;  // closed, or outlived its retention, meanwhile
    v_.report(path, time_span(file.day * day_ms, (file.day + 1) * day_ms - 1),
              "the catalog lists it but it is not there: " + std::string(file.closed ? "all" : "late or open") +
                  " readings of this day (" + file.klass +
                  ") are lost, unless a back-up has the file; queries over the day fail");
    v_.result.damaged_days.push_back(file);
  }

  /// A file that no manifest knows is what a kill left behind, as long as its generations are elsewhere.
  void verify_known(Catalog& catalog, const std::string& name) {
    const auto path = v_.folder / "day" / name;
    const auto parsed = parse_day_file_name(name);
    // A segment that was begun meanwhile may be sealed into the file already; it stays until the catalog knows the
    // file.
    for (const auto& segment : list_segments(v_.folder / "log")) segments_.insert(segment.generation);
    const auto group = catalog.day_files(parsed->day, parsed->day);
    if (!fs::exists(path) || std::any_of(group.begin(), group.end(), [&](const auto& f) { return f.name == name; }))
      return;
    ++v_.result.files;
    std::set<std::uint64_t> elsewhere = segments_;
    std::vector<std::uint64_t> held;
    try {
      for (const auto& file : group) {
        const auto other = v_.folder / "day" / file.name;
        if (!fs::exists(other)) continue;
        for (const auto g : (file.closed ? DayFile::open_closed(other) : DayFile::open_read_only(other)).generations())
          elsewhere.insert(g);
      }
      held = DayFile::open_read_only(path).generations();
    } catch (const DatabaseError& error) {
      if (!fs::exists(path) || !error.corrupt()) return;  // gone again, or begun just now: no tables yet
      v_.report(path, "", std::string("the catalog does not know it, and it is damaged: ") + error.what());
      return;
    }
    if (std::all_of(held.begin(), held.end(), [&](std::uint64_t g) { return elsewhere.contains(g); })) return;
    v_.report(path, time_span(parsed->day * day_ms, (parsed->day + 1) * day_ms - 1),
              "the catalog does not know it, so nobody reads it (is the catalog an old copy?); the next start of the "
              "service moves it to day/damaged");
  }

  Verification v_;
  std::set<std::uint64_t> segments_;
};

}  // namespace

void Verification::report(const fs::path& file, std::string place, std::string lost) {
  ++result.problems;
  tell({fs::path(file).lexically_relative(folder).string(), std::move(place), std::move(lost)});
}

bool Verification::removed(const fs::path& file, SeriesId series) {
  if (!names.removed().has(series)) return false;
  if (gone.has(series) && told_.emplace(file, series).second)
    report(file, "series " + std::to_string(to_number(series)), "was removed for good, but is still there");
  return true;
}

std::string Verification::name_of(SeriesId id) const {
  const auto* series = names.series(id);
  const auto* device = series != nullptr ? names.device(series->device) : nullptr;
  if (device == nullptr) return "series " + std::to_string(to_number(id));
  return device->site + "/" + device->device + " " + series->metric;
}

std::string time_span(std::int64_t first_ms, std::int64_t last_ms) {
  const auto text = [](std::int64_t ms) {
    const auto day = day_of(ms);
    return day < first_day || day > last_day ? std::to_string(ms) + " ms" : format_rfc3339(from_ms(ms));
  };
  return text(first_ms) + " to " + text(last_ms);
}

std::string to_string(const Problem& problem) {
  return problem.file + ": " + (problem.place.empty() ? "" : problem.place + ": ") + problem.lost;
}

Verified verify(const fs::path& folder, const std::function<void(const Problem&)>& tell) {
  return FolderCheck(folder, tell).run();
}

}  // namespace telltale::store
