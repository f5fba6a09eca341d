#pragma once

#include <cstddef>
#include <string>

#include "api/json_object.hpp"
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

/// {"items":[…]}, with `next` where there is more.
class ItemList {
 public:
  /// To be gone before the next is begun.
  [[nodiscard]] JsonObject item() { return JsonObject(next_item(body_)); }
  /// Precondition: once, at the end. `cursor` "" = this is all.
  [[nodiscard]] std::string end(const std::string& cursor = "");

 private:
  std::string body_ = "{\"items\":[";
};

}  // namespace telltale::api
