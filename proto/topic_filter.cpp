#include "proto/topic_filter.hpp"

#include "proto/topic_template.hpp"

namespace telltale::proto {

namespace {

constexpr std::string_view shared_prefix = "$share/";
constexpr std::size_t max_filter_bytes = 65535;

std::optional<std::string> plain_filter_fault(std::string_view filter) {
  if (filter.empty()) return "a topic filter is at least one character";
  if (filter.size() > max_filter_bytes) return "a topic filter is at most 65535 bytes";
  if (filter.find('\0') != std::string_view::npos) return "a topic filter has no NUL character";
  for (std::size_t i = 0; i < filter.size(); ++i) {
    const bool starts_level = i == 0 || filter[i - 1] == '/';
    const bool ends_level = i + 1 == filter.size() || filter[i + 1] == '/';
    if (filter[i] == '#' && !(starts_level && i + 1 == filter.size())) return "'#' must be the last level, alone";
    if (filter[i] == '+' && !(starts_level && ends_level)) return "'+' must be a level of its own";
  }
  return std::nullopt;
}

/// Position behind `$share/{group}/`, 0 for an ordinary filter, npos for a malformed shared one.
std::size_t behind_group(std::string_view filter) noexcept {
  if (!filter.starts_with(shared_prefix)) return 0;
  const auto slash = filter.find('/', shared_prefix.size());
  if (slash == std::string_view::npos || slash == shared_prefix.size()) return std::string_view::npos;
  return slash + 1;
}

}  // namespace

std::optional<std::string> topic_filter_fault(std::string_view filter) {
  const auto start = behind_group(filter);
  if (start == std::string_view::npos) return "a shared subscription is $share/{group}/{filter}";
  const auto group = filter.substr(0, start);
  if (group.find_first_of("+#") != std::string_view::npos) return "a share group has no wildcards";
  return plain_filter_fault(filter.substr(start));
}

bool filter_matches(std::string_view filter, std::string_view topic) noexcept {
  const auto start = behind_group(filter);
  if (start == std::string_view::npos || topic.empty()) return false;
  filter.remove_prefix(start);
  if (filter.empty()) return false;
  if (topic.front() == '$' && (filter.front() == '+' || filter.front() == '#')) return false;
  std::size_t f = 0;
  std::size_t t = 0;
  while (true) {
    if (filter.substr(f) == "#") return true;
    const auto f_end = std::min(filter.find('/', f), filter.size());
    const auto t_end = std::min(topic.find('/', t), topic.size());
    const auto level = filter.substr(f, f_end - f);
    if (level != "+" && level != topic.substr(t, t_end - t)) return false;
    const bool filter_done = f_end == filter.size();
    const bool topic_done = t_end == topic.size();
    if (topic_done) return filter_done || filter.substr(f_end) == "/#";
    if (filter_done) return false;
    f = f_end + 1;
    t = t_end + 1;
  }
}

std::string topic_filter_of(std::string_view topic_template) { return TopicTemplate(topic_template).filter(); }

}  // namespace telltale::proto
