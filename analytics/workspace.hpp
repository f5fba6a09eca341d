#pragma once

#include <vector>

#include "analytics/fleet.hpp"
#include "analytics/judged.hpp"
#include "analytics/log_clock.hpp"
#include "analytics/timer_wheel.hpp"
#include "proto/alert.hpp"
#include "proto/rule.hpp"

namespace telltale::analytics {

/// What the parts of the engine share: time, names, settings, deadlines, and where findings go.
/// Parts hold a reference; the workspace outlives them.
struct Workspace {
  LogClock clock;
  Fleet fleet;
  proto::RuleSet rules;
  TimerWheel timers;
  TimerWheel silence;                               // stands still while we do not listen
  std::vector<proto::Finding>* findings = nullptr;  // set while a batch is processed
  OnJudged on_judged;                               // no part of the state; usually nobody looks

  void say(proto::Finding finding) {
    if (findings != nullptr) findings->push_back(std::move(finding));
  }
};

}  // namespace telltale::analytics
