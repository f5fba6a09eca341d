#include "api/page.hpp"

#include "api/cursor.hpp"
#include "api/json_text.hpp"

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

void append_next(std::string& body, const std::string& cursor) {
  body += ']';
  if (!cursor.empty()) body += ",\"next\":" + json_string(cursor);
  body += '}';
}

}  // namespace telltale::api
