#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace telltale::proto {

/// A mapping's topic with placeholders (contracts 6): `tele/{device}/SENSOR`, `{kind=a|b}`, `{_}`, `{rest...}` last.
/// Immutable. Cost: match() is one pass over the topic and allocates nothing once `levels` has its capacity.
class TopicTemplate {
 public:
  explicit TopicTemplate(std::string_view text);  // throws ConfigError

  /// True when the topic matches; `levels` then holds one view per level of the template (of the whole remainder for
  /// `{rest...}`, which may be empty).
  [[nodiscard]] bool match(std::string_view topic, std::vector<std::string_view>& levels) const;

  /// Index of the level called `name`; names are unique.
  [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const noexcept;
  /// Name of a level; "" for literals and `{_}`.
  [[nodiscard]] std::string_view name(std::size_t level) const noexcept;
  [[nodiscard]] std::size_t size() const noexcept { return levels_.size(); }
  /// The first level when it is a literal, else "".
  [[nodiscard]] std::string_view first_literal() const noexcept;
  [[nodiscard]] std::string filter() const;

  /// The more specific template first: level by level, literals, then alternatives, then placeholders, then the rest.
  [[nodiscard]] static bool more_specific(const TopicTemplate& a, const TopicTemplate& b) noexcept;

 private:
  enum class Kind : std::uint8_t { literal, alternatives, any, rest };
  struct Level {
    Kind kind;
    std::string text;  // literal, or the placeholder's name
    std::vector<std::string> alternatives;
  };
  std::vector<Level> levels_;
};

}  // namespace telltale::proto
