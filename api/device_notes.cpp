#include "api/device_notes.hpp"

#include <rapidjson/document.h>

#include "api/json_object.hpp"
#include "store/error.hpp"

namespace telltale::api {

namespace {

constexpr std::size_t most_known = 100'000;

std::string key_of(proto::DeviceKey device) { return "device.note." + std::to_string(proto::to_number(device)); }

std::string text(const rapidjson::Document& object, const char* key) {
  const auto member = object.FindMember(key);
  if (member == object.MemberEnd() || !member->value.IsString()) return {};
  return {member->value.GetString(), member->value.GetStringLength()};
}

DeviceNote parsed(const std::optional<std::string>& stored) {
  if (!stored || stored->empty()) return {};
  rapidjson::Document object;
  object.Parse(stored->data(), stored->size());
  if (object.HasParseError() || !object.IsObject()) {
    throw store::StoreFailure("state.db: a note about a device is no JSON object");
  }
  return {text(object, "name"), text(object, "note")};
}

}  // namespace

DeviceNote DeviceNotes::of(proto::DeviceKey device) const {
  const std::lock_guard lock(known_mutex_);
  if (const auto known = known_.find(device); known != known_.end()) return known->second;
  if (known_.size() >= most_known) known_.clear();
  return known_.emplace(device, parsed(facts_.get(key_of(device)))).first->second;
}

void DeviceNotes::set(proto::DeviceKey device, const DeviceNote& note) {
  std::string stored;
  if (note != DeviceNote{}) JsonObject(stored).text("name", note.name).text("note", note.note);
  const std::lock_guard lock(known_mutex_);
  known_.erase(device);
  facts_.put(key_of(device), stored);
}

}  // namespace telltale::api
