#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "proto/alert_desk.hpp"

namespace telltale::store {

/// Alerts, their history and silences as state.db has them, over a connection of its own.
/// Threads: any. Errors: StoreFailure. Cost: one indexed query a call; nobody is locked out.
class AlertReader {
 public:
  /// state.db must be there and of this program's format (StateDb has opened it before).
  explicit AlertReader(const std::filesystem::path& file);
  ~AlertReader();

  [[nodiscard]] std::vector<proto::RecordedTransition> active_alerts(const std::string& tenant) const;
  [[nodiscard]] std::vector<proto::RecordedTransition> transitions(const proto::TransitionQuery& query) const;
  [[nodiscard]] std::vector<proto::SilenceState> silences(const std::string& tenant) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace telltale::store
