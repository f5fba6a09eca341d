#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include "app/config_tables.hpp"
#include "app/config_text.hpp"
#include "proto/topic.hpp"

namespace telltale::app {

namespace {

constexpr std::uint32_t most_of = 64;  // M of "N of M"
constexpr Millis longest{std::int64_t{366} * 24 * 3600 * 1000};

/// What the service itself raises (design 6).
constexpr std::array<std::string_view, 8> built_in_rules = {"unusual",  "offline",      "site-silent", "link-down",
                                                            "disk-low", "series-limit", "log-damage",  "config-error"};

constexpr std::array<std::string_view, 6> message_fields = {"metric", "value", "unit", "threshold", "device", "site"};

std::optional<proto::NofM> parse_n_of_m(std::string_view text) {
  const auto of = text.find(" of ");
  if (of == std::string_view::npos) return std::nullopt;
  const auto whole = [](std::string_view digits, std::uint32_t& out) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
    return error == std::errc{} && end == digits.data() + digits.size();
  };
  proto::NofM result{};
  if (!whole(text.substr(0, of), result.n) || !whole(text.substr(of + 4), result.m)) return std::nullopt;
  return result;
}

void read_persistence(const Value& value, proto::Persistence& out, Problems& problems) {
  const auto* text = value.node->as_string();
  if (text && text->get().find(" of ") != std::string::npos) {
    const auto counts = parse_n_of_m(text->get());
    if (!counts || counts->n < 1 || counts->n > counts->m || counts->m > most_of) {
      problems.add(value, "expected \"N of M\" with 1 <= N <= M <= " + std::to_string(most_of) + ", found \"" +
                              text->get() + "\"");
      return;
    }
    out = *counts;
    return;
  }
  if (text && !parse_duration(text->get())) {
    problems.add(value, parse_duration(text->get()).error() + "; or \"3 of 5\" readings");
    return;
  }
  if (const auto duration = as_duration(value, Millis{0}, longest, problems)) {
    if (duration->count() > 0) out = *duration;
  }
}

void read_message(const Value& value, std::string& out, Problems& problems) {
  const auto text = as_text(value, problems);
  if (!text) return;
  for (std::size_t open = text->find('{'); open != std::string::npos; open = text->find('{', open + 1)) {
    const auto close = std::min(text->find('}', open), text->size());
    const std::string field = text->substr(open + 1, close - open - 1);
    if (close < text->size() && std::ranges::find(message_fields, field) != message_fields.end()) continue;
    problems.add(value,
                 "unknown field {" + field + "}" + suggestion(field, {message_fields.begin(), message_fields.end()}));
  }
  out = *text;
}

void read_tags(const Value& value, std::vector<std::pair<std::string, std::string>>& out, Problems& problems) {
  const auto* table = value.node->as_table();
  if (!table) {
    problems.add(value, "expected a table such as { line = \"2\" }");
    return;
  }
  for (const auto& [key, node] : *table) {
    if (const auto text = as_text(value.child(node, "." + std::string(key.str())), problems)) {
      out.emplace_back(key.str(), *text);
    }
  }
}

bool read_name(TableReader& table, std::string& out, Problems& problems) {
  const auto value = table.find("name");
  if (!value) {
    problems.add(table.value(), "needs a name");
    return false;
  }
  const auto name = as_text(*value, problems);
  if (!name) return false;
  if (!proto::valid_rule(*name)) {
    problems.add(*value, "\"" + *name + "\" is no name: a letter or _, then letters, digits and _ . : - (48 at most)");
    return false;
  }
  if (std::ranges::find(built_in_rules, *name) != built_in_rules.end()) {
    problems.add(*value, "\"" + *name + "\" is a built-in rule's name");
    return false;
  }
  out = *name;
  table.rename("rule '" + *name + "'");
  return true;
}

proto::Rule read_rule(TableReader& table, bool multi_tenant, Problems& problems) {
  proto::Rule rule;
  read_name(table, rule.name, problems);
  read_pattern(table, "tenant", multi_tenant, rule.tenant, problems);
  read_pattern(table, "site", multi_tenant, rule.site, problems);
  read_pattern(table, "device", multi_tenant, rule.device, problems);
  read_pattern(table, "metric", multi_tenant, rule.metric, problems);
  read_check(table, rule, problems);
  if (const auto value = table.find("for")) read_persistence(*value, rule.persistence, problems);
  if (const auto value = table.find("cooldown")) {
    if (const auto cooldown = as_duration(*value, Millis{0}, longest, problems)) rule.cooldown = *cooldown;
  }
  if (const auto value = table.find("severity")) {
    if (const auto choice = as_choice(*value, {"info", "warning", "critical"}, problems)) {
      rule.severity = static_cast<proto::Severity>(*choice);
    }
  }
  if (const auto value = table.find("escalate")) read_escalation(*value, rule.severity, rule.escalate, problems);
  if (const auto value = table.find("message")) read_message(*value, rule.message, problems);
  if (const auto value = table.find("runbook")) {
    if (auto text = as_text(*value, problems)) rule.runbook = std::move(*text);
  }
  if (const auto value = table.find("except")) read_series_patterns(*value, rule.except, problems);
  if (const auto value = table.find("tags")) read_tags(*value, rule.tags, problems);
  return rule;
}

}  // namespace

const std::vector<std::string_view>& rule_keys() {
  static const std::vector<std::string_view> keys = {
      "name",    "tenant", "site",   "device",  "metric", "tags",     "except",   "above",     "below",    "zscore",
      "clear",   "span",   "warmup", "floor",   "rate",   "per",      "over",     "direction", "flatline", "tolerance",
      "missing", "frozen", "learn",  "unusual", "for",    "cooldown", "severity", "escalate",  "message",  "runbook"};
  return keys;
}

const std::vector<std::string_view>& heartbeat_keys() {
  static const std::vector<std::string_view> keys = {"tenant", "site", "device", "heartbeat"};
  return keys;
}

std::vector<proto::Rule> read_rules(const Value& list, bool multi_tenant, Problems& problems) {
  std::vector<proto::Rule> rules;
  std::map<std::string, toml::source_index> lines;
  for_each_entry(list, problems, [&](const Value& entry) {
    TableReader table(entry, rule_keys(), problems);
    auto rule = read_rule(table, multi_tenant, problems);
    if (rule.name.empty()) return;
    const auto name = *table.find("name");
    const auto [first, fresh] = lines.emplace(rule.name, name.node->source().begin.line);
    if (!fresh) problems.add(name, "there is a rule of this name in line " + std::to_string(first->second));
    rules.push_back(std::move(rule));
  });
  return rules;
}

std::vector<proto::HeartbeatSetting> read_heartbeats(const Value& list, bool multi_tenant, Problems& problems) {
  std::vector<proto::HeartbeatSetting> settings;
  for_each_entry(list, problems, [&](const Value& entry) {
    const TableReader table(entry, heartbeat_keys(), problems);
    proto::HeartbeatSetting setting;
    read_pattern(table, "tenant", multi_tenant, setting.tenant, problems);
    read_pattern(table, "site", multi_tenant, setting.site, problems);
    read_pattern(table, "device", multi_tenant, setting.device, problems);
    if (const auto value = table.find("heartbeat")) {
      if (const auto period = as_duration(*value, Millis{1000}, longest, problems)) {
        setting.heartbeat_s = period->count() / 1000;
        if (period->count() % 1000 != 0) problems.add(*value, "must be whole seconds");
      }
    } else {
      problems.add(entry, "needs heartbeat, such as \"10m\"");
    }
    settings.push_back(std::move(setting));
  });
  return settings;
}

}  // namespace telltale::app
