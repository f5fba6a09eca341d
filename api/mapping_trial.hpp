#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "proto/clock.hpp"
#include "proto/decoder.hpp"

namespace telltale::api {

/// What ingest would make of one message.
struct MappingTrial {
  std::string tenant;                  // "" = the topic does not say
  std::string decoded;                 // a JSON object, unless it is refused
  std::optional<std::string> refusal;  // reason and place
  bool topic_refused = false;          // not the payload
};

/// Decodes a message that is received now, and keeps nothing of it. Throws proto::ConfigError for a bad mapping.
[[nodiscard]] MappingTrial try_message(const proto::DecoderOptions& options, std::string_view topic,
                                       std::string payload, Timestamp received);

}  // namespace telltale::api
