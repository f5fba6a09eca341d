#pragma once

#include <filesystem>
#include <mutex>
#include <stop_token>

#include "api/rule_trial.hpp"
#include "proto/topic.hpp"

namespace telltale::app {

/// Rules of clients, read like those of the file and run by backtest::run over the data folder, one client at a time.
/// Bound: a run ends after `patience`, or soon after stop(), with store::Interrupted; in memory it holds 200,000
/// readings, the engine and the alerts that are asked for.
class RuleTrials final : public api::RuleTrial {
 public:
  RuleTrials(std::filesystem::path folder, proto::Tenancy tenancy, const Clock& clock, Millis patience = Millis{20'000})
      : folder_(std::move(folder)), tenancy_(tenancy), clock_(clock), patience_(patience) {}

  [[nodiscard]] Result<std::vector<proto::Rule>, std::vector<Fault>> read(std::string_view toml) const override;
  [[nodiscard]] Millis warm_up(const proto::RuleSet& rules) const override;
  [[nodiscard]] Result<std::string, Refusal> run(const proto::RuleSet& rules, const std::string& tenant,
                                                 store::Range range, std::size_t alerts) override;
  /// Runs under way end, and so do later ones. Threads: any.
  void stop() { stopping_.request_stop(); }

 private:
  const std::filesystem::path folder_;
  const proto::Tenancy tenancy_;
  const Clock& clock_;
  const Millis patience_;
  std::stop_source stopping_;
  std::mutex running_;
};

}  // namespace telltale::app
