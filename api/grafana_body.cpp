#include "api/grafana_body.hpp"

#include <rapidjson/document.h>
#include <rapidjson/pointer.h>

#include "api/json_document.hpp"

namespace telltale::api {

struct GrafanaBody::Document {
  rapidjson::Document json;

  [[nodiscard]] const rapidjson::Value* at(const std::string& pointer) const {
    return rapidjson::Pointer(pointer.data(), pointer.size()).Get(json);
  }
};

GrafanaBody::GrafanaBody(std::unique_ptr<Document> document) : document_(std::move(document)) {}
GrafanaBody::~GrafanaBody() = default;
GrafanaBody::GrafanaBody(GrafanaBody&&) noexcept = default;
GrafanaBody& GrafanaBody::operator=(GrafanaBody&&) noexcept = default;

Result<GrafanaBody, Problem> GrafanaBody::read(const Request& request) {
  auto parsed = parse_object(request);
  if (!parsed) return fail(std::move(parsed.error()));
  auto document = std::make_unique<Document>();
  document->json = *std::move(parsed);
  return GrafanaBody(std::move(document));
}

std::optional<std::string> GrafanaBody::text(const std::string& pointer) const {
  const auto* found = document_->at(pointer);
  if (found == nullptr || !found->IsString()) return std::nullopt;
  return std::string(found->GetString(), found->GetStringLength());
}

std::optional<std::uint64_t> GrafanaBody::whole(const std::string& pointer) const {
  const auto* found = document_->at(pointer);
  return found != nullptr && found->IsUint64() ? std::optional(found->GetUint64()) : std::nullopt;
}

std::optional<std::size_t> GrafanaBody::size_of_array(const std::string& pointer) const {
  const auto* found = document_->at(pointer);
  return found != nullptr && found->IsArray() ? std::optional<std::size_t>(found->Size()) : std::nullopt;
}

bool GrafanaBody::is_object(const std::string& pointer) const {
  const auto* found = document_->at(pointer);
  return found != nullptr && found->IsObject();
}

}  // namespace telltale::api
