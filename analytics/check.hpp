#pragma once

#include <cstdint>
#include <memory>

#include "analytics/log_clock.hpp"
#include "analytics/unusual_model.hpp"
#include "proto/bytes.hpp"
#include "proto/clock.hpp"

namespace telltale::analytics {

// A rule type is one small header with three functions over its proto check:
//   Judgement   assess(const Check&, const CheckMemory&, const Sample&)                  what this reading means
//   void        learn(const Check&, CheckMemory&, const Sample&, const Judgement&, Pace) what the next one is compared
//                                                                                        with
//   std::string explain(const Check&, const Judgement&, const Wording&)                  for people
// Everything else (one state per series and rule, persistence, hysteresis, cooldown, alerts) is shared.
// A type whose two steps share their work says observe() instead of learn(); see the general one below.

/// A reading as checks see it: newer than all before, finite.
struct Sample {
  double x = 0;
  Timestamp ts{};
  bool boolean = false;  // 1 or 0 for true or false
  Millis local{0};       // the site's time less UTC
};

/// What a check remembers of one series. Its meaning is the check's own.
struct CheckMemory {
  double a = 0;
  double b = 0;
  std::uint32_t n = 0;
  Timestamp since{};
  Timestamp next_since{};
  std::unique_ptr<UnusualModel> model;  // only for the rule type `unusual`

  [[nodiscard]] bool empty() const noexcept {
    return a == 0 && b == 0 && n == 0 && since == Timestamp{} && next_since == Timestamp{} && !model;
  }
  void encode(proto::ByteWriter& out) const {
    out.f64(a);
    out.f64(b);
    out.varint(n);
    put(out, since);
    put(out, next_since);
    out.boolean(model != nullptr);
    if (model) model->encode(out);
  }
  /// `version` of the state; 3 knew no models, 4 no times.
  [[nodiscard]] bool decode(proto::ByteReader& in, unsigned version) {
    a = in.f64();
    b = in.f64();
    n = static_cast<std::uint32_t>(in.varint());
    if (version >= 5) {
      since = get_timestamp(in);
      next_since = get_timestamp(in);
    }
    if (version < 4 || !in.boolean()) return in.ok();
    model = std::make_unique<UnusualModel>();
    return model->decode(in);
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
  bool of_value = true;    // false: there is no reading to show
  bool sustained = false;  // many readings together rather than this one
};

/// How fast a baseline follows its readings: slow for readings that violate and while the rule is firing.
enum class Pace : std::uint8_t { normal, slow };

template <class Check>
Judgement observe(const Check& check, CheckMemory& memory, const Sample& sample, Pace pace) {
  const Judgement judgement = assess(check, memory, sample);
  learn(check, memory, sample, judgement, judgement.violates ? Pace::slow : pace);
  return judgement;
}

}  // namespace telltale::analytics
