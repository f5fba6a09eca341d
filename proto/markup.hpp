#pragma once

#include <string>
#include <string_view>

namespace telltale::proto {

/// Text as it stands in an element or a quoted attribute of HTML, SVG and XML: < > & " as character references.
/// Source: HTML Living Standard, 13.1.2 (attributes and normal elements); XML 1.0, 2.4.
[[nodiscard]] inline std::string escape_markup(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace telltale::proto
