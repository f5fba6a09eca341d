#pragma once

#include <string>
#include <string_view>

#include "api/json_object.hpp"
#include "proto/alert.hpp"

namespace telltale::api {

/// The keys of alerts/… (contracts 5) and the reason. Tenant is left out: whoever sees it is of it.
void append_alert(JsonObject& out, const proto::AlertTransition& alert);

/// The keys of presence/… (contracts 4).
void append_presence(JsonObject& out, const proto::PresenceChange& presence);

/// A key whose value is not "".
inline void append_if_any(JsonObject& out, std::string_view key, std::string_view value) {
  if (!value.empty()) out.text(key, value);
}

}  // namespace telltale::api
