#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "store/catalog.hpp"
#include "store/day.hpp"
#include "store/day_file.hpp"
#include "store/segment.hpp"
#include "store/verify.hpp"
#include "tests/store/fixture.hpp"

namespace telltale::test {

namespace fs = std::filesystem;

inline constexpr std::uint32_t series_count = 40;
inline constexpr int readings_per_series = 300;

struct StoredFolder {
  World world;

  StoredFolder() { world.options.recent_hours = 24; }

  static std::shared_ptr<proto::Batch> day(std::int64_t from) {
    auto batch = batch_of({});
    for (std::uint32_t s = 1; s <= series_count; ++s)
      for (int i = 0; i < readings_per_series; ++i) {
        if (s == 3) {
          add_text(*batch, s, from + i * 1000, "text " + std::to_string(i * 7919 % 1000));
        } else {
          batch->readings.push_back(number(s, from + i * 1000, std::sin(i * static_cast<int>(s)) * 1000));
        }
      }
    return batch;
  }
  proto::LogPosition append(store::Store& store, std::shared_ptr<proto::Batch> batch) {
    const auto position = store.append(std::move(batch));
    REQUIRE(position);
    return *position;
  }
  void seal(store::Store& store, proto::LogPosition upto) {
    REQUIRE(store.rotate());
    append(store, batch_of({}));
    store.checkpointed(upto);
    REQUIRE(eventually([&] {
      store.checkpointed(upto);
      return world.files_in("log") == 1;
    }));
  }
  [[nodiscard]] std::optional<store::Catalog::DayFile> listed(std::int64_t ms) const {
    const auto day = store::day_of(ms);
    const auto files = store::Catalog::open_read_only(world.options.path).day_files(day, day);
    return files.empty() ? std::nullopt : std::optional(files.front());
  }
  [[nodiscard]] bool closed(std::int64_t ms) const {
    const auto file = listed(ms);
    return file && file->closed;
  }
  [[nodiscard]] fs::path path(const std::string& part) const { return world.options.path / part; }
  [[nodiscard]] fs::path day_path(std::int64_t ms) const { return path("day") / listed(ms)->name; }
  [[nodiscard]] fs::path segment() const { return store::list_segments(path("log")).back().path; }

  [[nodiscard]] std::vector<std::string> verify(store::Verified* result = nullptr) const {
    std::vector<std::string> lines;
    const auto found =
        store::verify(world.options.path, [&](const store::Problem& p) { lines.push_back(to_string(p)); });
    CHECK(found.problems == lines.size());
    if (result != nullptr) *result = found;
    return lines;
  }
  [[nodiscard]] std::size_t count_rows() const {
    const auto reader = world.reader();
    std::size_t n = 0;
    for (std::uint32_t s = 1; s <= series_count; ++s)
      n += reader.rows(static_cast<proto::SeriesId>(s), everything).size();
    return n;
  }
};

/// Made once in a process: it takes seconds until recent.db is there.
struct MadeFolder : StoredFolder {
  MadeFolder() {
    auto store = world.open();
    auto names = batch_of({});
    add_names(*names, series_count);
    append(store, names);
    const auto yesterday = start_ms - store::day_ms;
    seal(store, append(store, day(yesterday)));
    REQUIRE(eventually([&] { return closed(yesterday); }));
    for (int i = 0; i < 3; ++i) append(store, batch_of({number(1, start_ms - 600'000 + i, i)}));
    seal(store, append(store, day(start_ms - 3'600'000)));
    for (int i = 0; i < 5; ++i) append(store, batch_of({number(2, start_ms + i, i)}, start_ms + i));
    REQUIRE(eventually([&] { return fs::exists(world.options.path / "recent.db"); }));
    store.stop();
  }
};

/// A folder with a closed day, an open day and a log, in which every kind of file exists; the service has ended.
struct OldFolder : StoredFolder {
  OldFolder() {
    static const MadeFolder made;
    fs::copy(made.world.options.path, world.options.path, fs::copy_options::recursive);
  }
};

inline const std::int64_t yesterday_ms = start_ms - store::day_ms;

inline void flip(const fs::path& file, std::uint64_t at, unsigned char mask = 0x40) {
  std::fstream io(file, std::ios::in | std::ios::out | std::ios::binary);
  io.seekg(static_cast<std::streamoff>(at));
  const auto byte = static_cast<unsigned char>(io.get());
  io.seekp(static_cast<std::streamoff>(at));
  io.put(static_cast<char>(byte ^ mask));
}

inline std::string bytes_of(const fs::path& file) {
  std::ostringstream out;
  out << std::ifstream(file, std::ios::binary).rdbuf();
  return out.str();
}

/// Where in the file the data of a chunk lies.
inline std::uint64_t place_of_chunk(const fs::path& file, bool closed, std::uint32_t series) {
  auto day = closed ? store::DayFile::open_closed(file) : store::DayFile::open_read_only(file);
  const auto chunks = day.chunks(static_cast<proto::SeriesId>(series), INT64_MIN / 2, INT64_MAX / 2);
  REQUIRE(!chunks.empty());
  const auto at = bytes_of(file).find(chunks.front().data.substr(0, 64));
  REQUIRE(at != std::string::npos);
  return at;
}

inline bool one_has(const std::vector<std::string>& lines, const std::vector<const char*>& parts) {
  return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) {
    return std::all_of(parts.begin(), parts.end(),
                       [&](const char* part) { return line.find(part) != std::string::npos; });
  });
}

inline std::string all(const std::vector<std::string>& lines) {
  std::string out;
  for (const auto& line : lines) out += line + "\n";
  return out;
}

}  // namespace telltale::test
