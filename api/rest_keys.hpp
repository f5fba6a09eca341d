#pragma once

#include <string>
#include <string_view>

#include "api/rest_tenants.hpp"

namespace telltale::api {

/// One question about tenants and keys, of a caller with the scope `admin`.
struct TenantQuestion {
  const Caller& caller;
  const Request& request;
  const TenantParts& parts;
};

Result<Response, Problem> list_keys(const TenantQuestion& question);
Result<Response, Problem> create_key(const TenantQuestion& question);
Result<Response, Problem> revoke_key(const TenantQuestion& question);

/// There is such a tenant, and the caller may know.
[[nodiscard]] bool is_seen(const TenantQuestion& question, std::string_view tenant);
/// For the log.
[[nodiscard]] std::string whoever(const Caller& caller);

}  // namespace telltale::api
