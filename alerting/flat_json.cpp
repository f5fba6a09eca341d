#include "alerting/flat_json.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace telltale::alerting {

namespace {

/// Bytes of the well-formed UTF-8 character at the start of `text`, 0 when there is none (Unicode 15, table 3-7).
std::size_t character_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto between = [](unsigned value, unsigned low, unsigned high) { return value >= low && value <= high; };
  const auto continuation = [&](std::size_t i) { return between(byte(i), 0x80, 0xBF); };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (between(first, 0xC2, 0xDF)) return continuation(1) ? 2 : 0;
  if (between(first, 0xE0, 0xEF)) {
    const unsigned low = first == 0xE0 ? 0xA0 : 0x80;
    const unsigned high = first == 0xED ? 0x9F : 0xBF;
    return between(byte(1), low, high) && continuation(2) ? 3 : 0;
  }
  if (between(first, 0xF0, 0xF4)) {
    const unsigned low = first == 0xF0 ? 0x90 : 0x80;
    const unsigned high = first == 0xF4 ? 0x8F : 0xBF;
    return between(byte(1), low, high) && continuation(2) && continuation(3) ? 4 : 0;
  }
  return 0;
}

std::string shortest(double value) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), value).ptr;
  return {buffer, end};
}

}  // namespace

std::string as_utf8(std::string_view bytes, std::size_t limit_bytes) {
  std::string text;
  const std::size_t end = std::min(bytes.size(), limit_bytes);
  text.reserve(end);
  for (std::size_t at = 0; at < end;) {
    const std::size_t length = character_length(bytes.substr(at));
    if (length == 0) {
      text += "\xEF\xBF\xBD";
      ++at;
    } else {
      if (at + length > end) break;
      text.append(bytes.substr(at, length));
      at += length;
    }
  }
  return text;
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
