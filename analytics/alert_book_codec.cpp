#include <algorithm>

#include "analytics/alert_book.hpp"
#include "analytics/alert_id.hpp"

namespace telltale::analytics {

namespace {

void put(proto::ByteWriter& out, const std::optional<double>& v) {
  out.boolean(v.has_value());
  if (v) out.f64(*v);
}

std::optional<double> get_optional(proto::ByteReader& in) {
  if (!in.boolean()) return std::nullopt;
  return in.f64();
}

void put(proto::ByteWriter& out, const proto::AlertTransition& t) {
  out.varint(t.n);
  out.u8(static_cast<std::uint8_t>(t.state));
  out.u8(static_cast<std::uint8_t>(t.severity));
  for (const auto* s : {&t.tenant, &t.site, &t.device, &t.rule, &t.metric, &t.summary, &t.by, &t.comment, &t.runbook})
    out.str(*s);
  analytics::put(out, t.ts);
  analytics::put(out, t.started);
  out.varint(t.count);
  put(out, t.value);
  put(out, t.threshold);
}

bool get(proto::ByteReader& in, proto::AlertTransition& t) {
  t.n = static_cast<std::uint32_t>(in.varint());
  const auto state = in.u8();
  const auto severity = in.u8();
  if (state > static_cast<std::uint8_t>(proto::AlertState::removed) || severity > 2) return false;
  t.state = static_cast<proto::AlertState>(state);
  t.severity = static_cast<proto::Severity>(severity);
  for (auto* s : {&t.tenant, &t.site, &t.device, &t.rule, &t.metric, &t.summary, &t.by, &t.comment, &t.runbook})
    *s = in.str();
  t.ts = get_timestamp(in);
  t.started = get_timestamp(in);
  t.count = static_cast<std::uint32_t>(in.varint());
  t.value = get_optional(in);
  t.threshold = get_optional(in);
  return in.ok();
}

}  // namespace

void AlertBook::put_marks(const Alert& alert, proto::ByteWriter& out) {
  out.u8(static_cast<std::uint8_t>(alert.said.reason));
  out.u8(static_cast<std::uint8_t>(alert.plain));
  for (const auto* mark : {&alert.acknowledged, &alert.silenced}) {
    out.boolean(mark->has_value());
    if (!*mark) continue;
    out.str((*mark)->by);
    out.str((*mark)->comment);
    analytics::put(out, (*mark)->until);
  }
  analytics::put(out, alert.cooled);
  analytics::put(out, alert.raised);
  out.u8(static_cast<std::uint8_t>(alert.base));
  out.varint(alert.escalation.size());
  for (const auto& step : alert.escalation) {
    out.zigzag(step.after.count());
    out.u8(static_cast<std::uint8_t>(step.severity));
  }
  out.varint(alert.speaker);
  analytics::put(out, alert.armed);
}

bool AlertBook::get_marks(proto::ByteReader& in, Alert& alert) {
  const auto reason = in.u8();
  const auto plain = in.u8();
  if (reason > static_cast<std::uint8_t>(proto::AlertReason::forgotten)) return false;
  alert.said.reason = static_cast<proto::AlertReason>(reason);
  alert.plain = static_cast<proto::AlertState>(plain);
  if (alert.plain != proto::AlertState::firing && alert.plain != proto::AlertState::flapping) return false;
  for (auto* mark : {&alert.acknowledged, &alert.silenced}) {
    if (!in.boolean()) continue;
    mark->emplace();
    (*mark)->by = in.str();
    (*mark)->comment = in.str();
    (*mark)->until = get_instant(in);
  }
  alert.cooled = get_instant(in);
  alert.raised = get_instant(in);
  const auto base = in.u8();
  if (base > 2) return false;
  alert.base = static_cast<proto::Severity>(base);
  const auto steps = in.varint();
  if (steps > in.remaining()) return false;
  for (std::uint64_t i = 0; i < steps; ++i) {
    const Millis after = std::clamp(Millis{in.zigzag()}, Millis{0}, end_of_time);
    const auto severity = in.u8();
    if (severity > 2) return false;
    alert.escalation.push_back({after, static_cast<proto::Severity>(severity)});
  }
  alert.speaker = in.varint();
  alert.armed = get_instant(in);
  return in.ok();
}

/// `due` was the end of the cooldown while clearing, else of the silence.
void AlertBook::old_marks(AlertHandle handle, Alert& alert, Instant due) {
  alert.base = alert.said.severity;
  alert.raised = ws_.clock.to_instant(alert.said.started);
  if (alert.flapping) alert.plain = proto::AlertState::flapping;
  if (alert.phase == Phase::clearing) {
    alert.cooled = due;
  } else if (alert.said.state == proto::AlertState::silenced) {
    alert.silenced = Mark{alert.said.by, alert.said.comment, due};
  }
  if (alert.said.state == proto::AlertState::acknowledged)
    alert.acknowledged = Mark{alert.said.by, alert.said.comment, never};
  arm(handle, alert);
}

void AlertBook::encode(proto::ByteWriter& out) const {
  out.varint(opened_);
  out.varint(slots_.size());
  for (const auto& alert : slots_) {
    out.boolean(alert != nullptr);
    if (!alert) continue;
    put(out, alert->said);
    out.u64(alert->hash);
    out.varint(alert->generation);
    out.u8(static_cast<std::uint8_t>(alert->phase));
    out.boolean(alert->flapping);
    out.boolean(alert->hidden);
    out.zigzag(alert->cooldown.count());
    put_marks(*alert, out);
  }
  out.varint(free_.size());
  for (const auto slot : free_) out.varint(slot);
  out.varint(resolved_next_);
  out.varint(resolved_.size());
  for (const auto id : resolved_) out.u64(id);
  starts_.encode(out);
}

bool AlertBook::decode(proto::ByteReader& in, unsigned version) {
  opened_ = static_cast<std::uint32_t>(in.varint());
  const auto slots = in.varint();
  if (slots > in.remaining()) return false;
  std::size_t used = 0;
  for (std::uint64_t i = 0; i < slots; ++i) {
    slots_.emplace_back();
    if (!in.boolean()) continue;
    ++used;
    auto alert = std::make_unique<Alert>();
    if (!get(in, alert->said)) return false;
    alert->hash = in.u64();
    alert->said.id = alert_id(alert->hash);
    alert->generation = static_cast<std::uint32_t>(in.varint());
    const auto phase = in.u8();
    if (phase > static_cast<std::uint8_t>(Phase::clearing)) return false;
    alert->phase = static_cast<Phase>(phase);
    alert->flapping = in.boolean();
    alert->hidden = in.boolean();
    alert->cooldown = std::clamp(Millis{in.zigzag()}, Millis{0}, end_of_time);
    const AlertHandle handle = std::uint64_t{alert->generation} << 32 | (i + 1);
    if (version >= 7) {
      if (!get_marks(in, *alert)) return false;
    } else {
      old_marks(handle, *alert, get_instant(in));
    }
    by_id_[alert->hash] = handle;
    slots_.back() = std::move(alert);
  }
  const auto free = in.varint();
  if (free != slots - used) return false;
  std::vector<bool> listed(slots_.size(), false);
  for (std::uint64_t i = 0; i < free; ++i) {
    const auto slot = in.varint();
    if (slot == 0 || slot > slots_.size() || slots_[slot - 1] || listed[slot - 1]) return false;
    listed[slot - 1] = true;
    free_.push_back(static_cast<std::uint32_t>(slot));
  }
  resolved_next_ = in.varint();
  const auto resolved = in.varint();
  if (resolved > remembered_ids || resolved_next_ >= remembered_ids) return false;
  for (std::uint64_t i = 0; i < resolved && in.ok(); ++i) resolved_.push_back(in.u64());
  return in.ok() && (resolved_next_ == 0 || resolved == remembered_ids) && starts_.decode(in);
}

}  // namespace telltale::analytics
