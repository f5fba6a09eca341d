#include "api/body_json.hpp"

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <set>

#include "api/json_document.hpp"
#include "proto/number_text.hpp"
#include "proto/query_time.hpp"
#include "proto/topic.hpp"

namespace telltale::api {

namespace {

constexpr std::size_t most_faults = 32;
constexpr int deepest = 16;  // levels; what anybody asks for has 5

std::string_view view(const rapidjson::Value& text) { return {text.GetString(), text.GetStringLength()}; }

/// Of a text that is JSON. Values are visited by recursion, whose depth is not to be a client's choice.
bool too_deep(std::string_view json) {
  int depth = 0;
  bool in_text = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_text) {
      if (c == '\\') ++i;
      if (c == '"') in_text = false;
    } else if (c == '"') {
      in_text = true;
    } else if (c == '[' || c == '{') {
      if (++depth > deepest) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

}  // namespace

struct BodyJson::Document {
  rapidjson::Document json;
};

BodyJson::BodyJson(std::unique_ptr<Document> document) : document_(std::move(document)) {}
BodyJson::~BodyJson() = default;
BodyJson::BodyJson(BodyJson&&) noexcept = default;
BodyJson& BodyJson::operator=(BodyJson&&) noexcept = default;

std::string json_pointer(std::string_view member) {
  std::string pointer = "/";
  for (const char c : member) c == '~' ? pointer += "~0" : c == '/' ? pointer += "~1" : pointer += c;
  return pointer;
}

std::optional<Problem> not_json(const Request& request) {
  if (!request.header("Content-Encoding").empty()) {
    return Problem{415, "validation", "Unsupported content encoding", "send the body as it is"};
  }
  const auto given = request.header("Content-Type");
  const auto type = proto::trim(given.substr(0, given.find(';')));
  if (proto::equal_ignoring_case(type, "application/json")) return std::nullopt;
  return Problem{415, "validation", "Unsupported media type", "send 'Content-Type: application/json'"};
}

Result<BodyJson, Problem> BodyJson::read(const Request& request, std::initializer_list<std::string_view> known,
                                         MayBeEmpty empty) {
  auto document = std::make_unique<Document>();
  auto& json = document->json;
  if (request.body.empty() && empty == MayBeEmpty::yes) {
    json.SetObject();
    return BodyJson(std::move(document));
  }
  auto parsed = parse_object(request);
  if (!parsed) return fail(std::move(parsed.error()));
  if (too_deep(request.body)) {
    return fail(bad_body("it is nested more than " + std::to_string(deepest) + " levels deep"));
  }
  json = *std::move(parsed);
  BodyJson body(std::move(document));
  std::set<std::string_view> seen;
  for (const auto& member : body.document_->json.GetObject()) {
    const auto name = view(member.name);
    if (std::ranges::find(known, name) == known.end()) {
      std::string words;
      for (const auto word : known) words.append(words.empty() ? "" : " ").append(word);
      body.fault(name.substr(0, usual_text_bytes), "is not known: use " + words);
    } else if (!seen.insert(name).second) {
      body.fault(name, "is given twice");
    }
  }
  return body;
}

std::optional<std::string> BodyJson::text(std::string_view member, std::size_t most_bytes) {
  const auto found = document_->json.FindMember(rapidjson::Value(rapidjson::StringRef(member.data(), member.size())));
  if (found == document_->json.MemberEnd() || found->value.IsNull()) return std::nullopt;
  if (!found->value.IsString()) {
    fault(member, "must be a text");
  } else if (found->value.GetStringLength() > most_bytes) {
    fault(member, "is longer than " + std::to_string(most_bytes) + " bytes");
  } else {
    return std::string(view(found->value));
  }
  return std::nullopt;
}

std::optional<std::vector<std::string>> BodyJson::texts(std::string_view member, std::size_t most) {
  const auto found = document_->json.FindMember(rapidjson::Value(rapidjson::StringRef(member.data(), member.size())));
  if (found == document_->json.MemberEnd() || found->value.IsNull()) return std::nullopt;
  const auto& list = found->value;
  if (!list.IsArray() || list.Size() > most ||
      !std::ranges::all_of(list.GetArray(), [](const auto& item) { return item.IsString(); })) {
    fault(member, "must be an array of " + std::to_string(most) + " texts at most");
    return std::nullopt;
  }
  std::vector<std::string> texts;
  for (const auto& item : list.GetArray()) texts.emplace_back(view(item));
  return texts;
}

std::optional<Timestamp> BodyJson::time(std::string_view member, Timestamp now) {
  const auto found = document_->json.FindMember(rapidjson::Value(rapidjson::StringRef(member.data(), member.size())));
  if (found == document_->json.MemberEnd() || found->value.IsNull()) return std::nullopt;
  std::optional<std::string> given;
  if (found->value.IsNumber()) {
    given =
        found->value.IsInt64() ? std::to_string(found->value.GetInt64()) : proto::number_text(found->value.GetDouble());
  } else {
    given = text(member);
  }
  if (!given) return std::nullopt;
  const auto parsed = proto::parse_query_time(*given, now);
  if (!parsed) fault(member, parsed.error());
  return parsed ? std::optional(*parsed) : std::nullopt;
}

std::optional<std::uint64_t> BodyJson::count(std::string_view member, std::uint64_t least, std::uint64_t most) {
  const auto found = document_->json.FindMember(rapidjson::Value(rapidjson::StringRef(member.data(), member.size())));
  if (found == document_->json.MemberEnd() || found->value.IsNull()) return std::nullopt;
  if (found->value.IsUint64() && found->value.GetUint64() >= least && found->value.GetUint64() <= most) {
    return found->value.GetUint64();
  }
  fault(member, "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return std::nullopt;
}

bool BodyJson::is_null(std::string_view member) const {
  const auto found = document_->json.FindMember(rapidjson::Value(rapidjson::StringRef(member.data(), member.size())));
  return found != document_->json.MemberEnd() && found->value.IsNull();
}

std::optional<std::string> BodyJson::json(std::string_view member) const {
  const auto found = document_->json.FindMember(rapidjson::Value(rapidjson::StringRef(member.data(), member.size())));
  if (found == document_->json.MemberEnd() || found->value.IsNull()) return std::nullopt;
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  found->value.Accept(writer);
  return std::string(buffer.GetString(), buffer.GetSize());
}

void BodyJson::fault(std::string_view member, std::string detail) {
  if (faults_.size() >= most_faults) {
    ++more_faults_;
  } else {
    faults_.push_back({{}, std::move(detail), json_pointer(member)});
  }
}

std::optional<Problem> BodyJson::problem() const {
  if (faults_.empty()) return std::nullopt;
  const auto n = faults_.size() + more_faults_;
  return Problem{422, "validation", "The body is not valid",
                 std::to_string(n) + (n == 1 ? " member is wrong" : " members are wrong"), faults_};
}

}  // namespace telltale::api
