#include "proto/quantity_text.hpp"

#include <charconv>
#include <limits>
#include <span>

namespace telltale::proto {

namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};
constexpr Unit duration_units[] = {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
constexpr Unit size_units[] = {
    {"B", 1}, {"KiB", 1ull << 10}, {"MiB", 1ull << 20}, {"GiB", 1ull << 30}, {"TiB", 1ull << 40}};

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

Result<std::uint64_t, std::string> parse_quantity(std::string_view text, std::span<const Unit> units,
                                                  std::string_view expected) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return fail("expected " + std::string(expected) + ", found " + quoted(text));
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  for (const auto& known : units) {
    if (unit != known.name) continue;
    constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (number > most / known.factor) return fail(quoted(text) + " is too much");
    return number * known.factor;
  }
  std::string names;
  for (const auto& known : units) names += (names.empty() ? "" : " ") + std::string(known.name);
  if (unit.empty()) return fail(quoted(text) + " needs a unit: " + names);
  return fail("unknown unit '" + std::string(unit) + "' in " + quoted(text) + ": use one of " + names);
}

std::string quantity_text(std::uint64_t value, std::span<const Unit> units) {
  const Unit* best = &units.front();
  for (const auto& unit : units) {
    if (value > 0 && value % unit.factor == 0) best = &unit;
  }
  return std::to_string(value / best->factor) + std::string(best->name);
}

}  // namespace

Result<Millis, std::string> parse_duration(std::string_view text) {
  const auto value = parse_quantity(text, duration_units, "a duration such as \"2s\"");
  if (!value) return fail(value.error());
  return Millis{static_cast<std::int64_t>(*value)};
}

Result<std::uint64_t, std::string> parse_size(std::string_view text) {
  return parse_quantity(text, size_units, "a size such as \"64MiB\"");
}

std::string duration_text(Millis value) {
  return value.count() == 0 ? "0s" : quantity_text(static_cast<std::uint64_t>(value.count()), duration_units);
}

std::string size_text(std::uint64_t bytes) { return quantity_text(bytes, size_units); }

std::string counted(std::uint64_t n, std::string_view one, std::string_view plural) {
  auto text = std::to_string(n) + ' ';
  if (n == 1 || plural.empty()) return text.append(one).append(n == 1 ? "" : "s");
  return text.append(plural);
}

}  // namespace telltale::proto
