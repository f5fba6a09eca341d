#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>

#include "proto/clock.hpp"
#include "proto/rule.hpp"

namespace telltale::analytics {

/// How long, or how often, a rule has been violated without firing: the `pending` half of the alert state machine.
/// Time here is the readings' own (event time).
class Persistence {
 public:
  /// A violating reading. True: fire now.
  bool violated(const proto::Persistence& wanted, Timestamp ts) noexcept {
    if (!pending()) first_ms_ = to_ms(ts);
    if (violations_ < std::numeric_limits<std::uint32_t>::max()) ++violations_;
    if (const auto* span = std::get_if<Millis>(&wanted)) return to_ms(ts) - first_ms_ >= span->count();
    if (const auto* often = std::get_if<proto::NofM>(&wanted)) {
      push(*often, 1);
      return static_cast<std::uint32_t>(std::popcount(history_)) >=
             std::clamp<std::uint32_t>(often->n, 1, length(*often));
    }
    return true;
  }
  void kept(const proto::Persistence& wanted) noexcept {
    const auto* often = std::get_if<proto::NofM>(&wanted);
    if (often != nullptr) push(*often, 0);
    if (often == nullptr || history_ == 0) reset();
  }
  void reset() noexcept { *this = Persistence{}; }

  [[nodiscard]] bool pending() const noexcept { return violations_ > 0; }
  [[nodiscard]] Timestamp first() const noexcept { return from_ms(first_ms_); }
  [[nodiscard]] std::uint32_t violations() const noexcept { return violations_; }

  void encode(proto::ByteWriter& out) const {
    out.zigzag(first_ms_);
    out.u64(history_);
    out.varint(violations_);
  }
  void decode(proto::ByteReader& in) {
    constexpr std::int64_t bound = std::int64_t{1} << 52;
    first_ms_ = std::clamp(in.zigzag(), -bound, bound);
    history_ = in.u64();
    violations_ = static_cast<std::uint32_t>(in.varint());
  }

 private:
  /// The history is one word: of M readings at most the last 64 count.
  static std::uint32_t length(const proto::NofM& often) noexcept { return std::clamp<std::uint32_t>(often.m, 1, 64); }
  void push(const proto::NofM& often, std::uint64_t bit) noexcept {
    history_ = (history_ << 1 | bit) & (~std::uint64_t{0} >> (64 - length(often)));
  }
  std::int64_t first_ms_ = 0;
  std::uint64_t history_ = 0;
  std::uint32_t violations_ = 0;
};

}  // namespace telltale::analytics
