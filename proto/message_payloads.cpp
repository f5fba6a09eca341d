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

bool opens_json(std::string_view text) noexcept { return !text.empty() && text.find_first_of("{[\"") == 0; }

}  // namespace

Result<void, Rejection> read_status(char* payload, std::size_t size, JsonTape& tape, const RowClock& clock,
                                    Timestamp received, DeviceStatus& out) {
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
  });
  if (!state) return fail(bad_status("neither 'state' nor 'online' nor 'status'"));
  return read_state(*state, out);
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
  if (auto parsed = tape.parse(payload, size); !parsed) {
    return fail(Rejection{parsed.error().reason, std::move(parsed.error().detail)});
  }
  if (tape[JsonTape::root].kind != JsonNode::Kind::object) return fail(bad_control("not an object"));
  Result<void, Rejection> read;
  tape.for_each_child(JsonTape::root, [&](std::uint32_t i) {
    const auto& node = tape[i];
    if (node.kind == JsonNode::Kind::null) return;
    if (node.key == "by" || node.key == "comment") {
      if (node.kind != JsonNode::Kind::text) read = fail(bad_control("'" + std::string(node.key) + "' is not a text"));
      (node.key == "by" ? out.by : out.comment) = node.text;
    } else if (node.key == "until") {
      const auto until = timestamp_from_node(node, zone);
      if (until) {
        out.until = *until;
      } else {
        read = fail(bad_control("'until' is not a time"));
      }
    }
  });
  return read;
}

}  // namespace telltale::proto
