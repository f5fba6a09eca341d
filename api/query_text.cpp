#include "api/query_text.hpp"

#include <algorithm>
#include <charconv>

#include "proto/number_text.hpp"
#include "proto/quantity_text.hpp"
#include "proto/query_time.hpp"

namespace telltale::api {

namespace {

constexpr std::size_t longest_value = 256;

std::string join(std::span<const std::string_view> words) {
  std::string text;
  for (const auto word : words) text.append(text.empty() ? "" : " ").append(word);
  return text;
}

}  // namespace

QueryText::QueryText(const Request& request, std::initializer_list<std::string_view> known) {
  for (std::string_view rest = request.query; !rest.empty();) {
    const auto end = std::min(rest.find('&'), rest.size());
    if (end > 0) take(rest.substr(0, end), known);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

void QueryText::take(std::string_view pair, std::initializer_list<std::string_view> known) {
  const auto equals = std::min(pair.find('='), pair.size());
  std::string name;
  std::string value;
  if (!percent_decode(pair.substr(0, equals), name) ||
      !percent_decode(pair.substr(std::min(equals + 1, pair.size())), value)) {
    return fault(pair.substr(0, std::min(equals, longest_value)), "has malformed percent-encoding");
  }
  if (std::ranges::find(known, std::string_view(name)) == known.end()) {
    name.resize(std::min(name.size(), longest_value));
    return fault(name, known.size() == 0 ? "is not known: there are no parameters here"
                                         : "is not known: use " + join({known.begin(), known.size()}));
  }
  if (value.size() > longest_value) return fault(name, "is longer than " + std::to_string(longest_value) + " bytes");
  if (!values_.emplace(name, std::move(value)).second) fault(name, "is given twice");
}

std::optional<std::string> QueryText::text(std::string_view parameter) const {
  const auto found = values_.find(parameter);
  return found == values_.end() ? std::nullopt : std::optional(found->second);
}

std::string QueryText::name(std::string_view parameter, Check check, std::string_view syntax) {
  auto given = text(parameter);
  if (!given) return {};
  if (!check(*given)) fault(parameter, "'" + *given + "' is no name: expected " + std::string(syntax));
  return *std::move(given);
}

Timestamp QueryText::time(std::string_view parameter, Timestamp now, Timestamp otherwise) {
  const auto given = text(parameter);
  if (!given) return otherwise;
  const auto parsed = proto::parse_query_time(*given, now);
  if (!parsed) fault(parameter, parsed.error());
  return parsed.value_or(otherwise);
}

std::optional<Millis> QueryText::duration(std::string_view parameter) {
  const auto given = text(parameter);
  if (!given) return std::nullopt;
  const auto parsed = proto::parse_duration(*given);
  if (!parsed) {
    fault(parameter, parsed.error());
  } else if (parsed->count() <= 0) {
    fault(parameter, "must be more than 0");
  } else {
    return *parsed;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> QueryText::count(std::string_view parameter, std::uint64_t least, std::uint64_t most) {
  const auto given = text(parameter);
  if (!given) return std::nullopt;
  std::uint64_t value = 0;
  const auto* const last = given->data() + given->size();
  const auto [end, error] = std::from_chars(given->data(), last, value);
  if (error != std::errc{} || end != last || value < least || value > most) {
    fault(parameter, "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
    return std::nullopt;
  }
  return value;
}

std::optional<double> QueryText::number(std::string_view parameter, double least, double most) {
  const auto given = text(parameter);
  if (!given) return std::nullopt;
  const auto read = proto::read_number(*given);
  if (!read.value || read.value->type != proto::ValueType::number || read.value->number < least ||
      read.value->number > most) {
    fault(parameter, "must be a number from " + proto::number_text(least) + " to " + proto::number_text(most));
    return std::nullopt;
  }
  return read.value->number;
}

std::optional<std::size_t> QueryText::choice(std::string_view parameter, std::span<const std::string_view> choices) {
  const auto given = text(parameter);
  if (!given) return std::nullopt;
  const auto found = std::ranges::find(choices, std::string_view(*given));
  if (found == choices.end()) {
    fault(parameter, "'" + *given + "' is none of " + join(choices));
    return std::nullopt;
  }
  return static_cast<std::size_t>(found - choices.begin());
}

void QueryText::fault(std::string_view parameter, std::string detail) {
  faults_.push_back({std::string(parameter), std::move(detail)});
}

std::optional<Problem> QueryText::problem() const {
  if (faults_.empty()) return std::nullopt;
  const auto n = faults_.size();
  return Problem{400, "validation", "The query is not valid",
                 std::to_string(n) + (n == 1 ? " parameter is wrong" : " parameters are wrong"), faults_};
}

}  // namespace telltale::api
