#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proto/json_tape.hpp"
#include "proto/name_arena.hpp"

namespace telltale::proto {

/// A JSON Pointer (RFC 6901) whose segment `*` stands for every member or element; `~2` is a literal star.
/// Immutable. Cost of select(): one look at each member of the objects on the way; no allocation.
class JsonSelector {
 public:
  static constexpr std::size_t max_captures = 8;
  static constexpr std::size_t max_segments = 32;

  explicit JsonSelector(std::string_view pointer);  // throws ConfigError

  /// What the stars stood for, in order: {1} is captures[0].
  using Captures = std::array<std::string_view, max_captures>;

  /// f(index, captures) for each value that the selector names, in document order. Indices of array elements are put
  /// into `names`. Members that a later one of the same key replaces are passed over.
  template <class F>
  void select(JsonTape& tape, NameArena& names, F&& f) const {
    Captures captures{};
    walk(tape, names, JsonTape::root, 0, 0, captures, f);
  }

  [[nodiscard]] std::size_t stars() const noexcept { return stars_; }
  /// The last segment's text; "" for a star and for the whole document.
  [[nodiscard]] std::string_view last_segment() const noexcept;
  [[nodiscard]] bool ends_in_star() const noexcept { return !segments_.empty() && segments_.back().star; }

 private:
  struct Segment {
    std::string text;
    bool star;
  };

  template <class F>
  void walk(JsonTape& tape, NameArena& names, std::uint32_t node, std::size_t depth, std::size_t star,
            Captures& captures, F& f) const {
    if (depth == segments_.size()) {
      f(node, captures);
      return;
    }
    const auto& segment = segments_[depth];
    if (!tape[node].container()) return;
    const bool object = tape[node].kind == JsonNode::Kind::object;
    if (object) tape.mark_shadowed(node);
    std::uint32_t position = 0;
    for (auto i = node + 1; i < tape[node].end; i = tape[i].end, ++position) {
      if (tape[i].shadowed) continue;
      const auto own = object ? tape[i].key : std::string_view{};
      if (!segment.star && !(object ? own == segment.text : is_index(segment.text, position))) continue;
      if (segment.star) captures[star] = object ? own : names.join({std::to_string(position)});
      walk(tape, names, i, depth + 1, star + (segment.star ? 1 : 0), captures, f);
    }
  }
  [[nodiscard]] static bool is_index(std::string_view text, std::uint32_t position);

  std::vector<Segment> segments_;
  std::size_t stars_ = 0;
};

}  // namespace telltale::proto
