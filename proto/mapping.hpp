#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace telltale::proto {

/// How a third party's topics and payloads become readings or status (contracts 6). As written in the file;
/// Decoder checks and compiles it.
struct Mapping {
  enum class Codec : std::uint8_t { json, plain };
  enum class Role : std::uint8_t { telemetry, status };
  struct Metric {
    std::string at;    // RFC 6901 pointer; `*` captures, `~2` is a literal star
    std::string name;  // "{1}_temperature"; "" = the last pointer segment
    std::string unit;
  };
  struct Time {
    std::string at;
    std::string zone;  // "" = the decoder's
  };
  std::string name;
  std::string topic;  // template: literals, {name}, {name=a|b}, {_}, {rest...}
  Codec codec = Codec::json;
  Role role = Role::telemetry;
  std::vector<std::pair<std::string, std::string>> set;  // constants: site, device, metric; "{group}" refers to a level
  std::string device;  // composed name such as "{edge}:{rest}"; "" = the {device} level
  std::optional<Time> time;
  std::vector<Metric> metrics;
  bool metrics_auto = false;
  std::vector<std::string> ignore;                          // pointers
  std::vector<std::pair<std::string, double>> enum_values;  // plain codec
  std::string state_at;                                     // status role, json codec
  std::vector<std::string> online, offline, sleeping;       // status role: words; empty = the synonyms of contracts 4
};

/// The shipped mapping for tutorial topics: sensors/{metric}/{device}, plain, site "default".
[[nodiscard]] Mapping tutorial_mapping();

}  // namespace telltale::proto
