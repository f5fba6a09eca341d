#include "api/prom/expression_rules.hpp"

#include <array>
#include <cmath>

namespace telltale::api::prom {

namespace {

std::string name_of(ExpressionType type) {
  constexpr std::array<std::string_view, 3> names = {"scalar", "instant vector", "range vector"};
  return std::string(names.at(static_cast<std::size_t>(type)));
}

double number_in(const Expression& scalar) { return std::get<NumberLiteral>(scalar.node).value; }

ExpressionPtr boxed(Expression expression) { return std::make_unique<const Expression>(std::move(expression)); }

}  // namespace

double apply(BinaryOperator what, double left, double right) {
  switch (what) {
    case BinaryOperator::add:
      return left + right;
    case BinaryOperator::subtract:
      return left - right;
    case BinaryOperator::multiply:
      return left * right;
    case BinaryOperator::divide:
      return left / right;
    case BinaryOperator::equal:
      return left == right ? 1 : 0;
    case BinaryOperator::not_equal:
      return left != right ? 1 : 0;
    case BinaryOperator::less:
      return left < right ? 1 : 0;
    case BinaryOperator::greater:
      return left > right ? 1 : 0;
    case BinaryOperator::less_equal:
      return left <= right ? 1 : 0;
    case BinaryOperator::greater_equal:
      break;
  }
  return left >= right ? 1 : 0;
}

Expression make_number(double value) { return {NumberLiteral{value}, ExpressionType::scalar}; }

Expression make_selector(Selector selector) {
  const auto type = selector.range ? ExpressionType::range_vector : ExpressionType::instant_vector;
  return {std::move(selector), type};
}

Result<Expression, QueryError> make_binary(BinaryOperator what, Comparing comparing, Expression left,
                                           Expression right) {
  if (left.type == ExpressionType::range_vector || right.type == ExpressionType::range_vector)
    return bad_data("binary expression must contain only scalar and instant vector types");
  if (comparing == Comparing::gives_bool && !is_comparison(what))
    return bad_data("bool modifier can only be used on comparison operators");
  const bool left_is_scalar = left.type == ExpressionType::scalar;
  const bool right_is_scalar = right.type == ExpressionType::scalar;
  if (left_is_scalar && right_is_scalar) {
    if (is_comparison(what) && comparing != Comparing::gives_bool)
      return bad_data("comparisons between scalars must use BOOL modifier");
    return make_number(apply(what, number_in(left), number_in(right)));
  }
  if (!left_is_scalar && !right_is_scalar)
    return bad_data("unsupported operation between two vectors: one side must be a number");
  const double scalar = number_in(left_is_scalar ? left : right);
  auto& vector = left_is_scalar ? right : left;
  const auto height = vector.height + 1;
  const auto side = left_is_scalar ? ScalarBinary::ScalarSide::left : ScalarBinary::ScalarSide::right;
  ScalarBinary made{.what = what, .comparing = comparing, .side = side, .scalar = scalar, .vector = {}};
  made.vector = boxed(std::move(vector));
  return Expression{std::move(made), ExpressionType::instant_vector, height};
}

Result<Expression, QueryError> make_negation(Expression of) {
  if (of.type == ExpressionType::scalar) return make_number(-number_in(of));
  if (of.type == ExpressionType::range_vector)
    return bad_data("unary expression only allowed on expressions of type scalar or instant vector, got range vector");
  const auto height = of.height + 1;
  Negation made;
  made.vector = boxed(std::move(of));
  return Expression{std::move(made), ExpressionType::instant_vector, height};
}

Result<Expression, QueryError> make_call(std::string_view name, RangeFunction what, Expression argument) {
  if (argument.type != ExpressionType::range_vector) {
    return bad_data("expected type range vector in call to function \"" + std::string(name) + "\", got " +
                    name_of(argument.type));
  }
  return Expression{RangeCall{what, std::get<Selector>(std::move(argument.node))}, ExpressionType::instant_vector, 2};
}

Result<Expression, QueryError> make_aggregation(Aggregation made, std::optional<Expression> parameter,
                                                Expression operand) {
  if ((made.what == Aggregator::topk) != parameter.has_value()) {
    return bad_data(parameter ? "wrong number of arguments for aggregate expression provided, expected 1, got 2"
                              : "wrong number of arguments for aggregate expression provided, expected 2, got 1");
  }
  if (operand.type != ExpressionType::instant_vector)
    return bad_data("expected type instant vector in aggregation expression, got " + name_of(operand.type));
  if (parameter) {
    if (parameter->type != ExpressionType::scalar)
      return bad_data("expected type scalar in aggregation parameter, got " + name_of(parameter->type));
    made.parameter = number_in(*parameter);
  }
  const auto height = operand.height + 1;
  made.operand = boxed(std::move(operand));
  return Expression{std::move(made), ExpressionType::instant_vector, height};
}

}  // namespace telltale::api::prom
