#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "api/prom/matcher.hpp"
#include "api/prom/range_function.hpp"
#include "proto/clock.hpp"

namespace telltale::api::prom {

struct Expression;
using ExpressionPtr = std::unique_ptr<const Expression>;

enum class ExpressionType : std::uint8_t { scalar, instant_vector, range_vector };

struct NumberLiteral {
  double value;
};

struct Selector {
  std::vector<Matcher> matchers;
  Millis offset{0};             // how far back; negative = ahead
  std::optional<Millis> range;  // of a range vector
};

struct RangeCall {
  RangeFunction function;
  Selector over;  // with a range
};

enum class Aggregator : std::uint8_t { sum, avg, min, max, count, topk };
enum class Grouping : std::uint8_t { by, without };

struct Aggregation {
  Aggregator what;
  Grouping grouping = Grouping::by;
  std::vector<std::string> labels;
  std::optional<double> parameter;  // k of topk
  ExpressionPtr operand;            // an instant vector
};

enum class BinaryOperator : std::uint8_t {
  add,
  subtract,
  multiply,
  divide,
  equal,
  not_equal,
  less,
  greater,
  less_equal,
  greater_equal
};
[[nodiscard]] constexpr bool is_comparison(BinaryOperator what) { return what >= BinaryOperator::equal; }
enum class Comparing : std::uint8_t { filters, gives_bool };

/// At least one side is a scalar, which is known without any samples.
struct ScalarBinary {
  BinaryOperator what;
  Comparing comparing = Comparing::filters;
  enum class ScalarSide : std::uint8_t { left, right } side = ScalarSide::right;
  double scalar = 0;
  ExpressionPtr vector;
};

struct Negation {
  ExpressionPtr vector;
};

/// A query as it was understood. Scalars are constant in this subset, so they have become numbers.
struct Expression {
  std::variant<NumberLiteral, Selector, RangeCall, Aggregation, ScalarBinary, Negation> node;
  ExpressionType type;
  std::size_t height = 1;  // of the tree
};

/// What a comparison gives for the left and the right value: 1 or 0.
[[nodiscard]] double apply(BinaryOperator what, double left, double right);

}  // namespace telltale::api::prom
