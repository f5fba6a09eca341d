#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "alerting/answers.hpp"
#include "proto/alert_desk.hpp"
#include "store/alert_reader.hpp"

namespace telltale::alerting {

/// The desk of this process: orders go to the log through `log_alone`, answers come from the alerting thread, reads
/// from state.db over a connection of its own. Threads: any.
class OperatorDesk final : public proto::AlertDesk {
 public:
  /// Logs one event in a batch of its own, and then tells that batch's number; nothing when it could not be logged.
  /// May forget to tell when the service ends.
  using LogAlone = std::function<void(proto::Event, std::function<void(std::optional<std::uint64_t>)> logged)>;

  /// Throws StoreFailure. `answers` is Alerting::answers().
  OperatorDesk(const std::filesystem::path& state_db, Answers& answers, LogAlone log_alone,
               Millis patience = Millis{5000});

  Result<std::string, proto::DeskRefusal> order(proto::OperatorAction action) override;
  Result<std::string, proto::DeskRefusal> order(proto::SilenceOrder order) override;
  [[nodiscard]] std::vector<proto::RecordedTransition> active_alerts(const std::string& tenant) const override;
  [[nodiscard]] std::vector<proto::RecordedTransition> transitions(const proto::TransitionQuery& query) const override;
  [[nodiscard]] std::vector<proto::SilenceState> silences(const std::string& tenant) const override;

 private:
  Result<std::string, proto::DeskRefusal> ask(proto::Event order);

  store::AlertReader reader_;
  Answers& answers_;
  LogAlone log_alone_;
  Millis patience_;
};

}  // namespace telltale::alerting
