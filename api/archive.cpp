#include "api/archive.hpp"

#include <rapidjson/document.h>

#include "proto/output_topics.hpp"

namespace telltale::api {

namespace {

std::optional<std::int64_t> integer(const rapidjson::Document& object, const char* key) {
  const auto found = object.FindMember(key);
  if (found == object.MemberEnd() || !found->value.IsInt64()) return std::nullopt;
  return found->value.GetInt64();
}

}  // namespace

ArchiveView::ArchiveView(const std::filesystem::path& folder, proto::Tenancy tenancy, store::ReaderOptions options)
    : tenancy_(tenancy), reader_(folder, std::move(options)), retained_(folder / "state.db") {}

const FleetIndex& ArchiveView::fleet() {
  presences_checked_ = false;
  auto directory = reader_.shared_directory();
  if (!fleet_ || fleet_->directory() != directory) fleet_ = std::make_unique<FleetIndex>(std::move(directory));
  return *fleet_;
}

const std::optional<PresenceNow>& ArchiveView::presence(std::string_view tenant, const IndexedDevice& device) {
  if (!std::exchange(presences_checked_, true)) {
    const auto version = retained_.version();
    if (presences_version_ != version) presences_.clear();
    presences_version_ = version;
  }
  const auto known = presences_.find(device.key);
  return known != presences_.end() ? known->second
                                   : presences_.emplace(device.key, read_presence(tenant, device)).first->second;
}

std::optional<PresenceNow> ArchiveView::read_presence(std::string_view tenant, const IndexedDevice& device) const {
  const auto payload = retained_.payload(proto::OutputTopics(tenancy_).presence(tenant, device.site, device.device));
  if (!payload) return std::nullopt;
  rapidjson::Document object;
  object.Parse(payload->data(), payload->size());
  if (object.HasParseError() || !object.IsObject()) throw store::StoreFailure("state.db: a presence is no JSON object");
  const auto ts = integer(object, "ts");
  const auto state = object.FindMember("state");
  if (!ts || state == object.MemberEnd() || !state->value.IsString()) {
    throw store::StoreFailure("state.db: a presence has no time or state");
  }
  PresenceNow presence{state->value.GetString(), from_ms(*ts), std::nullopt, 0};
  if (const auto seen = integer(object, "last_seen_ts")) presence.last_seen = from_ms(*seen);
  presence.heartbeat_s = integer(object, "heartbeat_s").value_or(0);
  return presence;
}

Archive::Loan Archive::lend() {
  {
    const std::lock_guard lock(mutex_);
    if (!free_.empty()) {
      auto view = std::move(free_.back());
      free_.pop_back();
      return {*this, std::move(view)};
    }
  }
  return {*this, std::make_unique<ArchiveView>(folder_, tenancy_, options_)};
}

void Archive::take_back(std::unique_ptr<ArchiveView> view) {
  const std::lock_guard lock(mutex_);
  free_.push_back(std::move(view));
}

}  // namespace telltale::api
