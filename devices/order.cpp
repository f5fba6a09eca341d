#include "devices/order.hpp"

#include <rapidjson/document.h>

namespace telltale::devices {

namespace {

constexpr double longest_s = 31.0 * 24 * 3600;

/// More than nothing; nothing when it is not there.
std::optional<Millis> seconds(const rapidjson::Document& object, const char* key) {
  const auto found = object.FindMember(key);
  if (found == object.MemberEnd() || !found->value.IsNumber()) return std::nullopt;
  const double value = found->value.GetDouble();
  if (!(value > 0 && value <= longest_s)) return std::nullopt;
  return Millis{static_cast<std::int64_t>(value * 1000)};
}

rapidjson::Document parsed(std::string_view payload) {
  rapidjson::Document object;
  object.Parse<rapidjson::kParseIterativeFlag>(payload.data(), payload.size());
  if (object.HasParseError() || !object.IsObject()) object.SetNull();
  return object;
}

}  // namespace

std::optional<std::string> command_id(std::string_view payload) {
  const auto object = parsed(payload);
  if (object.IsNull() || !object.HasMember("id") || !object["id"].IsString()) return std::nullopt;
  return std::string(object["id"].GetString(), object["id"].GetStringLength());
}

std::optional<ReceivedConfig> read_config(std::string_view payload) {
  const auto object = parsed(payload);
  if (object.IsNull() || !object.HasMember("version") || !object["version"].IsInt64()) return std::nullopt;
  return ReceivedConfig{object["version"].GetInt64(), seconds(object, "interval_s"), seconds(object, "heartbeat_s")};
}

std::string ack_payload(const std::string& id, bool ok, int code, std::string_view msg) {
  return "{\"id\":\"" + id + "\",\"ok\":" + (ok ? "true" : "false") + ",\"code\":" + std::to_string(code) +
         ",\"msg\":\"" + std::string(msg) + "\"}";
}

}  // namespace telltale::devices
