#include "api/page.hpp"

#include <utility>

#include "api/cursor.hpp"

namespace telltale::api {

Page read_page(QueryText& query, std::string question) {
  Page page{std::move(question), {}, query.count("limit", 1, longest_page).value_or(usual_page)};
  if (const auto cursor = query.text("cursor")) {
    auto position = read_cursor(page.question, *cursor);
    if (position) {
      page.behind = *std::move(position);
    } else {
      query.fault("cursor", "was not given out for this list");
    }
  }
  return page;
}

std::string ItemList::end(const std::string& cursor) {
  body_ += ']';
  if (!cursor.empty()) body_ += ",\"next\":" + json_string(cursor);
  return std::move(body_ += '}');
}

}  // namespace telltale::api
