#include "alerting/audit.hpp"

#include <map>
#include <utility>

#include "alerting/payload.hpp"
#include "analytics/engine.hpp"

namespace telltale::alerting {

AuditReport audit(const std::function<std::shared_ptr<const proto::Batch>()>& next,
                  const std::vector<store::StateDb::HistoryRow>& history, proto::Tenancy tenancy) {
  using Key = AuditReport::Key;
  struct Said {
    std::string topic, payload;
    bool found = false;
  };
  std::map<Key, Said> said;
  for (const auto& row : history) said.insert_or_assign(Key{row.id, row.n}, Said{row.topic, row.payload});

  AuditReport report;
  analytics::Engine engine;
  std::vector<proto::Finding> findings;
  for (auto batch = next(); batch; batch = next()) {
    ++report.batches;
    findings.clear();
    engine.process(*batch, findings);
    for (const auto& finding : findings) {
      const auto* alert = std::get_if<proto::AlertTransition>(&finding);
      if (alert == nullptr) continue;
      ++report.transitions;
      const Key key{alert->id, alert->n};
      const auto at = said.find(key);
      if (at == said.end()) {
        report.missing.push_back(key);
        continue;
      }
      at->second.found = true;
      const auto event = render(*alert, tenancy).event;
      if (event.topic != at->second.topic || event.payload != at->second.payload) report.different.push_back(key);
    }
  }
  for (const auto& [key, row] : said) {
    if (!row.found) report.extra.push_back(key);
  }
  return report;
}

}  // namespace telltale::alerting
