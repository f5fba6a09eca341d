#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace telltale::api::prom {

inline constexpr std::string_view name_label = "__name__";

/// The labels of one series, by name; a label that is not there is the same as an empty one.
class Labels {
 public:
  Labels() = default;
  /// In any order, each name once; empty values are left out.
  explicit Labels(std::vector<std::pair<std::string, std::string>> labels);

  [[nodiscard]] std::string_view get(std::string_view name) const;
  [[nodiscard]] Labels without_name() const;
  [[nodiscard]] Labels only(const std::vector<std::string>& names) const;
  /// Without the metric's name, too.
  [[nodiscard]] Labels without(const std::vector<std::string>& names) const;
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& all() const noexcept { return labels_; }

  friend auto operator<=>(const Labels& a, const Labels& b) { return a.labels_ <=> b.labels_; }
  friend bool operator==(const Labels&, const Labels&) = default;

 private:
  std::vector<std::pair<std::string, std::string>> labels_;
};

/// A metric as Prometheus can name it: characters other than letters, digits, _ and : become _.
[[nodiscard]] std::string metric_name(std::string_view metric);
/// [a-zA-Z_][a-zA-Z0-9_]*
[[nodiscard]] bool valid_label_name(std::string_view name);

}  // namespace telltale::api::prom
