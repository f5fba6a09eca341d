#pragma once

#include <cstdint>

#include "proto/bytes.hpp"

namespace telltale::analytics {

// A rule type is one small header with three functions over its proto check:
//   Judgement   assess(const Check&, const CheckMemory&, double x)                  what this reading means
//   void        learn(const Check&, CheckMemory&, double x, const Judgement&, Pace) what the next one is compared with
//   std::string explain(const Check&, const Judgement&, const Wording&)             for people
// Everything else (one state per series and rule, persistence, hysteresis, cooldown, alerts) is shared.

/// What a check remembers of one series. Its meaning is the check's own.
struct CheckMemory {
  double a = 0;
  double b = 0;
  std::uint32_t n = 0;
  friend bool operator==(const CheckMemory&, const CheckMemory&) = default;

  void encode(proto::ByteWriter& out) const {
    out.f64(a);
    out.f64(b);
    out.varint(n);
  }
  void decode(proto::ByteReader& in) {
    a = in.f64();
    b = in.f64();
    n = static_cast<std::uint32_t>(in.varint());
  }
};

/// `threshold` in the metric's unit; expected, spread and score only where the check has them.
struct Judgement {
  bool violates = false;
  bool clears = true;
  double threshold = 0;
  double expected = 0;
  double spread = 0;
  double score = 0;
};

/// How fast a baseline follows its readings: slow for readings that violate and while the rule is firing.
enum class Pace : std::uint8_t { normal, slow };

}  // namespace telltale::analytics
