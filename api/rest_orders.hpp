#pragma once

#include <string>

#include "api/body_json.hpp"
#include "api/rest_question.hpp"

namespace telltale::api {

/// Why an order was not followed, for the client.
[[nodiscard]] Problem refusal(const proto::DeskRefusal& why);

/// `by` of an order; the key's name when it is not said.
[[nodiscard]] std::string who(BodyJson& body, const Caller& caller);

}  // namespace telltale::api
