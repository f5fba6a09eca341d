#include "app/config_filters.hpp"

#include <algorithm>

#include "proto/topic.hpp"
#include "proto/topic_filter.hpp"

namespace telltale::app {

namespace {

constexpr std::string_view any_tenant = "+/";

std::string_view level(std::string_view& rest) noexcept {
  const auto slash = std::min(rest.find('/'), rest.size());
  const auto first = rest.substr(0, slash);
  rest.remove_prefix(std::min(slash + 1, rest.size()));
  return first;
}

}  // namespace

std::string mapping_filter(std::string_view topic_template, Tenants tenants) {
  return (tenants == Tenants::on ? std::string(any_tenant) : "") + proto::topic_filter_of(topic_template);
}

std::vector<std::string> derived_filters(const std::vector<std::string>& mapping_filters, Tenants tenants) {
  std::vector<std::string> filters;
  for (const auto input :
       {proto::TopicClass::telemetry, proto::TopicClass::status, proto::TopicClass::ack, proto::TopicClass::control}) {
    filters.push_back((tenants == Tenants::on ? std::string(any_tenant) : "") + std::string(to_string(input)) + "/#");
  }
  for (const auto& filter : mapping_filters) {
    if (std::ranges::find(filters, filter) == filters.end()) filters.push_back(filter);
  }
  return filters;
}

std::optional<std::string> filter_problem(std::string_view filter, Tenants tenants) {
  if (auto fault = proto::topic_filter_fault(filter)) return fault;
  if (filter.starts_with("$share/")) return "a shared subscription would take messages out of their order";
  if (filter.starts_with('$')) return "topics that begin with $ are the broker's own";
  auto rest = filter;
  auto first = level(rest);
  if (tenants == Tenants::on && first != "#") first = level(rest);
  const auto topic_class = proto::topic_class(first);
  if (topic_class && proto::written_by_service(*topic_class)) {
    return "'" + std::string(first) + "' is published by the service itself: this would be a feedback loop";
  }
  return std::nullopt;
}

bool covers(std::string_view wide, std::string_view narrow) noexcept {
  while (true) {
    if (wide == "#") return true;
    if (narrow == "#") return false;
    const bool wide_last = wide.find('/') == std::string_view::npos;
    const bool narrow_last = narrow.find('/') == std::string_view::npos;
    const auto w = level(wide);
    const auto n = level(narrow);
    if (w != n && w != "+") return false;
    if (narrow_last) return wide_last || wide == "#";
    if (wide_last) return false;
  }
}

}  // namespace telltale::app
