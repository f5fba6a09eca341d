#include "api/prom/token.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "api/prom/string_literal.hpp"

namespace telltale::api::prom {

namespace {

constexpr std::array<std::string_view, 6> long_symbols = {"=~", "!~", "==", "!=", "<=", ">="};
constexpr std::string_view short_symbols = "(){}[],:+-*/%^<>=@";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool starts_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':'; }
bool continues_name(char c) { return starts_name(c) || is_digit(c); }
bool continues_number(char c) { return continues_name(c) && c != ':'; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

class Lexer {
 public:
  explicit Lexer(std::string_view query) : query_(query) {}

  Result<std::vector<Token>, QueryError> all() {
    std::vector<Token> tokens;
    while (true) {
      skip_blank();
      if (at_ == query_.size()) break;
      auto token = next();
      if (!token) return fail(std::move(token.error()));
      tokens.push_back(*std::move(token));
    }
    tokens.push_back({TokenKind::end, {}, {}, at_});
    return tokens;
  }

 private:
  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return at_ + ahead < query_.size() ? query_[at_ + ahead] : '\0';
  }
  void skip_while(bool (*wanted)(char)) {
    while (at_ < query_.size() && wanted(query_[at_])) ++at_;
  }
  void skip_blank() {
    for (skip_while(is_space); peek() == '#'; skip_while(is_space))
      at_ = std::min(query_.find('\n', at_), query_.size());
  }
  [[nodiscard]] Token token(TokenKind kind, std::size_t from) const {
    return {kind, query_.substr(from, at_ - from), {}, from};
  }
  [[nodiscard]] tl::unexpected<QueryError> wrong(std::size_t at, const std::string& what) const {
    return bad_data(place_of(query_, at) + what);
  }

  Result<Token, QueryError> next() {
    const auto from = at_;
    const char c = peek();
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return number_or_duration();
    if (c == '"' || c == '\'' || c == '`') {
      auto text = read_string_literal(query_, at_);
      if (!text) return wrong(from, text.error().text);
      auto made = token(TokenKind::string, from);
      made.text = *std::move(text);
      return made;
    }
    if (starts_name(c) && (c != ':' || starts_name(peek(1)))) {
      skip_while(continues_name);
      return token(TokenKind::identifier, from);
    }
    const auto pair = query_.substr(at_, 2);
    if (std::ranges::find(long_symbols, pair) != long_symbols.end()) {
      at_ += 2;
    } else if (short_symbols.find(c) != std::string_view::npos) {
      ++at_;
    } else {
      return wrong(from, "unexpected character: '" + std::string(1, c) + "'");
    }
    return token(TokenKind::symbol, from);
  }

  bool number() {
    if (peek() == '0' && (peek(1) == 'x' || peek(1) == 'X')) {
      at_ += 2;
      skip_while(is_hex);
    } else {
      skip_while(is_digit);
      if (peek() == '.') ++at_;
      skip_while(is_digit);
      if (peek() == 'e' || peek() == 'E') {
        ++at_;
        if (peek() == '+' || peek() == '-') ++at_;
        skip_while(is_digit);
      }
    }
    return !continues_number(peek());
  }

  Result<Token, QueryError> number_or_duration() {
    const auto from = at_;
    if (number()) return token(TokenKind::number, from);
    skip_while(continues_number);
    const auto made = token(TokenKind::duration, from);
    const auto starts_well = made.source.find_first_not_of("0123456789ywdhms") == std::string_view::npos;
    if (!starts_well) return wrong(from, "bad number or duration syntax: \"" + std::string(made.source) + "\"");
    return made;
  }

  std::string_view query_;
  std::size_t at_ = 0;
};

}  // namespace

Result<std::vector<Token>, QueryError> tokens_of(std::string_view query) { return Lexer(query).all(); }

std::string place_of(std::string_view query, std::size_t at) {
  const auto before = query.substr(0, at);
  const auto line = static_cast<std::size_t>(std::ranges::count(before, '\n')) + 1;
  const auto column = before.size() - (before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1) + 1;
  return std::to_string(line) + ':' + std::to_string(column) + ": parse error: ";
}

}  // namespace telltale::api::prom
