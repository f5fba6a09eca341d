#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analytics/workspace.hpp"
#include "proto/alert.hpp"
#include "proto/event.hpp"

namespace telltale::analytics {

/// Which alerts are silenced at present: by orders of operators, and by maintenance windows of the rule set, which are
/// silences that the configuration sets and the calendar repeats. Their times are calendar times: a clock step moves
/// them. What begins or ends is said to the workspace; whoever shows alerts looks at them again afterwards.
/// Threads: one. Cost: match() is O(active silences); a change O(all of them).
class Silences {
 public:
  static constexpr std::size_t most = 1000;  // orders at a time, all tenants together

  explicit Silences(Workspace& ws) : ws_(ws) {}

  struct Who {
    std::string_view by, comment;  // until the next change
  };
  /// The first that matches: silences by name, then windows in the order of the configuration.
  [[nodiscard]] std::optional<Who> match(const proto::AlertTransition& alert) const;

  /// Always answered by one ControlReply.
  void apply(const proto::SilenceOrder& order);
  /// ws.rules has been replaced.
  void rules_changed(const proto::RuleSet& before);
  /// What should be active now is.
  void refresh();
  void on_deadline(const Timer& timer);
  [[nodiscard]] std::optional<Instant> due(const Timer& timer);

  void encode(proto::ByteWriter& out) const;
  [[nodiscard]] bool decode(proto::ByteReader& in);

 private:
  struct Silence {
    proto::AlertPattern pattern;
    proto::TimeSpan span;
    std::string by, comment;
    bool active = false;
  };
  struct Window {                         // of ws.rules.maintenance, in its order
    std::optional<proto::TimeSpan> span;  // present or next occurrence
    std::string by;
    bool active = false;
  };
  using Key = std::pair<std::string, std::string>;  // tenant, name

  [[nodiscard]] std::string set(const proto::SilenceOrder& order, proto::OrderRefusal& refusal);
  [[nodiscard]] std::string end(const proto::SilenceOrder& order, proto::OrderRefusal& refusal);
  void say(const Key& key, const Silence& silence, proto::SilenceState::Phase phase);
  void say(const proto::MaintenanceWindow& window, const Window& state, proto::SilenceState::Phase phase);
  void look(std::size_t window, Timestamp now);
  void arm(std::optional<Timestamp> next);

  Workspace& ws_;
  std::map<Key, Silence> silences_;
  std::vector<Window> windows_;
  Instant next_ = never;   // the next begin or end
  Instant armed_ = never;  // the timer that counts; others are dropped when met
};

}  // namespace telltale::analytics
