#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "api/answer_cache.hpp"
#include "api/archive.hpp"
#include "api/gate.hpp"
#include "api/http_message.hpp"
#include "api/in_force.hpp"
#include "api/live.hpp"
#include "proto/alert_desk.hpp"
#include "proto/clock.hpp"
#include "proto/intake.hpp"
#include "proto/topic.hpp"

namespace telltale::proto {
class DeviceConfigs;
class Expectations;
class Messenger;
}  // namespace telltale::proto

namespace telltale::api {

class ChannelDesk;
class DeviceNotes;
class DeviceReplies;
class RuleTrial;

/// Bounds of one answer; more is 422 too-many-points, before it is worked out.
struct RestLimits {
  std::size_t rows = 100'000;
  std::size_t series = 1'000;
  std::uint64_t readings = 20'000'000;  // that must be decoded one by one
  std::size_t anomalies = 10'000;
  std::uint64_t trial_readings = 5'000'000;  // that a rule is tested on
};

/// What the routes stand on; all of it outlives them.
struct RestParts {
  Gate& gate;
  Archive& archive;
  proto::AlertDesk& desk;
  Live& live;
  proto::Intake& intake;
  RulesInForce& rules;
  proto::Tenancy tenancy;
  const Clock& clock;
  DecodingInForce& decoding;
  RuleTrial& trial;
  ChannelDesk& channels;
  proto::Messenger& messenger;
  DeviceReplies& replies;
  proto::DeviceConfigs& configs;
  DeviceNotes& notes;
  proto::Expectations& expectations;
  AnswerCache* answers = nullptr;  // null: every answer is made
};

/// /api/v1/…: what is stored, and what may be ordered, for whom the gate lets in (contracts 7), and
/// /api/v1/openapi.json, for anybody.
[[nodiscard]] std::vector<Route> rest_routes(const RestParts& parts, RestLimits limits = {});

}  // namespace telltale::api
