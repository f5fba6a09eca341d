#include "api/prom/labels.hpp"

#include <algorithm>

namespace telltale::api::prom {

namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

Labels::Labels(std::vector<std::pair<std::string, std::string>> labels) : labels_(std::move(labels)) {
  std::erase_if(labels_, [](const auto& label) { return label.second.empty(); });
  std::ranges::sort(labels_);
}

std::string_view Labels::get(std::string_view name) const {
  for (const auto& [key, value] : labels_)
    if (key == name) return value;
  return {};
}

Labels Labels::without_name() const { return without({}); }

Labels Labels::only(const std::vector<std::string>& names) const {
  Labels kept;
  for (const auto& label : labels_)
    if (std::ranges::find(names, label.first) != names.end()) kept.labels_.push_back(label);
  return kept;
}

Labels Labels::without(const std::vector<std::string>& names) const {
  Labels kept;
  for (const auto& label : labels_)
    if (label.first != name_label && std::ranges::find(names, label.first) == names.end())
      kept.labels_.push_back(label);
  return kept;
}

std::string metric_name(std::string_view metric) {
  std::string name(metric);
  for (auto& c : name)
    if (!is_letter(c) && !is_digit(c) && c != ':') c = '_';
  return name;
}

bool valid_label_name(std::string_view name) {
  return !name.empty() && is_letter(name.front()) &&
         std::ranges::all_of(name, [](char c) { return is_letter(c) || is_digit(c); });
}

}  // namespace telltale::api::prom
