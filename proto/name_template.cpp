#include "proto/name_template.hpp"

#include <charconv>

#include "proto/config_error.hpp"

namespace telltale::proto {

namespace {

constexpr std::size_t longest_id = 48;  // of a device or metric; sites are shorter

}  // namespace

NameTemplate::NameTemplate(std::string_view text, const TopicTemplate& topic, std::size_t stars) {
  const auto refuse = [&](std::string_view why) {
    throw ConfigError("name '" + std::string(text) + "': " + std::string(why));
  };
  auto rest = text;
  while (!rest.empty()) {
    const auto open = rest.find('{');
    if (open != 0) {
      parts_.push_back({Kind::text, 0, std::string(rest.substr(0, open))});
      rest = open == std::string_view::npos ? std::string_view{} : rest.substr(open);
      continue;
    }
    const auto close = rest.find('}');
    if (close == std::string_view::npos) refuse("'{' without '}'");
    const auto name = rest.substr(1, close - 1);
    rest.remove_prefix(close + 1);
    std::size_t number = 0;
    const auto r = std::from_chars(name.data(), name.data() + name.size(), number);
    if (!name.empty() && r.ec == std::errc{} && r.ptr == name.data() + name.size()) {
      if (number == 0 || number > stars) refuse("{" + std::string(name) + "} has no star in the pointer");
      parts_.push_back({Kind::capture, number - 1, {}});
    } else if (const auto level = topic.find(name)) {
      parts_.push_back({Kind::level, *level, {}});
    } else {
      refuse("the topic has no level {" + std::string(name) + "}");
    }
  }
}

NameTemplate NameTemplate::of_text(std::string_view text) {
  NameTemplate name;
  name.parts_.push_back({Kind::text, 0, std::string(text)});
  return name;
}

NameTemplate NameTemplate::of_level(std::size_t level) {
  NameTemplate name;
  name.parts_.push_back({Kind::level, level, {}});
  return name;
}

NameTemplate NameTemplate::of_capture(std::size_t capture) {
  NameTemplate name;
  name.parts_.push_back({Kind::capture, capture, {}});
  return name;
}

std::string_view NameTemplate::constant() const noexcept {
  return parts_.size() == 1 && parts_.front().kind == Kind::text ? std::string_view(parts_.front().text)
                                                                 : std::string_view{};
}

std::string_view NameTemplate::spell(const Part& part, std::span<const std::string_view> levels,
                                     std::span<const std::string_view> captures, NameArena& names) {
  if (part.kind == Kind::text) return part.text;
  if (part.kind == Kind::capture) return captures[part.index];
  auto level = levels[part.index];
  if (level.find('/') == std::string_view::npos) return level;
  std::string_view joined;
  while (!level.empty()) {
    const auto slash = level.find('/');
    joined = names.join({joined, joined.empty() ? "" : ":", level.substr(0, slash)});
    level = slash == std::string_view::npos ? std::string_view{} : level.substr(slash + 1);
  }
  return joined;
}

std::string_view NameTemplate::spell(std::span<const std::string_view> levels,
                                     std::span<const std::string_view> captures, NameArena& names) const {
  std::string_view name;
  for (const auto& part : parts_) {
    if (name.size() > longest_id) break;  // is refused whatever follows; a payload could hold thousands of them
    const auto piece = spell(part, levels, captures, names);
    name = name.empty() ? piece : piece.empty() ? name : names.join({name, piece});
  }
  const bool ends_empty =
      parts_.size() > 1 && parts_.back().kind != Kind::text && spell(parts_.back(), levels, captures, names).empty();
  if (ends_empty && !name.empty() && std::string_view(":.-_").find(name.back()) != std::string_view::npos) {
    name.remove_suffix(1);
  }
  return name;
}

}  // namespace telltale::proto
