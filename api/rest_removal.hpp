#pragma once

#include "api/gate.hpp"
#include "api/rest.hpp"

namespace telltale::api {

/// DELETE /devices/{site}/{device}: all its data. Answered when the order is on disk, from when on no reader finds it.
void remove_device(const RestParts& parts, const Caller& caller, const Request& request, const Settle& settle);

}  // namespace telltale::api
