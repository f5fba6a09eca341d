#include <algorithm>

#include "analytics/alert_book.hpp"
#include "analytics/alert_id.hpp"

namespace telltale::analytics {

using State = proto::AlertState;
using Refusal = proto::OrderRefusal;

void AlertBook::apply(const proto::OperatorAction& action) {
  proto::ControlReply reply;
  reply.tenant = action.tenant;
  reply.alert_id = action.alert_id;
  reply.detail = act(action, reply.refusal);
  reply.ok = reply.refusal == Refusal::none;
  ws_.say(std::move(reply));
}

std::string AlertBook::act(const proto::OperatorAction& action, Refusal& refusal) {
  refusal = Refusal::unknown;
  const auto hash = parse_alert_id(action.alert_id);
  if (!hash) return "not an alert id";
  const auto found = by_id_.find(*hash);
  Alert* alert = found == by_id_.end() ? nullptr : find(found->second);
  if (alert == nullptr) {
    const bool was_there = std::find(resolved_.begin(), resolved_.end(), *hash) != resolved_.end();
    if (!was_there) return "unknown alert";
    refusal = Refusal::over;
    return "already resolved";
  }
  if (alert->said.tenant != action.tenant || alert->said.n == 0) return "unknown alert";
  refusal = alert->hidden ? Refusal::invalid : Refusal::over;
  if (alert->hidden) return "part of another alert";
  if (!alert->said.active()) return "already resolved";
  refusal = Refusal::invalid;
  Instant until = never;
  if (action.verb == proto::OperatorVerb::silence && action.until) {
    until = ws_.clock.to_instant(*action.until);
    if (until <= ws_.clock.now()) return "until has passed";
  }
  refusal = Refusal::none;
  return mark(found->second, *alert, action, until);
}

std::string AlertBook::mark(AlertHandle handle, Alert& alert, const proto::OperatorAction& action, Instant until) {
  const bool silence = action.verb == proto::OperatorVerb::silence;
  const State wanted = silence ? State::silenced : State::acknowledged;
  auto& own = silence ? alert.silenced : alert.acknowledged;
  if (own && alert.said.state == wanted && own->by == action.by && own->comment == action.comment &&
      own->until == until)
    return "already " + std::string(to_string(wanted));
  own = Mark{action.by, action.comment, until};
  if (!silence) alert.silenced.reset();
  say(alert, {wanted, action.by, action.comment}, proto::AlertReason::ordered);
  arm(handle, alert);
  return std::string(to_string(wanted));
}

}  // namespace telltale::analytics
