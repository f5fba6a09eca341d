#include <algorithm>

#include "api/alert_json.hpp"
#include "api/in_force.hpp"
#include "api/page.hpp"
#include "api/rest_question.hpp"
#include "proto/quantity_text.hpp"

namespace telltale::api {

namespace {

double seconds(Millis span) { return static_cast<double>(span.count()) / 1000; }

/// The type, and the limits under the names that they have in the file; durations in seconds.
struct CheckWriter {
  JsonObject& out;

  void limit(std::string_view type, double value, const std::optional<double>& clear) const {
    out.text("type", type).number("limit", value);
    if (clear) out.number("clear", *clear);
  }
  void operator()(const proto::ThresholdCheck& check) const {
    out.text("type", "threshold");
    if (check.above) out.number("above", *check.above);
    if (check.below) out.number("below", *check.below);
    if (check.clear) out.number("clear", *check.clear);
  }
  void operator()(const proto::ZScoreCheck& check) const {
    limit("zscore", check.limit, check.clear);
    out.count("span", check.span).number("floor", check.floor).count("warmup", check.warmup);
  }
  void operator()(const proto::UnusualCheck& check) const { limit("unusual", check.limit, check.clear); }
  void operator()(const proto::RateCheck& check) const {
    constexpr std::string_view directions[] = {"both", "up", "down"};
    limit("rate", check.limit, check.clear);
    out.number("per_s", seconds(check.per)).number("over_s", seconds(check.over));
    out.text("direction", directions[static_cast<std::size_t>(check.direction)]);
  }
  void operator()(const proto::FlatlineCheck& check) const {
    out.text("type", "flatline").number("span_s", seconds(check.span)).number("tolerance", check.tolerance);
  }
  void operator()(const proto::MissingCheck& check) const {
    out.text("type", "missing").number("span_s", seconds(check.span));
  }
  void operator()(const proto::FrozenCheck& check) const {
    limit("frozen", check.limit, check.clear);
    out.count("learn", check.learn).number("floor", check.floor);
  }
};

void append_rule(JsonObject& out, const proto::Rule& rule) {
  out.text("name", rule.name).text("severity", to_string(rule.severity));
  out.text("site", rule.site).text("device", rule.device).text("metric", rule.metric);
  {
    JsonObject tags(out.member("tags"));
    for (const auto& [key, value] : rule.tags) tags.text(key, value);
  }
  auto& except = out.member("except");
  except += '[';
  for (const auto& pattern : rule.except) append_json_string(next_item(except), pattern);
  except += ']';
  {
    JsonObject check(out.member("check"));
    std::visit(CheckWriter{check}, rule.check);
  }
  if (const auto* span = std::get_if<Millis>(&rule.persistence)) out.number("for_s", seconds(*span));
  if (const auto* often = std::get_if<proto::NofM>(&rule.persistence)) {
    JsonObject(out.member("for_readings")).count("n", often->n).count("of", often->m);
  }
  out.number("cooldown_s", seconds(rule.cooldown));
  auto& steps = out.member("escalate");
  steps += '[';
  for (const auto& step : rule.escalate) {
    JsonObject(next_item(steps)).number("after_s", seconds(step.after)).text("severity", to_string(step.severity));
  }
  steps += ']';
  append_if_any(out, "message", rule.message);
  append_if_any(out, "runbook", rule.runbook);
}

}  // namespace

Answer list_rules(const Question& question) {
  const QueryText query(question.request, {});
  if (auto problem = query.problem()) return fail(*std::move(problem));
  const auto rules = question.parts.rules.get();
  ItemList list;
  for (const auto& rule : rules->rules) {
    if (!proto::matches(rule.tenant, question.caller.tenant)) continue;
    auto item = list.item();
    append_rule(item, rule);
  }
  return json(list.end());
}

Answer one_rule(const Question& question) {
  const QueryText query(question.request, {});
  if (auto problem = query.problem()) return fail(*std::move(problem));
  const auto rules = question.parts.rules.get();
  const auto found = std::ranges::find_if(rules->rules, [&](const proto::Rule& rule) {
    return rule.name == question.request.parameter("rule") && proto::matches(rule.tenant, question.caller.tenant);
  });
  if (found == rules->rules.end()) return fail(not_found("there is no such rule"));
  std::string body;
  {
    JsonObject out(body);
    append_rule(out, *found);
  }
  return json(std::move(body));
}

}  // namespace telltale::api
