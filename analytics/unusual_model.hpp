#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "analytics/record_gate.hpp"
#include "proto/bytes.hpp"
#include "proto/clock.hpp"

namespace telltale::analytics {

/// What one series usually does, and how far a reading is from it: the detector behind the rule `unusual`
/// (design 5; docs/decisions/0008-default-detector.md has the formulas and how the constants were found).
/// Two channels, one reading's own distance from what this hour of the day expects and the mean distance of the
/// last dozen, each divided by the series' usual peaks; a gate lets one number through per event and new record.
/// Memory: one fixed block of 24 hours and a few scalars, float. Cost: O(1), no allocation.
/// The same readings give the same bits. Times must ascend; the caller sees to it.
class UnusualModel {
 public:
  /// What is expected of a reading in an hour of the day, and what its distance from that is worth.
  struct Expectation {
    double expected = 0;
    double spread = 0;
    double per_spread = 0;  // u that one spread of distance is worth

    /// How far from `expected` one reading alone is that unusual.
    [[nodiscard]] double away(double u) const noexcept { return u / per_spread * spread; }
    /// One reading alone can be: what lies further than 20 spreads counts as 20.
    [[nodiscard]] bool can_reach(double u) const noexcept;
  };
  struct Score : Expectation {
    double u = 0;            // how unusual
    double reported = 0;     // u when the gate lets it through, else 0
    double plain = 0;        // before the division by usual peaks
    double times = 0;        // so many usual peaks of this series; only with `reported`
    bool sustained = false;  // it is the last dozen readings together, more than this one
  };
  static constexpr double usual = 4.0;         // u from which a report is an alert, unless a rule says otherwise
  static constexpr std::uint32_t warmup = 50;  // readings

  /// `local`: the series' local time less UTC at ts; hours of the day are local. An hour that a change of time repeats
  /// is one long hour.
  Score observe(Timestamp ts, double x, Millis local = Millis{0});

  /// What the next reading would be compared with in an hour of the series' local day, 0 to 23. Nothing before the
  /// warm-up, nor of an hour that no reading was in.
  [[nodiscard]] std::optional<Expectation> at_hour(std::size_t local_hour) const;

  void encode(proto::ByteWriter& out) const;
  /// False when the bytes are no model.
  [[nodiscard]] bool decode(proto::ByteReader& in);

  using NamedNumbers = std::vector<std::pair<std::string, std::vector<double>>>;
  /// All there is to know, by name; nothing is rounded.
  void give(NamedNumbers& out) const;
  /// "" or what is wrong with them; then nothing is changed.
  [[nodiscard]] std::string take(const NamedNumbers& in);

 private:
  /// Exponentially weighted mean and variance (T. Finch, "Incremental calculation of weighted mean and variance",
  /// 2009).
  struct Moments {
    float mean = 0;
    float variance = 0;
    void learn(double x, double weight);
  };
  struct Peaks {
    float highest = 3;
    float factor = 1;
    void learn(double z, bool now);
  };
  struct Hour {
    Moments value;
    std::uint16_t readings = 0;
    std::uint16_t entered = 0;  // on how many days
  };
  [[nodiscard]] double level_sd() const;
  [[nodiscard]] double least_spread() const;
  [[nodiscard]] Expectation expectation(const Hour& hour) const;
  void close_block(Timestamp ts);
  template <class Self, class Field>
  static void fields(Self& m, Field&& field);

  std::array<Hour, 24> hours_{};
  Moments level_;
  Moments together_;    // of the mean distance
  float distance_ = 0;  // mean of the last dozen, in spreads, with sign
  std::uint32_t readings_ = 0;
  float interval_s_ = 300;
  Peaks peaks_;
  Peaks together_peaks_;
  float block_max_ = 0;
  float block_mean_ = 0;  // of the logarithms of block maxima, relative to 3
  float divisor_ = 1;     // exp(0.8 block_mean_)
  std::uint16_t blocks_ = 0;
  std::uint16_t in_block_ = 0;
  std::int32_t hour_number_ = 0;  // since 1970, local
  std::int32_t block_minute_ = 0;
  RecordGate gate_;
  std::int64_t last_ms_ = 0;
};
static_assert(sizeof(UnusualModel) <= 376);  // with its cell and the allocator's share: 512 B a series

}  // namespace telltale::analytics
