#include "api/prom/duration.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <string>

namespace telltale::api::prom {

namespace {

struct Unit {
  std::string_view name;
  std::int64_t ms;
};
constexpr std::int64_t day_ms = 24LL * 3600 * 1000;
constexpr std::array<Unit, 7> units = {{{"y", 365 * day_ms},
                                        {"w", 7 * day_ms},
                                        {"d", day_ms},
                                        {"h", 3600 * 1000},
                                        {"m", 60 * 1000},
                                        {"s", 1000},
                                        {"ms", 1}}};
constexpr std::int64_t longest_ms = std::numeric_limits<std::int64_t>::max() / 1'000'000;

}  // namespace

Result<Millis, QueryError> parse_duration(std::string_view text) {
  const auto wrong = [text] { return bad_data("not a valid duration string: \"" + std::string(text) + "\""); };
  const auto out_of_range = [] { return bad_data("duration out of range"); };
  std::int64_t total = 0;
  std::size_t next_unit = 0;
  for (auto rest = text; !rest.empty();) {
    std::int64_t count = 0;
    if (rest.front() < '0' || rest.front() > '9') return wrong();
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), count);
    if (error != std::errc{}) return out_of_range();
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    const auto name = rest.substr(0, rest.find_first_of("0123456789"));
    while (next_unit < units.size() && units.at(next_unit).name != name) ++next_unit;
    if (next_unit == units.size()) return wrong();
    const auto unit = units.at(next_unit++).ms;
    if (count > longest_ms / unit || count * unit > longest_ms - total) return out_of_range();
    total += count * unit;
    rest.remove_prefix(name.size());
  }
  if (text.empty()) return bad_data("empty duration string");
  if (total == 0) return bad_data("duration must be greater than 0");
  return Millis{total};
}

}  // namespace telltale::api::prom
