#pragma once

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>

#include "proto/clock.hpp"
#include "proto/query_time.hpp"

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

using proto::parse_query_time;

/// Prints to `out`, complaints to `err`; the exit code: 0, also when nothing is in range; 1 unknown device or metric,
/// or no usable data folder; 2 several sites have the device, or the arguments make no sense.
[[nodiscard]] int run_query(const QueryArguments& arguments, Timestamp now, std::ostream& out, std::ostream& err);

}  // namespace telltale::app
