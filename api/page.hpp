#pragma once

#include <cstddef>
#include <string>

#include "api/query_text.hpp"

namespace telltale::api {

inline constexpr std::size_t usual_page = 100, longest_page = 1'000;

/// Where a list goes on: the items behind the cursor's position.
struct Page {
  std::string question;
  std::string behind;  // "" = from the beginning
  std::size_t limit;
};

/// limit= and cursor=. `question` is what else was asked: a cursor is good for the same question only.
[[nodiscard]] Page read_page(QueryText& query, std::string question);

/// Ends {"items":[… with `next` unless the cursor is "".
void append_next(std::string& body, const std::string& cursor);

}  // namespace telltale::api
