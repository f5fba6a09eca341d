#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace telltale::analytics {

using NamedNumbers = std::vector<std::pair<std::string, std::vector<double>>>;

/// Writes fields by name; calls with one name after the other make an array.
class PutNumbers {
 public:
  explicit PutNumbers(NamedNumbers& out) : out_(out) {}
  template <class T>
  void operator()(const char* name, const T& value) {
    if (out_.empty() || out_.back().first != name) out_.emplace_back(name, std::vector<double>{});
    out_.back().second.push_back(static_cast<double>(value));
  }

 private:
  NamedNumbers& out_;
};

/// Reads what PutNumbers wrote, in the same order of calls. Whatever does not fit its field is said in problem().
class TakeNumbers {
 public:
  explicit TakeNumbers(const NamedNumbers& in) : in_(in) {}
  template <class T>
  void operator()(const char* name, T& value) {
    const auto field = std::ranges::find(in_, name, &NamedNumbers::value_type::first);
    if (field == in_.end()) return say(name, "is missing");
    at_ = last_ == name ? at_ + 1 : 0;
    last_ = name;
    if (at_ >= field->second.size()) return say(name, "has too few numbers");
    const double v = field->second[at_];
    constexpr double exact = 9'007'199'254'740'992;  // 2^53
    constexpr double most = std::min(static_cast<double>(std::numeric_limits<T>::max()),
                                     std::is_integral_v<T> ? exact : std::numeric_limits<double>::max());
    constexpr double least = std::max(static_cast<double>(std::numeric_limits<T>::lowest()), -most);
    if (!(v >= least && v <= most) || (std::is_integral_v<T> && v != std::trunc(v)))
      return say(name, "has a number that does not fit");
    value = static_cast<T>(v);
    ++taken_;
  }
  /// "" when every number there is was taken.
  [[nodiscard]] std::string problem() const {
    std::size_t given = 0;
    for (const auto& [name, values] : in_) given += values.size();
    return problem_.empty() && given != taken_ ? "has numbers that are not known" : problem_;
  }

 private:
  void say(const char* name, const char* what) {
    if (problem_.empty()) problem_ = std::string(name) + ' ' + what;
  }
  const NamedNumbers& in_;
  std::string last_;
  std::size_t at_ = 0;
  std::size_t taken_ = 0;
  std::string problem_;
};

}  // namespace telltale::analytics
