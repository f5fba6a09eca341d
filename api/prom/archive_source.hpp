#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "api/archive.hpp"
#include "api/prom/evaluator.hpp"

namespace telltale::api::prom {

/// One tenant's stored readings as Prometheus sees series: __name__ is the metric (metric_name()), then site, device
/// and unit. Numbers and booleans (1, 0) are samples; text is not. Bound: at most `readings` are read for one query;
/// more is an execution error, found out before a long range is read. The view outlives the source. Errors:
/// StoreFailure.
class ArchiveSource : public SampleSource {
 public:
  ArchiveSource(ArchiveView& archive, const std::string& tenant, std::uint64_t readings);

  std::vector<SourceSeries> series(std::span<const Matcher> matchers) override;
  Result<std::vector<Sample>, QueryError> samples(std::size_t handle, Window window) override;

 private:
  Result<void, QueryError> spend(std::uint64_t readings);

  const store::Reader& reader_;
  std::shared_ptr<const store::Directory> directory_;  // what the fleet's names point into
  std::span<const IndexedDevice> devices_;
  std::uint64_t most_, left_;
};

}  // namespace telltale::api::prom
