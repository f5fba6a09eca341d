#pragma once

#include "api/gate.hpp"
#include "api/remembered_answers.hpp"
#include "api/rest.hpp"

namespace telltale::api {

/// POST /telemetry/{site}/{device}: the body goes the way of an MQTT message; the answer follows the sync.
void post_telemetry(const RestParts& parts, const std::shared_ptr<RememberedAnswers>& remembered, const Caller& caller,
                    const Request& request, const Settle& settle);

}  // namespace telltale::api
