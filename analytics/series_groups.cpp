#include "analytics/series_groups.hpp"

#include <algorithm>
#include <set>
#include <string>

namespace telltale::analytics {

namespace {
constexpr std::size_t group_size = 10;
constexpr Millis group_span{60'000};
}  // namespace

bool SeriesGroups::recent(const Raise& raise) const { return relevant(raise) && book_.open(raise.handle); }

bool SeriesGroups::relevant(const Raise& raise) const {
  return ws_.clock.now() - raise.at <= group_span && book_.knows(raise.handle);
}

AlertHandle SeriesGroups::raise(std::uint32_t device, std::uint32_t series, proto::AlertTransition draft,
                                const proto::Rule& rule) {
  if (book_.silenced(draft) && !book_.silenced(group_draft(device, draft.severity))) {
    const AlertHandle alone = book_.raise(std::move(draft), rule.cooldown, Showing::shown, rule.escalate);
    own(alone, series);
    return alone;
  }
  Device& d = devices_[device];
  if (book_.open(d.group)) {
    join(d, draft.severity);
    const AlertHandle member = book_.raise(std::move(draft), Millis{0}, Showing::hidden, rule.escalate);
    own(member, series);
    book_.set_speaker(member, d.group);
    return member;
  }
  std::erase_if(d.recent, [this](const Raise& r) { return !recent(r); });
  std::set<std::uint32_t> raised{series};
  for (const Raise& r : d.recent) raised.insert(r.series);
  const bool grouped = raised.size() >= group_size;
  const AlertHandle handle =
      book_.raise(std::move(draft), rule.cooldown, grouped ? Showing::hidden : Showing::shown, rule.escalate);
  own(handle, series);
  d.recent.push_back({ws_.clock.now(), series, handle});
  if (grouped) form_group(device, d);
  return handle;
}

void SeriesGroups::join(Device& d, proto::Severity severity) {
  if (severity > book_.severity(d.group)) book_.set_severity(d.group, severity);
  ++d.members;
  book_.renew(d.group);
}

void SeriesGroups::returning(const std::vector<Returning>& alerts) {
  std::map<std::uint32_t, std::vector<Returning>> by_device;
  for (const auto& alert : alerts)
    if (alert.origin.series != 0) by_device[ws_.fleet.series(alert.origin.series).device].push_back(alert);
  for (const auto& [device, own_alerts] : by_device) come_back(device, own_alerts);
}

void SeriesGroups::come_back(std::uint32_t device, const std::vector<Returning>& alerts) {
  auto severity = proto::Severity::info;
  for (const auto& alert : alerts) severity = std::max(severity, book_.severity(alert.handle));
  if (book_.silenced(group_draft(device, severity))) return;  // each is told by itself
  Device& d = devices_[device];
  if (book_.open(d.group)) {
    for (const auto& alert : alerts) {
      join(d, book_.severity(alert.handle));
      book_.hide(alert.handle, part_of(device));
      book_.set_speaker(alert.handle, d.group);
    }
    return;
  }
  std::erase_if(d.recent, [&](const Raise& r) {
    return !recent(r) || std::ranges::any_of(alerts, [&](const Returning& a) { return a.handle == r.handle; });
  });
  for (const auto& alert : alerts) d.recent.push_back({ws_.clock.now(), alert.origin.series, alert.handle});
  std::set<std::uint32_t> raised;
  for (const Raise& r : d.recent) raised.insert(r.series);
  if (raised.size() >= group_size) form_group(device, d);
}

std::string SeriesGroups::part_of(std::uint32_t device) const {
  return "part of the grouped alert on " + ws_.fleet.device(device).name;
}

proto::AlertTransition SeriesGroups::group_draft(std::uint32_t device, proto::Severity severity) const {
  const auto& site = ws_.fleet.site_of(device);
  proto::AlertTransition draft;
  draft.tenant = site.tenant;
  draft.site = site.name;
  draft.device = ws_.fleet.device(device).name;
  draft.rule = "grouped";
  draft.metric = "_";
  draft.severity = severity;
  return draft;
}

void SeriesGroups::form_group(std::uint32_t device, Device& d) {
  auto draft = group_draft(device, proto::Severity::info);
  draft.started = ws_.clock.to_log(d.recent.front().at);
  draft.count = static_cast<std::uint32_t>(d.recent.size());
  for (const Raise& r : d.recent) draft.severity = std::max(draft.severity, book_.severity(r.handle));
  draft.summary = std::to_string(d.recent.size()) + " alerts within 60 s on " + draft.device;
  for (const Raise& r : d.recent) book_.hide(r.handle, part_of(device));
  d.members = draft.count;
  d.group = book_.raise(std::move(draft), Millis{0}, Showing::shown);
  for (const Raise& r : d.recent) book_.set_speaker(r.handle, d.group);
  d.recent.clear();
}

AlertHandle SeriesGroups::leave(std::uint32_t device) {
  const auto found = devices_.find(device);
  if (found == devices_.end() || found->second.members == 0 || --found->second.members > 0) return 0;
  const AlertHandle group = found->second.group;
  devices_.erase(found);
  return group;
}

void SeriesGroups::left(std::uint32_t device, AlertHandle group) {
  book_.clear(group, {std::nullopt, "all series of " + ws_.fleet.device(device).name + " are back"});
}

/// A hidden alert is forgotten without a word.
void SeriesGroups::hand_over(AlertHandle handle, std::string_view why) {
  book_.hide(handle, why);
  book_.clear(handle, {});
}

void SeriesGroups::give_way(std::uint32_t device, AlertHandle handle, std::string_view why) {
  const bool member = book_.hidden(handle);
  hand_over(handle, why);
  if (member) hand_over(leave(device), why);
}

void SeriesGroups::clear(std::uint32_t device, AlertHandle handle, const Clearing& reading) {
  const bool member = book_.hidden(handle);
  book_.clear(handle, reading);
  if (member) left(device, leave(device));
}

void SeriesGroups::remove(std::uint32_t device, AlertHandle handle, std::string_view why) {
  const bool member = book_.hidden(handle);
  book_.remove(handle, why);
  if (member) left(device, leave(device));
}

void SeriesGroups::device_removed(std::uint32_t device, std::string_view why) {
  const auto found = devices_.find(device);
  if (found == devices_.end()) return;
  book_.remove(found->second.group, why);
  devices_.erase(found);
}

void SeriesGroups::encode(proto::ByteWriter& out) const {
  // A device whose raises are all past is as good as absent: left out, so that equal states have equal bytes.
  std::vector<std::uint32_t> kept;
  for (const auto& [device, d] : devices_) {
    const bool waiting = std::any_of(d.recent.begin(), d.recent.end(), [this](const Raise& r) { return relevant(r); });
    if (waiting || d.members > 0) kept.push_back(device);
  }
  out.varint(kept.size());
  for (const auto device : kept) {
    const Device& d = devices_.at(device);
    out.varint(device);
    out.varint(d.group);
    out.varint(d.members);
    out.varint(static_cast<std::uint64_t>(
        std::count_if(d.recent.begin(), d.recent.end(), [this](const Raise& r) { return relevant(r); })));
    for (const Raise& r : d.recent) {
      if (!relevant(r)) continue;
      put(out, r.at);
      out.varint(r.series);
      out.varint(r.handle);
    }
  }
}

bool SeriesGroups::decode(proto::ByteReader& in) {
  const auto devices = in.varint();
  if (devices > in.remaining()) return false;
  for (std::uint64_t i = 0; i < devices; ++i) {
    const auto device = in.varint();
    if (!ws_.fleet.knows_device(device)) return false;
    Device& d = devices_[static_cast<std::uint32_t>(device)];
    d.group = in.varint();
    d.members = static_cast<std::uint32_t>(in.varint());
    if (d.members > 0 && !book_.open(d.group)) return false;
    const auto raises = in.varint();
    if (raises > in.remaining()) return false;
    for (std::uint64_t k = 0; k < raises; ++k) {
      Raise r{};
      r.at = get_instant(in);
      const auto series = in.varint();
      if (!ws_.fleet.knows_series(series)) return false;
      r.series = static_cast<std::uint32_t>(series);
      r.handle = in.varint();
      d.recent.push_back(r);
    }
  }
  return in.ok();
}

}  // namespace telltale::analytics
