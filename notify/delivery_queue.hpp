#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "notify/transfer.hpp"
#include "proto/clock.hpp"
#include "store/notify_db.hpp"

namespace telltale::notify {

/// The messages of one channel that are made and not taken yet, each with its own next attempt. One is sent at a time,
/// the one that has been due longest first, so that a message that its receiver chokes on does not hold up the others.
/// Cost: O(log messages).
class DeliveryQueue {
 public:
  using Row = store::NotifyDb::Delivery;
  struct Delivery {
    Row row;
    std::vector<std::pair<std::string, bool>> told;  // alert, firing
  };

  /// Its alerts as text, for the row.
  [[nodiscard]] static std::string to_text(const std::vector<std::pair<std::string, bool>>& told);

  void add(Delivery delivery);
  /// What an earlier run left behind.
  void restore(const Row& row);

  /// What to send now: under way until settle().
  [[nodiscard]] const Row* next(Timestamp now);
  /// The row as it is now when it is to be tried again; otherwise the delivery is over and leaves the queue.
  struct Settled {
    std::optional<Row> again;
    std::optional<Delivery> over;
  };
  [[nodiscard]] Settled settle(const Outcome& outcome, Timestamp now);

  [[nodiscard]] std::size_t size() const noexcept { return deliveries_.size(); }
  [[nodiscard]] std::optional<Timestamp> due() const;
  [[nodiscard]] std::vector<std::string> ids() const;

 private:
  std::map<std::uint64_t, Delivery> deliveries_;             // in the order of their making
  std::set<std::pair<std::int64_t, std::uint64_t>> agenda_;  // by next attempt, without the one under way
  std::uint64_t last_ = 0;
  std::uint64_t running_ = 0;  // the delivery that is being sent, 0: none
};

}  // namespace telltale::notify
