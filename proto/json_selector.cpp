#include "proto/json_selector.hpp"

#include <algorithm>
#include <charconv>

#include "proto/config_error.hpp"

namespace telltale::proto {

namespace {

[[noreturn]] void refuse(std::string_view pointer, std::string_view why) {
  throw ConfigError("pointer '" + std::string(pointer) + "': " + std::string(why));
}

std::string unescaped(std::string_view segment, std::string_view pointer) {
  std::string out;
  for (std::size_t i = 0; i < segment.size(); ++i) {
    if (segment[i] != '~') {
      out += segment[i];
      continue;
    }
    const char code = i + 1 < segment.size() ? segment[++i] : '\0';
    if (code != '0' && code != '1' && code != '2') refuse(pointer, "'~' is followed by 0 (~), 1 (/) or 2 (*)");
    out += code == '0' ? '~' : code == '1' ? '/' : '*';
  }
  return out;
}

}  // namespace

JsonSelector::JsonSelector(std::string_view pointer) {
  if (pointer.empty()) return;
  if (pointer.front() != '/') refuse(pointer, "must be empty or start with '/'");
  std::size_t from = 1;
  while (from <= pointer.size()) {
    const auto to = std::min(pointer.find('/', from), pointer.size());
    const auto segment = pointer.substr(from, to - from);
    from = to + 1;
    const bool star = segment == "*";
    segments_.push_back({star ? std::string() : unescaped(segment, pointer), star});
    if (star) ++stars_;
  }
  if (stars_ > max_captures) refuse(pointer, "has more than 8 stars");
  if (segments_.size() > max_segments) refuse(pointer, "has more than 32 segments");
}

std::string_view JsonSelector::last_segment() const noexcept {
  return segments_.empty() ? std::string_view{} : std::string_view(segments_.back().text);
}

bool JsonSelector::is_index(std::string_view text, std::uint32_t position) {
  if (text.empty() || (text.size() > 1 && text.front() == '0')) return false;  // RFC 6901, 4: no leading zeros
  std::uint32_t value = 0;
  const auto r = std::from_chars(text.data(), text.data() + text.size(), value);
  return r.ec == std::errc{} && r.ptr == text.data() + text.size() && value == position;
}

}  // namespace telltale::proto
