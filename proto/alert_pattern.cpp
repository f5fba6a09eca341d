#include "proto/alert_pattern.hpp"

#include "proto/alert.hpp"

namespace telltale::proto {

bool matches(const AlertPattern& p, const AlertTransition& a) {
  return matches(p.rule, a.rule) && matches(p.metric, a.metric) && matches(p.device, a.device) &&
         matches(p.site, a.site) && matches(p.tenant, a.tenant) && matches(p.severity, to_string(a.severity));
}

void encode(const AlertPattern& p, ByteWriter& out) {
  for (const auto* s : {&p.tenant, &p.site, &p.device, &p.metric, &p.rule, &p.severity}) out.str(*s);
}

void decode(ByteReader& in, AlertPattern& p) {
  for (auto* s : {&p.tenant, &p.site, &p.device, &p.metric, &p.rule, &p.severity}) *s = in.str();
}

}  // namespace telltale::proto
