#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "store/query.hpp"

namespace telltale::store {

/// Which series are meant; "" = any.
struct SeriesFilter {
  std::string tenant, site, device, metric;
};

struct SeriesOf {
  DeviceEntry device;
  SeriesEntry series;
};
/// Those that exist and match, by number.
[[nodiscard]] std::vector<SeriesOf> matching_series(const Directory& directory, const SeriesFilter& filter);

/// Days that may hold readings: those of the manifest and those of the unsealed log. Ascending. Throws StoreFailure.
[[nodiscard]] std::vector<std::int64_t> days_with_readings(const std::filesystem::path& folder);

/// Rows of one series in order of time, one UTC day of it in memory at a time.
/// Threads: as its Reader, which outlives it. Errors: StoreFailure.
class RowStream {
 public:
  enum class Order : std::uint8_t { ascending, descending };
  /// `days`: those to ask for.
  RowStream(const Reader& reader, const std::vector<std::int64_t>& days, proto::SeriesId series, Range range,
            Order order = Order::ascending);
  /// Null at the end; valid until the next call.
  [[nodiscard]] const Row* next();

 private:
  const Reader* reader_;
  proto::SeriesId series_;
  Range range_;
  Order order_;
  std::vector<std::int64_t> days_;  // still to come, the next one last
  std::vector<Row> rows_;
  std::size_t at_ = 0;
};

/// Plain tables for anything that reads SQLite: device, series, reading. Throws StoreFailure.
/// Returns the number of readings. The file is whole under its name, or not there; what was there is replaced.
/// Memory: one day of one series. Beside a live service: what was committed before each series-day was read.
std::uint64_t export_sqlite(const std::filesystem::path& folder, const SeriesFilter& filter, Range range,
                            const std::filesystem::path& out);

}  // namespace telltale::store
