#include "api/prom/answer_text.hpp"

#include <algorithm>

#include "api/json_object.hpp"
#include "api/prom/number_literal.hpp"

namespace telltale::api::prom {

namespace {

/// Seconds with as many decimals as there are milliseconds.
void append_point(std::string& out, Timestamp at, double value) {
  const auto ms = to_ms(at);
  auto fraction = std::to_string(1000 + std::abs(ms % 1000)).substr(1);
  out += '[';
  if (ms < 0 && ms > -1000) out += '-';
  out += std::to_string(ms / 1000);
  if (fraction != "000") out += '.' + fraction;
  out += ",\"" + sample_text(value) + "\"]";
}

std::string result_text(std::string_view type, const std::string& result) {
  std::string data;
  {
    JsonObject out(data);
    out.text("resultType", type);
    out.member("result") += result;
  }
  return data;
}

std::string vector_text(const InstantVector& vector, const Steps& steps) {
  std::string result = "[";
  for (const auto& series : vector) {
    JsonObject item(next_item(result));
    item.member("metric") += labels_text(series.labels);
    append_point(item.member("value"), steps.at(0), series.points.front().value);
  }
  return result_text("vector", result += ']');
}

template <class Points, class Append>
void append_series(std::string& result, const Labels& labels, const Points& points, const Append& append) {
  JsonObject item(next_item(result));
  item.member("metric") += labels_text(labels);
  auto& values = item.member("values") += '[';
  for (const auto& point : points) append(next_item(values), point);
  values += ']';
}

std::string stored_text(const RangeVector& vector) {
  std::string result = "[";
  for (const auto& series : vector) {
    append_series(result, series.labels, series.samples,
                  [](std::string& out, const Sample& sample) { append_point(out, sample.ts, sample.value); });
  }
  return result_text("matrix", result += ']');
}

}  // namespace

Response success(const std::string& data) {
  return {200, "application/json", "{\"status\":\"success\",\"data\":" + data + "}", {}};
}

Response failure(const QueryError& error) {
  Response response{error.type == ErrorType::bad_data ? 400U : 422U, "application/json", {}, {}};
  JsonObject(response.body)
      .text("status", "error")
      .text("errorType", error.type == ErrorType::bad_data ? "bad_data" : "execution")
      .text("error", error.text);
  return response;
}

std::string labels_text(const Labels& labels) {
  std::string text;
  {
    JsonObject out(text);
    for (const auto& [name, value] : labels.all()) out.text(name, value);
  }
  return text;
}

std::string instant_text(const Value& value, const Steps& steps) {
  if (const auto* number = std::get_if<double>(&value)) {
    std::string point;
    append_point(point, steps.at(0), *number);
    return result_text("scalar", point);
  }
  if (const auto* stored = std::get_if<RangeVector>(&value)) return stored_text(*stored);
  return vector_text(std::get<InstantVector>(value), steps);
}

std::string matrix_text(Value value, const Steps& steps) {
  if (const auto* number = std::get_if<double>(&value)) {
    Series everywhere;
    for (std::size_t i = 0; i < steps.count; ++i) everywhere.points.push_back({static_cast<std::uint32_t>(i), *number});
    value = InstantVector{std::move(everywhere)};
  }
  auto& vector = std::get<InstantVector>(value);
  std::ranges::sort(vector, {}, &Series::labels);
  std::string result = "[";
  for (const auto& series : vector) {
    append_series(result, series.labels, series.points, [&steps](std::string& out, const Point& point) {
      append_point(out, steps.at(point.step), point.value);
    });
  }
  return result_text("matrix", result += ']');
}

}  // namespace telltale::api::prom
