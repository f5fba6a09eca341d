#include "app/unknown_name.hpp"

#include <algorithm>

namespace telltale::app {

std::string no_such_device(const store::Directory& directory, const TypedNames& names) {
  const auto& devices = directory.devices;
  const auto& [tenant, site, device] = names;
  if (!tenant.empty() && std::ranges::none_of(devices, [&](const auto& d) { return d.tenant == tenant; }))
    return "no tenant '" + tenant + "'" +
           near(tenant, devices, [](const auto& d) { return std::string_view(d.tenant); });
  if (!site.empty() && std::ranges::none_of(devices, [&](const auto& d) { return d.site == site; }))
    return "no site '" + site + "'" + near(site, devices, [](const auto& d) { return std::string_view(d.site); });
  if (device.empty()) return "no site '" + site + "' of tenant '" + tenant + "'";
  const auto text = "no device '" + device + "'" + (site.empty() ? "" : " at site '" + site + "'");
  const auto elsewhere = std::ranges::find(devices, device, &store::DeviceEntry::device);
  if (elsewhere == devices.end())
    return text + near(device, devices, [](const auto& d) { return std::string_view(d.device); });
  return text + "; there is one at site '" + elsewhere->site + "'" +
         (tenant.empty() ? "" : " of tenant '" + elsewhere->tenant + "'");
}

}  // namespace telltale::app
