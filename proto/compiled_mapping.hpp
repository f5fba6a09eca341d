#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proto/json_selector.hpp"
#include "proto/name_template.hpp"
#include "proto/row_clock.hpp"
#include "proto/topic_template.hpp"

namespace telltale::proto {

/// A mapping that was checked, ready for messages (contracts 6).
/// Threads: one per decoder. Errors: the constructor throws ConfigError naming the mapping; messages give Rejections.
class CompiledMapping {
 public:
  CompiledMapping(const Mapping& mapping, const TimeZone& decoder_zone);

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const TopicTemplate& topic() const noexcept { return topic_; }

  /// Fills `out` from a message whose topic matched; `levels` are what topic().match() gave.
  [[nodiscard]] Result<void, Rejection> read(std::span<const std::string_view> levels, char* payload, std::size_t size,
                                             Timestamp received, const RowClock& clock, JsonTape& tape,
                                             SampleSink& sink, Decoded& out) const;

 private:
  struct Metric {
    JsonSelector at;
    NameTemplate name;
    std::string unit;
  };
  struct Message;  // what one call of read() works on

  void compile_names(const Mapping& mapping);
  void compile_metrics(const Mapping& mapping);
  void compile_status(const Mapping& mapping);
  [[nodiscard]] Result<void, Rejection> name_device(Message& message) const;
  [[nodiscard]] Result<void, Rejection> read_plain(Message& message) const;
  [[nodiscard]] Result<void, Rejection> read_json(Message& message) const;
  [[nodiscard]] Result<void, Rejection> read_metrics(Message& message) const;
  void read_auto(Message& message) const;
  [[nodiscard]] RowTime read_time(Message& message) const;
  [[nodiscard]] Result<void, Rejection> read_state(std::string_view word, Message& message) const;

  std::string name_;
  Mapping::Codec codec_;
  Mapping::Role role_;
  TopicTemplate topic_;
  NameTemplate site_, device_, metric_;
  std::vector<std::pair<std::string, NameTemplate>> tags_;
  std::vector<Metric> metrics_;
  bool auto_;
  std::vector<JsonSelector> ignore_;
  std::optional<JsonSelector> time_;
  TimeZone zone_;
  std::vector<std::pair<std::string, double>> enum_values_;
  JsonSelector state_at_;
  std::vector<std::string> online_, offline_, sleeping_;
};

}  // namespace telltale::proto
