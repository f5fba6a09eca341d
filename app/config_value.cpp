#include "app/config_value.hpp"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <fstream>
#include <limits>
#include <tuple>

#include "app/config_text.hpp"

namespace telltale::app {

namespace {

std::string found(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "a list";
    case toml::node_type::string:
      return "the text \"" + *node.value<std::string>() + "\"";
    case toml::node_type::integer:
      return "the integer " + std::to_string(*node.value<std::int64_t>());
    case toml::node_type::floating_point:
      return "a number with a fraction";
    case toml::node_type::boolean:
      return *node.value<bool>() ? "true" : "false";
    default:
      return "a date or time";
  }
}

void expected(const Value& value, std::string_view what, Problems& problems) {
  problems.add(value, "expected " + std::string(what) + ", found " + found(*value.node));
}

}  // namespace

void Problems::add(const Value& value, std::string_view text) {
  add(value.origin, value.node->source().begin, value.name + ": " + std::string(text));
}

void Problems::add(std::string_view origin, const toml::source_position& at, std::string_view text) {
  std::string where(origin);
  if (at) where += ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
  found_.push_back({at, std::move(where), std::string(text)});
}

std::vector<Problems::Found> Problems::in_order() const {
  auto ordered = found_;
  const auto place = [](const Found& f) {
    const auto line = f.at ? f.at.line : std::numeric_limits<toml::source_index>::max();
    return std::tuple(line, f.at.column);
  };
  std::ranges::stable_sort(ordered, {}, place);
  return ordered;
}

std::vector<std::string> Problems::sorted() const {
  std::vector<std::string> texts;
  for (const auto& f : in_order()) texts.push_back(f.where + ": " + f.text);
  return texts;
}

std::vector<Problems::Placed> Problems::placed() const {
  std::vector<Placed> placed;
  for (auto& f : in_order()) placed.push_back({f.at ? f.at.line : 0, std::move(f.text)});
  return placed;
}

std::optional<std::string> as_text(const Value& value, Problems& problems) {
  if (const auto* text = value.node->as_string()) return text->get();
  expected(value, "text in quotes", problems);
  return std::nullopt;
}

std::optional<bool> as_boolean(const Value& value, Problems& problems) {
  if (const auto* boolean = value.node->as_boolean()) return boolean->get();
  expected(value, "true or false", problems);
  return std::nullopt;
}

std::optional<std::int64_t> as_integer(const Value& value, std::int64_t least, std::int64_t most, Problems& problems) {
  const auto* integer = value.node->as_integer();
  if (!integer) {
    expected(value, "a whole number", problems);
    return std::nullopt;
  }
  if (integer->get() < least || integer->get() > most) {
    problems.add(value, "must be from " + std::to_string(least) + " to " + std::to_string(most));
    return std::nullopt;
  }
  return integer->get();
}

std::optional<double> as_number(const Value& value, Problems& problems) {
  if (!value.node->is_number()) {
    expected(value, "a number", problems);
    return std::nullopt;
  }
  const double number = *value.node->value<double>();
  if (!std::isfinite(number)) {
    problems.add(value, "must be finite");
    return std::nullopt;
  }
  return number;
}

std::optional<Millis> as_duration(const Value& value, Millis least, Millis most, Problems& problems) {
  const auto* text = value.node->as_string();
  if (!text) {
    expected(value, "a duration such as \"2s\"", problems);
    return std::nullopt;
  }
  const auto duration = parse_duration(text->get());
  if (!duration) {
    problems.add(value, duration.error());
    return std::nullopt;
  }
  if (*duration < least || *duration > most) {
    problems.add(value, "must be from " + duration_text(least) + " to " + duration_text(most));
    return std::nullopt;
  }
  return *duration;
}

std::optional<std::uint64_t> as_size(const Value& value, std::uint64_t least, std::uint64_t most, Problems& problems) {
  const auto* text = value.node->as_string();
  if (!text) {
    expected(value, "a size such as \"64MiB\"", problems);
    return std::nullopt;
  }
  const auto size = parse_size(text->get());
  if (!size) {
    problems.add(value, size.error());
    return std::nullopt;
  }
  if (*size < least || *size > most) {
    problems.add(value, "must be from " + size_text(least) + " to " + size_text(most));
    return std::nullopt;
  }
  return *size;
}

std::optional<std::vector<std::string>> as_texts(const Value& value, Problems& problems) {
  const auto* array = value.node->as_array();
  if (!array) {
    expected(value, "a list such as [\"a\", \"b\"]", problems);
    return std::nullopt;
  }
  std::vector<std::string> texts;
  const auto before = problems.count();
  for (const auto& element : *array) {
    if (auto text = as_text(value.child(element, ""), problems)) texts.push_back(std::move(*text));
  }
  if (problems.count() != before) return std::nullopt;
  return texts;
}

std::optional<std::string> as_secret_file(const Value& value, Problems& problems) {
  const auto name = as_text(value, problems);
  if (!name || name->empty()) return name;
  errno = 0;
  std::ifstream file(*name);
  if (!file) {
    problems.add(value, cannot_be_read(*name));
    return std::nullopt;
  }
  std::string secret;
  if (!std::getline(file, secret)) {
    problems.add(value, "\"" + *name + "\" has nothing in its first line");
    return std::nullopt;
  }
  if (secret.ends_with('\r')) secret.pop_back();
  return secret;
}

std::optional<std::size_t> as_choice(const Value& value, const std::vector<std::string_view>& words,
                                     Problems& problems) {
  const auto text = as_text(value, problems);
  if (!text) return std::nullopt;
  const auto at = std::ranges::find(words, *text);
  if (at != words.end()) return static_cast<std::size_t>(at - words.begin());
  std::string list;
  for (const auto word : words) list += (list.empty() ? "\"" : ", \"") + std::string(word) + "\"";
  problems.add(value, "must be one of " + list + ", found \"" + *text + "\"");
  return std::nullopt;
}

TableReader::TableReader(const Value& value, const std::vector<std::string_view>& known, Problems& problems)
    : value_(value), table_(value.node->as_table()) {
  if (!table_) {
    expected(value, "a table", problems);
    return;
  }
  for (const auto& [key, node] : *table_) {
    if (std::ranges::find(known, key.str()) != known.end()) continue;
    all_known_ = false;
    problems.add(value.origin, key.source().begin,
                 value.name + "." + std::string(key.str()) + ": unknown key" + suggestion(key.str(), known));
  }
}

std::optional<Value> TableReader::find(std::string_view key) const {
  const auto* node = table_ ? table_->get(key) : nullptr;
  if (!node) return std::nullopt;
  return value_.child(*node, "." + std::string(key));
}

}  // namespace telltale::app
