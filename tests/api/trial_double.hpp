#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "api/rule_trial.hpp"

namespace telltale::test {

/// Reads every text as one rule `tried` of temperatures; where it says "bad", as a fault of that line. Runs give what
/// they were asked for.
class TrialDouble final : public api::RuleTrial {
 public:
  [[nodiscard]] Result<std::vector<proto::Rule>, std::vector<Fault>> read(std::string_view toml) const override {
    std::vector<Fault> faults;
    std::size_t line = 1;
    for (const char* at = toml.data(); at != toml.data() + toml.size(); ++at) {
      if (std::string_view(at, toml.data() + toml.size()).starts_with("bad")) faults.push_back({line, "is bad"});
      if (*at == '\n') ++line;
    }
    if (!faults.empty()) return fail(std::move(faults));
    {
      const std::lock_guard lock(mutex_);
      texts_.emplace_back(toml);
    }
    if (toml.find("[[rule]]") == std::string_view::npos) return std::vector<proto::Rule>();
    proto::Rule rule;
    rule.name = "tried";
    rule.metric = "temperature";
    rule.check = proto::ThresholdCheck{80.0, std::nullopt, std::nullopt};
    return std::vector{rule};
  }
  [[nodiscard]] Millis warm_up(const proto::RuleSet&) const override { return Millis{3'600'000}; }
  [[nodiscard]] Result<std::string, Refusal> run(const proto::RuleSet& rules, const std::string& tenant,
                                                 store::Range range, std::size_t alerts) override {
    const std::lock_guard lock(mutex_);
    if (refuses_) return fail(*refuses_);
    asked_ = rules.rules.front().name + " of " + tenant + " " + std::to_string(to_ms(range.from)) + " to " +
             std::to_string(to_ms(range.to)) + ", " + std::to_string(alerts) + " alerts";
    return R"({"from":"2025-11-20T04:40:00Z","to":"2025-11-21T04:40:00Z","warm_up_from":"2025-11-20T03:40:00Z",)"
           R"("readings":25,"series":1,"rules":[{"rule":"tried","alerts":1,"open_at_from":0,"open_at_to":1,)"
           R"("first":"2025-11-21T04:30:00Z","last":"2025-11-21T04:30:00Z","firing_s":600.0,"longest_s":600.0,)"
           R"("days":[{"day":"2025-11-21","alerts":1}]}],"worst":[{"rule":"tried","tenant":"acme","site":"site1",)"
           R"("device":"boiler","metric":"temperature","alerts":1}],"alerts":[{"id":"a-00000000000000aa",)"
           R"("rule":"tried","severity":"warning","tenant":"acme","site":"site1","device":"boiler",)"
           R"("metric":"temperature","started":"2025-11-21T04:30:00Z","raised":"2025-11-21T04:30:00Z",)"
           R"("state":"firing","value":500.0,"threshold":80.0,"count":1,"flaps":0,"summary":"500 > 80"}],)"
           R"("alerts_left_out":0,"presence_alerts":0})";
  }

  void refuse(Refusal why) {
    const std::lock_guard lock(mutex_);
    refuses_ = why;
  }
  [[nodiscard]] std::string asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }
  [[nodiscard]] std::vector<std::string> texts() const {
    const std::lock_guard lock(mutex_);
    return texts_;
  }

 private:
  mutable std::mutex mutex_;
  mutable std::vector<std::string> texts_;
  std::string asked_;
  std::optional<Refusal> refuses_;
};

}  // namespace telltale::test
