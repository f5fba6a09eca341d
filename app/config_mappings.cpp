#include <set>

#include "app/config_tables.hpp"
#include "proto/config_error.hpp"
#include "proto/topic.hpp"
#include "proto/topic_template.hpp"

namespace telltale::app {

namespace {

void read_text(const TableReader& table, std::string_view key, std::string& out, Problems& problems) {
  if (const auto value = table.find(key)) {
    if (auto text = as_text(*value, problems)) out = std::move(*text);
  }
}

void read_words(const TableReader& table, std::string_view key, std::vector<std::string>& out, Problems& problems) {
  if (const auto value = table.find(key)) {
    if (auto words = as_texts(*value, problems)) out = std::move(*words);
  }
}

void read_topic(const Value& value, proto::Mapping& mapping, Problems& problems) {
  const auto text = as_text(value, problems);
  if (!text) return;
  mapping.topic = *text;
  try {
    const proto::TopicTemplate compiled(*text);
    const auto topic_class = proto::topic_class(compiled.first_literal());
    if (topic_class && proto::written_by_service(*topic_class)) {
      problems.add(value, "'" + std::string(compiled.first_literal()) +
                              "' is published by the service itself: this would be a feedback loop");
    } else if (topic_class) {
      problems.add(value, "'" + std::string(compiled.first_literal()) +
                              "' topics have a fixed meaning and never reach a mapping");
    }
  } catch (const proto::ConfigError& error) {
    problems.add(value, error.what());
  }
}

void read_metrics(const Value& value, proto::Mapping& mapping, Problems& problems) {
  if (const auto* word = value.node->as_string()) {
    mapping.metrics_auto = word->get() == "auto";
    if (!mapping.metrics_auto) problems.add(value, "must be \"auto\" or a list of { at, name, unit }");
    return;
  }
  const auto* list = value.node->as_array();
  if (!list) {
    problems.add(value, "must be \"auto\" or a list of { at, name, unit }");
    return;
  }
  for (const auto& node : *list) {
    const TableReader entry(value.child(node, ""), mapping_metric_keys(), problems);
    if (!entry.is_table()) continue;
    proto::Mapping::Metric metric;
    read_text(entry, "at", metric.at, problems);
    read_text(entry, "name", metric.name, problems);
    read_text(entry, "unit", metric.unit, problems);
    if (!entry.find("at")) problems.add(entry.value(), "needs at, a JSON pointer such as \"/temperature\"");
    mapping.metrics.push_back(std::move(metric));
  }
}

void read_time(const Value& value, proto::Mapping& mapping, Problems& problems) {
  const TableReader table(value, mapping_time_keys(), problems);
  if (!table.is_table()) return;
  proto::Mapping::Time time;
  read_text(table, "at", time.at, problems);
  read_text(table, "zone", time.zone, problems);
  if (!table.find("at")) problems.add(value, "needs at, a JSON pointer such as \"/Time\"");
  mapping.time = std::move(time);
}

void read_constants(const Value& value, proto::Mapping& mapping, Problems& problems) {
  const TableReader table(value, {"site", "device", "metric"}, problems);
  for (const auto* key : {"site", "device", "metric"}) {
    std::string text;
    if (!table.find(key)) continue;
    read_text(table, key, text, problems);
    mapping.set.emplace_back(key, std::move(text));
  }
}

void read_enum(const Value& value, proto::Mapping& mapping, Problems& problems) {
  const auto* table = value.node->as_table();
  if (!table) {
    problems.add(value, "expected a table such as { open = 1, closed = 0 }");
    return;
  }
  for (const auto& [key, node] : *table) {
    if (const auto number = as_number(value.child(node, "." + std::string(key.str())), problems)) {
      mapping.enum_values.emplace_back(key.str(), *number);
    }
  }
}

std::optional<PlacedMapping> read_mapping(TableReader& table, Problems& problems) {
  PlacedMapping placed{{}, table.value()};
  auto& mapping = placed.mapping;
  read_text(table, "name", mapping.name, problems);
  if (mapping.name.empty()) {
    problems.add(table.value(), "needs a name");
  } else {
    table.rename("mapping '" + mapping.name + "'");
  }
  const auto topic = table.find("topic");
  if (topic) {
    placed.topic = *topic;
    read_topic(*topic, mapping, problems);
  } else {
    problems.add(table.value(), "needs a topic such as \"tele/{device}/SENSOR\"");
  }
  if (const auto value = table.find("codec")) {
    if (const auto choice = as_choice(*value, {"json", "plain"}, problems)) {
      mapping.codec = static_cast<proto::Mapping::Codec>(*choice);
    }
  }
  if (const auto value = table.find("role")) {
    if (const auto choice = as_choice(*value, {"telemetry", "status"}, problems)) {
      mapping.role = static_cast<proto::Mapping::Role>(*choice);
    }
  }
  if (const auto value = table.find("set")) read_constants(*value, mapping, problems);
  read_text(table, "device", mapping.device, problems);
  if (const auto value = table.find("time")) read_time(*value, mapping, problems);
  if (const auto value = table.find("metrics")) read_metrics(*value, mapping, problems);
  read_words(table, "ignore", mapping.ignore, problems);
  if (const auto value = table.find("enum")) read_enum(*value, mapping, problems);
  read_text(table, "state_at", mapping.state_at, problems);
  read_words(table, "online", mapping.online, problems);
  read_words(table, "offline", mapping.offline, problems);
  read_words(table, "sleeping", mapping.sleeping, problems);
  if (!topic) return std::nullopt;
  return placed;
}

}  // namespace

const std::vector<std::string_view>& mapping_keys() {
  static const std::vector<std::string_view> keys = {"name",     "topic",  "codec",   "role",    "set",
                                                     "device",   "time",   "metrics", "ignore",  "enum",
                                                     "state_at", "online", "offline", "sleeping"};
  return keys;
}

const std::vector<std::string_view>& mapping_metric_keys() {
  static const std::vector<std::string_view> keys = {"at", "name", "unit"};
  return keys;
}

const std::vector<std::string_view>& mapping_time_keys() {
  static const std::vector<std::string_view> keys = {"at", "zone"};
  return keys;
}

std::vector<PlacedMapping> read_mappings(const Value& list, Problems& problems) {
  std::vector<PlacedMapping> mappings;
  std::set<std::string> names;
  for_each_entry(list, problems, [&](const Value& entry) {
    TableReader table(entry, mapping_keys(), problems);
    const auto before = problems.count();
    auto placed = read_mapping(table, problems);
    if (!placed) return;
    if (!placed->mapping.name.empty() && !names.insert(placed->mapping.name).second) {
      problems.add(*table.find("name"), "there is another mapping of this name");
    }
    if (problems.count() != before) return;
    mappings.push_back(std::move(*placed));
  });
  return mappings;
}

}  // namespace telltale::app
