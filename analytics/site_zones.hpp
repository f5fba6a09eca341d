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
    const auto& zones = ws_.rules.zones;
    if (zones.empty()) return Millis{0};
    const auto zone = zone_of(ws_.fleet.device(ws_.fleet.series(series).device).site);
    return zone < zones.size() ? zones[zone].zone.at(ts) : Millis{0};
  }

 private:
  static constexpr std::size_t not_looked = SIZE_MAX;
  std::size_t zone_of(std::uint32_t site) {
    if (site >= by_site_.size()) by_site_.resize(ws_.fleet.sites().size(), not_looked);
    auto& zone = by_site_[site];
    if (zone == not_looked) {
      const auto& names = ws_.fleet.sites()[site];
      const auto& zones = ws_.rules.zones;
      zone = static_cast<std::size_t>(std::ranges::find_if(zones,
                                                           [&](const proto::SiteZone& z) {
                                                             return proto::matches(z.site, names.name) &&
                                                                    proto::matches(z.tenant, names.tenant);
                                                           }) -
                                      zones.begin());
    }
    return zone;
  }

  const Workspace& ws_;
  std::vector<std::size_t> by_site_;  // place in the rule set; its size: none
};

}  // namespace telltale::analytics
