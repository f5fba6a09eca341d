#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proto/clock.hpp"
#include "proto/result.hpp"
#include "proto/rule.hpp"
#include "store/query.hpp"

namespace telltale::api {

/// Rules that are not in force: reads them as the file is read, and runs them over stored readings.
/// Threads: any. Errors: StoreFailure; Interrupted when the service stops.
class RuleTrial {
 public:
  virtual ~RuleTrial() = default;

  /// One thing that is wrong with a text.
  struct Fault {
    std::size_t line = 0;  // from 1; 0 = of no line
    std::string detail;
  };
  /// The [[rule]] tables of a text in the file's language.
  [[nodiscard]] virtual Result<std::vector<proto::Rule>, std::vector<Fault>> read(std::string_view toml) const = 0;

  /// Readings before the range that these rules need to know what is usual.
  [[nodiscard]] virtual Millis warm_up(const proto::RuleSet& rules) const = 0;

  enum class Refusal : std::uint8_t { busy, too_slow };
  /// What the rules would have raised for the tenant, as a JSON object with at most `alerts` alerts. Takes seconds.
  [[nodiscard]] virtual Result<std::string, Refusal> run(const proto::RuleSet& rules, const std::string& tenant,
                                                         store::Range range, std::size_t alerts) = 0;
};

}  // namespace telltale::api
