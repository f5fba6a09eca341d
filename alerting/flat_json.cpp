#include "alerting/flat_json.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <charconv>
#include <cmath>

#include "proto/utf8.hpp"

namespace telltale::alerting {

namespace {

/// At most `limit` bytes, not cut within a character.
std::string_view beginning(std::string_view bytes, std::size_t limit) {
  if (bytes.size() <= limit) return bytes;
  const auto continues = [&](std::size_t at) { return (static_cast<unsigned char>(bytes[at]) & 0xC0) == 0x80; };
  std::size_t end = limit;
  while (end > 0 && limit - end < 3 && continues(end)) --end;
  return bytes.substr(0, end);
}

std::string shortest(double value) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), value).ptr;
  return {buffer, end};
}

}  // namespace

std::string as_utf8(std::string_view bytes, std::size_t limit_bytes) {
  std::string_view rest = beginning(bytes, limit_bytes);
  std::string text;
  text.reserve(rest.size());
  for (;;) {
    const std::size_t invalid = proto::first_invalid_utf8(rest);
    text.append(rest.substr(0, invalid));
    if (invalid == std::string_view::npos) return text;
    text.append("\xEF\xBF\xBD");
    rest.remove_prefix(invalid + 1);
  }
}

struct FlatObject::Impl {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer{buffer};

  Impl() { writer.StartObject(); }
  void key(std::string_view key) { writer.Key(key.data(), static_cast<rapidjson::SizeType>(key.size())); }
  void raw_number(std::string_view digits) { writer.RawValue(digits.data(), digits.size(), rapidjson::kNumberType); }
};

FlatObject::FlatObject() : impl_(std::make_unique<Impl>()) {}
FlatObject::~FlatObject() = default;
FlatObject::FlatObject(FlatObject&&) noexcept = default;
FlatObject& FlatObject::operator=(FlatObject&&) noexcept = default;

FlatObject& FlatObject::text(std::string_view key, std::string_view value) {
  impl_->key(key);
  const std::string valid = as_utf8(value);
  impl_->writer.String(valid.data(), static_cast<rapidjson::SizeType>(valid.size()));
  return *this;
}

FlatObject& FlatObject::integer(std::string_view key, std::int64_t value) {
  impl_->key(key);
  impl_->writer.Int64(value);
  return *this;
}

FlatObject& FlatObject::count(std::string_view key, std::uint64_t value) {
  impl_->key(key);
  impl_->writer.Uint64(value);
  return *this;
}

FlatObject& FlatObject::boolean(std::string_view key, bool value) {
  impl_->key(key);
  impl_->writer.Bool(value);
  return *this;
}

FlatObject& FlatObject::number(std::string_view key, double value) {
  if (!std::isfinite(value)) return *this;
  impl_->key(key);
  impl_->raw_number(shortest(value));
  return *this;
}

FlatObject& FlatObject::statistic(std::string_view key, double value) {
  if (!std::isfinite(value)) return *this;
  impl_->key(key);
  std::string digits = shortest(value);
  if (digits.find_first_of(".e") == std::string::npos) digits += ".0";
  impl_->raw_number(digits);
  return *this;
}

std::string FlatObject::str() {
  impl_->writer.EndObject();
  return {impl_->buffer.GetString(), impl_->buffer.GetSize()};
}

}  // namespace telltale::alerting
