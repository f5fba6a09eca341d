#pragma once

#include <charconv>
#include <string>
#include <string_view>
#include <utility>

#include "proto/decoder.hpp"
#include "proto/topic.hpp"

namespace telltale::test {

/// Decodes one message as ingest does, and spells what came out, so that tables compare texts.
class Decoding {
 public:
  explicit Decoding(proto::DecoderOptions options = {}) : decoder_(std::move(options)) {}

  static constexpr Timestamp received = from_ms(1'763'700'000'000);  // 2025-11-21T04:40:00Z

  /// "name=value" for each sample, or "reason: detail" of a refusal.
  std::string operator()(std::string_view topic, std::string_view payload) {
    payload_.assign(payload);
    result_ = decoder_.decode(topic, payload_.data(), payload_.size(), received, out);
    if (!result_) return std::string(to_string(result_.error().reason)) + ": " + result_.error().detail;
    std::string text;
    for (const auto& sample : out.samples) {
      if (!text.empty()) text += ' ';
      text += spell(sample);
    }
    return text;
  }
  /// Only the reason of a refusal; "" when the message was taken.
  std::string refusal(std::string_view topic, std::string_view payload) {
    (*this)(topic, payload);
    return result_ ? std::string() : std::string(to_string(result_.error().reason));
  }
  [[nodiscard]] bool taken() const { return result_.has_value(); }
  [[nodiscard]] std::uint32_t dropped(proto::DropReason reason) const {
    return out.dropped[static_cast<std::size_t>(reason)];
  }
  [[nodiscard]] std::uint32_t dropped() const {
    std::uint32_t sum = 0;
    for (const auto n : out.dropped) sum += n;
    return sum;
  }
  [[nodiscard]] std::uint32_t replaced(proto::TimeReplaced reason) const {
    return out.replaced[static_cast<std::size_t>(reason)];
  }

  proto::Decoded out;

 private:
  static std::string spell(const proto::Sample& sample) {
    std::string text(sample.metric);
    text += '=';
    char digits[32];
    switch (sample.type) {
      case proto::ValueType::number:
        text.append(digits, std::to_chars(digits, digits + sizeof digits, sample.number).ptr);
        break;
      case proto::ValueType::integer:
        text += 'i';
        text.append(digits, std::to_chars(digits, digits + sizeof digits, sample.integer).ptr);
        break;
      case proto::ValueType::boolean:
        text += sample.number == 1.0 ? "true" : "false";
        break;
      case proto::ValueType::text:
        text.append("'").append(sample.text).append("'");
        break;
    }
    text += sample.unit;
    if (sample.ts) {
      text += sample.source == proto::TsSource::relative ? '~' : '@';
      text += std::to_string(to_ms(*sample.ts));
    }
    return text;
  }

  proto::Decoder decoder_;
  std::string payload_;
  Result<void, proto::Rejection> result_;
};

}  // namespace telltale::test
