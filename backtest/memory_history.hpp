#pragma once

#include "backtest/history.hpp"

namespace telltale::backtest {

/// Readings that are in memory already: 24 bytes each. Of one series and time the last one given counts.
class MemoryHistory final : public History {
 public:
  MemoryHistory(store::Directory directory, std::vector<proto::Reading> readings);

  [[nodiscard]] const store::Directory& directory() const override { return directory_; }
  [[nodiscard]] store::Range extent() const override;
  void start(store::Range range) override;
  [[nodiscard]] bool next(std::vector<proto::Reading>& piece) override;
  [[nodiscard]] std::vector<store::Sample> shape(proto::SeriesId series, store::Range range,
                                                 std::size_t points) override;

 private:
  [[nodiscard]] std::size_t first_at(Timestamp ts) const;

  store::Directory directory_;
  std::vector<proto::Reading> readings_;  // by (time, series)
  store::Range range_{};
  bool given_ = true;
};

}  // namespace telltale::backtest
