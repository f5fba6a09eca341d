#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "proto/batch.hpp"
#include "proto/topic.hpp"
#include "store/state_db.hpp"

namespace telltale::alerting {

/// Proof of "same log in, same alerts out": what a run over the whole log says, beside what was said.
struct AuditReport {
  struct Key {
    std::string id;
    std::uint32_t n;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  std::uint64_t batches = 0, transitions = 0;  // recomputed
  std::vector<Key> missing;                    // recomputed, and the history has none
  std::vector<Key> extra;                      // in the history, and the log does not give it
  std::vector<Key> different;                  // in both, with another topic or payload
  [[nodiscard]] bool clean() const noexcept { return missing.empty() && extra.empty() && different.empty(); }
};

/// `next` gives the log's batches from the first one on, null at the end. `history` as StateDb gives it.
/// Cost: one replay of the log; memory for every transition in it.
[[nodiscard]] AuditReport audit(const std::function<std::shared_ptr<const proto::Batch>()>& next,
                                const std::vector<store::StateDb::HistoryRow>& history, proto::Tenancy tenancy);

}  // namespace telltale::alerting
