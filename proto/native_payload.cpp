#include "proto/native_payload.hpp"

#include <algorithm>

#include "proto/topic.hpp"

namespace telltale::proto {

namespace {

Rejection wrong_shape(std::string detail) { return {DeadLetterReason::wrong_shape, std::move(detail)}; }

constexpr std::size_t longest_unit = 32;

}  // namespace

/// The reserved keys of one object that matter behind it.
struct NativePayload::Object {
  TimeKeys time;
  std::optional<std::uint32_t> values, units, tags, batch, v, u;
  bool flat_metrics = false;
};

/// What an object that holds a `batch` says for all of its rows.
struct NativePayload::Outer {
  std::optional<std::uint32_t> uptime_now_ms, units;
  bool in_rows = false;
};

Result<void, Rejection> NativePayload::read(std::string_view metric, Timestamp received) {
  metric_ = metric;
  received_ = received;
  switch (tape_[JsonTape::root].kind) {
    case JsonNode::Kind::object:
      return read_object(JsonTape::root, {});
    case JsonNode::Kind::array:
      return read_rows(JsonTape::root, {});
    default:
      break;
  }
  if (metric_.empty()) return fail(wrong_shape("a bare value needs a metric level in the topic"));
  sink_.begin_row();
  sink_.add(metric_, {}, tape_, JsonTape::root);
  return sink_.end_row({});
}

Result<void, Rejection> NativePayload::read_rows(std::uint32_t array, const Outer& outer) {
  std::size_t rows = 0;
  tape_.for_each_child(array, [&](std::uint32_t) { ++rows; });
  if (rows > options_.max_rows) {
    return fail(Rejection{DeadLetterReason::too_many_rows,
                          std::to_string(rows) + " rows, allowed are " + std::to_string(options_.max_rows)});
  }
  auto row_settings = outer;
  row_settings.in_rows = true;
  std::size_t row = 0;
  for (auto i = array + 1; i < tape_[array].end; i = tape_[i].end) {
    if (tape_[i].kind != JsonNode::Kind::object) {
      return fail(wrong_shape("row " + std::to_string(row) + " is not an object"));
    }
    if (auto read = read_object(i, row_settings); !read) return read;
    ++row;
  }
  return {};
}

Result<void, Rejection> NativePayload::read_member(std::uint32_t index, Object& object) {
  const auto& node = tape_[index];
  const auto key = node.key;
  if (!reserved_key(key)) {
    object.flat_metrics = true;
    if (metric_.empty()) {
      sink_.add(key, {}, tape_, index);
    } else {
      sink_.drop(DropReason::bad_value);  // the topic names the only metric
    }
    return {};
  }
  if (node.kind == JsonNode::Kind::null && key != "v") return {};
  const auto at = std::optional(index);
  if (key == "ts") object.time.ts = at;
  if (key == "age_ms") object.time.age_ms = at;
  if (key == "uptime_ms") object.time.uptime_ms = at;
  if (key == "uptime_now_ms") object.time.uptime_now_ms = at;
  if (key == "v") object.v = at;
  if (key == "u") object.u = at;
  if (key == "units") {
    std::size_t units = 0;
    tape_.for_each_child(index, [&](std::uint32_t) { ++units; });
    if (units > options_.max_metrics) {
      return fail(Rejection{DeadLetterReason::too_many_metrics, "more units than metrics are allowed"});
    }
    object.units = at;
  }
  if (key == "tags") object.tags = at;
  if (key == "values") {
    if (node.kind != JsonNode::Kind::object) return fail(wrong_shape("'values' is not an object"));
    object.values = at;
    if (metric_.empty()) read_values(index);
  }
  if (key == "batch") {
    if (node.kind != JsonNode::Kind::array) return fail(wrong_shape("'batch' is not an array"));
    object.batch = at;
  }
  return {};
}

void NativePayload::read_values(std::uint32_t object) {
  sink_.for_each_member(tape_, object, [&](std::uint32_t i) {
    if (!reserved_key(tape_[i].key)) sink_.add(tape_[i].key, {}, tape_, i);
  });
}

Result<void, Rejection> NativePayload::read_object(std::uint32_t index, const Outer& outer) {
  Object object;
  object.time.uptime_now_ms = outer.uptime_now_ms;
  Result<void, Rejection> read;
  sink_.begin_row();
  sink_.for_each_member(tape_, index, [&](std::uint32_t i) {
    if (read) read = read_member(i, object);
  });
  if (!read) return read;

  if (!metric_.empty()) {
    if (object.values) return fail(wrong_shape("'values' on a topic that names one metric"));
    if (!object.v && !object.batch) return fail(wrong_shape("no 'v' for the metric that the topic names"));
    if (object.v) sink_.add(metric_, {}, tape_, *object.v);
    if (object.u && tape_[*object.u].kind == JsonNode::Kind::text && tape_[*object.u].text.size() <= longest_unit) {
      for (auto* s = sink_.row_begin(); s != sink_.row_end(); ++s) s->unit = tape_[*object.u].text;
    }
  } else if (object.v && !object.flat_metrics && !object.values) {
    return fail(wrong_shape("'v' needs a metric level in the topic"));
  }
  if (object.values && object.flat_metrics) sink_.names_may_repeat();
  if (outer.units) apply_units(*outer.units);
  if (object.units) apply_units(*object.units);
  if (object.tags) read_tags(*object.tags);

  const bool has_samples = sink_.row_begin() != sink_.row_end();
  const auto time = has_samples ? clock_.time_of(object.time, tape_, received_, sink_) : RowTime{};
  if (auto ended = sink_.end_row(time); !ended) return ended;
  if (sink_.out().tags.size() > options_.max_metrics) {
    return fail(Rejection{DeadLetterReason::too_many_metrics, "more tags than metrics are allowed"});
  }
  if (!object.batch) return {};
  if (outer.in_rows) return fail(wrong_shape("'batch' inside a batch"));
  return read_rows(*object.batch, {object.time.uptime_now_ms, object.units, false});
}

void NativePayload::read_tags(std::uint32_t object) {
  if (tape_[object].kind != JsonNode::Kind::object) return sink_.drop(DropReason::bad_value);
  auto& tags = sink_.out().tags;
  sink_.for_each_member(tape_, object, [&](std::uint32_t i) {
    const auto& node = tape_[i];
    if (node.kind == JsonNode::Kind::null) return;
    if (node.container()) return sink_.drop(DropReason::bad_value);
    if (!valid_metric(node.key)) return sink_.drop(DropReason::bad_name);
    const auto known = std::find_if(tags.begin(), tags.end(), [&](const auto& t) { return t.first == node.key; });
    if (known != tags.end()) {
      known->second = node.text;
    } else if (tags.size() <= options_.max_metrics) {
      tags.emplace_back(node.key, node.text);
    }
  });
}

void NativePayload::apply_units(std::uint32_t object) {
  if (tape_[object].kind != JsonNode::Kind::object) return sink_.drop(DropReason::bad_value);
  tape_.for_each_child(object, [&](std::uint32_t i) {
    const auto& unit = tape_[i];
    if (unit.kind != JsonNode::Kind::text || unit.text.size() > longest_unit) return;
    for (auto* s = sink_.row_begin(); s != sink_.row_end(); ++s) {
      if (s->metric == unit.key) s->unit = unit.text;
    }
  });
}

}  // namespace telltale::proto
