#include "api/http_message.hpp"

#include <algorithm>

#include "api/json_text.hpp"

namespace telltale::api {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char l = lower(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

bool serves(const Route& route, std::string_view method) {
  return route.method == method || (route.method == "GET" && method == "HEAD");
}

}  // namespace

std::string_view Request::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (std::ranges::equal(key, name, {}, lower, lower)) return value;
  }
  return {};
}

Response problem_response(const Problem& problem, std::string_view instance, std::string_view request_id) {
  Response response{problem.status, "application/problem+json", {}, {}};
  const std::string type = problem.type.empty() ? "about:blank" : "urn:telltale:problem:" + problem.type;
  response.body = "{\"type\":" + json_string(type) + ",\"title\":" + json_string(problem.title) +
                  ",\"status\":" + std::to_string(problem.status);
  if (!problem.detail.empty()) response.body += ",\"detail\":" + json_string(problem.detail);
  response.body += ",\"instance\":" + json_string(instance) + ",\"request_id\":" + json_string(request_id) + "}";
  return response;
}

RouteTable::Answer RouteTable::answer(const Request& request) const {
  std::string allowed;
  std::string_view known;
  for (const auto& route : routes_) {
    if (route.path != request.path) continue;
    if (serves(route, request.method)) return {route.handler(request), route.path};
    known = route.path;
    allowed += (allowed.empty() ? "" : ", ") + route.method + (route.method == "GET" ? ", HEAD" : "");
  }
  if (known.empty()) {
    return {
        problem_response({404, "not-found", "Not found", "nothing is served at this path"}, request.path, request.id),
        {}};
  }
  auto refusal =
      problem_response({405, "", "Method not allowed", "this path answers " + allowed}, request.path, request.id);
  refusal.headers.emplace_back("Allow", allowed);
  return {std::move(refusal), known};
}

bool percent_decode(std::string_view in, std::string& out) {
  out.clear();
  for (std::size_t i = 0; i < in.size(); ++i) {
    if (in[i] != '%') {
      out += in[i];
      continue;
    }
    if (i + 2 >= in.size()) return false;
    const int high = hex_digit(in[i + 1]);
    const int low = hex_digit(in[i + 2]);
    if (high < 0 || low < 0 || (high == 0 && low == 0)) return false;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return true;
}

}  // namespace telltale::api
