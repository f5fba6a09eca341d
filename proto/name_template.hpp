#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proto/name_arena.hpp"
#include "proto/topic_template.hpp"

namespace telltale::proto {

/// A name in a mapping, with references to topic levels and to a selector's stars: "{edge}:{rest}", "{1}_power".
/// Immutable. Cost: a name of one part is a view; others are joined in the arena.
class NameTemplate {
 public:
  NameTemplate() = default;  // the empty name
  /// `stars`: how many captures {1}, {2} … there are. Throws ConfigError for a reference to nothing.
  NameTemplate(std::string_view text, const TopicTemplate& topic, std::size_t stars);

  [[nodiscard]] static NameTemplate of_text(std::string_view text);  // taken as it is
  [[nodiscard]] static NameTemplate of_level(std::size_t level);
  [[nodiscard]] static NameTemplate of_capture(std::size_t capture);

  /// Levels of `{rest...}` are joined with ':', since no id may hold '/'; a separator that an empty level leaves at
  /// the end is dropped.
  [[nodiscard]] std::string_view spell(std::span<const std::string_view> levels,
                                       std::span<const std::string_view> captures, NameArena& names) const;

  [[nodiscard]] bool empty() const noexcept { return parts_.empty(); }
  /// The whole name when it refers to nothing, else "".
  [[nodiscard]] std::string_view constant() const noexcept;

 private:
  enum class Kind : std::uint8_t { text, level, capture };
  struct Part {
    Kind kind;
    std::size_t index;
    std::string text;
  };
  [[nodiscard]] static std::string_view spell(const Part& part, std::span<const std::string_view> levels,
                                              std::span<const std::string_view> captures, NameArena& names);
  std::vector<Part> parts_;
};

}  // namespace telltale::proto
