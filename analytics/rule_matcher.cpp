#include "analytics/rule_matcher.hpp"

#include <algorithm>

namespace telltale::analytics {

namespace {

bool has_tags(const Fleet::Device& device, const proto::Rule& rule) {
  return std::all_of(rule.tags.begin(), rule.tags.end(), [&](const auto& wanted) {
    return std::any_of(device.tags.begin(), device.tags.end(), [&](const auto& tag) {
      return tag.first == wanted.first && proto::matches(wanted.second, tag.second);
    });
  });
}

/// Of "metric", "device/metric" and "site/device/metric" as many names as the pattern has.
bool is_exception(const std::string& pattern, const std::string& site, const std::string& device,
                  const std::string& metric) {
  const auto slashes = std::count(pattern.begin(), pattern.end(), '/');
  if (slashes == 0) return proto::matches(pattern, metric);
  if (slashes == 1) return proto::matches(pattern, device + '/' + metric);
  return proto::matches(pattern, site + '/' + device + '/' + metric);
}

std::size_t first_of_name(const proto::RuleSet& rules, const std::string& name) {
  const auto found =
      std::find_if(rules.rules.begin(), rules.rules.end(), [&](const proto::Rule& r) { return r.name == name; });
  return static_cast<std::size_t>(found - rules.rules.begin());
}

}  // namespace

std::vector<std::uint32_t> matching_rules(const proto::RuleSet& rules, const Fleet& fleet, std::uint32_t series) {
  const auto key = fleet.series(series).device;
  const auto& device = fleet.device(key);
  const auto& site = fleet.site_of(key);
  std::vector<std::uint32_t> matched;
  for (std::size_t i = 0; i < rules.rules.size(); ++i) {
    const proto::Rule& rule = rules.rules[i];
    if (proto::matches(rule.metric, fleet.metric(series)) && proto::matches(rule.device, device.name) &&
        proto::matches(rule.site, site.name) && proto::matches(rule.tenant, site.tenant) && has_tags(device, rule) &&
        std::none_of(rule.except.begin(), rule.except.end(),
                     [&](const auto& p) { return is_exception(p, site.name, device.name, fleet.metric(series)); }) &&
        first_of_name(rules, rule.name) == i)
      matched.push_back(static_cast<std::uint32_t>(i));
  }
  return matched;
}

std::int64_t configured_heartbeat(const proto::RuleSet& rules, const Fleet& fleet, std::uint32_t device) {
  const auto& site = fleet.site_of(device);
  for (const auto& setting : rules.heartbeats)
    if (proto::matches(setting.device, fleet.device(device).name) && proto::matches(setting.site, site.name) &&
        proto::matches(setting.tenant, site.tenant))
      return setting.heartbeat_s;
  return 0;
}

std::vector<std::int64_t> continued_rules(const proto::RuleSet& before, const proto::RuleSet& after) {
  std::vector<std::int64_t> continued;
  for (const proto::Rule& old : before.rules) {
    const std::size_t i = first_of_name(after, old.name);
    const bool same =
        i < after.rules.size() && after.rules[i].check == old.check && after.rules[i].persistence == old.persistence;
    continued.push_back(same ? static_cast<std::int64_t>(i) : -1);
  }
  return continued;
}

}  // namespace telltale::analytics
