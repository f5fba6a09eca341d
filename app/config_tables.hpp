#pragma once

// Inside app only: pulls in toml++. The sections that are lists of tables.
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/config_value.hpp"
#include "notify/channel.hpp"
#include "proto/mapping.hpp"
#include "proto/rule.hpp"
#include "store/retention.hpp"

namespace telltale::app {

/// The keys of [[rule]], [[heartbeat]], [[site]], [[maintenance]], [[retention]], [[channel]], [[mapping]], and of a
/// mapping's `metrics` and `time`.
[[nodiscard]] const std::vector<std::string_view>& rule_keys();
[[nodiscard]] const std::vector<std::string_view>& heartbeat_keys();
[[nodiscard]] const std::vector<std::string_view>& site_keys();
[[nodiscard]] const std::vector<std::string_view>& maintenance_keys();
[[nodiscard]] const std::vector<std::string_view>& retention_keys();
[[nodiscard]] const std::vector<std::string_view>& channel_keys();
[[nodiscard]] const std::vector<std::string_view>& mapping_keys();
[[nodiscard]] const std::vector<std::string_view>& mapping_metric_keys();
[[nodiscard]] const std::vector<std::string_view>& mapping_time_keys();

[[nodiscard]] std::vector<proto::Rule> read_rules(const Value& list, bool multi_tenant, Problems& problems);
[[nodiscard]] std::vector<proto::HeartbeatSetting> read_heartbeats(const Value& list, bool multi_tenant,
                                                                   Problems& problems);

/// `zone`: of times and days where an entry names none.
[[nodiscard]] std::vector<proto::SiteZone> read_sites(const Value& list, bool multi_tenant, Problems& problems);
[[nodiscard]] std::vector<proto::MaintenanceWindow> read_maintenance(const Value& list, bool multi_tenant,
                                                                     const std::string& zone, Problems& problems);

[[nodiscard]] std::vector<store::RetentionClass> read_retention(const Value& list, bool multi_tenant,
                                                                Problems& problems);

/// What the environment says of channels, by (NAME, KEY) as in TELLTALE_CHANNEL__NAME__KEY.
using ChannelSecrets = std::map<std::pair<std::string, std::string>, std::string>;
/// `list`: null when there is none. Variables that belong to no channel are problems.
[[nodiscard]] std::vector<notify::Channel> read_channels(const Value* list, const ChannelSecrets& environment,
                                                         bool multi_tenant, Problems& problems);

/// A mapping and where its topic stands.
struct PlacedMapping {
  proto::Mapping mapping;
  Value topic;
};
/// What needs the decoder's zone and limits is left to the caller.
[[nodiscard]] std::vector<PlacedMapping> read_mappings(const Value& list, Problems& problems);

/// Calls `each` with every entry of a list of tables; tells when it is none.
template <class Each>
void for_each_entry(const Value& list, Problems& problems, Each&& each) {
  const auto* array = list.node->as_array();
  if (!array || (!array->empty() && !array->is_array_of_tables())) {
    problems.add(list, "is a list: write [[" + list.name + "]]");
    return;
  }
  for (const auto& entry : *array) each(list.child(entry, ""));
}

/// The patterns that say which devices an entry is about, tenant only in multi-tenant installs.
void read_pattern(const TableReader& table, std::string_view key, bool multi_tenant, std::string& out,
                  Problems& problems);

/// What a rule checks: one of the types, and the keys that go with it.
void read_check(const TableReader& table, proto::Rule& rule, Problems& problems);

/// A rule's `escalate`: one step or a list of them, each higher and later than the one before.
void read_escalation(const Value& value, proto::Severity severity, std::vector<proto::Escalation>& out,
                     Problems& problems);

/// Patterns of series: metric, device/metric or site/device/metric.
void read_series_patterns(const Value& value, std::vector<std::string>& out, Problems& problems);

}  // namespace telltale::app
