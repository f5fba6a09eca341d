#pragma once

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>

#include "proto/clock.hpp"
#include "proto/result.hpp"

namespace telltale::app {

/// `telltale query` as typed. Empty tenant or site: any, as long as only one has the device.
struct QueryArguments {
  std::filesystem::path data;
  std::string tenant, site, device, metric;
  std::string from, to;      // "" = the last 24 h, open end
  std::string step, agg;     // "" = rows as stored
  std::uint64_t points = 0;  // at most so many that show the shape; 0 = all
  std::string method;        // how they are chosen; "" = lttb
  std::string format = "table";
};

/// A time as contracts 3 writes it (number by size, ISO 8601 in UTC), or "now", "now-15m"; "0" is the beginning.
/// The error is a sentence.
[[nodiscard]] Result<Timestamp, std::string> parse_query_time(const std::string& text, Timestamp now);

/// Prints to `out`, complaints to `err`; the exit code: 0, also when nothing is in range; 1 unknown device or metric,
/// or no usable data folder; 2 several sites have the device, or the arguments make no sense.
[[nodiscard]] int run_query(const QueryArguments& arguments, Timestamp now, std::ostream& out, std::ostream& err);

}  // namespace telltale::app
