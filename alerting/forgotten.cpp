#include "alerting/forgotten.hpp"

#include <rapidjson/document.h>

#include <string>

#include "proto/topic.hpp"

namespace telltale::alerting {

namespace {

std::string text(const rapidjson::Document& object, const char* key) {
  const auto member = object.FindMember(key);
  if (member == object.MemberEnd() || !member->value.IsString()) return {};
  return {member->value.GetString(), member->value.GetStringLength()};
}

std::int64_t integer(const rapidjson::Document& object, const char* key) {
  const auto member = object.FindMember(key);
  return member == object.MemberEnd() || !member->value.IsInt64() ? 0 : member->value.GetInt64();
}

proto::Severity severity(std::string_view name) {
  for (const auto known : {proto::Severity::info, proto::Severity::critical}) {
    if (to_string(known) == name) return known;
  }
  return proto::Severity::warning;
}

}  // namespace

std::optional<proto::AlertTransition> forgotten(std::string_view payload, Timestamp at) {
  rapidjson::Document object;
  object.Parse(payload.data(), payload.size());
  if (object.HasParseError() || !object.IsObject() || integer(object, "active") != 1) return std::nullopt;
  proto::AlertTransition alert;
  alert.id = text(object, "id");
  alert.n = static_cast<std::uint32_t>(integer(object, "n") + 1);
  alert.state = proto::AlertState::removed;
  alert.severity = severity(text(object, "severity"));
  alert.tenant = text(object, "tenant");
  if (alert.tenant.empty()) alert.tenant = proto::default_tenant;
  alert.site = text(object, "site");
  alert.device = text(object, "device");
  alert.rule = text(object, "rule");
  alert.metric = text(object, "metric");
  alert.ts = at;
  alert.started = from_ms(integer(object, "started_ts"));
  alert.count = static_cast<std::uint32_t>(integer(object, "count"));
  alert.summary = "forgotten: " + text(object, "summary");
  alert.reason = proto::AlertReason::forgotten;
  return alert;
}

}  // namespace telltale::alerting
