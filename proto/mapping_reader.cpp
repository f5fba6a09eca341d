#include <algorithm>

#include "proto/compiled_mapping.hpp"
#include "proto/number_text.hpp"
#include "proto/status.hpp"
#include "proto/topic.hpp"
#include "proto/utf8.hpp"

namespace telltale::proto {

namespace {

bool printable(std::string_view text) noexcept {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

std::string quoted(std::string_view text) { return "'" + excerpt(text) + "'"; }

}  // namespace

struct CompiledMapping::Message {
  std::span<const std::string_view> levels;
  char* payload;
  std::size_t size;
  Timestamp received;
  const RowClock& clock;
  JsonTape& tape;
  SampleSink& sink;
  Decoded& out;

  [[nodiscard]] std::string_view spell(const NameTemplate& name) const { return name.spell(levels, {}, sink.names()); }
};

Result<void, Rejection> CompiledMapping::read(std::span<const std::string_view> levels, char* payload, std::size_t size,
                                              Timestamp received, const RowClock& clock, JsonTape& tape,
                                              SampleSink& sink, Decoded& out) const {
  Message message{levels, payload, size, received, clock, tape, sink, out};
  if (auto named = name_device(message); !named) return named;
  const bool status = role_ == Mapping::Role::status;
  if (size == 0) {
    // An empty status is how a retained message is deleted; an empty reading is a sign of life.
    out.kind = status ? MessageKind::ignored : MessageKind::telemetry;
    return {};
  }
  out.kind = status ? MessageKind::status : MessageKind::telemetry;
  return codec_ == Mapping::Codec::plain ? read_plain(message) : read_json(message);
}

Result<void, Rejection> CompiledMapping::name_device(Message& message) const {
  const auto site = message.spell(site_);
  if (!valid_site(site))
    return fail(
        Rejection{DeadLetterReason::bad_topic, "not a site: " + quoted(site) + " (" + std::string(site_syntax) + ")"});
  const auto device = message.spell(device_);
  if (!valid_device(device)) return fail(Rejection{DeadLetterReason::bad_topic, "not a device: " + quoted(device)});
  message.out.site = site;
  message.out.device = device;
  for (const auto& [name, value] : tags_) {
    if (const auto text = message.spell(value); !text.empty()) message.out.tags.emplace_back(name, text);
  }
  return {};
}

Result<void, Rejection> CompiledMapping::read_plain(Message& message) const {
  const std::string_view payload(message.payload, message.size);
  if (const auto bad = first_invalid_utf8(payload); bad != std::string_view::npos) {
    return fail(Rejection{DeadLetterReason::bad_utf8, "byte " + std::to_string(bad) + ": not UTF-8"});
  }
  const auto text = trim(payload);
  if (role_ == Mapping::Role::status) return read_state(text, message);

  const auto& metric = metrics_.front();
  const auto name = message.spell(metric.name);
  if (!valid_metric(name)) return fail(Rejection{DeadLetterReason::bad_topic, "not a metric: " + quoted(name)});
  message.sink.begin_row();
  const auto known =
      std::find_if(enum_values_.begin(), enum_values_.end(), [&](const auto& word) { return word.first == text; });
  const auto read = read_number(text);
  if (known != enum_values_.end()) {
    message.sink.add_number(name, metric.unit, {ValueType::number, known->second, 0});
  } else if (read.value) {
    message.sink.add_number(name, metric.unit, *read.value);
  } else if (read.fault == NumberFault::not_finite || equal_ignoring_case(text, "null")) {
    message.sink.drop(DropReason::null_value);
  } else if (equal_ignoring_case(text, "true") || equal_ignoring_case(text, "false")) {
    message.sink.add_boolean(name, metric.unit, equal_ignoring_case(text, "true"));
  } else if (!enum_values_.empty() || text.empty() || !printable(text)) {
    return fail(Rejection{DeadLetterReason::bad_value, "not a value: " + quoted(text)});
  } else {
    message.sink.add_text(name, metric.unit, text);
  }
  return message.sink.end_row({});
}

Result<void, Rejection> CompiledMapping::read_json(Message& message) const {
  if (auto parsed = message.tape.parse(message.payload, message.size); !parsed) {
    return fail(Rejection{parsed.error().reason, std::move(parsed.error().detail)});
  }
  if (role_ == Mapping::Role::telemetry) return read_metrics(message);

  std::optional<std::uint32_t> state;
  state_at_.select(message.tape, message.sink.names(),
                   [&](std::uint32_t i, const JsonSelector::Captures&) { state = i; });
  if (!state) return fail(Rejection{DeadLetterReason::bad_status, "nothing at state_at"});
  const auto& node = message.tape[*state];
  if (node.container() || node.kind == JsonNode::Kind::null) {
    return fail(Rejection{DeadLetterReason::bad_status, "the state is not a word"});
  }
  if (time_) {
    time_->select(message.tape, message.sink.names(), [&](std::uint32_t i, const JsonSelector::Captures&) {
      message.out.status.ts = message.clock.believable(message.tape[i], zone_, message.received);
    });
  }
  return read_state(trim(node.text), message);
}

Result<void, Rejection> CompiledMapping::read_state(std::string_view word, Message& message) const {
  const auto own_words = [&](DeviceState state) -> const std::vector<std::string>& {
    return state == DeviceState::online ? online_ : state == DeviceState::offline ? offline_ : sleeping_;
  };
  const auto synonym = device_state(word);
  for (const auto state : {DeviceState::online, DeviceState::offline, DeviceState::sleeping}) {
    const auto& words = own_words(state);
    const bool said = words.empty() ? synonym == state
                                    : std::any_of(words.begin(), words.end(),
                                                  [&](const std::string& w) { return equal_ignoring_case(w, word); });
    if (!said) continue;
    message.out.status.state = state;
    return {};
  }
  return fail(Rejection{DeadLetterReason::bad_status, "unknown state " + quoted(word)});
}

RowTime CompiledMapping::read_time(Message& message) const {
  RowTime time;
  if (!time_) return time;
  time_->select(message.tape, message.sink.names(), [&](std::uint32_t i, const JsonSelector::Captures&) {
    time = message.clock.time_of(message.tape[i], zone_, message.received, message.sink);
  });
  return time;
}

void CompiledMapping::read_auto(Message& message) const {
  auto& tape = message.tape;
  const auto skip = [&](std::uint32_t i, const JsonSelector::Captures&) { tape[i].skipped = true; };
  for (const auto& pointer : ignore_) pointer.select(tape, message.sink.names(), skip);
  if (time_) time_->select(tape, message.sink.names(), skip);
  // Reserved keys are never metrics (contracts 2): "ts" would clash with the time of wide rows.
  message.sink.for_each_member(tape, JsonTape::root, [&](std::uint32_t i) {
    if (!reserved_key(tape[i].key)) message.sink.add_numeric(tape[i].key, tape, i);
  });
}

Result<void, Rejection> CompiledMapping::read_metrics(Message& message) const {
  auto& tape = message.tape;
  message.sink.begin_row();
  if (auto_) {
    if (tape[JsonTape::root].kind != JsonNode::Kind::object) {
      return fail(Rejection{DeadLetterReason::wrong_shape, "metrics = auto needs an object"});
    }
    read_auto(message);
  } else {
    message.sink.names_may_repeat();
    bool found = false;
    const auto skip = [&](std::uint32_t i, const JsonSelector::Captures&) { tape[i].skipped = true; };
    for (const auto& pointer : ignore_) pointer.select(tape, message.sink.names(), skip);
    for (const auto& metric : metrics_) {
      metric.at.select(tape, message.sink.names(), [&](std::uint32_t i, const JsonSelector::Captures& captures) {
        found = true;
        if (tape[i].kind == JsonNode::Kind::object) return message.sink.drop(DropReason::bad_value);
        message.sink.add(metric.name.spell(message.levels, captures, message.sink.names()), metric.unit, tape, i);
      });
    }
    if (!found) return fail(Rejection{DeadLetterReason::wrong_shape, "none of the mapping's pointers is there"});
  }
  const bool has_samples = message.sink.row_begin() != message.sink.row_end();
  return message.sink.end_row(has_samples ? read_time(message) : RowTime{});
}

}  // namespace telltale::proto
