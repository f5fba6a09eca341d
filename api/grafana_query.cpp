#include <rapidjson/document.h>

#include <algorithm>
#include <array>

#include "api/grafana_question.hpp"

namespace telltale::api {

namespace {

constexpr std::size_t most_targets = 100, most_filters = 100;
constexpr std::uint64_t usual_points = 1'000;

/// "site/device/metric", none of which has a slash.
struct Target {
  std::string text, site, device, metric;
  std::string aggregate;  // "" = the readings themselves
  bool table = false;
};

Result<Target, Problem> read_target(const GrafanaBody& body, const std::string& pointer) {
  Target target;
  target.text = body.text(pointer + "/target").value_or("");
  const auto first = target.text.find('/');
  const auto second = target.text.find('/', first == std::string::npos ? first : first + 1);
  const auto wrong = [&] { return fail(bad_grafana_body(pointer + "/target", "is not site/device/metric")); };
  if (second == std::string::npos || target.text.find('/', second + 1) != std::string::npos) return wrong();
  target.site = target.text.substr(0, first);
  target.device = target.text.substr(first + 1, second - first - 1);
  target.metric = target.text.substr(second + 1);
  if (target.site.empty() || target.device.empty() || target.metric.empty()) return wrong();
  target.table = body.text(pointer + "/type") == "table";
  target.aggregate = body.text(pointer + "/payload/agg").value_or("");
  return target;
}

/// Filters that a dashboard's user picked: is the target among them?
Result<bool, Problem> passes(const GrafanaBody& body, const Target& target) {
  const std::array<std::pair<std::string_view, const std::string*>, 3> known = {
      {{"site", &target.site}, {"device", &target.device}, {"metric", &target.metric}}};
  const auto filters = body.size_of_array("/adhocFilters").value_or(0);
  if (filters > most_filters) {
    return fail(bad_grafana_body("/adhocFilters", "has more than " + std::to_string(most_filters) + " filters"));
  }
  for (std::size_t i = 0; i < filters; ++i) {
    const auto filter = "/adhocFilters/" + std::to_string(i);
    const auto key = body.text(filter + "/key").value_or("");
    const auto sign = body.text(filter + "/operator").value_or("=");
    const auto found = std::ranges::find_if(known, [&](const auto& k) { return k.first == key; });
    if (found == known.end()) return fail(bad_grafana_body(filter + "/key", "is none of site device metric"));
    if (sign != "=" && sign != "!=") return fail(bad_grafana_body(filter + "/operator", "is none of = and !="));
    if ((*found->second == body.text(filter + "/value")) != (sign == "=")) return false;
  }
  return true;
}

/// More than nothing.
std::uint64_t whole(const GrafanaBody& body, const std::string& pointer, std::uint64_t otherwise) {
  const auto found = body.whole(pointer);
  return found && *found > 0 ? *found : otherwise;
}

std::string query_of(const GrafanaQuestion& question, const Target& target) {
  const auto& body = question.body;
  std::string query;
  add_parameter(query, "site", target.site);
  add_parameter(query, "device", target.device);
  add_parameter(query, "metric", target.metric);
  for (const auto* side : {"from", "to"}) {
    if (const auto time = body.text("/range/" + std::string(side))) add_parameter(query, side, *time);
  }
  if (!target.aggregate.empty()) {
    add_parameter(query, "step", std::to_string(whole(body, "/intervalMs", 60'000)) + "ms");
    add_parameter(query, "agg", target.aggregate);
  } else if (!target.table) {  // a table has texts, too, which nothing can be left out of
    const auto points = whole(body, "/maxDataPoints", usual_points);
    const auto most = std::max<std::uint64_t>(question.asked.limits.rows, 2);
    add_parameter(query, "points", std::to_string(std::clamp<std::uint64_t>(points, 2, most)));
  }
  return query;
}

std::string value_text(const rapidjson::Value& value) {
  if (value.IsString()) return json_string({value.GetString(), value.GetStringLength()});
  return value.IsInt64() ? std::to_string(value.GetInt64()) : proto::number_text(value.GetDouble());
}

void append_points(std::string& out, const Target& target, const rapidjson::Document& rows) {
  JsonObject item(out);
  item.text("target", target.text).member("datapoints") += '[';
  for (const auto& row : rows.GetArray()) {
    const auto value = row.FindMember("value");
    if (value == row.MemberEnd() || !value->value.IsNumber()) continue;  // a text has no place on an axis
    next_item(out) += '[' + value_text(value->value) + ',' + std::to_string(row["ts"].GetInt64()) + ']';
  }
  out += ']';
}

void append_table(std::string& out, const Target& target, const rapidjson::Document& rows) {
  JsonObject item(out);
  const auto numbers = std::ranges::all_of(
      rows.GetArray(), [](const auto& row) { return !row.HasMember("value") || row["value"].IsNumber(); });
  item.text("type", "table").member("columns") += R"([{"text":"Time","type":"time"},{"text":)" +
                                                  json_string(target.text) + R"(,"type":")" +
                                                  (numbers ? "number" : "string") + R"("}])";
  item.member("rows") += '[';
  for (const auto& row : rows.GetArray()) {
    const auto value = row.FindMember("value");
    if (value == row.MemberEnd()) continue;
    next_item(out) += '[' + std::to_string(row["ts"].GetInt64()) + ',' + value_text(value->value) + ']';
  }
  out += ']';
}

}  // namespace

Answer grafana_query(const GrafanaQuestion& question) {
  const auto& body = question.body;
  const auto targets = body.size_of_array("/targets");
  if (!targets) return fail(bad_grafana_body("/targets", "must be an array"));
  if (*targets > most_targets)
    return fail(too_many("there are more than " + std::to_string(most_targets) + " targets"));
  std::string answer = "[";
  std::size_t rows_so_far = 0;
  for (std::size_t i = 0; i < *targets; ++i) {
    const auto pointer = "/targets/" + std::to_string(i);
    if (!body.is_object(pointer)) return fail(bad_grafana_body(pointer, "must be an object"));
    if (body.text(pointer + "/target").value_or("").empty()) continue;  // a panel that was just made
    const auto target = read_target(body, pointer);
    if (!target) return fail(target.error());
    const auto wanted = passes(body, *target);
    if (!wanted) return fail(wanted.error());
    if (!*wanted) continue;
    const auto found = ask_rest(question.asked, &query, query_of(question, *target));
    if (!found) return fail(found.error());
    rapidjson::Document rows;
    rows.Parse(found->body.data(), found->body.size());
    rows_so_far += rows.Size();
    if (rows_so_far > question.asked.limits.rows) {
      return fail(too_many("the targets have more than " + std::to_string(question.asked.limits.rows) +
                           " values together: ask for fewer of them, or a shorter range"));
    }
    target->table ? append_table(next_item(answer), *target, rows) : append_points(next_item(answer), *target, rows);
  }
  return json(answer + ']');
}

Answer grafana_annotations(const GrafanaQuestion& question) {
  std::string query = question.body.text("/annotation/query").value_or("");  // filters as of /alerts
  if (!query.empty()) query += '&';
  query += "state=all&shape=rows&as=annotations&limit=1000";
  for (const auto* side : {"from", "to"}) {
    if (const auto time = question.body.text("/range/" + std::string(side))) add_parameter(query, side, *time);
  }
  auto found = ask_rest(question.asked, &list_alerts, std::move(query));
  if (!found) return found;
  rapidjson::Document rows;
  rows.Parse(found->body.data(), found->body.size());
  std::string answer = "[";
  for (const auto& row : rows.GetArray()) {
    JsonObject item(next_item(answer));
    item.integer("time", row["time"].GetInt64());
    if (row.HasMember("timeEnd")) item.integer("timeEnd", row["timeEnd"].GetInt64());
    item.text("title", row["title"].GetString()).text("text", row["text"].GetString());
    const std::string_view tags = row["tags"].GetString();  // with commas; this data source wants them one by one
    const auto comma = tags.find(',');
    item.member("tags") += '[' + json_string(tags.substr(0, comma)) + ',' + json_string(tags.substr(comma + 1)) + ']';
  }
  return json(answer + ']');
}

}  // namespace telltale::api
