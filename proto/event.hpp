#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "proto/alert_pattern.hpp"
#include "proto/clock.hpp"
#include "proto/learned_model.hpp"
#include "proto/outcome.hpp"
#include "proto/reading.hpp"
#include "proto/rule.hpp"

namespace telltale::proto {

// Everything that is not a reading and that something behind the log must know. The log is the only input of
// what stands behind it, so a fact that is not an event here does not exist for analytics, alerts or readers.

/// A device seen for the first time. Precedes its first use in the log.
struct NewDevice {
  DeviceKey key;
  std::string tenant, site, device;
  friend bool operator==(const NewDevice&, const NewDevice&) = default;
};

/// A series seen for the first time. Precedes its first reading.
struct NewSeries {
  SeriesId id;
  DeviceKey device;
  std::string metric;
  std::string unit;  // "" = not known
  friend bool operator==(const NewSeries&, const NewSeries&) = default;
};

/// The unit of a known series arrived or changed.
struct SeriesUnit {
  SeriesId id;
  std::string unit;
  friend bool operator==(const SeriesUnit&, const SeriesUnit&) = default;
};

/// Tags of a device arrived or changed; replaces all of its tags.
struct DeviceTags {
  DeviceKey device;
  std::vector<std::pair<std::string, std::string>> tags;
  friend bool operator==(const DeviceTags&, const DeviceTags&) = default;
};

enum class DeviceState : std::uint8_t { online, offline, sleeping };

/// A birth, a will or a sleep message (contracts 4).
struct DeviceStatus {
  DeviceKey device;
  DeviceState state;
  bool retained = false;                    // a copy sent at subscribe: initial presence only
  std::string session;                      // "" = none given
  std::optional<std::int64_t> heartbeat_s;  // announced
  std::optional<Timestamp> ts;              // the device's own time; never used for wills
  friend bool operator==(const DeviceStatus&, const DeviceStatus&) = default;
};

/// A message of a device that stored no reading and is no status (empty, ack, dropped values): it is alive.
struct Heard {
  DeviceKey device;
  friend bool operator==(const Heard&, const Heard&) = default;
};

/// A retained reading: last known value only, if newer.
struct RetainedValue {
  SeriesId series;
  Timestamp ts;
  double value;
  friend bool operator==(const RetainedValue&, const RetainedValue&) = default;
};

/// State of our own link to the broker. `paused`: ingest does not read (window full, disk full); `resumed` ends it.
/// `stopped`: orderly end of the service; written last.
enum class LinkState : std::uint8_t { up, down, caught_up, paused, resumed, started, stopped };
struct Link {
  LinkState state;
  friend bool operator==(const Link&, const Link&) = default;
};

/// A new MQTT connection, logged before SUBSCRIBE is sent. Packet records that follow belong to it.
struct SessionEpoch {
  std::uint32_t epoch;
  bool session_present;
  friend bool operator==(const SessionEpoch&, const SessionEpoch&) = default;
};

/// A QoS 1 message that has been taken: how its redelivery is recognised (design 3, "Redelivery").
struct PacketRecord {
  std::uint32_t epoch;
  std::uint16_t packet_id;
  std::uint64_t hash;  // of topic and payload
  friend bool operator==(const PacketRecord&, const PacketRecord&) = default;
};

/// The whole redelivery table; first thing in each segment.
struct RedeliveryTable {
  std::vector<PacketRecord> records;
  friend bool operator==(const RedeliveryTable&, const RedeliveryTable&) = default;
};

enum class OperatorVerb : std::uint8_t { ack, silence };

/// control/alert/{id}/{verb}
struct OperatorAction {
  OperatorVerb verb;
  std::string tenant;
  std::string alert_id;
  std::string by;
  std::string comment;
  std::optional<Timestamp> until;
  friend bool operator==(const OperatorAction&, const OperatorAction&) = default;
};

enum class SilenceVerb : std::uint8_t { set, end };

/// control/silence/{name}: alerts that match are silenced in [from, until). One of the same tenant and name is
/// replaced. control/silence/{name}/end ends it early.
struct SilenceOrder {
  SilenceVerb verb = SilenceVerb::set;
  std::string tenant;  // of the order; it silences no other tenant's alerts
  std::string name;
  AlertPattern pattern;
  std::optional<Timestamp> from;  // default: at once
  std::optional<Timestamp> until;
  std::string by;
  std::string comment;
  friend bool operator==(const SilenceOrder&, const SilenceOrder&) = default;
};

/// From here on these rules and settings are in force.
struct RuleSetChange {
  RuleSet rules;
  friend bool operator==(const RuleSetChange&, const RuleSetChange&) = default;
};

/// The wall clock ran away from the monotonic clock by more than 2 s: log time continues at `to`; durations ignore it.
struct ClockStep {
  Timestamp from;
  Timestamp to;
  friend bool operator==(const ClockStep&, const ClockStep&) = default;
};

/// A message that could not be taken. `device` when the topic named a valid one.
struct DeadLetter {
  DeadLetterReason reason;
  std::string topic;
  std::string payload;              // at most 64 KiB are kept
  std::uint64_t payload_bytes = 0;  // of the original
  std::string detail;               // for people: what and where
  DeviceKey device = DeviceKey::none;
  friend bool operator==(const DeadLetter&, const DeadLetter&) = default;
};

/// A condition of the service itself that a built-in rule turns into an alert (disk-low, log-damage, series-limit,
/// config-error, link-down is derived from Link).
struct ServiceCondition {
  std::string rule;  // the built-in rule's name
  bool active;
  std::string summary;
  friend bool operator==(const ServiceCondition&, const ServiceCondition&) = default;
};

/// The data of devices is deleted: from here on their numbers and those of their series are dead and never return. A
/// device of the same name that reports again is a new one.
struct DevicesRemoved {
  std::string tenant, site, device;  // as asked: device "-" = all of the site, site "-" as well = all of the tenant
  std::string by, comment;
  std::vector<DeviceKey> devices;  // ascending; empty: nothing of that name was known
  std::vector<SeriesId> series;    // all of theirs, ascending
  friend bool operator==(const DevicesRemoved&, const DevicesRemoved&) = default;
};

/// From here on the rule knows this of the series, and nothing of what it learned before.
struct ModelChange {
  LearnedModel model;
  friend bool operator==(const ModelChange&, const ModelChange&) = default;
};

using Event = std::variant<NewDevice, NewSeries, SeriesUnit, DeviceTags, DeviceStatus, Heard, RetainedValue, Link,
                           SessionEpoch, RedeliveryTable, OperatorAction, RuleSetChange, ClockStep, DeadLetter,
                           ServiceCondition, SilenceOrder, DevicesRemoved, ModelChange>;

}  // namespace telltale::proto
