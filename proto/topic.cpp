#include "proto/topic.hpp"

#include <array>

#include "proto/utf8.hpp"

namespace telltale::proto {

namespace {

constexpr std::string_view lower_digit = "abcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::string_view letters_ = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// Which characters an id may hold: bit 0 tenant/site first, 1 tenant/site rest, 2 device first, 3 rest of device and
/// metric, 4 metric first.
constexpr std::array<std::uint8_t, 256> id_characters = [] {
  std::array<std::uint8_t, 256> table{};
  const auto allow = [&](std::string_view set, unsigned bits) {
    for (const char c : set) {
      auto& entry = table[static_cast<unsigned char>(c)];
      entry = static_cast<std::uint8_t>(entry | bits);
    }
  };
  allow(lower_digit, 0b00011);
  allow("_-", 0b00010);
  allow(letters_, 0b11100);
  allow("0123456789", 0b01100);
  allow("_", 0b11000);
  allow(".:-", 0b01000);
  return table;
}();

bool spelled(std::string_view text, std::size_t limit, unsigned first, unsigned rest) noexcept {
  if (text.empty() || text.size() > limit) return false;
  if (!(id_characters[static_cast<unsigned char>(text.front())] & first)) return false;
  for (const char c : text.substr(1)) {
    if (!(id_characters[static_cast<unsigned char>(c)] & rest)) return false;
  }
  return true;
}

bool valid_alert_id(std::string_view id) noexcept {
  constexpr std::size_t longest = 64;
  return spelled(id, longest, 0b00100, 0b01000);
}

/// Takes the next level off `rest`; false when there is none.
bool next_level(std::string_view& rest, std::string_view& level) noexcept {
  if (rest.data() == nullptr) return false;
  const auto slash = rest.find('/');
  level = rest.substr(0, slash);
  rest = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash + 1);
  return true;
}

constexpr std::string_view all_of = "-";

bool names_devices(std::string_view site, std::string_view device) noexcept {
  return (valid_site(site) && (valid_device(device) || device == all_of)) || (site == all_of && device == all_of);
}

std::string quoted(std::string_view what, std::string_view text) {
  return std::string(what) + " '" + excerpt(text) + "'";
}

}  // namespace

std::optional<TopicClass> topic_class(std::string_view level) noexcept {
  if (level.size() < 3 || level.size() > 13) return std::nullopt;
  for (auto i = std::uint8_t{0}; i <= static_cast<std::uint8_t>(TopicClass::control_reply); ++i) {
    if (to_string(TopicClass{i}) == level) return TopicClass{i};
  }
  return std::nullopt;
}

bool valid_site(std::string_view text) noexcept { return spelled(text, 24, 0b00001, 0b00010) && !topic_class(text); }
bool valid_tenant(std::string_view text) noexcept { return valid_site(text); }
bool valid_device(std::string_view text) noexcept { return spelled(text, 48, 0b00100, 0b01000); }
bool valid_metric(std::string_view text) noexcept { return spelled(text, 48, 0b10000, 0b01000); }

bool reserved_key(std::string_view key) noexcept {
  switch (key.size()) {
    case 1:
      return key == "v" || key == "u";
    case 2:
      return key == "ts" || key == "id";
    case 3:
      return key == "seq";
    case 4:
      return key == "boot" || key == "tags" || key == "meta";
    case 5:
      return key == "units" || key == "batch";
    case 6:
      return key == "values" || key == "age_ms";
    case 7:
      return key == "session";
    case 9:
      return key == "uptime_ms";
    case 13:
      return key == "uptime_now_ms";
    default:
      return false;
  }
}

Result<TopicParts, std::string> split_tenant(std::string_view topic, Tenancy tenancy) {
  auto rest = topic;
  std::string_view first;
  next_level(rest, first);
  const auto first_class = topic_class(first);
  // service/{instance}/status has no tenant, in either kind of install.
  if (tenancy == Tenancy::single || first_class == TopicClass::service) {
    return TopicParts{default_tenant, topic, first_class};
  }
  if (first_class) return fail(quoted("a tenant is missing before", first));
  if (!valid_tenant(first)) return fail(quoted("not a tenant:", first));
  const auto without = rest;
  std::string_view second;
  if (!next_level(rest, second)) return fail(std::string("nothing follows the tenant"));
  return TopicParts{first, without, topic_class(second)};
}

Result<NativeTopic, std::string> parse_native(const TopicParts& parts) {
  NativeTopic out;
  out.tenant = parts.tenant;
  out.topic_class = *parts.topic_class;
  if (written_by_service(out.topic_class)) return out;

  const auto prefix = parts.tenant.data() == default_tenant.data() ? 0 : parts.tenant.size() + 1;
  if (prefix + parts.rest.size() > max_native_topic_bytes) return fail(std::string("topic over 256 bytes"));

  auto rest = parts.rest;
  std::array<std::string_view, 4> levels;
  std::size_t n = 0;
  std::string_view level;
  next_level(rest, level);
  while (next_level(rest, level)) {
    if (level.empty()) return fail(std::string("empty topic level"));
    if (n == levels.size()) return fail(std::string("too many topic levels"));
    levels[n++] = level;
  }

  if (out.topic_class == TopicClass::control) {
    if ((n == 2 || (n == 3 && levels[2] == "end")) && levels[0] == "silence") {
      if (!valid_name(levels[1])) return fail(quoted("not a name of a silence:", levels[1]));
      out.silence = levels[1];
      out.name = n == 3 ? levels[2] : std::string_view{};
      return out;
    }
    if (n == 4 && levels[0] == "device") {
      if (!names_devices(levels[1], levels[2])) return fail(quoted("not a device:", levels[2]));
      out.site = levels[1];
      out.device = levels[2];
      out.name = levels[3];
      return out;
    }
    if (n != 3 || levels[0] != "alert")
      return fail(std::string(
          "none of control/alert/{id}/{ack or silence}, control/silence/{name}, control/silence/{name}/end, "
          "control/device/{site}/{device}/remove"));
    if (!valid_alert_id(levels[1])) return fail(quoted("not an alert id:", levels[1]));
    out.alert_id = levels[1];
    out.name = levels[2];
    return out;
  }
  if (n > 3) return fail(std::string("too many topic levels"));
  const bool has_name = n == 3;
  const bool needs_name = out.topic_class == TopicClass::ack;
  const bool may_have_name = needs_name || out.topic_class == TopicClass::telemetry;
  if (n < 2 || (needs_name && !has_name)) return fail(std::string("topic levels are missing"));
  if (has_name && !may_have_name) return fail(std::string("too many topic levels"));
  if (!valid_site(levels[0])) return fail(quoted("not a site:", levels[0]) + " (" + std::string(site_syntax) + ")");
  if (!valid_device(levels[1])) return fail(quoted("not a device:", levels[1]));
  if (has_name && (!valid_metric(levels[2]) || (!needs_name && reserved_key(levels[2])))) {
    return fail(quoted(needs_name ? "not a command:" : "not a metric:", levels[2]));
  }
  out.site = levels[0];
  out.device = levels[1];
  if (has_name) out.name = levels[2];
  return out;
}

std::string to_topic(const NativeTopic& topic, Tenancy tenancy) {
  std::string out;
  if (tenancy == Tenancy::multi) out.append(topic.tenant).append("/");
  out.append(to_string(topic.topic_class));
  if (topic.topic_class == TopicClass::control && !topic.silence.empty()) {
    out.append("/silence/").append(topic.silence);
    return topic.name.empty() ? out : out.append("/").append(topic.name);
  }
  if (topic.topic_class == TopicClass::control && topic.alert_id.empty()) {
    return out.append("/device/").append(topic.site).append("/").append(topic.device).append("/").append(topic.name);
  }
  if (topic.topic_class == TopicClass::control) {
    return out.append("/alert/").append(topic.alert_id).append("/").append(topic.name);
  }
  out.append("/").append(topic.site).append("/").append(topic.device);
  if (!topic.name.empty()) out.append("/").append(topic.name);
  return out;
}

}  // namespace telltale::proto
