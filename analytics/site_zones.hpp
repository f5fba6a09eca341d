#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "analytics/workspace.hpp"

namespace telltale::analytics {

/// How far a series' local time is from UTC: by the first of the rule set's zones that matches its site.
/// Nothing of it is state: it follows from the rule set and the fleet. Cost: a binary search over the zone's changes;
/// nothing where no zone is configured.
class SiteZones {
 public:
  explicit SiteZones(const Workspace& ws) : ws_(ws) {}

  void rules_changed() { by_site_.clear(); }
  [[nodiscard]] Millis offset(std::uint32_t series, Timestamp ts) {
    if (ws_.rules.zones.empty()) return Millis{0};
    return at(zone_of(site_of(series)), ts);
  }
  /// The same for who only looks. Cost: O(zones) besides.
  [[nodiscard]] Millis look_up(std::uint32_t series, Timestamp ts) const { return at(find_zone(site_of(series)), ts); }

 private:
  static constexpr std::size_t not_looked = SIZE_MAX;
  std::size_t zone_of(std::uint32_t site) {
    if (site >= by_site_.size()) by_site_.resize(ws_.fleet.sites().size(), not_looked);
    auto& zone = by_site_[site];
    if (zone == not_looked) zone = find_zone(site);
    return zone;
  }
  [[nodiscard]] std::size_t find_zone(std::uint32_t site) const {
    const auto& names = ws_.fleet.sites()[site];
    const auto& zones = ws_.rules.zones;
    const auto found = std::ranges::find_if(zones, [&](const proto::SiteZone& z) {
      return proto::matches(z.site, names.name) && proto::matches(z.tenant, names.tenant);
    });
    return static_cast<std::size_t>(found - zones.begin());
  }
  [[nodiscard]] std::uint32_t site_of(std::uint32_t series) const {
    return ws_.fleet.device(ws_.fleet.series(series).device).site;
  }
  [[nodiscard]] Millis at(std::size_t zone, Timestamp ts) const {
    const auto& zones = ws_.rules.zones;
    return zone < zones.size() ? zones[zone].zone.at(ts) : Millis{0};
  }

  const Workspace& ws_;
  std::vector<std::size_t> by_site_;  // place in the rule set; its size: none
};

}  // namespace telltale::analytics
