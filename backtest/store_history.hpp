#pragma once

#include <filesystem>

#include "backtest/history.hpp"

namespace telltale::backtest {

/// The readings of a data folder, beside a live service or without one. Readings are asked for in slices of time that
/// are as long as `piece_readings` allow, so that memory does not grow with the history or with the number of series.
/// Cost: one question a slice and series; slices are at most a UTC day.
class StoreHistory final : public History {
 public:
  static constexpr std::size_t usual_piece_readings = 2'000'000;

  StoreHistory(const std::filesystem::path& folder, const SeriesPatterns& patterns,
               std::size_t piece_readings = usual_piece_readings);

  [[nodiscard]] const store::Directory& directory() const override { return directory_; }
  [[nodiscard]] store::Range extent() const override;
  void start(store::Range range) override;
  [[nodiscard]] bool next(std::vector<proto::Reading>& piece) override;
  [[nodiscard]] std::vector<store::Sample> shape(proto::SeriesId series, store::Range range,
                                                 std::size_t points) override;

 private:
  [[nodiscard]] bool fill(store::Range slice, std::vector<proto::Reading>& piece) const;
  [[nodiscard]] std::optional<Timestamp> next_with_readings(Timestamp at) const;

  store::Reader reader_;
  store::Directory directory_;
  std::vector<std::int64_t> days_;
  std::size_t piece_readings_;
  store::Range left_{};
  Millis slice_{0};
};

}  // namespace telltale::backtest
