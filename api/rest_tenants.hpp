#pragma once

#include <vector>

#include "api/archive.hpp"
#include "api/gate.hpp"
#include "api/http_message.hpp"
#include "api/keyring.hpp"
#include "proto/clock.hpp"
#include "proto/intake.hpp"
#include "proto/log.hpp"
#include "proto/topic.hpp"

namespace telltale::api {

/// What the routes stand on; all of it outlives them.
struct TenantParts {
  Gate& gate;
  Keyring& keyring;
  Archive& archive;
  proto::Intake& intake;
  proto::Tenancy tenancy;
  const Clock& clock;
  proto::Logger& log;
};

/// /api/v1/tenants and their keys, for keys with the scope `admin`: of the tenant `default`, which is the service's
/// own, over all tenants; of any other over itself, and others are not there (docs/decisions/0023). Who made, revoked
/// or removed what is logged.
[[nodiscard]] std::vector<Route> tenant_routes(const TenantParts& parts);

}  // namespace telltale::api
