#include "app/config.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>
#include <fstream>
#include <sstream>

#include "app/config_filters.hpp"
#include "app/config_schema.hpp"
#include "app/config_tables.hpp"
#include "app/config_text.hpp"
#include "proto/decoder.hpp"

namespace telltale::app {

namespace {

constexpr std::string_view variable_prefix = "TELLTALE_";
constexpr std::string_view channel_variable = "CHANNEL__";
constexpr std::string_view password_variable = "TELLTALE_MQTT__PASSWORD";
constexpr Millis oldest_late{std::int64_t{31} * 24 * 3600 * 1000};  // design 4, late data

std::vector<std::string_view> section_names() {
  std::vector<std::string_view> names;
  for (const auto& key : config_keys()) {
    if (names.empty() || names.back() != key.section) names.push_back(key.section);
  }
  return names;
}

constexpr std::array<std::string_view, 7> list_names = {"rule",      "heartbeat", "site",   "maintenance",
                                                        "retention", "channel",   "mapping"};
bool is_list(std::string_view section) { return std::ranges::find(list_names, section) != list_names.end(); }

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (auto& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

proto::Rule default_rule(const UnusualOptions& options) {
  proto::Rule rule;
  rule.name = "unusual";
  rule.check = options.check;
  rule.cooldown = options.cooldown;
  rule.severity = options.severity;
  rule.except = options.except;
  return rule;
}

/// Reads one text and its environment into a Config. Values stay referenced until finish().
class Parser {
 public:
  Parser(std::string_view file) : file_(file) {}

  void read_text(std::string_view text) {
    try {
      root_ = toml::parse(text, file_);
    } catch (const toml::parse_error& error) {
      problems_.add(file_, error.source().begin, error.description());
      return;
    }
    for (const auto& [key, node] : root_) {
      const Value value{&node, file_, std::string(key.str())};
      if (is_list(key.str())) {
        lists_.emplace(key.str(), value);
      } else if (!read_section(value)) {
        auto known = section_names();
        known.insert(known.end(), list_names.begin(), list_names.end());
        problems_.add(file_, key.source().begin,
                      value.name + ": unknown " + (node.is_table() ? "section" : "key") + hint(key.str(), known));
      }
    }
  }

  void read_environment(const Environment& environment) {
    for (const auto& [variable, text] : environment) {
      if (!variable.starts_with(variable_prefix)) continue;
      const auto name = std::string_view(variable).substr(variable_prefix.size());
      const auto separator = name.find("__");
      if (separator == std::string_view::npos) continue;  // TELLTALE_CONFIG and the like
      if (variable == password_variable) {
        config_.mqtt.password = text;
        continue;
      }
      if (name.starts_with(channel_variable)) {
        read_channel_variable(variable, name.substr(channel_variable.size()), text);
        continue;
      }
      const auto section = lower_case(name.substr(0, separator));
      const auto key_name = lower_case(name.substr(separator + 2));
      const auto* key = find_key(section, key_name);
      const std::string origin = "environment " + variable;
      if (!key) {
        problems_.add(origin, {}, "no such key: " + section + "." + key_name + hint(key_name, keys_of(section)));
        continue;
      }
      read_variable(*key, origin, text);
    }
  }

  void read_channel_variable(const std::string& variable, std::string_view rest, const std::string& text) {
    const auto separator = rest.rfind("__");
    if (separator == std::string_view::npos) {
      problems_.add("environment " + variable, {}, "names no key: write TELLTALE_CHANNEL__NAME__SECRET");
      return;
    }
    channel_secrets_[{std::string(rest.substr(0, separator)), std::string(rest.substr(separator + 2))}] = text;
  }

  Config finish() {
    read_lists();
    check_together();
    if (problems_.count() > 0) throw ConfigErrors(problems_.sorted());
    return std::move(config_);
  }

 private:
  static std::vector<std::string_view> keys_of(std::string_view section) {
    std::vector<std::string_view> names;
    for (const auto& key : config_keys()) {
      if (key.section == section) names.push_back(key.name);
    }
    return names;
  }

  /// A near name among `known`, else the section where a key of exactly this name lives.
  static std::string hint(std::string_view unknown, const std::vector<std::string_view>& known) {
    auto near = suggestion(unknown, known);
    if (!near.empty()) return near;
    for (const auto& key : config_keys()) {
      if (key.name == unknown)
        return ", did you mean '" + std::string(unknown) + "' in [" + std::string(key.section) + "]?";
    }
    return "";
  }

  bool read_section(const Value& section) {
    const auto names = keys_of(section.name);
    if (names.empty()) return false;
    const auto* table = section.node->as_table();
    if (!table) {
      problems_.add(section, "is a section: write [" + section.name + "]");
      return true;
    }
    for (const auto& [name, node] : *table) {
      const auto* key = find_key(section.name, name.str());
      if (key) {
        apply(*key, section.child(node, "." + std::string(name.str())));
      } else if (section.name == "mqtt" && name.str() == "password") {
        problems_.add(file_, name.source().begin,
                      "mqtt.password: secrets do not belong in this file: use password_file or " +
                          std::string(password_variable));
      } else {
        problems_.add(file_, name.source().begin,
                      section.name + "." + std::string(name.str()) + ": unknown key" + hint(name.str(), names));
      }
    }
    return true;
  }

  void read_variable(const Key& key, const std::string& origin, const std::string& text) {
    toml::table holder;
    const bool literal = key.kind == KeyKind::literal || (key.kind == KeyKind::list && text.starts_with('['));
    if (literal) {
      try {
        holder = toml::parse("value = " + text);
      } catch (const toml::parse_error&) {
        holder.insert("value", text);
      }
      if (holder.size() != 1) holder = toml::table{{"value", text}};
    } else if (key.kind == KeyKind::list) {
      toml::array items;
      std::istringstream parts(text);
      for (std::string item; std::getline(parts, item, ',');) items.push_back(item);
      holder.insert("value", std::move(items));
    } else {
      holder.insert("value", text);
    }
    variables_.push_back(std::move(holder));
    apply(key, {variables_.back().get("value"), origin, key.full_name()});
  }

  void apply(const Key& key, Value value) {
    key.read(value, config_, problems_);
    seen_.insert_or_assign(key.full_name(), std::move(value));
  }

  void read_lists() {
    if (const auto list = lists_.find("rule"); list != lists_.end()) {
      config_.analytics.rules = read_rules(list->second, config_.multi_tenant, problems_);
    }
    if (const auto list = lists_.find("heartbeat"); list != lists_.end()) {
      config_.analytics.heartbeats = read_heartbeats(list->second, config_.multi_tenant, problems_);
    }
    if (const auto list = lists_.find("site"); list != lists_.end()) {
      config_.analytics.zones = read_sites(list->second, config_.multi_tenant, problems_);
    }
    if (const auto list = lists_.find("maintenance"); list != lists_.end()) {
      config_.analytics.maintenance =
          read_maintenance(list->second, config_.multi_tenant, config_.ingest.decoder.zone, problems_);
    }
    if (const auto list = lists_.find("retention"); list != lists_.end()) {
      config_.store.retention = read_retention(list->second, config_.multi_tenant, problems_);
    }
    const auto channels = lists_.find("channel");
    config_.notify.channels = read_channels(channels == lists_.end() ? nullptr : &channels->second, channel_secrets_,
                                            config_.multi_tenant, problems_);
    if (const auto list = lists_.find("mapping"); list != lists_.end()) {
      mappings_ = read_mappings(list->second, problems_);
    }
    check_mappings();
  }

  /// The decoder knows best what it can compile; asking it for one mapping at a time gives each error its place.
  void check_mappings() {
    for (const auto& placed : mappings_) {
      proto::DecoderOptions alone;
      alone.mappings = {placed.mapping};
      try {
        const proto::Decoder compiled(std::move(alone));
      } catch (const proto::ConfigError& error) {
        problems_.add(placed.topic, error.what());
      }
    }
  }

  void check_together() {
    if (problems_.count() > 0) return;  // half a configuration gives misleading messages
    auto& c = config_;
    const auto tenants = c.multi_tenant ? Tenants::on : Tenants::off;
    c.ingest.decoder.multi_tenant = c.alerting.multi_tenant = c.multi_tenant;
    for (auto& placed : mappings_) c.ingest.decoder.mappings.push_back(placed.mapping);
    c.ingest.decoder.mappings.push_back(proto::tutorial_mapping());
    check_filters(tenants);

    require(c.mqtt.backoff_min <= c.mqtt.backoff_max, "mqtt.backoff_min", "must not be more than mqtt.backoff_max");
    require(c.mqtt.cert_file.empty() == c.mqtt.key_file.empty(), c.mqtt.cert_file.empty() ? "mqtt.key" : "mqtt.cert",
            "cert and key come together");
    for (const auto* key : {"mqtt.ca", "mqtt.cert"}) {
      const auto& file = std::string_view(key) == "mqtt.ca" ? c.mqtt.ca_file : c.mqtt.cert_file;
      require(c.mqtt.tls || file.empty(), key, "needs a url that begins with mqtts://");
    }
    require(c.http.cert_file.empty() == c.http.key_file.empty(), c.http.cert_file.empty() ? "http.key" : "http.cert",
            "cert and key come together");
    require(!c.mqtt.client_id.empty(), "mqtt.client_id", "must not be empty: the session is kept under it");
    require(c.ingest.decoder.max_payload_bytes < c.mqtt.max_frame_bytes, "ingest.max_payload",
            "must be less than mqtt.max_frame (" + size_text(c.mqtt.max_frame_bytes) + ")");

    require(c.unusual.check.clear < c.unusual.check.limit, "unusual.clear", "must be less than unusual.limit");

    if (c.unusual.enabled) c.analytics.rules.push_back(default_rule(c.unusual));
    c.ingest.filters = c.mqtt.filters;
    c.ingest.receive_maximum = c.mqtt.receive_maximum;
    c.ingest.batch_messages = std::min<std::size_t>(c.ingest.batch_messages, (c.mqtt.receive_maximum + 1U) / 2U);
    constexpr Millis one_day{24 * 3600 * 1000};
    // The decoder does not ask whose reading it is: the shortest retention of all tenants counts.
    auto shortest = c.store.raw_retention_days;
    for (const auto& klass : c.store.retention) shortest = std::min(shortest, klass.raw_days);
    c.ingest.limits.max_age = std::min(oldest_late, (shortest - 1) * one_day);
  }

  void check_filters(Tenants tenants) {
    std::vector<std::string> wanted;
    for (const auto& mapping : config_.ingest.decoder.mappings)
      wanted.push_back(mapping_filter(mapping.topic, tenants));
    auto& filters = config_.mqtt.filters;
    if (filters.empty()) {
      filters = derived_filters(wanted, tenants);
      return;
    }
    const auto& place = seen_.at("mqtt.filters");
    const auto* list = place.node->as_array();
    for (std::size_t i = 0; i < filters.size(); ++i) {
      if (const auto problem = filter_problem(filters[i], tenants)) {
        problems_.add(place.child(*list->get(i), ""), "\"" + filters[i] + "\": " + *problem);
      } else if (std::find(filters.begin(), filters.begin() + static_cast<std::ptrdiff_t>(i), filters[i]) !=
                 filters.begin() + static_cast<std::ptrdiff_t>(i)) {
        problems_.add(place.child(*list->get(i), ""), "\"" + filters[i] + "\" is there twice");
      }
    }
    for (std::size_t i = 0; i < mappings_.size(); ++i) {  // wanted has the tutorial's last, which may be left out
      if (std::ranges::any_of(filters, [&](const auto& f) { return covers(f, wanted[i]); })) continue;
      problems_.add(mappings_[i].topic, "is never reached: no filter in mqtt.filters covers \"" + wanted[i] + "\"");
    }
  }

  void require(bool holds, const std::string& key, std::string_view otherwise) {
    if (holds) return;
    const auto place = seen_.find(key);
    if (place != seen_.end()) {
      problems_.add(place->second, otherwise);
    } else {
      problems_.add(file_, {}, key + ": " + std::string(otherwise));
    }
  }

  std::string file_;
  Config config_;
  Problems problems_;
  toml::table root_;
  std::deque<toml::table> variables_;
  std::map<std::string, Value> seen_;
  std::map<std::string, Value, std::less<>> lists_;
  std::vector<PlacedMapping> mappings_;
  ChannelSecrets channel_secrets_;
};

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const auto& line : lines) out += (out.empty() ? "" : "\n") + line;
  return out;
}

std::string variable(const char* name, const Environment& environment) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string() : found->second;
}

std::vector<std::filesystem::path> usual_places(const Environment& environment) {
  std::filesystem::path home = variable("XDG_CONFIG_HOME", environment);
  if (const auto user = variable("HOME", environment); home.empty() && !user.empty())
    home = std::filesystem::path(user) / ".config";
  std::vector<std::filesystem::path> places;
  if (!home.empty()) places.push_back(home / "telltale" / "telltale.toml");
  places.emplace_back("/etc/telltale/telltale.toml");
  return places;
}

}  // namespace

ConfigErrors::ConfigErrors(std::vector<std::string> problems)
    : proto::ConfigError(joined(problems)), problems_(std::move(problems)) {}

Environment process_environment() {
  Environment environment;
  for (char** entry = environ; entry && *entry; ++entry) {
    const std::string_view text(*entry);
    const auto equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    const auto name = text.substr(0, equals);
    if (name.starts_with(variable_prefix) || name == "HOME" || name == "XDG_CONFIG_HOME") {
      environment.emplace(name, text.substr(equals + 1));
    }
  }
  return environment;
}

Config parse_config(std::string_view text, std::string_view file, const Environment& environment) {
  Parser parser(file);
  parser.read_text(text);
  parser.read_environment(environment);
  return parser.finish();
}

Config load_config(const std::filesystem::path& file, const Environment& environment) {
  std::error_code error;
  if (std::filesystem::is_directory(file, error)) throw ConfigErrors({file.string() + ": cannot be read: is a folder"});
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  if (!in || (!(text << in.rdbuf()) && in.bad())) throw ConfigErrors({cannot_be_read(file.string())});
  return parse_config(text.str(), file.string(), environment);
}

std::optional<std::filesystem::path> find_config(const std::string& flag, const Environment& environment) {
  if (!flag.empty()) return flag;
  if (const auto named = variable("TELLTALE_CONFIG", environment); !named.empty()) return named;
  for (const auto& place : usual_places(environment)) {
    std::error_code ignored;
    if (std::filesystem::exists(place, ignored)) return place;
  }
  return std::nullopt;
}

Config config_in_use(const std::optional<std::filesystem::path>& found, const Environment& environment) {
  return found ? load_config(*found, environment) : parse_config("", "(no file)", environment);
}

std::string no_config_found(const Environment& environment) {
  std::string text = "no configuration file: neither --config nor TELLTALE_CONFIG names one, and there is none at ";
  const auto places = usual_places(environment);
  for (const auto& place : places) text += (&place == &places.front() ? "" : " or ") + place.string();
  return text;
}

}  // namespace telltale::app
