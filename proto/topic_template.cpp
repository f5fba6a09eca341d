#include "proto/topic_template.hpp"

#include <algorithm>

#include "proto/config_error.hpp"

namespace telltale::proto {

namespace {

constexpr std::string_view rest_mark = "...";

[[noreturn]] void refuse(std::string_view text, std::string_view why) {
  throw ConfigError("topic template '" + std::string(text) + "': " + std::string(why));
}

bool placeholder_name(std::string_view name) noexcept {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  }) && !(name.front() >= '0' && name.front() <= '9');
}

}  // namespace

TopicTemplate::TopicTemplate(std::string_view text) {
  if (text.empty()) refuse(text, "is empty");
  std::size_t from = 0;
  while (from <= text.size()) {
    const auto to = std::min(text.find('/', from), text.size());
    const auto part = text.substr(from, to - from);
    from = to + 1;
    if (!levels_.empty() && levels_.back().kind == Kind::rest) refuse(text, "{...} must be the last level");
    if (part.find_first_of("+#") != std::string_view::npos) refuse(text, "'+' and '#' are written {_} and {rest...}");
    if (part.find_first_of("{}") == std::string_view::npos) {
      levels_.push_back({Kind::literal, std::string(part), {}});
      continue;
    }
    if (part.size() < 3 || part.front() != '{' || part.back() != '}') refuse(text, "a placeholder is a whole level");
    auto inner = part.substr(1, part.size() - 2);
    Level level{Kind::any, {}, {}};
    if (inner.ends_with(rest_mark)) {
      level.kind = Kind::rest;
      inner.remove_suffix(rest_mark.size());
    } else if (const auto equals = inner.find('='); equals != std::string_view::npos) {
      level.kind = Kind::alternatives;
      auto words = inner.substr(equals + 1);
      inner = inner.substr(0, equals);
      while (true) {
        const auto bar = std::min(words.find('|'), words.size());
        if (bar == 0) refuse(text, "an alternative is empty");
        level.alternatives.emplace_back(words.substr(0, bar));
        if (bar == words.size()) break;
        words.remove_prefix(bar + 1);
      }
    }
    if (!placeholder_name(inner)) refuse(text, "a placeholder's name is letters, digits and '_'");
    if (inner != "_") {
      if (find(inner)) refuse(text, "a placeholder's name is there twice");
      level.text = inner;
    }
    levels_.push_back(std::move(level));
  }
}

bool TopicTemplate::match(std::string_view topic, std::vector<std::string_view>& levels) const {
  levels.clear();
  std::size_t from = 0;
  for (const auto& level : levels_) {
    if (level.kind == Kind::rest) {
      levels.push_back(from <= topic.size() ? topic.substr(from) : std::string_view{});
      return true;
    }
    if (from > topic.size()) return false;
    const auto to = std::min(topic.find('/', from), topic.size());
    const auto part = topic.substr(from, to - from);
    from = to + 1;
    if (level.kind == Kind::literal && part != level.text) return false;
    if (level.kind == Kind::alternatives &&
        std::find(level.alternatives.begin(), level.alternatives.end(), part) == level.alternatives.end()) {
      return false;
    }
    levels.push_back(part);
  }
  return from > topic.size();
}

std::optional<std::size_t> TopicTemplate::find(std::string_view name) const noexcept {
  for (std::size_t i = 0; i < levels_.size(); ++i) {
    if (levels_[i].kind != Kind::literal && !name.empty() && levels_[i].text == name) return i;
  }
  return std::nullopt;
}

std::string_view TopicTemplate::name(std::size_t level) const noexcept {
  return levels_[level].kind == Kind::literal ? std::string_view{} : std::string_view(levels_[level].text);
}

std::string_view TopicTemplate::first_literal() const noexcept {
  return levels_.front().kind == Kind::literal ? std::string_view(levels_.front().text) : std::string_view{};
}

std::string TopicTemplate::filter() const {
  std::string out;
  for (const auto& level : levels_) {
    if (&level != &levels_.front()) out += '/';
    if (level.kind == Kind::literal) {
      out += level.text;
    } else {
      out += level.kind == Kind::rest ? '#' : '+';
    }
  }
  return out;
}

bool TopicTemplate::more_specific(const TopicTemplate& a, const TopicTemplate& b) noexcept {
  return std::lexicographical_compare(a.levels_.begin(), a.levels_.end(), b.levels_.begin(), b.levels_.end(),
                                      [](const Level& x, const Level& y) { return x.kind < y.kind; });
}

}  // namespace telltale::proto
