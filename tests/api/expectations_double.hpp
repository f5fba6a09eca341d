#pragma once

#include <mutex>

#include "proto/expected_hours.hpp"

namespace telltale::test {

/// One rule watches temperatures of site1's boiler (series 1): it knows the hours 4 and 5.
class ExpectationsDouble final : public proto::Expectations {
 public:
  void expected(proto::SeriesId series, Told told) override {
    const std::lock_guard lock(mutex_);
    if (behind_) return told(std::nullopt);
    told(series == proto::SeriesId{1} ? known_ : std::vector<proto::ExpectedHours>{});
  }

  void know(std::vector<proto::ExpectedHours> known) {
    const std::lock_guard lock(mutex_);
    known_ = std::move(known);
  }
  void fall_behind() {
    const std::lock_guard lock(mutex_);
    behind_ = true;
  }

 private:
  std::mutex mutex_;
  std::vector<proto::ExpectedHours> known_ = {
      {"unusual", 4, Millis{3'600'000}, {{4, 7.5, 2.25}, {5, 8, std::nullopt}}}};
  bool behind_ = false;
};

}  // namespace telltale::test
