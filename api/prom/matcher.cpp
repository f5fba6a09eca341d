#include "api/prom/matcher.hpp"

#include <re2/re2.h>

namespace telltale::api::prom {

namespace {

re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

Result<Matcher, QueryError> Matcher::make(std::string label, MatchKind kind, std::string value) {
  Matcher made;
  made.label_ = std::move(label);
  made.kind_ = kind;
  made.value_ = std::move(value);
  if (kind == MatchKind::regex || kind == MatchKind::not_regex) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(1 << 20);
    made.regex_ = std::make_shared<re2::RE2>(piece(made.value_), options);
    if (!made.regex_->ok()) return bad_data("error parsing regexp: " + made.regex_->error());
  }
  return made;
}

bool Matcher::matches(std::string_view value) const {
  switch (kind_) {
    case MatchKind::equal:
      return value == value_;
    case MatchKind::not_equal:
      return value != value_;
    case MatchKind::regex:
      return re2::RE2::FullMatch(piece(value), *regex_);
    case MatchKind::not_regex:
      break;
  }
  return !re2::RE2::FullMatch(piece(value), *regex_);
}

}  // namespace telltale::api::prom
