#include "backtest/picture.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <utility>

#include "backtest/picture_axes.hpp"
#include "proto/markup.hpp"
#include "proto/timestamp.hpp"

namespace telltale::backtest {

namespace {

constexpr double width = 880;
constexpr double height = 300;
constexpr double left = 64;
constexpr double right = width - 16;
constexpr double top = 40;
constexpr double bottom = height - 34;

/// Colours that stand on white and on black; text follows the reader's preference.
constexpr std::string_view style = R"(<style>
text{font:12px system-ui,sans-serif;fill:#555}
.t{font-size:14px;fill:#333}
.g{stroke:#999;stroke-opacity:.3}
.r{fill:none;stroke:#2f6fb3;stroke-width:1.3;stroke-linejoin:round}
.b{fill:#2f6fb3;fill-opacity:.18}
.e{fill:none;stroke:#2f6fb3;stroke-opacity:.5;stroke-width:.8}
.l{stroke:#b8860b;stroke-width:1.3;stroke-dasharray:6 4}
.a{fill:#d1401f;fill-opacity:.2}
.A{fill:#d1401f}
@media(prefers-color-scheme:dark){text{fill:#aaa}.t{fill:#ddd}.r{stroke:#6aa9e9}.b{fill:#6aa9e9}.e{stroke:#6aa9e9}}
</style>
)";

/// One digit behind the point: a tenth of a dot.
std::string dots(double v) {
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%.1f", v);
  std::string out(text.data());
  if (out.ends_with(".0")) out.resize(out.size() - 2);
  return out;
}

/// XML has no control characters.
std::string escaped(std::string_view text) {
  std::string printable(text);
  std::ranges::replace_if(
      printable, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return proto::escape_markup(printable);
}

std::string point(char command, double x, double y) { return command + dots(x) + ' ' + dots(y); }

std::string text_at(double x, double y, std::string_view anchor, std::string_view text, std::string_view more = "") {
  return "<text x=\"" + dots(x) + "\" y=\"" + dots(y) + "\" text-anchor=\"" + std::string(anchor) + "\"" +
         std::string(more) + ">" + escaped(text) + "</text>\n";
}

/// Limits that are the same for every reading.
std::vector<double> fixed_limits(const proto::Rule& rule) {
  std::vector<double> out;
  if (const auto* check = std::get_if<proto::ThresholdCheck>(&rule.check))
    for (const auto& limit : {check->above, check->below, check->clear})
      if (limit) out.push_back(*limit);
  return out;
}

bool expects(const proto::Rule& rule) { return !std::holds_alternative<proto::ThresholdCheck>(rule.check); }

}  // namespace

struct Picture::Scale {
  double low, high;
  store::Range range;
  [[nodiscard]] double y(double value) const {
    // Far outside there is nothing to see, and numbers stay short.
    const double share = std::clamp((value - low) / (high - low), -2.0, 3.0);
    return bottom - share * (bottom - top);
  }
  [[nodiscard]] double x(double ms) const {
    const double share = (ms - static_cast<double>(to_ms(range.from))) /
                         static_cast<double>(std::max<std::int64_t>((range.to - range.from).count(), 1));
    return left + std::clamp(share, 0.0, 1.0) * (right - left);
  }
  [[nodiscard]] double x(Timestamp t) const { return x(static_cast<double>(to_ms(t))); }
};

Picture::Picture(store::Range range, proto::Rule rule) : range_(range), rule_(std::move(rule)) {}

void Picture::add(const analytics::Judged& judged) {
  if (judged.ts < range_.from || judged.ts >= range_.to) return;
  const double share =
      static_cast<double>((judged.ts - range_.from).count()) / static_cast<double>((range_.to - range_.from).count());
  Column& c = columns_[std::min(static_cast<std::size_t>(share * columns), columns - 1)];
  if (!c.any) {
    c.any = true;
    c.first = c.low = c.high = judged.value;
  }
  c.low = std::min(c.low, judged.value);
  c.high = std::max(c.high, judged.value);
  c.last = judged.value;
  const double half = std::abs(judged.threshold - judged.expected);
  if (!expects(rule_) || half == 0) return;
  c.band_low = c.has_band ? std::min(c.band_low, judged.expected - half) : judged.expected - half;
  c.band_high = c.has_band ? std::max(c.band_high, judged.expected + half) : judged.expected + half;
  c.has_band = true;
  c.expected = judged.expected;
}

Picture::Scale Picture::scale() const {
  std::optional<double> low;
  std::optional<double> high;
  const auto take = [&](double v) {
    low = std::min(low.value_or(v), v);
    high = std::max(high.value_or(v), v);
  };
  for (const Column& c : columns_) {
    if (!c.any) continue;
    take(c.low);
    take(c.high);
  }
  for (const double limit : fixed_limits(rule_)) take(limit);
  const double span = high.value_or(1) - low.value_or(0);
  const double room = span > 0 ? 0.06 * span : std::max(1e-6, 0.05 * std::abs(low.value_or(0)));
  return {low.value_or(0) - room, high.value_or(1) + room, range_};
}

/// So many empty columns are no gap.
std::size_t Picture::longest_hold() const {
  const auto filled = static_cast<std::size_t>(std::ranges::count_if(columns_, [](const Column& c) { return c.any; }));
  return filled == 0 ? 0 : 3 * columns / filled;
}

std::string Picture::readings(const Scale& scale) const {
  std::string path;
  std::size_t empty = columns;
  for (std::size_t i = 0; i < columns; ++i) {
    const Column& c = columns_[i];
    if (!c.any) {
      ++empty;
      continue;
    }
    const double x = left + (static_cast<double>(i) + 0.5) / columns * (right - left);
    path += point(empty > longest_hold() ? 'M' : 'L', x, scale.y(c.first));
    // Up and down again within the dot, so that no peak is lost.
    if (c.low < std::min(c.first, c.last)) path += point('L', x, scale.y(c.low));
    if (c.high > std::max(c.first, c.last)) path += point('L', x, scale.y(c.high));
    if (c.last != c.first) path += point('L', x, scale.y(c.last));
    empty = 0;
  }
  return "<path class=\"r\" d=\"" + path + "\"/>\n";
}

std::string Picture::band(const Scale& scale) const {
  std::string path;
  std::string back;
  std::string expected;
  std::size_t empty = columns;
  for (std::size_t i = 0; i < columns; ++i) {
    const Column& c = columns_[i];
    if (!c.has_band) {
      ++empty;
      continue;
    }
    const double x = left + (static_cast<double>(i) + 0.5) / columns * (right - left);
    const bool gap = empty > longest_hold();
    if (gap && !back.empty()) path += std::exchange(back, {}) + 'Z';
    path += point(gap ? 'M' : 'L', x, scale.y(c.band_high));
    back = point('L', x, scale.y(c.band_low)) + back;
    expected += point(gap ? 'M' : 'L', x, scale.y(c.expected));
    empty = 0;
  }
  if (back.empty()) return "";
  return "<g clip-path=\"url(#p)\"><path class=\"b\" d=\"" + path + back + "Z\"/><path class=\"e\" d=\"" + expected +
         "\"/></g>\n";
}

std::string Picture::limits(const Scale& scale) const {
  std::string out;
  for (const double limit : fixed_limits(rule_)) {
    const auto y = dots(scale.y(limit));
    out +=
        "<line class=\"l\" x1=\"" + dots(left) + "\" x2=\"" + dots(right) + "\" y1=\"" + y + "\" y2=\"" + y + "\"/>\n";
  }
  return out;
}

std::string Picture::open_alerts(const Scale& scale) const {
  std::string out;
  for (const auto& [when, why] : alerts_) {
    if (when.to < range_.from || when.from >= range_.to) continue;
    const double x = scale.x(when.from);
    const auto wide = dots(std::max(scale.x(when.to) - x, 2.0));
    const auto rect = [&](const char* klass, double y, double high) {
      return "<rect class=\"" + std::string(klass) + "\" x=\"" + dots(x) + "\" y=\"" + dots(y) + "\" width=\"" + wide +
             "\" height=\"" + dots(high) + "\"/>";
    };
    out += "<g><title>" + escaped(why) + "</title>" + rect("a", top, bottom - top) + rect("A", top - 5, 5) + "</g>\n";
  }
  return out;
}

std::string Picture::axes(const Scale& scale) const {
  std::string out;
  const auto line = [&](double x1, double y1, double x2, double y2) {
    out += "<line class=\"g\" x1=\"" + dots(x1) + "\" y1=\"" + dots(y1) + "\" x2=\"" + dots(x2) + "\" y2=\"" +
           dots(y2) + "\"/>\n";
  };
  for (const auto& tick : value_ticks(scale.low, scale.high, 6)) {
    line(left, scale.y(tick.at), right, scale.y(tick.at));
    out += text_at(left - 6, scale.y(tick.at) + 4, "end", tick.label);
  }
  for (const auto& tick : time_ticks(range_, 9)) {
    const double x = scale.x(tick.at);
    line(x, top, x, bottom + 4);
    if (x < left + 30) continue;  // there it says UTC
    out += text_at(std::min(x, right - 30), bottom + 18, "middle", tick.label);
  }
  return out + text_at(left - 6, bottom + 18, "end", "UTC");
}

std::string Picture::svg(const std::string& what) const {
  const Scale s = scale();
  std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + dots(width) + ' ' + dots(height) +
                    "\" width=\"" + dots(width) + "\" height=\"" + dots(height) + "\" role=\"img\">\n<title>" +
                    escaped(what + " under the rule " + rule_.name) + "</title>\n" + std::string(style) +
                    "<clipPath id=\"p\"><rect x=\"" + dots(left) + "\" y=\"" + dots(top) + "\" width=\"" +
                    dots(right - left) + "\" height=\"" + dots(bottom - top) + "\"/></clipPath>\n";
  out += text_at(left, 20, "start", what, " class=\"t\"");
  std::string legend = rule_.name + ": ";
  if (!fixed_limits(rule_).empty()) legend += "limits dashed, ";
  const auto drawn_band = band(s);
  if (!drawn_band.empty()) legend += "band raises no alert, ";
  legend += "red: open alert";
  out += text_at(right, 20, "end", legend);
  return out + axes(s) + open_alerts(s) + drawn_band + limits(s) + readings(s) + "</svg>\n";
}

}  // namespace telltale::backtest
