#include "api/prom/parser.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "api/prom/duration.hpp"
#include "api/prom/expression_rules.hpp"
#include "api/prom/number_literal.hpp"
#include "api/prom/token.hpp"
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
      : query_(query), tokens_(std::move(tokens)), limits_(limits) {}

  Made whole() {
    auto made = binary(1);
    if (made && here().kind != TokenKind::end) return unexpected();
    return made;
  }

 private:
  [[nodiscard]] const Token& here() const { return tokens_[next_]; }
  [[nodiscard]] const Token& ahead() const { return tokens_[std::min(next_ + 1, tokens_.size() - 1)]; }
  [[nodiscard]] bool is(std::string_view symbol) const {
    return here().kind == TokenKind::symbol && here().source == symbol;
  }
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

  [[nodiscard]] tl::unexpected<QueryError> wrong(const std::string& what) const { return wrong(here(), what); }
  [[nodiscard]] tl::unexpected<QueryError> wrong(const Token& token, const std::string& what) const {
    return bad_data(place_of(query_, token.at) + what);
  }
  [[nodiscard]] tl::unexpected<QueryError> unexpected() const {
    return wrong(here().kind == TokenKind::end ? "unexpected end of input" : "unexpected " + quoted(here().source));
  }
  [[nodiscard]] tl::unexpected<QueryError> unsupported(const std::string& what) const {
    return wrong("unsupported " + what);
  }

  /// A rule of types that was broken gets its place; a tree that is too high is refused before it is used.
  Made checked(const Token& at, Made made) const {
    if (!made) return wrong(at, made.error().text);
    if (made->height > limits_.height) return wrong(at, too_deep());
    return made;
  }
  [[nodiscard]] std::string too_deep() const {
    return "more than " + std::to_string(limits_.height) + " levels within each other";
  }

  Made binary(int weakest) {
    auto left = unary();
    while (left) {
      const auto what = here().kind == TokenKind::symbol ? look_up(operators, here().source) : std::nullopt;
      if (!what) {
        if (here().kind != TokenKind::end && contains(other_operators, here().source))
          return unsupported("operator " + quoted(here().source));
        break;
      }
      if (strength(*what) < weakest) break;
      const auto& at = tokens_[next_++];
      const auto comparing = take_word("bool") ? Comparing::gives_bool : Comparing::filters;
      if (here().kind == TokenKind::identifier && contains(matching_words, here().source) && ahead().source == "(")
        return unsupported("vector matching " + quoted(here().source));
      auto right = binary(strength(*what) + 1);
      if (!right) return right;
      left = checked(at, make_binary(*what, comparing, *std::move(left), *std::move(right)));
    }
    return left;
  }

  Made unary() {
    if (depth_ >= limits_.height) return wrong(too_deep());
    ++depth_;
    auto made = signed_or_primary();
    --depth_;
    return made;
  }

  Made signed_or_primary() {
    const auto& at = here();
    if (take("-")) {
      auto of = unary();
      return of ? checked(at, make_negation(*std::move(of))) : std::move(of);
    }
    if (!take("+")) return primary();
    auto of = unary();
    if (of && of->type == ExpressionType::range_vector)
      return wrong(at,
                   "unary expression only allowed on expressions of type scalar or instant vector, got range vector");
    return of;
  }

  Made primary() {
    auto made = [this]() -> Made {
      switch (here().kind) {
        case TokenKind::number:
          return number();
        case TokenKind::string:
          return unsupported("string literal outside of a label matcher");
        case TokenKind::identifier:
          return word();
        case TokenKind::symbol:
          if (is("{")) return selector({});
          if (take("(")) return bracketed();
          break;
        case TokenKind::duration:
        case TokenKind::end:
          break;
      }
      return unexpected();
    }();
    if (!made) return made;
    if (is("[")) return wrong("ranges only allowed for vector selectors");
    if (is_word("offset"))
      return wrong("offset modifier must be preceded by an instant vector selector or range vector selector, once");
    if (is("@")) return unsupported("modifier \"@\"");
    return made;
  }

  Made bracketed() {
    auto inner = binary(1);
    if (inner && !take(")")) return unexpected();
    return inner;
  }

  Made number() {
    const auto value = read_number_literal(here().source);
    if (!value) return wrong("error parsing number: " + quoted(here().source));
    ++next_;
    return make_number(*value);
  }

  Made word() {
    const auto name = here().source;
    const bool call = ahead().source == "(" && ahead().kind == TokenKind::symbol;
    const bool grouped =
        ahead().kind == TokenKind::identifier &&
        (proto::equal_ignoring_case(ahead().source, "by") || proto::equal_ignoring_case(ahead().source, "without"));
    if (call || grouped) {
      if (const auto what = look_up(aggregators, name)) return aggregation(*what);
      if (contains(other_aggregators, name)) return unsupported("aggregation " + quoted(name));
    }
    if (call) return function();
    if (const auto value = read_number_literal(name)) {
      ++next_;
      return make_number(*value);
    }
    ++next_;
    return selector(name);
  }

  Made function() {
    const auto& at = here();
    const auto what = range_function(at.source);
    if (!what) {
      return unsupported("function " + quoted(at.source) + ": there are " + std::string(range_function_names()) +
                         " and the aggregations sum avg min max count topk");
    }
    next_ += 2;
    if (is(")")) return wrong(at, "expected 1 argument in call to " + quoted(at.source) + ", got 0");
    auto argument = binary(1);
    if (!argument) return argument;
    if (is(",")) return wrong(at, "expected 1 argument in call to " + quoted(at.source) + ", got more");
    if (!take(")")) return unexpected();
    return checked(at, make_call(at.source, *what, *std::move(argument)));
  }

  Result<void, QueryError> grouping(Aggregation& out) {
    if (take_word("by")) {
      out.grouping = Grouping::by;
    } else if (take_word("without")) {
      out.grouping = Grouping::without;
    } else {
      return {};
    }
    if (!take("(")) return unexpected();
    while (!take(")")) {
      if (here().kind != TokenKind::identifier || !valid_label_name(here().source)) return unexpected();
      out.labels.emplace_back(tokens_[next_++].source);
      if (!is(")") && !take(",")) return unexpected();
    }
    return {};
  }

  Made aggregation(Aggregator what) {
    const auto& at = tokens_[next_++];
    Aggregation made{.what = what, .labels = {}, .parameter = {}, .operand = {}};
    const auto before = next_;
    if (auto read = grouping(made); !read) return fail(std::move(read.error()));
    const bool grouped = next_ != before;
    if (!take("(")) return unexpected();
    auto operand = binary(1);
    std::optional<Expression> parameter;
    if (operand && take(",")) {
      parameter = *std::move(operand);
      operand = binary(1);
    }
    if (!operand) return operand;
    if (!take(")")) return unexpected();
    if (!grouped)
      if (auto read = grouping(made); !read) return fail(std::move(read.error()));
    return checked(at, make_aggregation(std::move(made), std::move(parameter), *std::move(operand)));
  }

  Result<Matcher, QueryError> matcher() {
    const auto& label = here();
    if (label.kind != TokenKind::identifier || !valid_label_name(label.source)) return unexpected();
    ++next_;
    const auto kind = is("=")    ? std::optional(MatchKind::equal)
                      : is("!=") ? std::optional(MatchKind::not_equal)
                      : is("=~") ? std::optional(MatchKind::regex)
                      : is("!~") ? std::optional(MatchKind::not_regex)
                                 : std::nullopt;
    if (!kind) return unexpected();
    ++next_;
    if (here().kind != TokenKind::string) return unexpected();
    auto made = Matcher::make(std::string(label.source), *kind, here().text);
    if (!made) return wrong(made.error().text);
    ++next_;
    return made;
  }

  /// Behind its name; "" = it has none.
  Made selector(std::string_view name) {
    const auto at = here();
    Selector made;
    if (!name.empty()) {
      auto named = Matcher::make(std::string(name_label), MatchKind::equal, std::string(name));
      if (!named) return fail(std::move(named.error()));
      made.matchers.push_back(*std::move(named));
    }
    if (take("{")) {
      while (!take("}")) {
        auto one = matcher();
        if (!one) return fail(std::move(one.error()));
        if (!name.empty() && one->label() == name_label) return wrong(at, "metric name must not be set twice");
        made.matchers.push_back(*std::move(one));
        if (!is("}") && !take(",")) return unexpected();
      }
    }
    if (std::ranges::all_of(made.matchers, [](const Matcher& m) { return m.matches(std::string_view()); }))
      return wrong(at, "vector selector must contain at least one non-empty matcher");
    if (auto read = range_and_offset(made); !read) return fail(std::move(read.error()));
    return make_selector(std::move(made));
  }

  Result<Millis, QueryError> duration() {
    if (here().kind != TokenKind::duration) return unexpected();
    auto read = parse_duration(here().source);
    if (!read) return wrong(read.error().text);
    ++next_;
    return read;
  }

  Result<void, QueryError> range_and_offset(Selector& out) {
    if (take("[")) {
      const auto range = duration();
      if (!range) return fail(range.error());
      if (is(":")) return unsupported("subquery");
      if (!take("]")) return unexpected();
      out.range = *range;
    }
    if (!take_word("offset")) return {};
    const bool ahead_of_time = take("-");
    const auto offset = duration();
    if (!offset) return fail(offset.error());
    out.offset = ahead_of_time ? -*offset : *offset;
    return {};
  }

  std::string_view query_;
  std::vector<Token> tokens_;
  const ParserLimits& limits_;
  std::size_t next_ = 0;
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
