#pragma once

#include "api/gate.hpp"
#include "api/rest.hpp"

namespace telltale::api {

/// GET /devices/{site}/{device}/{metric}/expected: answered when the alerting thread has looked at its model.
void get_expected(const RestParts& parts, const RestLimits& limits, const Caller& caller, const Request& request,
                  const Settle& settle);

}  // namespace telltale::api
