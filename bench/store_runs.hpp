#pragma once

#include <cstdint>
#include <filesystem>

#include "bench/store_load.hpp"

namespace telltale::bench {

// The runs of store_bench. Each has a process of its own, so that its memory is its own, and prints its Figures.

/// Appends, seals, closes days: rates, bytes, memory, and where the time went.
void run_ingest(const StoreLoad::Options& options, std::uint64_t readings);

enum class Subject : std::uint8_t {
  days,    // 24 h of a series; all days by the hour, of one series and of 100
  all,     // mean and stddev of everything
  latest,  // of one series of each device
};
struct QueryOptions {
  std::filesystem::path folder;
  TelemetryShape shape;  // of what the folder holds
  std::uint64_t readings = 0;
  Subject subject = Subject::days;
  int repeat = 200;  // of the quick queries; slow ones fewer
};
/// Times of queries on a quiet folder.
void run_queries(const QueryOptions& options);
/// The same queries, quiet and then beside ingest of other series at full speed into the same folder.
void run_beside(const QueryOptions& options);

/// A child appends and is killed with nothing sealed; then from opening the folder to the first batch on disk.
void run_restart(const StoreLoad::Options& options, std::uint64_t readings);

/// Leaves a folder that a service can go on with: everything sealed, days that are over closed.
void run_fill(const StoreLoad::Options& options, std::uint64_t readings);

/// What a reading costs the generator.
void run_generator(const TelemetryShape& shape, std::uint64_t readings);

/// The same readings as lines for a peer: `copy` for psql in transactions of `batch`, `influx` as line protocol.
enum class RowFormat : std::uint8_t { copy, influx };
void print_rows(const TelemetryShape& shape, std::uint64_t readings, RowFormat format, std::uint32_t batch);

}  // namespace telltale::bench
