#include "analytics/timer_wheel.hpp"

#include <algorithm>

namespace telltale::analytics {

namespace {
std::uint64_t bits_of(Instant t) { return static_cast<std::uint64_t>(to_ms(t)); }
}  // namespace

void TimerWheel::add(Timer timer) {
  timer.deadline = std::clamp(timer.deadline, base_, Instant{2 * end_of_time});
  const std::uint64_t differing = bits_of(timer.deadline) ^ bits_of(base_);
  const unsigned level = differing == 0 ? 0 : (static_cast<unsigned>(std::bit_width(differing)) - 1) / bits;
  const auto index = static_cast<unsigned>((bits_of(timer.deadline) >> (level * bits)) & (slots - 1));
  Slot& slot = at({level, index});
  if (slot.timers.empty() || timer.deadline < slot.earliest) {
    slot.earliest = timer.deadline;
    slot.first = slot.timers.size();
  }
  slot.timers.push_back(timer);
  occupied_[level] |= std::uint64_t{1} << index;
}

/// Timers of a lower level share more leading digits with base_, so they are earlier than all of a higher level;
/// within a level no slot lies before base_'s own.
std::optional<TimerWheel::Place> TimerWheel::first() const {
  for (unsigned level = 0; level < levels; ++level)
    if (occupied_[level] != 0) return Place{level, static_cast<unsigned>(std::countr_zero(occupied_[level]))};
  return std::nullopt;
}

std::vector<Timer> TimerWheel::empty_slot(Place p) {
  Slot& slot = at(p);
  auto timers = std::exchange(slot.timers, {});
  timers.erase(timers.begin(), timers.begin() + static_cast<std::ptrdiff_t>(slot.taken));
  slot.taken = 0;
  occupied_[p.level] &= ~(std::uint64_t{1} << p.slot);
  // By deadline: timers that are moved to one new deadline keep an order that a wheel read from its bytes has as well.
  std::stable_sort(timers.begin(), timers.end(),
                   [](const Timer& a, const Timer& b) { return a.deadline < b.deadline; });
  return timers;
}

std::optional<Instant> TimerWheel::earliest() const {
  const auto place = first();
  if (!place) return std::nullopt;
  return at(*place).earliest;
}

std::optional<Timer> TimerWheel::take_due(Instant now) {
  while (const auto place = first()) {
    Slot& slot = at(*place);
    if (slot.earliest > now) return std::nullopt;
    base_ = slot.earliest;
    if (place->level > 0) {
      for (const Timer& t : empty_slot(*place)) add(t);
      continue;
    }
    const Timer timer = slot.timers[slot.taken++];
    slot.first = slot.taken;  // all of a level 0 slot are due at once
    if (slot.taken == slot.timers.size()) {
      slot.timers.clear();
      slot.taken = 0;
      occupied_[0] &= ~(std::uint64_t{1} << place->slot);
    }
    return timer;
  }
  return std::nullopt;
}

bool TimerWheel::empty() const noexcept {
  return std::all_of(occupied_.begin(), occupied_.end(), [](auto o) { return o == 0; });
}

void TimerWheel::encode(proto::ByteWriter& out) const {
  std::vector<Timer> all;
  for (const Slot& slot : slots_)
    all.insert(all.end(), slot.timers.begin() + static_cast<std::ptrdiff_t>(slot.taken), slot.timers.end());
  // Timers of one deadline are always in one slot, so a stable sort keeps their order of insertion.
  std::stable_sort(all.begin(), all.end(), [](const Timer& a, const Timer& b) { return a.deadline < b.deadline; });
  put(out, base_);
  out.varint(all.size());
  for (const Timer& t : all) {
    put(out, t.deadline);
    out.u8(static_cast<std::uint8_t>(t.kind));
    out.varint(t.subject);
  }
}

bool TimerWheel::decode(proto::ByteReader& in) {
  *this = TimerWheel{};
  base_ = std::clamp(get_instant(in), Instant{}, Instant{end_of_time});
  const auto n = in.varint();
  if (n > in.remaining()) return false;
  for (std::uint64_t i = 0; i < n && in.ok(); ++i) {
    Timer t;
    t.deadline = get_instant(in);
    const auto kind = in.u8();
    if (kind > static_cast<std::uint8_t>(TimerKind::silencing)) return false;
    t.kind = static_cast<TimerKind>(kind);
    t.subject = in.varint();
    add(t);
  }
  return in.ok();
}

}  // namespace telltale::analytics
