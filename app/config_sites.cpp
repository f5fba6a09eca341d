#include "app/config_tables.hpp"
#include "proto/config_error.hpp"
#include "proto/zone_offsets.hpp"

namespace telltale::app {

const std::vector<std::string_view>& site_keys() {
  static const std::vector<std::string_view> keys = {"tenant", "site", "zone"};
  return keys;
}

std::vector<proto::SiteZone> read_sites(const Value& list, bool multi_tenant, Problems& problems) {
  std::vector<proto::SiteZone> sites;
  for_each_entry(list, problems, [&](const Value& entry) {
    const TableReader table(entry, site_keys(), problems);
    proto::SiteZone site;
    read_pattern(table, "tenant", multi_tenant, site.tenant, problems);
    read_pattern(table, "site", multi_tenant, site.site, problems);
    const auto zone = table.find("zone");
    if (!zone) return problems.add(entry, "needs a zone, such as \"Europe/Prague\"");
    const auto name = as_text(*zone, problems);
    if (!name) return;
    try {
      site.zone = proto::zone_offsets(*name);
    } catch (const proto::ConfigError& error) {
      problems.add(*zone, error.what());
    }
    sites.push_back(std::move(site));
  });
  return sites;
}

}  // namespace telltale::app
