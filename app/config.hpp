#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "alerting/desk.hpp"
#include "api/http_server.hpp"
#include "broker/ingest_session.hpp"
#include "ingest/options.hpp"
#include "notify/channel.hpp"
#include "proto/config_error.hpp"
#include "proto/log.hpp"
#include "proto/rule.hpp"
#include "store/store.hpp"

namespace telltale::app {

enum class LogFormat { automatic, json, text };

struct LogOptions {
  proto::LogLevel level = proto::LogLevel::info;
  LogFormat format = LogFormat::automatic;  // automatic: text on a terminal, else JSON
};

/// The default detector, for every numeric series.
struct UnusualOptions {
  bool enabled = true;
  proto::UnusualCheck check;
  Millis cooldown{15 * 60 * 1000};
  proto::Severity severity = proto::Severity::warning;
  std::vector<std::string> except;
};

/// Everything the file, the environment and the flags say, as the rooms take it: checked, complete, consistent.
struct Config {
  broker::IngestOptions mqtt;  // filters: the configured ones, or derived from the topic classes and the mappings
  store::StoreOptions store;
  api::HttpOptions http;
  bool allow_anonymous_loopback = false;
  double requests_per_second = 100;             // of one key; 0 = no limit
  bool device_metrics = false;                  // serve /metrics/devices
  std::uint64_t query_cache_bytes = 64u << 20;  // half for answers, half for decoded days; 0 = none
  ingest::WriterOptions ingest;                 // decoder.mappings: the file's, then the shipped tutorial mapping
  UnusualOptions unusual;
  proto::RuleSet analytics;  // rules: the file's, then the built-in `unusual`
  alerting::AlertingOptions alerting;
  notify::NotifyOptions notify;
  bool multi_tenant = false;
  LogOptions log;
};

/// Everything that is wrong, not only the first thing. what() has one problem a line:
/// "telltale.toml:12:3: rule.abowe: unknown key, did you mean 'above'?"
class ConfigErrors : public proto::ConfigError {
 public:
  explicit ConfigErrors(std::vector<std::string> problems);
  [[nodiscard]] const std::vector<std::string>& problems() const noexcept { return problems_; }

 private:
  std::vector<std::string> problems_;
};

using Environment = std::map<std::string, std::string>;

/// The TELLTALE_* variables, HOME and XDG_CONFIG_HOME of this process.
[[nodiscard]] Environment process_environment();

/// TELLTALE_SECTION__KEY in `environment` beats the text. Lists are separated by commas or written as in TOML.
/// Secrets are not taken from the text: mqtt.password_file names a file, TELLTALE_MQTT__PASSWORD has the secret itself.
/// A channel's are TELLTALE_CHANNEL__NAME__URL, __SECRET, __TOKEN and __PASSWORD.
/// `file` is the name used in messages. Reads password files; nothing else outside. Throws ConfigErrors.
[[nodiscard]] Config parse_config(std::string_view text, std::string_view file, const Environment& environment = {});

/// Same, from a file. Throws ConfigErrors also when the file cannot be read.
[[nodiscard]] Config load_config(const std::filesystem::path& file, const Environment& environment);

/// The file to use: the flag's, else $TELLTALE_CONFIG, else telltale.toml in $XDG_CONFIG_HOME/telltale
/// (~/.config/telltale) or /etc/telltale, whichever exists. Nothing: there is none, and the defaults and the
/// environment are all.
[[nodiscard]] std::optional<std::filesystem::path> find_config(const std::string& flag, const Environment& environment);

/// Of the file that find_config() has found; without one, of the environment and the defaults. Throws ConfigErrors.
[[nodiscard]] Config config_in_use(const std::optional<std::filesystem::path>& found, const Environment& environment);

/// For when find_config() has found nothing: that there is none, and where it was looked for.
[[nodiscard]] std::string no_config_found(const Environment& environment);

/// Every key with its default, unit and a comment, as a file that loads.
[[nodiscard]] std::string example_config();

}  // namespace telltale::app
