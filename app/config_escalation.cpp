#include "app/config_tables.hpp"

namespace telltale::app {

namespace {
constexpr Millis longest{std::int64_t{366} * 24 * 3600 * 1000};
}

const std::vector<std::string_view>& escalation_keys() {
  static const std::vector<std::string_view> keys = {"after", "severity"};
  return keys;
}

void read_escalation(const Value& value, proto::Severity severity, std::vector<proto::Escalation>& out,
                     Problems& problems) {
  const auto read = [&](const Value& entry) {
    const TableReader table(entry, escalation_keys(), problems);
    if (!table.is_table()) return;
    const auto after = table.find("after");
    const auto to = table.find("severity");
    if (!after || !to)
      return problems.add(entry, "needs after and severity: { after = \"30m\", severity = \"critical\" }");
    const auto time = as_duration(*after, Millis{1000}, longest, problems);
    const auto choice = as_choice(*to, {"info", "warning", "critical"}, problems);
    if (!time || !choice) return;
    const proto::Escalation step{*time, static_cast<proto::Severity>(*choice)};
    if (step.severity <= (out.empty() ? severity : out.back().severity))
      return problems.add(*to, "must be higher than the severity before it, " +
                                   std::string(to_string(out.empty() ? severity : out.back().severity)));
    if (!out.empty() && step.after <= out.back().after)
      return problems.add(*after, "must be later than the step before");
    out.push_back(step);
  };
  const auto* list = value.node->as_array();
  if (!list) return read(value);
  for (const auto& entry : *list) read(value.child(entry, ""));
}

}  // namespace telltale::app
