#include "analytics/service_alerts.hpp"

#include <algorithm>

namespace telltale::analytics {

namespace {

proto::Severity severity_of(std::string_view rule) {
  constexpr std::string_view critical[] = {"link-down", "disk-low", "log-damage"};
  return std::find(std::begin(critical), std::end(critical), rule) != std::end(critical) ? proto::Severity::critical
                                                                                         : proto::Severity::warning;
}

}  // namespace

void ServiceAlerts::apply(const proto::ServiceCondition& condition) {
  const auto found = active_.find(condition.rule);
  if (!condition.active) {
    if (found == active_.end()) return;
    book_.clear(found->second,
                {std::nullopt, condition.summary.empty() ? condition.rule + " is over" : condition.summary});
    active_.erase(found);
    return;
  }
  if (found != active_.end()) return book_.renew(found->second);
  proto::AlertTransition draft;
  draft.severity = severity_of(condition.rule);
  draft.tenant = "default";
  draft.site = "-";
  draft.device = "-";
  draft.rule = condition.rule;
  draft.metric = "_";
  draft.started = ws_.clock.log_now();
  draft.count = 1;
  draft.summary = condition.summary;
  active_.emplace(condition.rule, book_.raise(std::move(draft), Millis{0}, Showing::shown));
}

void ServiceAlerts::encode(proto::ByteWriter& out) const {
  out.varint(active_.size());
  for (const auto& [rule, handle] : active_) {
    out.str(rule);
    out.varint(handle);
  }
}

bool ServiceAlerts::decode(proto::ByteReader& in) {
  const auto n = in.varint();
  if (n > in.remaining()) return false;
  for (std::uint64_t i = 0; i < n; ++i) {
    std::string rule(in.str());
    active_[std::move(rule)] = in.varint();
  }
  return in.ok();
}

}  // namespace telltale::analytics
