#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "proto/intake.hpp"

namespace telltale::test {

/// Answers what it was told to answer, from the thread that asks; or keeps the question.
class IntakeDouble final : public proto::Intake {
 public:
  using Done = std::function<void(std::optional<proto::Receipt>)>;

  void post(proto::PostedTelemetry message, Done done) override {
    const std::lock_guard lock(mutex_);
    posted_.push_back(std::move(message));
    if (holds_) {
      held_.push_back(std::move(done));
    } else {
      done(receipt_);
    }
  }
  void remove(proto::DevicesRemoved removal, std::function<void(std::optional<std::uint64_t>)> logged) override {
    const std::lock_guard lock(mutex_);
    removed_.push_back(removal.tenant + '/' + removal.site + '/' + removal.device + " by " + removal.by);
    logged(7);
  }
  [[nodiscard]] std::string problem() const override {
    const std::lock_guard lock(mutex_);
    return problem_;
  }

  void answer_with(std::optional<proto::Receipt> receipt) {
    const std::lock_guard lock(mutex_);
    receipt_ = std::move(receipt);
  }
  void have_problem(std::string problem) {
    const std::lock_guard lock(mutex_);
    problem_ = std::move(problem);
  }
  void hold() {
    const std::lock_guard lock(mutex_);
    holds_ = true;
  }
  /// Answers what was held.
  void release() {
    const std::lock_guard lock(mutex_);
    for (const auto& done : held_) done(receipt_);
    held_.clear();
    holds_ = false;
  }
  [[nodiscard]] std::vector<proto::PostedTelemetry> posted() const {
    const std::lock_guard lock(mutex_);
    return posted_;
  }
  [[nodiscard]] std::vector<std::string> removed() const {
    const std::lock_guard lock(mutex_);
    return removed_;
  }

 private:
  mutable std::mutex mutex_;
  std::optional<proto::Receipt> receipt_ = proto::Receipt{proto::Outcome::stored, 2, 1, {}, {}};
  std::string problem_;
  bool holds_ = false;
  std::vector<Done> held_;
  std::vector<proto::PostedTelemetry> posted_;
  std::vector<std::string> removed_;
};

}  // namespace telltale::test
