#include "api/prom/selector_parser.hpp"

#include <algorithm>

#include "api/prom/duration.hpp"

namespace telltale::api::prom {

namespace {

Result<Matcher, QueryError> matcher(TokenCursor& at) {
  const auto& label = at.here();
  if (label.kind != TokenKind::identifier || !valid_label_name(label.source)) return at.unexpected();
  at.advance();
  const auto kind = at.is("=")    ? std::optional(MatchKind::equal)
                    : at.is("!=") ? std::optional(MatchKind::not_equal)
                    : at.is("=~") ? std::optional(MatchKind::regex)
                    : at.is("!~") ? std::optional(MatchKind::not_regex)
                                  : std::nullopt;
  if (!kind) return at.unexpected();
  at.advance();
  if (at.here().kind != TokenKind::string) return at.unexpected();
  auto made = Matcher::make(std::string(label.source), *kind, at.here().text);
  if (!made) return at.wrong(made.error().text);
  at.advance();
  return made;
}

Result<Millis, QueryError> duration(TokenCursor& at) {
  if (at.here().kind != TokenKind::duration) return at.unexpected();
  auto read = parse_duration(at.here().source);
  if (!read) return at.wrong(read.error().text);
  at.advance();
  return read;
}

Result<void, QueryError> range_and_offset(TokenCursor& at, Selector& out) {
  if (at.take("[")) {
    const auto range = duration(at);
    if (!range) return fail(range.error());
    if (at.is(":")) return at.unsupported("subquery");
    if (!at.take("]")) return at.unexpected();
    out.range = *range;
  }
  if (!at.take_word("offset")) return {};
  const bool ahead_of_time = at.take("-");
  const auto offset = duration(at);
  if (!offset) return fail(offset.error());
  out.offset = ahead_of_time ? -*offset : *offset;
  return {};
}

}  // namespace

Result<Selector, QueryError> read_selector(TokenCursor& at, std::string_view name) {
  const auto first = at.here();
  Selector made;
  if (!name.empty()) {
    auto named = Matcher::make(std::string(name_label), MatchKind::equal, std::string(name));
    if (!named) return fail(std::move(named.error()));
    made.matchers.push_back(*std::move(named));
  }
  if (at.take("{")) {
    while (!at.take("}")) {
      auto one = matcher(at);
      if (!one) return fail(std::move(one.error()));
      if (!name.empty() && one->label() == name_label) return at.wrong(first, "metric name must not be set twice");
      made.matchers.push_back(*std::move(one));
      if (!at.is("}") && !at.take(",")) return at.unexpected();
    }
  }
  if (std::ranges::all_of(made.matchers, [](const Matcher& m) { return m.matches(std::string_view()); }))
    return at.wrong(first, "vector selector must contain at least one non-empty matcher");
  if (auto read = range_and_offset(at, made); !read) return fail(std::move(read.error()));
  return made;
}

}  // namespace telltale::api::prom
