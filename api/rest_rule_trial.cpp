#include <algorithm>

#include "api/rest_orders.hpp"
#include "api/rule_text.hpp"
#include "api/rule_trial.hpp"

namespace telltale::api {

namespace {

constexpr std::size_t most_rules = 20;
constexpr std::size_t usual_alerts = 100, most_alerts = 1'000;
constexpr Millis usual_reach{24 * 3'600'000};

using Rules = std::vector<proto::Rule>;

Problem invalid(std::vector<Fault> faults) {
  const auto n = faults.size();
  return {422, "validation", "Rule is not valid", std::to_string(n) + (n == 1 ? " fault" : " faults"),
          std::move(faults)};
}

std::string pointer_of_line(const RuleText& text, std::size_t line) {
  if (line < 2 || line - 2 >= text.members.size()) return "/rule";
  return "/rule" + json_pointer(text.members[line - 2]);
}

Result<Rules, Problem> rules_of_object(const RuleTrial& trial, std::string_view object) {
  const auto text = rule_text(object);
  if (!text) return fail(invalid({{{}, text.error(), "/rule"}}));
  auto rules = trial.read(text->toml);
  if (rules) return std::move(*rules);
  std::vector<Fault> faults;
  for (auto& fault : rules.error()) {
    faults.push_back({{}, std::move(fault.detail), pointer_of_line(*text, fault.line)});
  }
  return fail(invalid(std::move(faults)));
}

Result<Rules, Problem> rules_of_toml(const RuleTrial& trial, std::string_view toml) {
  auto rules = trial.read(toml);
  if (!rules) {
    std::vector<Fault> faults;
    for (auto& fault : rules.error()) {
      const auto place = fault.line > 0 ? "line " + std::to_string(fault.line) + ": " : std::string();
      faults.push_back({{}, place + fault.detail, "/toml"});
    }
    return fail(invalid(std::move(faults)));
  }
  if (rules->empty()) return fail(invalid({{{}, "has no [[rule]]", "/toml"}}));
  if (rules->size() > most_rules) {
    return fail(invalid({{{}, "has more than " + std::to_string(most_rules) + " rules", "/toml"}}));
  }
  return std::move(*rules);
}

Result<Rules, Problem> rules_in_force_called(const Question& question, const std::string& name) {
  const auto in_force = question.parts.rules.get();
  for (const auto& rule : in_force->rules) {
    if (rule.name == name && proto::matches(rule.tenant, question.caller.tenant)) return Rules{rule};
  }
  return fail(not_found("there is no such rule"));
}

/// `rule`: an object, or the name of a rule in force; or `toml`.
Result<Rules, Problem> asked_rules(const Question& question, BodyJson& body) {
  const auto toml = body.text("toml", question.request.body.size());
  const auto rule = body.json("rule");
  if (toml.has_value() == rule.has_value()) body.fault("rule", "is needed: a rule, or the name of one; or toml");
  const bool named = rule && rule->starts_with('"');
  if (rule && !named && !rule->starts_with('{')) body.fault("rule", "must be an object or a name");
  auto name = named ? body.text("rule") : std::nullopt;
  if (auto problem = body.problem()) return fail(*std::move(problem));
  if (toml) return rules_of_toml(question.parts.trial, *toml);
  return named ? rules_in_force_called(question, *name) : rules_of_object(question.parts.trial, *rule);
}

bool concerns(const proto::Rule& rule, const IndexedDevice& device, std::string_view metric) {
  return proto::matches(rule.site, device.site) && proto::matches(rule.device, device.device) &&
         proto::matches(rule.metric, metric);
}

/// Found out before any is read.
std::optional<Problem> too_much(const Question& question, const Rules& rules, store::Range range) {
  std::uint64_t readings = 0;
  std::size_t series_seen = 0;
  for (const auto& device : question.archive.fleet().devices(question.caller.tenant)) {
    for (const auto& series : device.series) {
      if (std::ranges::none_of(rules, [&](const auto& rule) { return concerns(rule, device, series.metric); }))
        continue;
      if (++series_seen > question.limits.series) {
        return too_many("more than " + std::to_string(question.limits.series) + " series: name the site or device");
      }
      readings += count_readings(question.archive.reader(), series.id, range);
      if (readings > question.limits.trial_readings) {
        return too_many("more than " + std::to_string(question.limits.trial_readings) +
                        " readings, with those that the rule learns from: ask for a shorter range, or a device");
      }
    }
  }
  return std::nullopt;
}

}  // namespace

Answer test_rule(const Question& question) {
  const QueryText query(question.request, {});
  if (auto problem = query.problem()) return fail(*std::move(problem));
  auto body = BodyJson::read(question.request, {"rule", "toml", "from", "to", "alerts"});
  if (!body) return fail(body.error());
  const auto to = body->time("to", question.now).value_or(question.now);
  const auto from = body->time("from", question.now).value_or(to - usual_reach);
  if (from >= to) body->fault("from", "is not before to");
  const auto alerts = body->count("alerts", 0, most_alerts).value_or(usual_alerts);
  const auto rules = asked_rules(question, *body);
  if (!rules) return fail(rules.error());

  proto::RuleSet set = *question.parts.rules.get();  // zones of the sites and the like
  set.rules = *rules;
  auto& trial = question.parts.trial;
  if (auto problem = too_much(question, set.rules, {from - trial.warm_up(set), to})) return fail(*std::move(problem));
  auto report = trial.run(set, question.caller.tenant, {from, to}, alerts);
  if (report) return json(*std::move(report));
  if (report.error() == RuleTrial::Refusal::busy) {
    return fail(Problem{503, "unavailable", "Too busy", "another rule is tested now; ask again"});
  }
  return fail(too_many("it takes too long: ask for a shorter range, or a device"));
}

}  // namespace telltale::api
