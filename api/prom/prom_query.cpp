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

}  // namespace

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
