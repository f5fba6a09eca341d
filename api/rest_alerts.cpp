#include <algorithm>
#include <array>
#include <charconv>

#include "api/alert_json.hpp"
#include "api/cursor.hpp"
#include "api/page.hpp"
#include "api/rest_question.hpp"

namespace telltale::api {

namespace {

using proto::AlertState;
using proto::RecordedTransition;

constexpr std::array<std::string_view, 8> alert_states = {"firing",   "acknowledged", "silenced", "flapping",
                                                          "resolved", "removed",      "active",   "all"};
constexpr std::size_t state_active = 6, state_all = 7;
constexpr std::array<std::string_view, 3> severities = {"info", "warning", "critical"};
constexpr std::array<std::string_view, 2> list_shapes = {"list", "rows"};
constexpr std::array<std::string_view, 1> row_kinds = {"annotations"};

bool dash_or_site(std::string_view text) { return text == "-" || proto::valid_site(text); }
bool dash_or_device(std::string_view text) { return text == "-" || proto::valid_device(text); }

/// What lists of transitions can be asked for.
struct AlertFilter {
  std::string site, device, rule;
  std::optional<proto::Severity> severity;
  std::optional<Timestamp> from, to;
};

template <class T>
std::optional<T> if_any(T value) {
  return value.empty() ? std::nullopt : std::optional(std::move(value));
}

AlertFilter read_alert_filter(QueryText& query, Timestamp now) {
  AlertFilter filter;
  filter.site = query.name("site", &dash_or_site, "a site, or -");
  filter.device = query.name("device", &dash_or_device, "a device, or -");
  filter.rule = query.name("rule", &proto::valid_rule, "a rule's name");
  if (const auto severity = query.choice("severity", severities)) {
    filter.severity = static_cast<proto::Severity>(*severity);
  }
  if (query.text("from")) filter.from = query.time("from", now, now);
  if (query.text("to")) filter.to = query.time("to", now, now);
  if (filter.from && filter.to && *filter.from > *filter.to) query.fault("from", "is after to");
  return filter;
}

/// What stays the same from page to page: times as they were written, because `now` moves on.
std::string question_text(const QueryText& query, std::initializer_list<std::string_view> parameters) {
  std::string text;
  for (const auto parameter : parameters) text += query.text(parameter).value_or("") + '\n';
  return text;
}

proto::TransitionQuery transition_query(const Question& question, const AlertFilter& filter, const Page& page) {
  proto::TransitionQuery asked;
  asked.tenant = question.caller.tenant;
  asked.site = if_any(filter.site);
  asked.device = if_any(filter.device);
  asked.rule = if_any(filter.rule);
  asked.severity = filter.severity;
  asked.from = filter.from;
  asked.to = filter.to;
  asked.limit = page.limit + 1;  // one more tells whether there is a next page
  if (!page.behind.empty()) {
    std::uint64_t number = 0;
    std::from_chars(page.behind.data(), page.behind.data() + page.behind.size(), number);
    asked.before_number = number;
  }
  return asked;
}

bool fits(const proto::AlertTransition& said, const proto::TransitionQuery& asked) {
  return (!asked.site || said.site == *asked.site) && (!asked.device || said.device == *asked.device) &&
         (!asked.rule || said.rule == *asked.rule) && (!asked.state || said.state == *asked.state) &&
         (!asked.severity || said.severity == *asked.severity) && (!asked.from || said.ts >= *asked.from) &&
         (!asked.to || said.ts < *asked.to);
}

/// Newest first, up to asked.limit. They are few beside the history, and in memory anyway.
std::vector<RecordedTransition> active_alerts(proto::AlertDesk& desk, const proto::TransitionQuery& asked) {
  auto active = desk.active_alerts(asked.tenant);
  std::erase_if(active, [&](const RecordedTransition& row) {
    return !fits(row.said, asked) || (asked.before_number && row.number >= *asked.before_number);
  });
  std::ranges::sort(active, std::ranges::greater{}, &RecordedTransition::number);
  active.resize(std::min(active.size(), asked.limit));
  return active;
}

void append_annotation(JsonObject& out, const proto::AlertTransition& said) {
  out.integer("time", to_ms(said.started));
  if (!said.active()) out.integer("timeEnd", to_ms(said.ts));
  out.text("title", said.rule).text("text", said.summary);
  out.text("tags", std::string(to_string(said.severity)) + ',' + said.device);
}

/// {"items":[…],"next":…} of at most `limit` rows.
Response page_of(const std::vector<RecordedTransition>& rows, const Page& page) {
  ItemList list;
  const auto shown = std::min(rows.size(), page.limit);
  for (std::size_t i = 0; i < shown; ++i) {
    auto item = list.item();
    append_alert(item, rows[i].said);
  }
  return json(list.end(rows.size() > shown ? make_cursor(page.question, std::to_string(rows[shown - 1].number)) : ""));
}

}  // namespace

Answer list_alerts(const Question& question) {
  QueryText query(question.request,
                  {"state", "severity", "site", "device", "rule", "from", "to", "limit", "cursor", "shape", "as"});
  const auto filter = read_alert_filter(query, question.now);
  const auto state = query.choice("state", alert_states).value_or(state_active);
  const bool rows = query.choice("shape", list_shapes).value_or(0) == 1;
  const bool annotations = query.choice("as", row_kinds).has_value();
  if (annotations && !rows) query.fault("as", "needs shape=rows");
  const auto page = read_page(
      query, "alerts\n" + question_text(query, {"state", "severity", "site", "device", "rule", "from", "to"}));
  if (auto problem = query.problem()) return fail(*std::move(problem));

  auto asked = transition_query(question, filter, page);
  std::vector<RecordedTransition> found;
  if (state < state_active) asked.state = static_cast<AlertState>(state);
  const bool over = state == 4 || state == 5;
  if (over || state == state_all) {
    asked.newest_of_each = true;
    found = question.parts.desk.transitions(asked);
  } else {
    found = active_alerts(question.parts.desk, asked);
  }
  if (!rows) return page_of(found, page);

  std::string body = "[";
  found.resize(std::min(found.size(), page.limit));
  for (const auto& row : found) {
    JsonObject item(next_item(body));
    annotations ? append_annotation(item, row.said) : append_alert(item, row.said);
  }
  return json(body + ']');
}

Answer alert_history(const Question& question) {
  QueryText query(question.request, {"state", "severity", "site", "device", "rule", "from", "to", "limit", "cursor"});
  const auto filter = read_alert_filter(query, question.now);
  const auto state = query.choice("state", std::span(alert_states).first(state_active));
  const auto page = read_page(
      query, "history\n" + question_text(query, {"state", "severity", "site", "device", "rule", "from", "to"}));
  if (auto problem = query.problem()) return fail(*std::move(problem));
  auto asked = transition_query(question, filter, page);
  if (state) asked.state = static_cast<AlertState>(*state);
  return page_of(question.parts.desk.transitions(asked), page);
}

Answer one_alert(const Question& question) {
  const QueryText query(question.request, {});
  if (auto problem = query.problem()) return fail(*std::move(problem));
  proto::TransitionQuery asked;
  asked.tenant = question.caller.tenant;
  asked.id = question.request.parameter("id");
  asked.limit = 10'000;
  const auto history = question.parts.desk.transitions(asked);  // newest first
  if (history.empty()) return fail(not_found("there is no such alert"));
  std::string body;
  {
    JsonObject out(body);
    append_alert(out, history.front().said);
    out.member("history") += '[';
    for (auto row = history.rbegin(); row != history.rend(); ++row) {
      JsonObject item(next_item(body));
      append_alert(item, row->said);
    }
    body += ']';
  }
  return json(std::move(body));
}

}  // namespace telltale::api
