#include <algorithm>

#include "api/api_key.hpp"
#include "api/page.hpp"
#include "api/rest_orders.hpp"

namespace telltale::api {

namespace {

using Kind = proto::SilenceState::Kind;
using Phase = proto::SilenceState::Phase;

struct PatternMember {
  std::string_view name;
  std::string proto::AlertPattern::*pattern;
};
constexpr PatternMember patterns[] = {{"site", &proto::AlertPattern::site},
                                      {"device", &proto::AlertPattern::device},
                                      {"metric", &proto::AlertPattern::metric},
                                      {"rule", &proto::AlertPattern::rule},
                                      {"severity", &proto::AlertPattern::severity}};

void append_silence(JsonObject& out, const proto::SilenceState& silence) {
  out.text("kind", silence.kind == Kind::silence ? "silence" : "maintenance").text("name", silence.name);
  out.text("state", silence.phase == Phase::active ? "active" : "waiting");
  for (const auto& [name, pattern] : patterns) out.text(name, silence.pattern.*pattern);
  out.integer("from_ts", to_ms(silence.from)).integer("until_ts", to_ms(silence.until));
  if (!silence.by.empty()) out.text("by", silence.by);
  if (!silence.comment.empty()) out.text("comment", silence.comment);
}

void read_pattern(BodyJson& body, proto::AlertPattern& pattern) {
  bool any = false;
  for (const auto& [name, member] : patterns) {
    auto text = body.text(name);
    if (!text) continue;
    any = true;
    if (text->empty()) body.fault(name, "is empty: nothing matches that");
    pattern.*member = *std::move(text);
  }
  if (!any) body.fault("site", "name site, device, metric, rule or severity; everything is \"site\":\"*\"");
}

}  // namespace

Answer list_silences(const Question& question) {
  const QueryText query(question.request, {});
  if (auto problem = query.problem()) return fail(*std::move(problem));
  ItemList list;
  for (const auto& silence : question.parts.desk.silences(question.caller.tenant)) {
    auto item = list.item();
    append_silence(item, silence);
  }
  return json(list.end());
}

Answer set_silence(const Question& question) {
  const QueryText query(question.request, {});
  if (auto problem = query.problem()) return fail(*std::move(problem));
  auto body = BodyJson::read(
      question.request, {"name", "site", "device", "metric", "rule", "severity", "from", "until", "by", "comment"});
  if (!body) return fail(body.error());
  proto::SilenceOrder order;
  order.tenant = question.caller.tenant;
  order.name = body->text("name").value_or("s-" + make_api_key().id);
  if (!proto::valid_name(order.name)) body->fault("name", "is no name: letters, digits and _ . : -, 48 at most");
  read_pattern(*body, order.pattern);
  order.from = body->time("from", question.now);
  order.until = body->time("until", question.now);
  if (!order.until) {
    body->fault("until", "is needed: when it ends");
  } else if (*order.until <= question.now) {
    body->fault("until", "has passed");
  } else if (order.from && *order.from >= *order.until) {
    body->fault("from", "is not before until");
  }
  order.by = who(*body, question.caller);
  order.comment = body->text("comment").value_or("");
  if (auto problem = body->problem()) return fail(*std::move(problem));

  const auto name = order.name;
  const auto done = question.parts.desk.order(std::move(order));
  if (!done) return fail(refusal(done.error()));
  std::string said;
  JsonObject(said).text("name", name).text("state", *done);
  Response response{201, "application/json", std::move(said), {}};
  response.headers.emplace_back("Location", "/api/v1/silences/" + name);
  return response;
}

Answer end_silence(const Question& question) {
  const QueryText query(question.request, {});
  if (auto problem = query.problem()) return fail(*std::move(problem));
  const auto& name = question.request.parameter("name");
  const auto known = question.parts.desk.silences(question.caller.tenant);
  const bool there =
      std::ranges::any_of(known, [&](const auto& s) { return s.kind == Kind::silence && s.name == name; });
  if (!there) return fail(not_found("there is no such silence"));
  proto::SilenceOrder order;
  order.verb = proto::SilenceVerb::end;
  order.tenant = question.caller.tenant;
  order.name = name;
  order.by = question.caller.key_name;
  const auto done = question.parts.desk.order(std::move(order));
  if (!done) return fail(refusal(done.error()));
  return Response{204, {}, {}, {}};
}

}  // namespace telltale::api
