#pragma once

#include <memory>

#include "api/gate.hpp"
#include "api/remembered_answers.hpp"
#include "api/rest.hpp"

namespace telltale::api {

/// How long a client may have an answer of a device waited for.
inline constexpr std::chrono::seconds longest_wait{60};

/// POST /devices/{site}/{device}/commands/{name}: answered when the broker has it, or with ?wait when the device has
/// acknowledged it.
void post_command(const RestParts& parts, const std::shared_ptr<RememberedAnswers>& remembered, const Caller& caller,
                  const Request& request, const Settle& settle);

/// PUT /devices/{site}/{device}/config: answered when it is on disk, or with ?wait when the device has named its
/// version.
void put_config(const RestParts& parts, const Caller& caller, const Request& request, const Settle& settle);
/// DELETE /devices/{site}/{device}/config: answered when that is on disk.
void remove_config(const RestParts& parts, const Caller& caller, const Request& request, const Settle& settle);

}  // namespace telltale::api
