#include "backtest/chart.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace telltale::backtest {

namespace {

std::size_t column(Timestamp ts, store::Range range, std::size_t width) {
  const double share = static_cast<double>((ts - range.from).count()) /
                       static_cast<double>(std::max<std::int64_t>((range.to - range.from).count(), 1));
  return std::min(static_cast<std::size_t>(std::max(share, 0.0) * static_cast<double>(width)), width - 1);
}

}  // namespace

std::string chart(const std::vector<store::Sample>& samples, store::Range range, std::size_t width) {
  constexpr std::array<const char*, 8> bars = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  if (width == 0) return "";
  struct Column {
    double low, high;
  };
  std::vector<std::optional<Column>> columns(width);
  double least = 0;
  double most = 0;
  bool any = false;
  for (const auto& [ts, value] : samples) {
    auto& c = columns[column(ts, range, width)];
    if (!c) c = Column{value, value};
    c = Column{std::min(c->low, value), std::max(c->high, value)};
    least = any ? std::min(least, value) : value;
    most = any ? std::max(most, value) : value;
    any = true;
  }
  const double middle = least + (most - least) / 2;
  // With fewer samples than columns each holds until the next; longer than that is a gap.
  const std::size_t hold = samples.empty() || samples.size() >= width ? 0 : (2 * width - 1) / samples.size();
  std::size_t held = 0;
  for (std::size_t i = 1; i < width; ++i) {
    held = columns[i] ? 0 : held + 1;
    if (!columns[i] && held <= hold) columns[i] = columns[i - 1];
  }
  std::string out;
  for (const auto& c : columns) {
    if (!c) {
      out += ' ';
      continue;
    }
    // Of a column the end that is further from the middle: dips show as well as peaks.
    const double shown = c->high - middle > middle - c->low ? c->high : c->low;
    const double height = most > least ? (shown - least) / (most - least) : 0;
    out += bars[std::min(static_cast<std::size_t>(height * 8), bars.size() - 1)];
  }
  return out;
}

std::string marks(store::Range marked, store::Range range, std::size_t width) {
  if (width == 0 || marked.to < range.from || marked.from >= range.to) return "";
  const auto first = column(std::max(marked.from, range.from), range, width);
  const auto last = column(std::min(marked.to, range.to - Millis{1}), range, width);
  return std::string(first, ' ') + std::string(last - first + 1, '^');
}

}  // namespace telltale::backtest
