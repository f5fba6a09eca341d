#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "analytics/log_clock.hpp"
#include "proto/bytes.hpp"

namespace telltale::analytics {

/// What a deadline is about; `subject` is read accordingly.
enum class TimerKind : std::uint8_t {
  silence,      // device key
  will,         // device key
  persistence,  // series id << 32 | rule index
  window,       // window length in ms
  alert,        // alert handle
  site,         // site index
  link,         // none
  missing,      // series id << 32 | rule index
  silencing,    // none
};

struct Timer {
  Instant deadline;
  std::uint64_t subject = 0;
  TimerKind kind = TimerKind::silence;
};

/// Hierarchical timer wheel, 1 ms fine, 64 slots a level (Varghese and Lauck, 1987, scheme 6 with full cascades).
/// Order: by deadline, then by insertion; the same whatever the wheel's own position.
/// Cost: add and take are O(1) amortised; a timer that is not due costs nothing. There is no cancel: the owner of a
/// timer knows whether it still holds, and says so in settle().
class TimerWheel {
 public:
  /// A deadline before the last one taken counts as that one.
  void add(Timer timer);
  /// Exact, but may be a timer that no longer holds until settle() was called.
  [[nodiscard]] std::optional<Instant> earliest() const;
  /// The first timer with deadline <= now.
  [[nodiscard]] std::optional<Timer> take_due(Instant now);

  /// Makes earliest() a timer that holds. `actual(timer)` gives the deadline that the timer should have by now
  /// (later: it is moved; not later: it holds) or nullopt (it is dropped).
  template <class Actual>
  void settle(Actual&& actual);

  [[nodiscard]] bool empty() const noexcept;
  void encode(proto::ByteWriter& out) const;
  /// Subjects are not checked here: whoever handles a timer must bear any subject.
  [[nodiscard]] bool decode(proto::ByteReader& in);

 private:
  static constexpr unsigned bits = 6;
  static constexpr unsigned levels = 9;
  static constexpr std::size_t slots = std::size_t{1} << bits;
  struct Slot {
    std::vector<Timer> timers;
    std::size_t taken = 0;  // of a level 0 slot that is being emptied
    std::size_t first = 0;  // of the earliest deadline, the first inserted
    Instant earliest{};
  };
  struct Place {
    unsigned level;
    unsigned slot;
  };
  [[nodiscard]] std::optional<Place> first() const;
  [[nodiscard]] Slot& at(Place p) { return slots_[p.level * slots + p.slot]; }
  [[nodiscard]] const Slot& at(Place p) const { return slots_[p.level * slots + p.slot]; }
  /// What was in the slot, by deadline and insertion.
  [[nodiscard]] std::vector<Timer> empty_slot(Place p);

  std::vector<Slot> slots_ = std::vector<Slot>(levels * slots);
  std::array<std::uint64_t, levels> occupied_{};
  Instant base_{};
};

template <class Actual>
void TimerWheel::settle(Actual&& actual) {
  while (const auto place = first()) {
    const Slot& slot = at(*place);
    const auto right = actual(slot.timers[slot.first]);
    if (right && *right <= slot.earliest) return;
    // The whole slot is put right at once: its other timers are as old as this one.
    auto timers = empty_slot(*place);
    for (std::size_t k = 0; k < timers.size(); ++k) {
      const auto due = k == 0 ? right : actual(timers[k]);
      if (!due) continue;
      if (*due > timers[k].deadline) timers[k].deadline = *due;
      add(timers[k]);
    }
  }
}

}  // namespace telltale::analytics
