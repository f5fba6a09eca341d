#include "api/prom/parser.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "api/prom/expression_rules.hpp"
#include "api/prom/number_literal.hpp"
#include "api/prom/selector_parser.hpp"
#include "proto/number_text.hpp"

namespace telltale::api::prom {

namespace {

using Made = Result<Expression, QueryError>;

constexpr std::array<std::pair<std::string_view, BinaryOperator>, 10> operators = {{
    {"==", BinaryOperator::equal},
    {"!=", BinaryOperator::not_equal},
    {"<", BinaryOperator::less},
    {">", BinaryOperator::greater},
    {"<=", BinaryOperator::less_equal},
    {">=", BinaryOperator::greater_equal},
    {"+", BinaryOperator::add},
    {"-", BinaryOperator::subtract},
    {"*", BinaryOperator::multiply},
    {"/", BinaryOperator::divide},
}};
constexpr std::array<std::string_view, 7> other_operators = {"%", "^", "=~", "and", "or", "unless", "atan2"};
constexpr std::array<std::string_view, 4> matching_words = {"on", "ignoring", "group_left", "group_right"};
constexpr std::array<std::pair<std::string_view, Aggregator>, 6> aggregators = {{
    {"sum", Aggregator::sum},
    {"avg", Aggregator::avg},
    {"min", Aggregator::min},
    {"max", Aggregator::max},
    {"count", Aggregator::count},
    {"topk", Aggregator::topk},
}};
constexpr std::array<std::string_view, 6> other_aggregators = {"stddev",   "stdvar",       "bottomk",
                                                               "quantile", "count_values", "group"};

int strength(BinaryOperator what) {
  if (is_comparison(what)) return 1;
  return what == BinaryOperator::add || what == BinaryOperator::subtract ? 2 : 3;
}

template <class Table>
auto look_up(const Table& table, std::string_view word) -> std::optional<decltype(table.front().second)> {
  for (const auto& [name, meaning] : table)
    if (proto::equal_ignoring_case(name, word)) return meaning;
  return std::nullopt;
}

template <class Words>
bool contains(const Words& words, std::string_view word) {
  return std::ranges::any_of(words, [word](auto known) { return proto::equal_ignoring_case(known, word); });
}

std::string quoted(std::string_view text) { return '"' + std::string(text) + '"'; }

class Parser {
 public:
  Parser(std::string_view query, std::vector<Token> tokens, const ParserLimits& limits)
      : at_(query, std::move(tokens)), limits_(limits) {}

  Made whole() {
    auto made = binary(1);
    if (made && at_.here().kind != TokenKind::end) return at_.unexpected();
    return made;
  }

 private:
  /// A rule of types that was broken gets its place; a tree that is too high is refused before it is used.
  Made checked(const Token& at, Made made) const {
    if (!made) return at_.wrong(at, made.error().text);
    if (made->height > limits_.height) return at_.wrong(at, too_deep());
    return made;
  }
  [[nodiscard]] std::string too_deep() const {
    return "more than " + std::to_string(limits_.height) + " levels within each other";
  }

  Made binary(int weakest) {
    auto left = unary();
    while (left) {
      const auto what = at_.here().kind == TokenKind::symbol ? look_up(operators, at_.here().source) : std::nullopt;
      if (!what) {
        if (at_.here().kind != TokenKind::end && contains(other_operators, at_.here().source))
          return at_.unsupported("operator " + quoted(at_.here().source));
        break;
      }
      if (strength(*what) < weakest) break;
      const auto& at = at_.advance();
      const auto comparing = at_.take_word("bool") ? Comparing::gives_bool : Comparing::filters;
      if (at_.here().kind == TokenKind::identifier && contains(matching_words, at_.here().source) &&
          at_.ahead().source == "(")
        return at_.unsupported("vector matching " + quoted(at_.here().source));
      auto right = binary(strength(*what) + 1);
      if (!right) return right;
      left = checked(at, make_binary(*what, comparing, *std::move(left), *std::move(right)));
    }
    return left;
  }

  Made unary() {
    if (depth_ >= limits_.height) return at_.wrong(too_deep());
    ++depth_;
    auto made = signed_or_primary();
    --depth_;
    return made;
  }

  Made signed_or_primary() {
    const auto& at = at_.here();
    if (at_.take("-")) {
      auto of = unary();
      return of ? checked(at, make_negation(*std::move(of))) : std::move(of);
    }
    if (!at_.take("+")) return primary();
    auto of = unary();
    if (of && of->type == ExpressionType::range_vector)
      return at_.wrong(
          at, "unary expression only allowed on expressions of type scalar or instant vector, got range vector");
    return of;
  }

  Made primary() {
    auto made = [this]() -> Made {
      switch (at_.here().kind) {
        case TokenKind::number:
          return number();
        case TokenKind::string:
          return at_.unsupported("string literal outside of a label matcher");
        case TokenKind::identifier:
          return word();
        case TokenKind::symbol:
          if (at_.is("{")) return selector({});
          if (at_.take("(")) return bracketed();
          break;
        case TokenKind::duration:
        case TokenKind::end:
          break;
      }
      return at_.unexpected();
    }();
    if (!made) return made;
    if (at_.is("[")) return at_.wrong("ranges only allowed for vector selectors");
    if (at_.is_word("offset"))
      return at_.wrong("offset modifier must be preceded by an instant vector selector or range vector selector, once");
    if (at_.is("@")) return at_.unsupported("modifier \"@\"");
    return made;
  }

  Made bracketed() {
    auto inner = binary(1);
    if (inner && !at_.take(")")) return at_.unexpected();
    return inner;
  }

  Made number() {
    const auto value = read_number_literal(at_.here().source);
    if (!value) return at_.wrong("error parsing number: " + quoted(at_.here().source));
    at_.advance();
    return make_number(*value);
  }

  Made word() {
    const auto name = at_.here().source;
    const bool call = at_.ahead().source == "(" && at_.ahead().kind == TokenKind::symbol;
    const bool grouped =
        at_.ahead().kind == TokenKind::identifier && (proto::equal_ignoring_case(at_.ahead().source, "by") ||
                                                      proto::equal_ignoring_case(at_.ahead().source, "without"));
    if (call || grouped) {
      if (const auto what = look_up(aggregators, name)) return aggregation(*what);
      if (contains(other_aggregators, name)) return at_.unsupported("aggregation " + quoted(name));
    }
    if (call) return function();
    if (const auto value = read_number_literal(name)) {
      at_.advance();
      return make_number(*value);
    }
    at_.advance();
    return selector(name);
  }

  Made function() {
    const auto& at = at_.here();
    const auto what = range_function(at.source);
    if (!what) {
      return at_.unsupported("function " + quoted(at.source) + ": there are " + std::string(range_function_names()) +
                             " and the aggregations sum avg min max count topk");
    }
    at_.advance();
    at_.advance();
    if (at_.is(")")) return at_.wrong(at, "expected 1 argument in call to " + quoted(at.source) + ", got 0");
    auto argument = binary(1);
    if (!argument) return argument;
    if (at_.is(",")) return at_.wrong(at, "expected 1 argument in call to " + quoted(at.source) + ", got more");
    if (!at_.take(")")) return at_.unexpected();
    return checked(at, make_call(at.source, *what, *std::move(argument)));
  }

  Result<void, QueryError> grouping(Aggregation& out) {
    if (at_.take_word("by")) {
      out.grouping = Grouping::by;
    } else if (at_.take_word("without")) {
      out.grouping = Grouping::without;
    } else {
      return {};
    }
    if (!at_.take("(")) return at_.unexpected();
    while (!at_.take(")")) {
      if (at_.here().kind != TokenKind::identifier || !valid_label_name(at_.here().source)) return at_.unexpected();
      out.labels.emplace_back(at_.advance().source);
      if (!at_.is(")") && !at_.take(",")) return at_.unexpected();
    }
    return {};
  }

  Made aggregation(Aggregator what) {
    const auto& at = at_.advance();
    Aggregation made{.what = what, .labels = {}, .parameter = {}, .operand = {}};
    const bool grouped = at_.is_word("by") || at_.is_word("without");
    if (auto read = grouping(made); !read) return fail(std::move(read.error()));
    if (!at_.take("(")) return at_.unexpected();
    auto operand = binary(1);
    std::optional<Expression> parameter;
    if (operand && at_.take(",")) {
      parameter = *std::move(operand);
      operand = binary(1);
    }
    if (!operand) return operand;
    if (!at_.take(")")) return at_.unexpected();
    if (!grouped)
      if (auto read = grouping(made); !read) return fail(std::move(read.error()));
    return checked(at, make_aggregation(std::move(made), std::move(parameter), *std::move(operand)));
  }

  Made selector(std::string_view name) {
    auto read = read_selector(at_, name);
    if (!read) return fail(std::move(read.error()));
    return make_selector(*std::move(read));
  }

  TokenCursor at_;
  const ParserLimits& limits_;
  std::size_t depth_ = 0;
};

}  // namespace

Result<Expression, QueryError> parse(std::string_view query, const ParserLimits& limits) {
  if (query.size() > limits.bytes)
    return bad_data("the query is longer than " + std::to_string(limits.bytes) + " bytes");
  auto tokens = tokens_of(query);
  if (!tokens) return fail(std::move(tokens.error()));
  if (tokens->size() == 1) return bad_data("unknown position: parse error: no expression found in input");
  return Parser(query, *std::move(tokens), limits).whole();
}

Result<Selector, QueryError> parse_series_selector(std::string_view query) {
  auto expression = parse(query);
  if (!expression) return fail(std::move(expression.error()));
  auto* const selector = std::get_if<Selector>(&expression->node);
  if (selector == nullptr || selector->range || selector->offset != Millis{0})
    return bad_data("\"" + std::string(query) + "\" is no series selector such as temperature{site=\"site1\"}");
  return std::move(*selector);
}

}  // namespace telltale::api::prom
