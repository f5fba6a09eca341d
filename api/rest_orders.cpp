#include "api/rest_orders.hpp"

#include "api/body_json.hpp"

namespace telltale::api {

namespace {

Problem conflict(std::string detail) { return {409, "conflict", "Conflict", std::move(detail)}; }

}  // namespace

Problem refusal(const proto::DeskRefusal& why) {
  switch (why.why) {
    case proto::OrderRefusal::unknown:
      return not_found(why.text);
    case proto::OrderRefusal::over:
      return conflict(why.text);
    case proto::OrderRefusal::unavailable:
      return {503, "unavailable", "Not answered in time", why.text};
    case proto::OrderRefusal::none:
    case proto::OrderRefusal::invalid:
      break;
  }
  return {422, "validation", "The order cannot be followed", why.text};
}

std::string who(BodyJson& body, const Caller& caller) { return body.text("by").value_or(caller.key_name); }

namespace {

Answer give_order(const Question& question, proto::OperatorVerb verb) {
  const QueryText query(question.request, {});
  if (auto problem = query.problem()) return fail(*std::move(problem));
  const bool silences = verb == proto::OperatorVerb::silence;
  auto body = silences ? BodyJson::read(question.request, {"by", "comment", "until"}, BodyJson::MayBeEmpty::yes)
                       : BodyJson::read(question.request, {"by", "comment"}, BodyJson::MayBeEmpty::yes);
  if (!body) return fail(body.error());
  proto::OperatorAction action;
  action.verb = verb;
  action.tenant = question.caller.tenant;
  action.alert_id = question.request.parameter("id");
  action.by = who(*body, question.caller);
  action.comment = body->text("comment").value_or("");
  if (silences) action.until = body->time("until", question.now);
  if (auto problem = body->problem()) return fail(*std::move(problem));

  // Before it is ordered: another tenant's alert is not there, and the history remembers longer than analytics.
  proto::TransitionQuery asked;
  asked.tenant = action.tenant;
  asked.id = action.alert_id;
  asked.limit = 1;
  const auto newest = question.parts.desk.transitions(asked);
  if (newest.empty()) return fail(not_found("there is no such alert"));
  if (!newest.front().said.active()) return fail(conflict("already resolved"));
  const auto done = question.parts.desk.order(std::move(action));
  if (!done) return fail(refusal(done.error()));
  return Response{204, {}, {}, {}};
}

}  // namespace

Answer acknowledge_alert(const Question& question) { return give_order(question, proto::OperatorVerb::ack); }
Answer silence_alert(const Question& question) { return give_order(question, proto::OperatorVerb::silence); }

}  // namespace telltale::api
