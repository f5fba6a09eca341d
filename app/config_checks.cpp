#include <algorithm>
#include <array>

#include "app/config_tables.hpp"

namespace telltale::app {

namespace {

constexpr std::int64_t most_readings = 1'000'000;
constexpr Millis longest{std::int64_t{366} * 24 * 3600 * 1000};

std::optional<double> number(const TableReader& table, std::string_view key, Problems& problems) {
  const auto value = table.find(key);
  return value ? as_number(*value, problems) : std::nullopt;
}

/// A number that must be more than 0; `otherwise` where it is not given.
double positive(const TableReader& table, std::string_view key, double otherwise, Problems& problems) {
  const auto found = number(table, key, problems);
  if (!found) return otherwise;
  if (*found <= 0) problems.add(*table.find(key), "must be more than 0");
  return *found;
}

double not_negative(const TableReader& table, std::string_view key, Problems& problems) {
  const auto found = number(table, key, problems);
  if (!found) return 0;
  if (*found < 0) problems.add(*table.find(key), "must not be negative");
  return *found;
}

/// `clear` on the scale of `limit`, which is written as `key`.
std::optional<double> clear_below(const TableReader& table, std::string_view key, double limit, Problems& problems) {
  const auto clear = number(table, "clear", problems);
  if (clear && *clear > limit) {
    problems.add(*table.find("clear"),
                 "must not be more than " + std::string(key) + ": the alert would clear while it fires");
  } else if (clear && *clear <= 0) {
    problems.add(*table.find("clear"), "must be more than 0");
  }
  return clear;
}

void count(const TableReader& table, std::string_view key, std::int64_t least, std::uint32_t& out, Problems& problems) {
  if (const auto value = table.find(key)) {
    if (const auto found = as_integer(*value, least, most_readings, problems)) out = static_cast<std::uint32_t>(*found);
  }
}

void span(const TableReader& table, std::string_view key, Millis least, Millis& out, Problems& problems) {
  if (const auto value = table.find(key)) {
    if (const auto found = as_duration(*value, least, longest, problems)) out = *found;
  }
}

proto::Check read_threshold(const TableReader& table, Problems& problems) {
  proto::ThresholdCheck check{number(table, "above", problems), number(table, "below", problems),
                              number(table, "clear", problems)};
  if (check.above && check.below) {
    if (*check.below >= *check.above) {
      problems.add(*table.find("below"), "must be less than above: every value violates one of them");
    }
    if (check.clear) problems.add(*table.find("clear"), "which side? Write one rule for above and one for below");
  } else if (check.clear && check.above && *check.clear > *check.above) {
    problems.add(*table.find("clear"), "must not be more than above: the alert would clear while it fires");
  } else if (check.clear && check.below && *check.clear < *check.below) {
    problems.add(*table.find("clear"), "must not be less than below: the alert would clear while it fires");
  }
  return check;
}

proto::Check read_zscore(const TableReader& table, Problems& problems) {
  proto::ZScoreCheck check;
  check.limit = positive(table, "zscore", check.limit, problems);
  check.clear = clear_below(table, "zscore", check.limit, problems);
  count(table, "span", 2, check.span, problems);
  count(table, "warmup", 1, check.warmup, problems);
  check.floor = not_negative(table, "floor", problems);
  return check;
}

proto::Check read_rate(const TableReader& table, Problems& problems) {
  proto::RateCheck check;
  check.limit = positive(table, "rate", check.limit, problems);
  check.clear = clear_below(table, "rate", check.limit, problems);
  span(table, "per", Millis{1'000}, check.per, problems);
  span(table, "over", Millis{0}, check.over, problems);
  if (const auto value = table.find("direction")) {
    if (const auto choice = as_choice(*value, {"both", "up", "down"}, problems))
      check.direction = static_cast<proto::RateDirection>(*choice);
  }
  return check;
}

proto::Check read_flatline(const TableReader& table, Problems& problems) {
  proto::FlatlineCheck check;
  span(table, "flatline", Millis{1'000}, check.span, problems);
  check.tolerance = not_negative(table, "tolerance", problems);
  return check;
}

proto::Check read_missing(const TableReader& table, Problems& problems) {
  proto::MissingCheck check;
  span(table, "missing", Millis{1'000}, check.span, problems);
  return check;
}

proto::Check read_frozen(const TableReader& table, Problems& problems) {
  proto::FrozenCheck check;
  check.limit = positive(table, "frozen", check.limit, problems);
  check.clear = clear_below(table, "frozen", check.limit, problems);
  count(table, "learn", 2, check.learn, problems);
  check.floor = not_negative(table, "floor", problems);
  return check;
}

proto::Check read_unusual(const TableReader& table, Problems& problems) {
  proto::UnusualCheck check;
  check.limit = positive(table, "unusual", check.limit, problems);
  check.clear = clear_below(table, "unusual", check.limit, problems).value_or(std::min(check.clear, check.limit));
  return check;
}

/// A rule type: the keys that say it is meant, what else it takes, and its reader.
struct CheckType {
  std::string_view name;
  std::array<std::string_view, 2> triggers;
  std::array<std::string_view, 4> options;
  proto::Check (*read)(const TableReader&, Problems&);
};

constexpr std::array check_types = {
    CheckType{"above/below", {"above", "below"}, {"clear"}, &read_threshold},
    CheckType{"zscore", {"zscore"}, {"clear", "span", "warmup", "floor"}, &read_zscore},
    CheckType{"rate", {"rate"}, {"clear", "per", "over", "direction"}, &read_rate},
    CheckType{"flatline", {"flatline"}, {"tolerance"}, &read_flatline},
    CheckType{"missing", {"missing"}, {}, &read_missing},
    CheckType{"frozen", {"frozen"}, {"clear", "learn", "floor"}, &read_frozen},
    CheckType{"unusual", {"unusual"}, {"clear"}, &read_unusual},
};

/// Types that say by themselves how long something must last, or when.
constexpr std::array<std::string_view, 3> without_for = {"flatline", "missing", "unusual"};

bool has(const auto& keys, std::string_view key) { return !key.empty() && std::ranges::find(keys, key) != keys.end(); }

std::string types_with(std::string_view option) {
  std::string names;
  for (const auto& type : check_types) {
    if (has(type.options, option)) names += (names.empty() ? "" : " or ") + std::string(type.name);
  }
  return names;
}

}  // namespace

void read_check(const TableReader& table, proto::Rule& rule, Problems& problems) {
  const CheckType* chosen = nullptr;
  for (const auto& type : check_types) {
    for (const auto key : type.triggers) {
      const auto value = key.empty() ? std::nullopt : table.find(key);
      if (!value) continue;
      if (chosen == nullptr) chosen = &type;
      if (chosen != &type) {
        problems.add(*value, "a rule has one check, and this one has " + std::string(chosen->name) + " already");
      }
    }
  }
  if (chosen == nullptr) {
    if (table.all_known()) {
      std::string names;
      for (const auto& type : check_types) names += (names.empty() ? "" : ", ") + std::string(type.name);
      problems.add(table.value(), "checks nothing: give one of " + names);
    }
    return;
  }
  for (const auto& type : check_types) {
    for (const auto option : type.options) {
      if (option.empty() || has(chosen->options, option)) continue;
      const auto value = table.find(option);
      const bool first_owner =
          &type == &*std::ranges::find_if(check_types, [&](const auto& t) { return has(t.options, option); });
      if (value && first_owner) problems.add(*value, "is for rules with " + types_with(option));
    }
  }
  if (const auto value = table.find("for"); value && has(without_for, chosen->name)) {
    problems.add(*value, "is not for rules with " + std::string(chosen->name));
  }
  rule.check = chosen->read(table, problems);
}

}  // namespace telltale::app
