#include "api/prom/form.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "api/prom/duration.hpp"
#include "proto/number_text.hpp"
#include "proto/timestamp.hpp"

namespace telltale::api::prom {

namespace {

constexpr std::string_view form_type = "application/x-www-form-urlencoded";
constexpr double farthest_seconds = 253'402'300'799;  // the end of the year 9999

bool decode(std::string_view in, std::string& out) {
  std::string spaced(in);
  std::ranges::replace(spaced, '+', ' ');
  return percent_decode(spaced, out);
}

bool take(std::string_view text, std::vector<std::pair<std::string, std::string>>& out) {
  for (auto rest = text; !rest.empty();) {
    const auto pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    if (pair.empty()) continue;
    const auto name_end = std::min(pair.find('='), pair.size());
    auto& [name, value] = out.emplace_back();
    if (!decode(pair.substr(0, name_end), name)) return false;
    if (!decode(pair.substr(std::min(name_end + 1, pair.size())), value)) return false;
  }
  return true;
}

std::optional<double> read_seconds(std::string_view text) {
  double value = 0;
  const auto* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  if (error != std::errc{} || end != last || !(std::abs(value) <= farthest_seconds)) return std::nullopt;
  return value;
}

auto wrong(std::string_view name, std::string_view text, const std::string& what) {
  return bad_data("invalid parameter \"" + std::string(name) + "\": cannot parse \"" + std::string(text) +
                  "\" to a valid " + what);
}

}  // namespace

Result<Form, QueryError> Form::read(const Request& request) {
  Form form;
  const auto type = request.header("Content-Type");
  if (request.method == "POST" && proto::equal_ignoring_case(proto::trim(type.substr(0, type.find(';'))), form_type) &&
      !take(request.body, form.values_)) {
    return bad_data("error parsing form values: malformed percent-encoding");
  }
  if (!take(request.query, form.values_)) return bad_data("error parsing form values: malformed percent-encoding");
  return form;
}

std::optional<std::string_view> Form::first(std::string_view name) const {
  for (const auto& [key, value] : values_)
    if (key == name) return value;
  return std::nullopt;
}

std::vector<std::string_view> Form::all(std::string_view name) const {
  std::vector<std::string_view> found;
  for (const auto& [key, value] : values_)
    if (key == name) found.emplace_back(value);
  return found;
}

Result<std::optional<Timestamp>, QueryError> Form::time(std::string_view name) const {
  const auto text = first(name);
  if (!text || text->empty()) return std::optional<Timestamp>();
  if (const auto seconds = read_seconds(*text))
    return std::optional(Timestamp{Millis{static_cast<Millis::rep>(std::llround(*seconds * 1000))}});
  if (text->find('T') != std::string_view::npos) {
    if (const auto read = proto::timestamp_from_text(*text, proto::TimeZone())) return std::optional(*read);
  }
  return wrong(name, *text, "timestamp");
}

Result<std::optional<Millis>, QueryError> Form::step(std::string_view name) const {
  const auto text = first(name);
  if (!text || text->empty()) return std::optional<Millis>();
  std::optional<Millis> read;
  if (const auto seconds = read_seconds(*text)) {
    read = Millis{static_cast<Millis::rep>(*seconds * 1000)};
  } else if (const auto duration = parse_duration(*text)) {
    read = *duration;
  } else {
    return wrong(name, *text, "duration");
  }
  if (read->count() > 0) return read;
  return bad_data("invalid parameter \"" + std::string(name) +
                  "\": zero or negative query resolution step widths are not accepted. Try a positive integer");
}

}  // namespace telltale::api::prom
