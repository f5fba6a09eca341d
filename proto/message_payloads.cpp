#include "proto/message_payloads.hpp"

#include <algorithm>
#include <cmath>

#include "proto/number_text.hpp"
#include "proto/status.hpp"
#include "proto/utf8.hpp"

namespace telltale::proto {

namespace {

Rejection bad_status(std::string detail) { return {DeadLetterReason::bad_status, std::move(detail)}; }
Rejection bad_control(std::string detail) { return {DeadLetterReason::bad_control, std::move(detail)}; }

std::optional<std::int64_t> heartbeat(const JsonNode& node) {
  constexpr double longest_s = 31.0 * 24 * 3600;
  const auto seconds = number_in(node);
  if (!seconds || *seconds <= 0 || *seconds > longest_s) return std::nullopt;
  return static_cast<std::int64_t>(std::ceil(*seconds));
}

Result<void, Rejection> read_state(const JsonNode& node, DeviceStatus& out) {
  if (node.container() || node.kind == JsonNode::Kind::null) return fail(bad_status("the state is not a word"));
  const auto state = device_state(trim(node.text));
  if (!state) return fail(bad_status("unknown state '" + excerpt(node.text) + "'"));
  out.state = *state;
  return {};
}

/// 0 for what is no code.
std::int64_t code_in(const JsonNode& node) {
  constexpr double most = 1e15;
  const auto number = number_in(node);
  return number && std::abs(*number) < most ? static_cast<std::int64_t>(*number) : 0;
}

bool opens_json(std::string_view text) noexcept { return !text.empty() && text.find_first_of("{[\"") == 0; }

}  // namespace

Result<void, Rejection> read_status(char* payload, std::size_t size, JsonTape& tape, const RowClock& clock,
                                    Timestamp received, DeviceStatus& out, DeviceReply& reply) {
  const auto word = trim({payload, size});
  if (const auto state = device_state(word)) {
    out.state = *state;
    return {};
  }
  const bool json = opens_json(word);
  if (!json && !word.empty() && first_invalid_utf8(word) == std::string_view::npos) {
    return fail(bad_status("unknown state '" + excerpt(word) + "'"));
  }
  if (auto parsed = tape.parse(payload, size); !parsed) {
    return fail(Rejection{parsed.error().reason, std::move(parsed.error().detail)});
  }
  const auto& root = tape[JsonTape::root];
  if (root.kind != JsonNode::Kind::object) return read_state(root, out);

  const JsonNode* state = nullptr;
  int rank = 0;
  tape.for_each_child(JsonTape::root, [&](std::uint32_t i) {
    const auto& node = tape[i];
    const int own_rank = node.key == "state" ? 3 : node.key == "online" ? 2 : node.key == "status" ? 1 : 0;
    if (own_rank != 0 && own_rank >= rank) {
      state = &node;
      rank = own_rank;
    }
    if (node.key == "session" && !node.container()) out.session = node.text;
    if (node.key == "heartbeat_s") out.heartbeat_s = heartbeat(node);
    if (node.key == "ts") out.ts = clock.believable(node, clock.zone(), received);
    if (node.key == "config_version" && node.kind == JsonNode::Kind::number) reply.id = node.text;
  });
  if (!state) return fail(bad_status("neither 'state' nor 'online' nor 'status'"));
  return read_state(*state, out);
}

void read_ack(char* payload, std::size_t size, JsonTape& tape, DeviceReply& out) {
  if (!tape.parse(payload, size) || tape[JsonTape::root].kind != JsonNode::Kind::object) return;
  tape.for_each_child(JsonTape::root, [&](std::uint32_t i) {
    const auto& node = tape[i];
    if (node.key == "id" && !node.container()) out.id = node.text;
    if (node.key == "ok") out.ok = node.text != "false" && node.text != "0";
    if (node.key == "code") out.code = code_in(node);
    if (node.key == "msg" && node.kind == JsonNode::Kind::text) out.msg = node.text;
  });
}

namespace {

Result<void, Rejection> parse_order(char* payload, std::size_t size, JsonTape& tape) {
  if (auto parsed = tape.parse(payload, size); !parsed) {
    return fail(Rejection{parsed.error().reason, std::move(parsed.error().detail)});
  }
  if (tape[JsonTape::root].kind != JsonNode::Kind::object) return fail(bad_control("not an object"));
  return {};
}

Rejection wrong(const JsonNode& node, std::string_view what) {
  return bad_control("'" + std::string(node.key) + "' is " + std::string(what));
}

Result<void, Rejection> read_text(const JsonNode& node, std::string& out) {
  if (node.kind != JsonNode::Kind::text) return fail(wrong(node, "not a text"));
  out = node.text;
  return {};
}

Result<void, Rejection> read_time(const JsonNode& node, const TimeZone& zone, std::optional<Timestamp>& out) {
  const auto time = timestamp_from_node(node, zone);
  if (!time) return fail(wrong(node, "not a time: use 2025-11-21T04:40:00Z, or seconds or milliseconds since 1970"));
  out = *time;
  return {};
}

std::string* pattern_of(std::string_view key, AlertPattern& pattern) {
  if (key == "site") return &pattern.site;
  if (key == "device") return &pattern.device;
  if (key == "metric") return &pattern.metric;
  if (key == "rule") return &pattern.rule;
  return key == "severity" ? &pattern.severity : nullptr;
}

}  // namespace

Result<void, Rejection> read_silence(char* payload, std::size_t size, JsonTape& tape, const TimeZone& zone,
                                     SilenceOrder& out) {
  const bool sets = out.verb == SilenceVerb::set;
  if (size == 0 && !sets) return {};
  if (auto parsed = parse_order(payload, size, tape); !parsed) return parsed;
  bool any_pattern = false;
  Result<void, Rejection> read;
  tape.for_each_child(JsonTape::root, [&](std::uint32_t i) {
    const auto& node = tape[i];
    if (!read || node.kind == JsonNode::Kind::null) return;
    if (node.key == "by") {
      read = read_text(node, out.by);
    } else if (node.key == "comment") {
      read = read_text(node, out.comment);
    } else if (!sets) {
      read = fail(wrong(node, "no key here: by and comment are"));
    } else if (node.key == "from") {
      read = read_time(node, zone, out.from);
    } else if (node.key == "until") {
      read = read_time(node, zone, out.until);
    } else if (auto* pattern = pattern_of(node.key, out.pattern)) {
      any_pattern = true;
      read = read_text(node, *pattern);
      if (read && pattern->empty()) read = fail(wrong(node, "empty: nothing matches that"));
    } else {
      // A misspelt pattern would silence more than was meant.
      read = fail(wrong(node, "no key here: site, device, metric, rule, severity, from, until, by, comment are"));
    }
  });
  if (read && sets && !any_pattern)
    return fail(
        bad_control("says not what: name site, device, metric, rule or severity; everything is \"site\":\"*\""));
  return read;
}

Result<void, Rejection> read_control(std::string_view verb, char* payload, std::size_t size, JsonTape& tape,
                                     const TimeZone& zone, OperatorAction& out) {
  if (verb == "ack") {
    out.verb = OperatorVerb::ack;
  } else if (verb == "silence") {
    out.verb = OperatorVerb::silence;
  } else {
    return fail(bad_control("unknown verb '" + excerpt(verb) + "'"));
  }
  if (size == 0) return {};
  if (auto parsed = parse_order(payload, size, tape); !parsed) return parsed;
  Result<void, Rejection> read;
  tape.for_each_child(JsonTape::root, [&](std::uint32_t i) {
    const auto& node = tape[i];
    if (!read || node.kind == JsonNode::Kind::null) return;
    if (node.key == "by") {
      read = read_text(node, out.by);
    } else if (node.key == "comment") {
      read = read_text(node, out.comment);
    } else if (node.key == "until") {
      read = read_time(node, zone, out.until);
    }
  });
  return read;
}

Result<void, Rejection> read_removal(std::string_view verb, char* payload, std::size_t size, JsonTape& tape,
                                     DevicesRemoved& out) {
  if (verb != "remove") return fail(bad_control("unknown verb '" + excerpt(verb) + "'"));
  if (size == 0) return {};
  if (auto parsed = parse_order(payload, size, tape); !parsed) return parsed;
  Result<void, Rejection> read;
  tape.for_each_child(JsonTape::root, [&](std::uint32_t i) {
    const auto& node = tape[i];
    if (!read || node.kind == JsonNode::Kind::null) return;
    if (node.key == "by") read = read_text(node, out.by);
    if (node.key == "comment") read = read_text(node, out.comment);
  });
  return read;
}

}  // namespace telltale::proto
