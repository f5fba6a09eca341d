#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "api/gate.hpp"
#include "api/rest.hpp"
#include "proto/result.hpp"

namespace telltale::api {

/// cmd and config payloads keep to this, so that devices with small buffers can take them (contracts 4).
inline constexpr std::size_t longest_order_bytes = 180;

/// The body of an order as one line of JSON, numbers as they were written; "" when there is none.
/// Errors: 400, 415.
[[nodiscard]] Result<std::string, Problem> compact_body(const Request& request);

/// What keeps the payload from being sent: 422.
[[nodiscard]] std::optional<Problem> too_long(std::string_view payload);

/// 404 when the path names no device of the caller's. To be asked before a topic is made of the path: where there is
/// one tenant a topic does not say whose it is.
[[nodiscard]] std::optional<Problem> no_such_device(ArchiveView& view, const Caller& caller, const Request& request);

}  // namespace telltale::api
