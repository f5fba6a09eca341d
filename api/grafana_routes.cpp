#include "api/grafana_routes.hpp"

#include <rapidjson/document.h>

#include <algorithm>
#include <array>
#include <set>

#include "api/grafana_question.hpp"

namespace telltale::api {

namespace {

constexpr std::array<std::string_view, 3> tag_keys = {"site", "device", "metric"};

std::string target_of(const Selected& s) {
  return std::string(s.device->site) + '/' + std::string(s.device->device) + '/' + std::string(s.series->metric);
}

/// All series, up to the bound of one answer.
Result<std::vector<Selected>, Problem> all_series(const GrafanaQuestion& question, const Filter& filter = {}) {
  auto found = select(question.asked.archive.fleet(), question.asked.caller, filter);
  if (found && found->size() > question.asked.limits.rows) {
    return fail(too_many("there are " + std::to_string(found->size()) + " series; use the variables of a dashboard"));
  }
  return found;
}

Answer search(const GrafanaQuestion& question) {
  const auto series = all_series(question);
  if (!series) return fail(series.error());
  const auto part = question.body.text("/target").value_or("");
  std::string out = "[";
  for (const auto& one : *series) {
    const auto target = target_of(one);
    if (target.find(part) != std::string::npos) append_json_string(next_item(out), target);
  }
  return json(out + ']');
}

Answer metrics(const GrafanaQuestion& question) {
  const auto series = all_series(question);
  if (!series) return fail(series.error());
  std::string out = "[";
  for (const auto& one : *series) {
    JsonObject item(next_item(out));
    item.text("label", std::string(one.series->metric) + " @ " + std::string(one.device->device));
    item.text("value", target_of(one)).member("payloads") += "[]";
  }
  return json(out + ']');
}

/// There are none to choose: see `payloads` above.
Answer payload_options(const GrafanaQuestion& /*question*/) { return json("[]"); }

Answer tag_names(const GrafanaQuestion& /*question*/) {
  std::string out = "[";
  for (const auto key : tag_keys) JsonObject(next_item(out)).text("type", "string").text("text", key);
  return json(out + ']');
}

/// The different values of site, device or metric.
Result<std::set<std::string_view>, Problem> values_of(const GrafanaQuestion& question, std::string_view key,
                                                      std::string_view pointer, const Filter& filter = {}) {
  const auto place = std::ranges::find(tag_keys, key) - tag_keys.begin();
  if (place == std::ssize(tag_keys)) return fail(bad_grafana_body(pointer, "must be site, device or metric"));
  const auto series = all_series(question, filter);
  if (!series) return fail(series.error());
  std::set<std::string_view> values;
  for (const auto& one : *series)
    values.insert(place == 0 ? one.device->site : place == 1 ? one.device->device : one.series->metric);
  return values;
}

Answer tag_values(const GrafanaQuestion& question) {
  const auto values = values_of(question, question.body.text("/key").value_or(""), "/key");
  if (!values) return fail(values.error());
  std::string out = "[";
  for (const auto value : *values) JsonObject(next_item(out)).text("text", value);
  return json(out + ']');
}

Answer variable(const GrafanaQuestion& question) {
  const Filter filter{question.body.text("/payload/site").value_or(""),
                      question.body.text("/payload/device").value_or(""),
                      question.body.text("/payload/metric").value_or("")};
  const auto values =
      values_of(question, question.body.text("/payload/target").value_or(""), "/payload/target", filter);
  if (!values) return fail(values.error());
  std::string out = "[";
  for (const auto value : *values) JsonObject(next_item(out)).text("__text", value).text("__value", value);
  return json(out + ']');
}

/// This data source shows `error.message` of what went wrong, whoever says it.
Response with_error(Response response) {
  if (response.content_type != "application/problem+json") return response;
  rapidjson::Document problem;
  problem.Parse(response.body.data(), response.body.size());
  std::string message = problem["title"].GetString();
  if (problem.HasMember("detail")) message += std::string(": ") + problem["detail"].GetString();
  response.body.pop_back();
  {
    response.body += ",\"error\":";
    JsonObject(response.body).count("code", response.status).text("message", message);
  }
  response.body += '}';
  return response;
}

}  // namespace

Problem bad_grafana_body(std::string_view pointer, std::string detail) {
  Fault fault{{}, std::move(detail), std::string(pointer)};
  return {400, "validation", "The body is not valid", std::string(pointer) + ' ' + fault.detail, {fault}};
}

Answer ask_rest(const Question& question, Answer (*handler)(const Question&), std::string query) {
  Request request;
  request.method = "GET";
  request.path = question.request.path;
  request.query = std::move(query);
  request.id = question.request.id;
  return handler({question.caller, request, question.archive, question.now, question.limits, question.parts});
}

void add_parameter(std::string& query, std::string_view name, std::string_view value) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  if (!query.empty()) query += '&';
  query.append(name).append("=");
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
      query += c;
    } else {
      (query += '%') += digits[byte >> 4];
      query += digits[byte & 15];
    }
  }
}

std::vector<Route> grafana_routes(const RestParts& parts, RestLimits limits) {
  std::vector<Route> routes;
  const auto add = [&](const char* method, const std::string& path, const CallerHandler& handler) {
    auto guarded = parts.gate.guard(Scope::read, handler);
    routes.push_back({method, path,
                      [guarded = std::move(guarded)](const Request& request) { return with_error(guarded(request)); },
                      RunsOn::worker_pool});
  };
  const auto post = [&](const std::string& path, Answer (*answer)(const GrafanaQuestion&)) {
    add("POST", "/grafana" + path, [parts, limits, answer](const Caller& caller, const Request& request) -> Answer {
      const auto body = GrafanaBody::read(request);
      if (!body) return fail(body.error());
      const auto view = parts.archive.lend();
      const Question asked{caller, request, *view, parts.clock.now(), limits, parts};
      return answer({asked, *body});
    });
  };
  // "Save & test" of the data source; its address with and without a slash at the end.
  for (const auto* path : {"/grafana", "/grafana/"}) {
    add("GET", path, [](const Caller&, const Request&) { return json(R"({"status":"ok"})"); });
  }
  post("/search", &search);
  post("/metrics", &metrics);
  post("/metric-payload-options", &payload_options);
  post("/query", &grafana_query);
  post("/variable", &variable);
  post("/tag-keys", &tag_names);
  post("/tag-values", &tag_values);
  post("/annotations", &grafana_annotations);
  return routes;
}

}  // namespace telltale::api
