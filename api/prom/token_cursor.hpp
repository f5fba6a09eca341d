#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/prom/token.hpp"
#include "proto/number_text.hpp"

namespace telltale::api::prom {

/// A place between the tokens of one query, and what is said when they are not those that were expected.
class TokenCursor {
 public:
  /// `tokens` as tokens_of(query) gives them.
  TokenCursor(std::string_view query, std::vector<Token> tokens) : query_(query), tokens_(std::move(tokens)) {}

  [[nodiscard]] const Token& here() const { return tokens_[next_]; }
  [[nodiscard]] const Token& ahead() const { return tokens_[std::min(next_ + 1, tokens_.size() - 1)]; }
  /// Precondition: this is not the end. The reference lives as long as the cursor.
  const Token& advance() { return tokens_[next_++]; }

  [[nodiscard]] bool is(std::string_view symbol) const {
    return here().kind == TokenKind::symbol && here().source == symbol;
  }
  /// In any case.
  [[nodiscard]] bool is_word(std::string_view word) const {
    return here().kind == TokenKind::identifier && proto::equal_ignoring_case(here().source, word);
  }
  bool take(std::string_view symbol) {
    const bool there = is(symbol);
    if (there) ++next_;
    return there;
  }
  bool take_word(std::string_view word) {
    const bool there = is_word(word);
    if (there) ++next_;
    return there;
  }

  [[nodiscard]] tl::unexpected<QueryError> wrong(const Token& token, const std::string& what) const {
    return bad_data(place_of(query_, token.at) + what);
  }
  [[nodiscard]] tl::unexpected<QueryError> wrong(const std::string& what) const { return wrong(here(), what); }
  [[nodiscard]] tl::unexpected<QueryError> unexpected() const {
    return wrong(here().kind == TokenKind::end ? "unexpected end of input"
                                               : "unexpected \"" + std::string(here().source) + '"');
  }
  [[nodiscard]] tl::unexpected<QueryError> unsupported(const std::string& what) const {
    return wrong("unsupported " + what);
  }

 private:
  std::string_view query_;
  std::vector<Token> tokens_;
  std::size_t next_ = 0;
};

}  // namespace telltale::api::prom
