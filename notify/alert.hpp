#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proto/alert.hpp"
#include "proto/clock.hpp"

namespace telltale::notify {

using Pairs = std::vector<std::pair<std::string, std::string>>;

/// One alert as the last transition left it, read from the object of contracts 5. A change of severity makes another
/// alert of it, as for every receiver that tells alerts apart by their labels.
struct Alert {
  std::string key;      // id and severity
  std::string payload;  // the object, byte for byte
  std::string id;
  proto::AlertState state = proto::AlertState::firing;
  proto::Severity severity = proto::Severity::warning;
  std::string tenant, site, device, rule, metric;
  std::string value;  // as text, "" when there is none
  std::string summary, runbook;
  Timestamp started, ts;
  bool multi_tenant = false;

  /// Channels speak of it; they are silent about what somebody acknowledged or silenced.
  [[nodiscard]] bool loud() const noexcept {
    return state == proto::AlertState::firing || state == proto::AlertState::flapping;
  }
  [[nodiscard]] bool ended() const noexcept {
    return state == proto::AlertState::resolved || state == proto::AlertState::removed;
  }
  /// Everybody should hear of it at once: while the link is down MQTT tells nobody.
  [[nodiscard]] bool urgent() const noexcept { return rule == "link-down"; }

  [[nodiscard]] Pairs labels() const;  // alertname, severity, site, device, then metric and tenant if there are any
  [[nodiscard]] Pairs annotations() const;  // summary, value, runbook_url, those that there are
  /// "too-hot esp32-7 (site1)"; service-level alerts have neither device nor site.
  [[nodiscard]] std::string headline() const;
};

/// Nothing: these are not the bytes of an alert object.
[[nodiscard]] std::optional<Alert> read_alert(std::string_view tenant, std::string_view payload);

/// FNV-1a, 64 bit, over the sorted labels, each name and value ended by a byte 0xFF: what Prometheus and Alertmanager
/// use (github.com/prometheus/common, model.LabelSet.Fingerprint), so that both show the same number.
[[nodiscard]] std::string fingerprint(Pairs labels);

}  // namespace telltale::notify
