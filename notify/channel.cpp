#include "notify/channel.hpp"

#include <algorithm>

namespace telltale::notify {

bool Channel::takes(const Alert& alert) const {
  const bool severe =
      severities.empty() || std::find(severities.begin(), severities.end(), alert.severity) != severities.end();
  return severe && proto::matches(tenant, alert.tenant) && proto::matches(site, alert.site) &&
         proto::matches(device, alert.device) && proto::matches(rule, alert.rule);
}

}  // namespace telltale::notify
