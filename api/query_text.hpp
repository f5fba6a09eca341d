#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/http_message.hpp"
#include "proto/clock.hpp"

namespace telltale::api {

/// The query string of one request, read strictly: a parameter that the route does not know, one that is given twice
/// and a value that cannot be read are faults. All are collected, so that the client hears of every one at once.
/// '+' is itself, so that 2025-11-21T04:40:00+01:00 and now+5m need no escapes.
class QueryText {
 public:
  QueryText(const Request& request, std::initializer_list<std::string_view> known);

  using Check = bool (*)(std::string_view);
  /// "" when absent. `syntax` says what `check` allows.
  [[nodiscard]] std::string name(std::string_view parameter, Check check, std::string_view syntax);
  /// As contracts 3, or now-15m.
  [[nodiscard]] Timestamp time(std::string_view parameter, Timestamp now, Timestamp otherwise);
  /// More than nothing: "1m".
  [[nodiscard]] std::optional<Millis> duration(std::string_view parameter);
  [[nodiscard]] std::optional<std::uint64_t> count(std::string_view parameter, std::uint64_t least, std::uint64_t most);
  [[nodiscard]] std::optional<double> number(std::string_view parameter, double least, double most);
  /// The place in `choices`.
  [[nodiscard]] std::optional<std::size_t> choice(std::string_view parameter,
                                                  std::span<const std::string_view> choices);
  /// As it stands; nothing when absent.
  [[nodiscard]] std::optional<std::string> text(std::string_view parameter) const;

  void fault(std::string_view parameter, std::string detail);
  /// What is wrong, after everything was asked for.
  [[nodiscard]] std::optional<Problem> problem() const;

 private:
  void take(std::string_view pair, std::initializer_list<std::string_view> known);

  std::map<std::string, std::string, std::less<>> values_;
  std::vector<Fault> faults_;
};

}  // namespace telltale::api
