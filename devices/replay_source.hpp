#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/clock.hpp"

namespace telltale::devices {

/// Any text as a topic level of contracts 1: characters outside the grammar become '-', the length is cut.
[[nodiscard]] std::string as_site(std::string_view text);
[[nodiscard]] std::string as_device(std::string_view text);
[[nodiscard]] std::string as_metric(std::string_view text);

/// One line of a file: what it says, and when, counted from the file's first line.
struct ReplayRow {
  struct Value {
    std::size_t topic;  // index into ReplaySource::topics()
    double number;
  };
  Millis offset{0};
  std::vector<Value> values;  // empty and non-numeric cells are left out
};

/// Reads a CSV file, plain or gzip: one header line, a first column `timestamp` or `date` (YYYY-MM-DD HH:MM:SS,
/// taken as UTC) or `reading` (a number counting 5 s), then numbers. Columns `label` and `occupancy` are answers
/// for a judge, not sensors: they are not read.
/// Errors: throws std::runtime_error that names file and line. Cost: one line at a time; the file may be any size.
class ReplaySource {
 public:
  /// `topic` may hold {folder}, {stem} and {column}, replaced by sanitised names. {folder} is the one below the last
  /// folder named data or sample-data in the file's path, else the file's own. When there is no {column} and the file
  /// has several, "/{column}" is added.
  ReplaySource(const std::string& path, std::string_view topic);
  ~ReplaySource();
  ReplaySource(ReplaySource&&) noexcept;
  ReplaySource& operator=(ReplaySource&&) noexcept;

  [[nodiscard]] const std::vector<std::string>& topics() const noexcept;
  [[nodiscard]] std::optional<ReplayRow> next();
  /// Of the first line, once next() gave it; a file that counts its readings begins at 1970.
  [[nodiscard]] Timestamp start() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

inline constexpr std::string_view default_replay_topic = "telemetry/{folder}/{stem}/{column}";

}  // namespace telltale::devices
