#include "proto/json_tape.hpp"

#include <rapidjson/error/en.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <cstring>

#include "proto/bare_tokens.hpp"
#include "proto/utf8.hpp"

namespace telltale::proto {

namespace {

/// Cheap and good enough to tell the keys of one object apart; equality is always checked on the text.
std::uint32_t hash_of(std::string_view key) noexcept {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  const auto n = std::min(key.size(), sizeof first);
  if (n != 0) {
    std::memcpy(&first, key.data(), n);
    std::memcpy(&last, key.data() + key.size() - n, n);
  }
  const auto mixed = (first ^ (last * 0x9E3779B97F4A7C15U) ^ key.size()) * 0xD6E8FEB86659FD93U;
  return static_cast<std::uint32_t>(mixed >> 32);
}

std::string at_byte(std::size_t offset, std::string_view what) {
  return "byte " + std::to_string(offset) + ": " + std::string(what);
}

/// Puts a NUL behind the payload for RapidJSON, and the caller's byte back.
class Terminated {
 public:
  explicit Terminated(char* end) : end_(end), kept_(*end) { *end_ = '\0'; }
  ~Terminated() { *end_ = kept_; }
  Terminated(const Terminated&) = delete;
  Terminated& operator=(const Terminated&) = delete;

 private:
  char* end_;
  char kept_;
};

}  // namespace

struct JsonTape::Handler : rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Handler> {
  enum class Refusal : std::uint8_t { none, too_deep, bad_utf8 };

  JsonTape& tape;
  bool escapes;  // an escape can spell a lone surrogate, which is no UTF-8
  Refusal refusal = Refusal::none;
  std::string_view key{};

  Handler(JsonTape& t, bool has_escapes) : tape(t), escapes(has_escapes) {}

  bool add(JsonNode::Kind kind, std::string_view text) {
    auto& node = tape.nodes_.emplace_back();
    node.key = key;
    node.text = text;
    node.kind = kind;
    node.end = static_cast<std::uint32_t>(tape.nodes_.size());
    node.key_hash = key.empty() ? 0 : hash_of(key);
    key = {};
    return true;
  }
  bool sound(std::string_view text) {
    if (!escapes || first_invalid_utf8(text) == std::string_view::npos) return true;
    refusal = Refusal::bad_utf8;
    return false;
  }

  bool Null() { return add(JsonNode::Kind::null, {}); }
  bool Bool(bool b) { return add(JsonNode::Kind::boolean, b ? "true" : "false"); }
  bool RawNumber(const char* digits, rapidjson::SizeType length, bool) {
    const std::string_view text(digits, length);
    const bool finite = text.back() >= '0' && text.back() <= '9';
    return finite ? add(JsonNode::Kind::number, text) : add(JsonNode::Kind::null, {});
  }
  bool String(const char* s, rapidjson::SizeType length, bool) {
    return sound({s, length}) && add(JsonNode::Kind::text, {s, length});
  }
  bool Key(const char* s, rapidjson::SizeType length, bool) {
    key = {s, length};
    return sound(key);
  }
  bool open(JsonNode::Kind kind) {
    if (tape.open_.size() >= static_cast<std::size_t>(max_nesting)) {
      refusal = Refusal::too_deep;
      return false;
    }
    tape.open_.push_back(static_cast<std::uint32_t>(tape.nodes_.size()));
    return add(kind, {});
  }
  bool close() {
    tape.nodes_[tape.open_.back()].end = static_cast<std::uint32_t>(tape.nodes_.size());
    tape.open_.pop_back();
    return true;
  }
  bool StartObject() { return open(JsonNode::Kind::object); }
  bool EndObject(rapidjson::SizeType) { return close(); }
  bool StartArray() { return open(JsonNode::Kind::array); }
  bool EndArray(rapidjson::SizeType) { return close(); }
};

struct JsonTape::Reader : rapidjson::Reader {};

JsonTape::JsonTape() : reader_(std::make_unique<Reader>()) {
  constexpr std::size_t usual_nodes = 512;
  nodes_.reserve(usual_nodes);
  siblings_.reserve(usual_nodes);
  open_.reserve(static_cast<std::size_t>(max_nesting));
}
JsonTape::~JsonTape() = default;
JsonTape::JsonTape(JsonTape&&) noexcept = default;
JsonTape& JsonTape::operator=(JsonTape&&) noexcept = default;

Result<void, JsonFault> JsonTape::parse(char* payload, std::size_t size) {
  nodes_.clear();
  open_.clear();
  while (size > 0 && payload[size - 1] == '\0') --size;
  if (const auto bad = first_invalid_utf8({payload, size}); bad != std::string_view::npos) {
    return fail(JsonFault{DeadLetterReason::bad_utf8, at_byte(bad, "not UTF-8")});
  }
  if (const auto* nul = size ? static_cast<const char*>(std::memchr(payload, 0, size)) : nullptr) {
    const auto offset = static_cast<std::size_t>(nul - payload);
    return fail(JsonFault{DeadLetterReason::bad_json, at_byte(offset, "NUL inside the payload")});
  }
  const bool escapes = rewrite_bare_tokens(payload, size);
  const Terminated terminated(payload + size);

  constexpr unsigned flags = rapidjson::kParseInsituFlag | rapidjson::kParseIterativeFlag |
                             rapidjson::kParseNumbersAsStringsFlag | rapidjson::kParseNanAndInfFlag;
  rapidjson::InsituStringStream stream(payload);
  Handler handler(*this, escapes);
  const auto result = reader_->Parse<flags>(stream, handler);
  if (!result.IsError()) return {};
  switch (handler.refusal) {
    case Handler::Refusal::too_deep:
      return fail(JsonFault{DeadLetterReason::too_deep, at_byte(result.Offset(), "nested more than 64 deep")});
    case Handler::Refusal::bad_utf8:
      return fail(JsonFault{DeadLetterReason::bad_utf8, at_byte(result.Offset(), "an escape that is no character")});
    case Handler::Refusal::none:
      break;
  }
  return fail(
      JsonFault{DeadLetterReason::bad_json, at_byte(result.Offset(), rapidjson::GetParseError_En(result.Code()))});
}

void JsonTape::mark_shadowed(std::uint32_t object) {
  siblings_.clear();
  for_each_child(object, [&](std::uint32_t i) { siblings_.push_back(i); });
  const auto same = [&](std::uint32_t a, std::uint32_t b) {
    return nodes_[a].key_hash == nodes_[b].key_hash && nodes_[a].key == nodes_[b].key;
  };
  constexpr std::size_t few = 32;
  if (siblings_.size() <= few) {
    for (std::size_t a = 0; a + 1 < siblings_.size(); ++a) {
      for (std::size_t b = a + 1; b < siblings_.size(); ++b) {
        if (same(siblings_[a], siblings_[b])) nodes_[siblings_[a]].shadowed = true;
      }
    }
    return;
  }
  std::sort(siblings_.begin(), siblings_.end(), [&](std::uint32_t a, std::uint32_t b) {
    const auto& x = nodes_[a];
    const auto& y = nodes_[b];
    if (x.key_hash != y.key_hash) return x.key_hash < y.key_hash;
    if (const auto order = x.key.compare(y.key); order != 0) return order < 0;
    return a < b;
  });
  for (std::size_t i = 0; i + 1 < siblings_.size(); ++i) {
    if (same(siblings_[i], siblings_[i + 1])) nodes_[siblings_[i]].shadowed = true;
  }
}

}  // namespace telltale::proto
