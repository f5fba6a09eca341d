#pragma once

#include <optional>
#include <string_view>

#include "api/prom/expression.hpp"

namespace telltale::api::prom {

/// Parts become expressions by the types of PromQL; what is known without samples is worked out.
/// Errors: bad_data without a place, when the types do not fit.
[[nodiscard]] Result<Expression, QueryError> make_binary(BinaryOperator what, Comparing comparing, Expression left,
                                                         Expression right);
[[nodiscard]] Result<Expression, QueryError> make_negation(Expression of);
[[nodiscard]] Result<Expression, QueryError> make_call(std::string_view name, RangeFunction what, Expression argument);
[[nodiscard]] Result<Expression, QueryError> make_aggregation(Aggregation made, std::optional<Expression> parameter,
                                                              Expression operand);
[[nodiscard]] Expression make_number(double value);
[[nodiscard]] Expression make_selector(Selector selector);

}  // namespace telltale::api::prom
