#include "devices/payload.hpp"

#include <charconv>

namespace telltale::devices {
namespace {

void append(std::string& out, double v) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, v).ptr;
  out.append(buffer, end);
}

void append_head(std::string& out, const Sample& sample, bool with_uptime) {
  if (sample.ts_ms) {
    out += "\"ts\":" + std::to_string(*sample.ts_ms) + ',';
  } else if (with_uptime) {
    out += "\"uptime_ms\":" + std::to_string(sample.uptime_ms) + ',';
  }
  out += "\"seq\":" + std::to_string(sample.seq) + ',';
}

void append_values(std::string& out, const Measurement& values) {
  out += "\"temperature\":";
  append(out, values.temperature);
  out += ",\"humidity\":";
  append(out, values.humidity);
  out += ",\"pressure\":";
  append(out, values.pressure);
  out += values.door_open ? ",\"door\":true" : ",\"door\":false";
}

void append_row(std::string& out, const Sample& sample, bool with_uptime) {
  out += '{';
  append_head(out, sample, with_uptime);
  append_values(out, sample.values);
  out += '}';
}

}  // namespace

std::string flat_payload(const Sample& sample) {
  std::string out;
  append_row(out, sample, false);
  return out;
}

std::string described_payload(const Sample& sample) {
  std::string out = "{";
  append_head(out, sample, false);
  out += "\"values\":{";
  append_values(out, sample.values);
  return out + R"(},"units":{"temperature":"Cel","humidity":"%RH","pressure":"hPa"}})";
}

std::string batch_payload(std::span<const Sample> samples, std::int64_t uptime_now_ms) {
  const bool relative = !samples.empty() && !samples.front().ts_ms;
  std::string out;
  if (relative) out = "{\"uptime_now_ms\":" + std::to_string(uptime_now_ms) + ",\"batch\":";
  out += '[';
  for (const auto& sample : samples) {
    if (out.back() == '}') out += ',';
    append_row(out, sample, relative);
  }
  out += ']';
  if (relative) out += '}';
  return out;
}

std::string will_payload(const std::string& session) {
  return "{\"state\":\"offline\",\"session\":\"" + session + "\"}";
}

std::string online_payload(const std::string& session, std::optional<std::int64_t> ts_ms, std::int64_t heartbeat_s,
                           const std::string& reason, std::optional<std::int64_t> config_version) {
  std::string out = "{\"state\":\"online\",\"session\":\"" + session + '"';
  if (ts_ms) out += ",\"ts\":" + std::to_string(*ts_ms);
  if (config_version) out += ",\"config_version\":" + std::to_string(*config_version);
  return out + ",\"fw\":\"sim-1\",\"heartbeat_s\":" + std::to_string(heartbeat_s) + ",\"reason\":\"" + reason + "\"}";
}

std::string sleeping_payload(const std::string& session, std::int64_t heartbeat_s) {
  return "{\"state\":\"sleeping\",\"session\":\"" + session + "\",\"heartbeat_s\":" + std::to_string(heartbeat_s) + '}';
}

std::string bad_payload(const Sample& sample) {
  std::string payload = flat_payload(sample);
  switch (sample.seq % 3) {
    case 0:
      payload.resize(payload.size() / 2);
      break;
    case 1:
      payload += "garbage";
      break;
    default:
      payload.insert(payload.size() - 1, ",\"note\":\"\xC3\x28\"");
      break;
  }
  return payload;
}

}  // namespace telltale::devices
