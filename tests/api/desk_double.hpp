#pragma once

#include <algorithm>
#include <mutex>
#include <string>
#include <vector>

#include "proto/alert_desk.hpp"

namespace telltale::test {

/// A desk that follows every order at once, in memory, at 2025-11-21T04:40:00Z.
///   acme:  `hot`  site1/boiler too-hot: firing (n 1, 04:30), acknowledged by ana (n 2, 04:31): active
///          `old`  site1/pump too-hot: firing (n 1, 03:00), resolved (n 2, 03:10)
///          silence `works` of pump-*, active; maintenance window `patching` of press-*, active, everybody's
///   rival: `far`  site9/vault grail-gone: firing
class DeskDouble final : public proto::AlertDesk {
 public:
  static constexpr const char* hot = "a-00000000000000aa";
  static constexpr const char* old = "a-00000000000000bb";
  static constexpr const char* far = "a-00000000000000cc";

  DeskDouble() {
    using S = proto::AlertState;
    using R = proto::AlertReason;
    say(old, 1, S::firing, "acme", "site1", "pump", -100, R::violated);
    say(old, 2, S::resolved, "acme", "site1", "pump", -90, R::recovered);
    say(hot, 1, S::firing, "acme", "site1", "boiler", -10, R::violated);
    say(far, 1, S::firing, "rival", "site9", "vault", -9, R::violated);
    said_.back().said.rule = "grail-gone";
    say(hot, 2, S::acknowledged, "acme", "site1", "boiler", -9, R::ordered);
    said_.back().said.by = "ana";
    said_.back().said.comment = "on it";
    silence("acme", "works", "pump-*", proto::SilenceState::Kind::silence);
    silence("*", "patching", "press-*", proto::SilenceState::Kind::maintenance);
  }

  using Answer = Result<std::string, proto::DeskRefusal>;
  Answer order(proto::OperatorAction action) override {
    const std::lock_guard lock(mutex_);
    if (refuses_) return fail(*refuses_);
    ++orders_;
    auto next = *std::ranges::find_if(said_.rbegin(), said_.rend(),
                                      [&](const auto& row) { return row.said.id == action.alert_id; });
    const bool acks = action.verb == proto::OperatorVerb::ack;
    next.number = said_.back().number + 1;
    ++next.said.n;
    next.said.state = acks ? proto::AlertState::acknowledged : proto::AlertState::silenced;
    next.said.reason = proto::AlertReason::ordered;
    next.said.by = action.by;
    next.said.comment = action.comment;
    said_.push_back(next);
    return acks ? "acknowledged" : "silenced";
  }
  Answer order(proto::SilenceOrder order) override {
    const std::lock_guard lock(mutex_);
    if (refuses_) return fail(*refuses_);
    ++orders_;
    std::erase_if(silences_, [&](const auto& s) { return s.tenant == order.tenant && s.name == order.name; });
    if (order.verb == proto::SilenceVerb::end) return "ended";
    silences_.push_back({proto::SilenceState::Kind::silence, proto::SilenceState::Phase::active, order.tenant,
                         order.name, order.pattern, order.from.value_or(now), *order.until, order.by, order.comment});
    return "active";
  }

  [[nodiscard]] std::vector<proto::RecordedTransition> active_alerts(const std::string& tenant) const override {
    proto::TransitionQuery query;
    query.tenant = tenant;
    query.newest_of_each = true;
    auto newest = transitions(query);
    std::erase_if(newest, [](const auto& row) { return !row.said.active(); });
    std::ranges::reverse(newest);
    return newest;
  }
  [[nodiscard]] std::vector<proto::RecordedTransition> transitions(const proto::TransitionQuery& q) const override {
    const std::lock_guard lock(mutex_);
    std::vector<proto::RecordedTransition> found;
    for (auto row = said_.rbegin(); row != said_.rend() && found.size() < q.limit; ++row) {
      const auto& s = row->said;
      const bool newer = std::any_of(said_.rbegin(), row, [&](const auto& later) { return later.said.id == s.id; });
      if (s.tenant == q.tenant && (!q.id || s.id == *q.id) && (!q.site || s.site == *q.site) &&
          (!q.device || s.device == *q.device) && (!q.rule || s.rule == *q.rule) && (!q.state || s.state == *q.state) &&
          (!q.severity || s.severity == *q.severity) && (!q.from || s.ts >= *q.from) && (!q.to || s.ts < *q.to) &&
          (!q.before_number || row->number < *q.before_number) && !(q.newest_of_each && newer)) {
        found.push_back(*row);
      }
    }
    return found;
  }
  [[nodiscard]] std::vector<proto::SilenceState> silences(const std::string& tenant) const override {
    const std::lock_guard lock(mutex_);
    auto found = silences_;
    std::erase_if(found, [&](const auto& s) { return s.tenant != "*" && s.tenant != tenant; });
    return found;
  }

  /// From now on every order is refused.
  void refuse(proto::OrderRefusal why) {
    const std::lock_guard lock(mutex_);
    refuses_ = proto::DeskRefusal{why, "refused by the test"};
  }
  [[nodiscard]] std::size_t orders() const {
    const std::lock_guard lock(mutex_);
    return orders_;
  }

  static constexpr Timestamp now{Millis{1'763'700'000'000}};

 private:
  void say(const char* id, std::uint32_t n, proto::AlertState state, const char* tenant, const char* site,
           const char* device, int minutes, proto::AlertReason reason) {
    proto::AlertTransition t;
    t.id = id;
    t.n = n;
    t.state = state;
    t.severity = proto::Severity::critical;
    t.tenant = tenant;
    t.site = site;
    t.device = device;
    t.rule = "too-hot";
    t.metric = "temperature";
    t.ts = now + Millis{minutes * 60'000};
    t.started = t.ts;
    t.count = 1;
    t.value = 86.5;
    t.threshold = 80;
    t.summary = std::string("temperature 86.5 > 80 on ") + device;
    t.reason = reason;
    if (n > 1) {
      for (const auto& row : said_)
        if (row.said.id == t.id) t.started = row.said.started;
    }
    said_.push_back({said_.size() + 1, std::move(t)});
  }
  void silence(const char* tenant, const char* name, const char* device, proto::SilenceState::Kind kind) {
    proto::AlertPattern pattern;
    pattern.tenant = tenant;
    pattern.device = device;
    silences_.push_back({kind, proto::SilenceState::Phase::active, tenant, name, pattern, now - Millis{60'000},
                         now + Millis{3'600'000}, "ana", "new seals"});
  }

  mutable std::mutex mutex_;
  std::vector<proto::RecordedTransition> said_;
  std::vector<proto::SilenceState> silences_;
  std::optional<proto::DeskRefusal> refuses_;
  std::size_t orders_ = 0;
};

}  // namespace telltale::test
