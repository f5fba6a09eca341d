#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "store/state_db.hpp"

namespace telltale::alerting {

/// Under this key state.db keeps the last word on a device that was removed, for as long as there is a state.db: its
/// topic is forgotten, but an old snapshot of the broker, or an old copy of the service, may bring it back.
[[nodiscard]] std::string removed_presence_key(std::string_view topic);
/// The same for configurations: the newest version that was given on a topic, whatever became of it.
[[nodiscard]] std::string config_given_key(std::string_view topic);

/// Finds what the broker's retained copies lack or have wrong after a connect: a broker that was restored from an
/// old snapshot, or that lost it, or that expired a session of ours half way.
/// Threads: alerting's. Cost: one look-up per copy, one pass over the topic table at the end.
class RetainedCompare {
 public:
  explicit RetainedCompare(const store::StateDb& state) : state_(state) {}

  void begin();
  /// We have sent this topic on the present connection: its retained copy may be older than that.
  void sent(std::string_view topic);
  void copy(std::string_view topic, std::string_view payload);

  struct Differences {
    std::vector<std::string> stale;                    // ours, and the broker has another copy or none
    std::vector<store::StateDb::TableTopic> orphaned;  // ours, and removed since, with what to send
    [[nodiscard]] bool empty() const noexcept { return stale.empty() && orphaned.empty(); }
  };
  [[nodiscard]] Differences finish();

 private:
  /// What we said last under a topic that is in the table no more. Nothing: never anything.
  [[nodiscard]] std::optional<std::string> last_word_on(std::string_view topic, std::string_view payload) const;

  const store::StateDb& state_;
  bool running_ = false;
  std::unordered_set<std::string> settled_;  // compared, or sent by us
  Differences found_;
};

}  // namespace telltale::alerting
