#include "api/prom/answer_text.hpp"
#include "api/prom/parser.hpp"
#include "api/prom/prom_question.hpp"

namespace telltale::api::prom {

namespace {

constexpr std::int64_t most_points = 11'000;  // of one series (contracts 8)

Result<Expression, QueryError> read_query(const Form& form) {
  auto expression = parse(form.first("query").value_or(""));
  if (!expression) return bad_data("invalid parameter \"query\": " + expression.error().text);
  return expression;
}

/// A time that must be there.
Result<Timestamp, QueryError> needed_time(const Form& form, std::string_view name) {
  const auto read = form.time(name);
  if (!read) return fail(read.error());
  if (*read) return **read;
  return bad_data("invalid parameter \"" + std::string(name) + "\": cannot parse \"\" to a valid timestamp");
}

Result<Steps, QueryError> read_steps(const Form& form) {
  const auto start = needed_time(form, "start");
  if (!start) return fail(start.error());
  const auto end = needed_time(form, "end");
  if (!end) return fail(end.error());
  if (*end < *start) return bad_data("invalid parameter \"end\": end timestamp must not be before start time");
  const auto step = form.step("step");
  if (!step) return fail(step.error());
  if (!*step) return bad_data("invalid parameter \"step\": cannot parse \"\" to a valid duration");
  const auto steps = (*end - *start) / **step;
  if (steps > most_points) {
    return bad_data(
        "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)");
  }
  return Steps{*start, **step, static_cast<std::size_t>(steps) + 1};
}

/// A tree has one at most: nothing of this subset has two vectors.
const Selector* selector_of(const Expression& expression) {
  if (const auto* selector = std::get_if<Selector>(&expression.node)) return selector;
  if (const auto* call = std::get_if<RangeCall>(&expression.node)) return &call->over;
  if (const auto* aggregation = std::get_if<Aggregation>(&expression.node)) return selector_of(*aggregation->operand);
  if (const auto* binary = std::get_if<ScalarBinary>(&expression.node)) return selector_of(*binary->vector);
  if (const auto* negation = std::get_if<Negation>(&expression.node)) return selector_of(*negation->vector);
  return nullptr;
}

}  // namespace

std::optional<AskedRange> asked_range(const Form& form) {
  const auto steps = read_steps(form);
  const auto expression = read_query(form);
  if (!steps || !expression) return std::nullopt;
  const auto* selector = selector_of(*expression);
  if (selector == nullptr) return std::nullopt;
  const auto end = steps->at(steps->count - 1) - selector->offset;
  const auto begin = steps->at(0) - selector->offset - selector->range.value_or(EvaluationLimits{}.lookback);
  return AskedRange{std::to_string(to_ms(steps->at(0))) + ' ' + std::to_string(steps->step.count()) + ' ' +
                        std::to_string(steps->count) + ' ' + std::string(*form.first("query")),
                    {begin, end + Millis{1}}};
}

Data query(const PromQuestion& question) {
  const auto time = question.form.time("time");
  if (!time) return fail(time.error());
  const auto expression = read_query(question.form);
  if (!expression) return fail(expression.error());
  const Steps now{time->value_or(question.now)};
  const auto value = evaluate(*expression, now, question.source);
  if (!value) return fail(value.error());
  return instant_text(*value, now);
}

Data query_range(const PromQuestion& question) {
  const auto steps = read_steps(question.form);
  if (!steps) return fail(steps.error());
  const auto expression = read_query(question.form);
  if (!expression) return fail(expression.error());
  if (expression->type == ExpressionType::range_vector) {
    return bad_data(
        "invalid parameter \"query\": invalid expression type \"range vector\" for range query, must be Scalar or "
        "instant "
        "Vector");
  }
  auto value = evaluate(*expression, *steps, question.source);
  if (!value) return fail(value.error());
  return matrix_text(*std::move(value), *steps);
}

}  // namespace telltale::api::prom
