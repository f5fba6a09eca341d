#include "app/config_restart.hpp"

#include <algorithm>
#include <string_view>

#include "app/config_schema.hpp"

namespace telltale::app {

namespace {

constexpr std::string_view reloaded_sections[] = {"analytics", "unusual", "notify"};
// The others of `ingest` are the decoder's, which is replaced.
constexpr std::string_view kept_of_ingest[] = {"batch_readings", "batch_delay",           "max_series",
                                               "max_devices",    "new_series_per_minute", "device_messages_per_minute"};

bool waits(const Key& key) {
  if (std::ranges::find(reloaded_sections, key.section) != std::end(reloaded_sections)) return false;
  if (key.section == "ingest") return std::ranges::find(kept_of_ingest, key.name) != std::end(kept_of_ingest);
  return key.full_name() != "mqtt.filters" && key.full_name() != "log.level";
}

}  // namespace

std::vector<std::string> waiting_for_restart(const Config& running, const Config& fresh) {
  std::vector<std::string> names;
  for (const auto& key : config_keys()) {
    if (waits(key) && key.show(running) != key.show(fresh)) names.push_back(key.full_name());
    // Its value is never shown.
    if (key.full_name() == "mqtt.password_file" && running.mqtt.password != fresh.mqtt.password)
      names.emplace_back("mqtt.password");
  }
  if (running.store.retention != fresh.store.retention) names.emplace_back("retention");
  return names;
}

}  // namespace telltale::app
