#include "api/dashboard.hpp"

#include <algorithm>

#include "api/answer_encoding.hpp"
#include "api/dashboard_assets.hpp"

namespace telltale::api {

namespace {

constexpr std::string_view policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types default";

Response asset(const Request& request, std::string_view name) {
  const auto& all = dashboard_assets();
  const auto found = std::ranges::find(all, name, &Asset::name);
  if (found == all.end()) {
    return problem_response({404, "not-found", "Not found", "the dashboard has no such file"}, request.path,
                            request.id);
  }
  Response response{200, std::string(found->content_type), std::string(found->bytes), {}};
  response.headers.emplace_back("Content-Security-Policy", policy);
  return encoded(request, std::move(response));
}

}  // namespace

std::vector<Route> dashboard_routes() {
  return {{"GET", "/", [](const Request& request) { return asset(request, "index.html"); }, RunsOn::worker_pool},
          {"GET", "/assets/{file}", [](const Request& request) { return asset(request, request.parameter("file")); },
           RunsOn::worker_pool}};
}

}  // namespace telltale::api
