#include "analytics/rule_runner.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "analytics/flatline.hpp"
#include "analytics/frozen.hpp"
#include "analytics/missing.hpp"
#include "analytics/rate.hpp"
#include "analytics/rule_matcher.hpp"
#include "analytics/threshold.hpp"
#include "analytics/unusual.hpp"
#include "analytics/zscore.hpp"

namespace telltale::analytics {

namespace {
/// What of a cell its bytes hold.
enum CellPart : unsigned { has_fired = 1, has_alert = 2, has_due = 4, has_persistence = 8, has_memory = 16 };

bool is_missing(const proto::Rule& rule) { return std::holds_alternative<proto::MissingCheck>(rule.check); }
}  // namespace

Wording RuleRunner::wording(std::uint32_t series, double x, const Judgement& judgement) const {
  const auto device = ws_.fleet.series(series).device;
  return {ws_.fleet.metric(series),
          ws_.fleet.unit(series),
          ws_.fleet.site_of(device).name,
          ws_.fleet.device(device).name,
          x,
          judgement.threshold};
}

std::string RuleRunner::sentence(const proto::Rule& rule, const Judgement& judgement, const Wording& words) const {
  if (!rule.message.empty()) return fill_template(rule.message, words);
  return std::visit([&](const auto& check) { return explain(check, judgement, words); }, rule.check) + " on " +
         std::string(words.device);
}

void RuleRunner::judge(std::uint32_t series, const Sample& measured) {
  Sample sample = measured;
  sample.local = zones_.offset(series, sample.ts);
  for (Cell& cell : cells_[series]) {
    const auto& check = ws_.rules.rules[cell.rule].check;
    const Pace pace = cell.firing ? Pace::slow : Pace::normal;
    const Judgement judgement = std::visit([&](const auto& c) { return observe(c, cell.memory, sample, pace); }, check);
    if (ws_.on_judged)
      ws_.on_judged({proto::SeriesId{series}, ws_.rules.rules[cell.rule].name, sample.ts, sample.x, judgement.expected,
                     judgement.spread, judgement.threshold, judgement.violates});
    if (judgement.violates || cell.firing || cell.persistence.pending()) settle_cell(series, cell, sample, judgement);
    if (const auto* missing = std::get_if<proto::MissingCheck>(&check)) expect(series, cell, missing->span);
  }
}

/// One timer a cell is on its way; it is put right when it is met.
void RuleRunner::expect(std::uint32_t series, Cell& cell, Millis within) {
  const bool waiting = cell.due != never;
  cell.due = ws_.clock.now() + std::min(within, end_of_time);
  if (!waiting) ws_.silence.add({cell.due, std::uint64_t{series} << 32 | cell.rule, TimerKind::missing});
}

void RuleRunner::settle_cell(std::uint32_t series, Cell& cell, const Sample& sample, const Judgement& judgement) {
  const double x = sample.x;
  const proto::Rule& rule = ws_.rules.rules[cell.rule];
  if (cell.firing) {
    if (judgement.violates) return book_.renew(cell.alert, x);
    if (!judgement.clears) return;
    cell.firing = false;
    groups_.clear(ws_.fleet.series(series).device, cell.alert,
                  {x, sentence(rule, judgement, wording(series, x, judgement))});
    return;
  }
  if (!judgement.violates) {
    cell.persistence.kept(rule.persistence);
    cell.due = never;
    return;
  }
  const bool first = !cell.persistence.pending();
  if (cell.persistence.violated(rule.persistence, sample.ts)) return fire(series, cell, x, judgement);
  const auto* span = std::get_if<Millis>(&rule.persistence);
  if (!first || span == nullptr) return;
  cell.due = ws_.clock.now() + std::min(*span, end_of_time);
  ws_.timers.add({cell.due, std::uint64_t{series} << 32 | cell.rule, TimerKind::persistence});
}

void RuleRunner::fire(std::uint32_t series, Cell& cell, double x, const Judgement& judgement) {
  const proto::Rule& rule = ws_.rules.rules[cell.rule];
  const Wording words = wording(series, x, judgement);
  const auto violations = cell.persistence.violations();
  const Timestamp first = cell.persistence.first();
  cell.firing = true;
  cell.due = never;
  cell.persistence.reset();
  if (book_.clearing(cell.alert))
    return book_.raise_again(cell.alert, violations, {x, sentence(rule, judgement, words)});
  auto alert = draft(series, rule);
  alert.started = first;
  alert.count = violations;
  if (judgement.of_value) {
    alert.value = x;
    alert.threshold = judgement.threshold;
  }
  alert.summary = sentence(rule, judgement, words);
  cell.alert = groups_.raise(ws_.fleet.series(series).device, series, std::move(alert), rule);
}

proto::AlertTransition RuleRunner::draft(std::uint32_t series, const proto::Rule& rule) const {
  const auto device = ws_.fleet.series(series).device;
  proto::AlertTransition alert;
  alert.severity = rule.severity;
  alert.tenant = ws_.fleet.site_of(device).tenant;
  alert.site = ws_.fleet.site_of(device).name;
  alert.device = ws_.fleet.device(device).name;
  alert.rule = rule.name;
  alert.metric = ws_.fleet.metric(series);
  alert.runbook = rule.runbook;
  return alert;
}

const RuleRunner::Cell* RuleRunner::find(const Timer& timer) const {
  const auto series = timer.subject >> 32;
  const auto rule = static_cast<std::uint32_t>(timer.subject);
  if (series >= cells_.size()) return nullptr;
  const auto& cells = cells_[series];
  const auto found = std::find_if(cells.begin(), cells.end(), [&](const Cell& c) { return c.rule == rule; });
  return found == cells.end() ? nullptr : &*found;
}

std::optional<Instant> RuleRunner::due(const Timer& timer) const {
  const Cell* cell = find(timer);
  if (cell == nullptr || cell->due == never || is_missing(ws_.rules.rules[cell->rule])) return std::nullopt;
  return cell->due;
}

std::optional<Instant> RuleRunner::missing_due(const Timer& timer, Instant listening_since) const {
  const Cell* cell = find(timer);
  if (cell == nullptr || cell->due == never) return std::nullopt;
  const auto* missing = std::get_if<proto::MissingCheck>(&ws_.rules.rules[cell->rule].check);
  if (missing == nullptr) return std::nullopt;
  return std::max(cell->due, listening_since + std::min(missing->span, end_of_time));
}

void RuleRunner::on_missing(const Timer& timer, const Sample& last, DeviceVoice voice) {
  const Cell* found = find(timer);
  if (found == nullptr || found->due == never || !is_missing(ws_.rules.rules[found->rule])) return;
  const auto series = static_cast<std::uint32_t>(timer.subject >> 32);
  Cell& cell = cells_[series][static_cast<std::size_t>(found - cells_[series].data())];
  cell.due = never;
  if (cell.firing || gives_way(series, cell, voice)) return;
  Judgement judgement;
  judgement.violates = true;
  judgement.of_value = false;
  // The silence began with the last reading, whatever a device's clock says of it.
  static_cast<void>(cell.persistence.violated({}, std::min(last.ts, ws_.clock.log_now())));
  fire(series, cell, last.x, judgement);
}

bool RuleRunner::gives_way(std::uint32_t series, const Cell& cell, DeviceVoice voice) const {
  return voice == DeviceVoice::told ||
         (voice == DeviceVoice::silenced && book_.silenced(draft(series, ws_.rules.rules[cell.rule])));
}

template <class Work>
void RuleRunner::each_missing(std::uint32_t device, Work&& work) {
  for (auto series = ws_.fleet.device(device).first_series; series != 0;
       series = ws_.fleet.series(series).next_of_device)
    for (Cell& cell : cells_[series])
      if (const auto* missing = std::get_if<proto::MissingCheck>(&ws_.rules.rules[cell.rule].check))
        work(series, cell, missing->span);
}

void RuleRunner::device_offline(std::uint32_t device, DeviceVoice voice) {
  const std::string why = "part of offline on " + ws_.fleet.device(device).name;
  each_missing(device, [&](std::uint32_t series, Cell& cell, Millis) {
    if (!cell.firing || !gives_way(series, cell, voice)) return;
    cell.firing = false;
    groups_.give_way(device, std::exchange(cell.alert, 0), why);
  });
}

void RuleRunner::device_back(std::uint32_t device, DeviceVoice before) {
  each_missing(device, [&](std::uint32_t series, Cell& cell, Millis span) {
    const bool gave_way = !cell.firing && cell.due == never;
    if (gave_way || (!cell.firing && before != DeviceVoice::none)) expect(series, cell, span);
  });
}

void RuleRunner::on_deadline(const Timer& timer, const Sample& last, bool fresh) {
  const Cell* found = find(timer);
  if (found == nullptr || found->due == never || found->due > ws_.clock.now()) return;
  if (is_missing(ws_.rules.rules[found->rule])) return;
  const auto series = static_cast<std::uint32_t>(timer.subject >> 32);
  Cell& cell = cells_[series][static_cast<std::size_t>(found - cells_[series].data())];
  cell.due = never;
  if (!fresh || !cell.persistence.pending()) return;
  const Judgement judgement =
      std::visit([&](const auto& check) { return assess(check, cell.memory, last); }, ws_.rules.rules[cell.rule].check);
  if (judgement.violates) fire(series, cell, last.x, judgement);
}

void RuleRunner::series_added(std::uint32_t series) {
  if (series >= cells_.size()) cells_.resize(series + std::size_t{1});
  rematch(series, {});
}

void RuleRunner::drop(std::uint32_t series, const Cell& cell) {
  if (cell.alert != 0) groups_.remove(ws_.fleet.series(series).device, cell.alert, "the rule does not apply any more");
}

void RuleRunner::rematch(std::uint32_t series, const std::vector<std::int64_t>& continued) {
  const auto matched = matching_rules(ws_.rules, ws_.fleet, series);
  std::vector<Cell> before = std::exchange(cells_[series], {});
  auto& cells = cells_[series];
  cells.reserve(matched.size());
  for (const auto rule : matched) {
    cells.emplace_back();
    cells.back().rule = rule;
  }
  for (Cell& old : before) {
    const auto to = continued[old.rule];
    const auto place = std::find_if(cells.begin(), cells.end(),
                                    [&](const Cell& c) { return static_cast<std::int64_t>(c.rule) == to; });
    if (place == cells.end()) {
      drop(series, old);
      continue;
    }
    old.rule = place->rule;
    *place = std::move(old);
    Cell& cell = *place;
    if (cell.due != never && !is_missing(ws_.rules.rules[cell.rule]))
      ws_.timers.add({cell.due, std::uint64_t{series} << 32 | cell.rule, TimerKind::persistence});
    if (cell.alert != 0) {
      const proto::Rule& rule = ws_.rules.rules[cell.rule];
      book_.set_severity(cell.alert, rule.severity, rule.escalate);
    }
  }
  for (Cell& cell : cells) {
    const auto* missing = std::get_if<proto::MissingCheck>(&ws_.rules.rules[cell.rule].check);
    if (missing == nullptr || cell.firing) continue;
    if (cell.due == never) {
      expect(series, cell, missing->span);
    } else {
      ws_.silence.add({cell.due, std::uint64_t{series} << 32 | cell.rule, TimerKind::missing});
    }
  }
}

void RuleRunner::rules_changed(const proto::RuleSet& before) {
  zones_.rules_changed();
  const auto continued = continued_rules(before, ws_.rules);
  for (std::uint32_t series = 1; series < cells_.size(); ++series)
    if (ws_.fleet.knows_series(series)) rematch(series, continued);
}

void RuleRunner::rematch_device(std::uint32_t device) {
  std::vector<std::int64_t> same(ws_.rules.rules.size());
  std::iota(same.begin(), same.end(), 0);
  for (auto series = ws_.fleet.device(device).first_series; series != 0;
       series = ws_.fleet.series(series).next_of_device)
    rematch(series, same);
}

void RuleRunner::device_removed(std::uint32_t device, std::string_view why) {
  // The group first: it does not resolve when its last member goes.
  groups_.device_removed(device, why);
  for (auto series = ws_.fleet.device(device).first_series; series != 0;
       series = ws_.fleet.series(series).next_of_device)
    for (const auto& cell : std::exchange(cells_[series], {})) book_.remove(cell.alert, why);
}

void RuleRunner::encode(proto::ByteWriter& out) const {
  out.varint(cells_.size());
  for (const auto& cells : cells_) {
    out.varint(cells.size());
    for (const Cell& c : cells) {
      // Most cells are quiet most of the time: two bytes each.
      const unsigned parts = (c.firing ? has_fired : 0U) | (c.alert != 0 ? has_alert : 0U) |
                             (c.due != never ? has_due : 0U) | (c.persistence.pending() ? has_persistence : 0U) |
                             (c.memory.empty() ? 0U : has_memory);
      out.varint(c.rule);
      out.u8(static_cast<std::uint8_t>(parts));
      if (parts & has_alert) out.varint(c.alert);
      if (parts & has_due) put(out, c.due);
      if (parts & has_persistence) c.persistence.encode(out);
      if (parts & has_memory) c.memory.encode(out);
    }
  }
}

bool RuleRunner::decode(proto::ByteReader& in, unsigned version) {
  const auto series = in.varint();
  if (series > ws_.fleet.series_slots() || series > in.remaining()) return false;
  cells_.resize(ws_.fleet.series_slots());
  for (std::uint64_t i = 0; i < series; ++i) {
    const auto n = in.varint();
    if (n > ws_.rules.rules.size() || n > in.remaining() || (n > 0 && !ws_.fleet.knows_series(i))) return false;
    for (std::uint64_t k = 0; k < n; ++k) {
      Cell c;
      const auto rule = in.varint();
      if (rule >= ws_.rules.rules.size()) return false;
      c.rule = static_cast<std::uint32_t>(rule);
      const unsigned parts = in.u8();
      c.firing = (parts & has_fired) != 0;
      if (parts & has_alert) c.alert = in.varint();
      if (parts & has_due) c.due = get_instant(in);
      if (parts & has_persistence) c.persistence.decode(in);
      if ((parts & has_memory) && !c.memory.decode(in, version)) return false;
      groups_.own(c.alert, static_cast<std::uint32_t>(i));
      cells_[i].push_back(std::move(c));
    }
  }
  return in.ok();
}

}  // namespace telltale::analytics
