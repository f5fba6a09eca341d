#include "api/http_message.hpp"

#include <algorithm>
#include <cassert>

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

/// Level by level; a placeholder stands for one level that is not empty.
bool matches(std::string_view pattern, std::string_view path, Headers* parameters) {
  Headers found;
  while (true) {
    const auto level = pattern.substr(0, pattern.find('/'));
    const auto given = path.substr(0, path.find('/'));
    if (level.starts_with('{')) {
      if (given.empty()) return false;
      found.emplace_back(level.substr(1, level.size() - 2), given);
    } else if (level != given) {
      return false;
    }
    const bool last = level.size() == pattern.size();
    if (last != (given.size() == path.size())) return false;
    if (last) break;
    pattern.remove_prefix(level.size() + 1);
    path.remove_prefix(given.size() + 1);
  }
  if (parameters != nullptr) *parameters = std::move(found);
  return true;
}

}  // namespace

std::string_view Request::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (std::ranges::equal(key, name, {}, lower, lower)) return value;
  }
  return {};
}

const std::string& Request::parameter(std::string_view name) const {
  const auto found = std::ranges::find(path_parameters, name, [](const auto& p) { return std::string_view(p.first); });
  assert(found != path_parameters.end());
  return found->second;
}

Response problem_response(const Problem& problem, std::string_view instance, std::string_view request_id) {
  Response response{problem.status, "application/problem+json", {}, {}};
  if (problem.status == 503) response.headers.emplace_back("Retry-After", "1");
  const std::string type = problem.type.empty() ? "about:blank" : "urn:telltale:problem:" + problem.type;
  response.body = "{\"type\":" + json_string(type) + ",\"title\":" + json_string(problem.title) +
                  ",\"status\":" + std::to_string(problem.status);
  if (!problem.detail.empty()) response.body += ",\"detail\":" + json_string(problem.detail);
  response.body += ",\"instance\":" + json_string(instance) + ",\"request_id\":" + json_string(request_id);
  if (!problem.errors.empty()) {
    response.body += ",\"errors\":[";
    for (const auto& fault : problem.errors) {
      if (&fault != &problem.errors.front()) response.body += ',';
      response.body += fault.pointer.empty() ? "{\"parameter\":" + json_string(fault.parameter)
                                             : "{\"pointer\":" + json_string(fault.pointer);
      response.body += ",\"detail\":" + json_string(fault.detail) + "}";
    }
    response.body += ']';
  }
  response.body += '}';
  return response;
}

RouteTable::RouteTable(std::vector<Route> routes) : routes_(std::move(routes)) {}

const Route* RouteTable::find(Request& request) const {
  for (const auto& route : routes_) {
    if (serves(route, request.method) && matches(route.path, request.path, &request.path_parameters)) return &route;
  }
  return nullptr;
}

RouteTable::Refusal RouteTable::refusal(const Request& request) const {
  std::string allowed;
  std::string_view known;
  for (const auto& route : routes_) {
    if (!matches(route.path, request.path, nullptr)) continue;
    known = route.path;
    allowed += (allowed.empty() ? "" : ", ") + route.method + (route.method == "GET" ? ", HEAD" : "");
  }
  if (known.empty()) {
    return {
        problem_response({404, "not-found", "Not found", "nothing is served at this path"}, request.path, request.id),
        {}};
  }
  auto answer =
      problem_response({405, "", "Method not allowed", "this path answers " + allowed}, request.path, request.id);
  answer.headers.emplace_back("Allow", allowed);
  return {std::move(answer), known};
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
