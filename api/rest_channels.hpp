#pragma once

#include "api/gate.hpp"
#include "api/rest.hpp"

namespace telltale::api {

/// POST /channels/{id}/test: answered when the receiver has answered, or has not.
void test_channel(const RestParts& parts, const Caller& caller, const Request& request, const Settle& settle);

}  // namespace telltale::api
