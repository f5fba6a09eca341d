#include "analytics/site_watch.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace telltale::analytics {

namespace {
constexpr Millis one_minute{60'000};
constexpr Millis flapping_for{900'000};
constexpr std::size_t smallest_site = 3;
}  // namespace

void SiteWatch::device_added(std::uint32_t device) {
  if (device >= devices_.size()) devices_.resize(device + std::size_t{1});
  if (ws_.fleet.sites().size() > sites_.size()) sites_.resize(ws_.fleet.sites().size());
}

proto::AlertTransition SiteWatch::draft(std::uint32_t site, std::string_view rule) const {
  proto::AlertTransition d;
  d.tenant = ws_.fleet.sites()[site].tenant;
  d.site = ws_.fleet.sites()[site].name;
  d.device = "-";
  d.rule = rule;
  d.metric = "_";
  d.started = ws_.clock.log_now();
  return d;
}

void SiteWatch::stale(std::uint32_t device, Instant silent_since) {
  Device& d = devices_[device];
  if (d.voice == Voice::present) ++sites_[ws_.fleet.device(device).site].quiet;
  d.voice = Voice::stale;
  d.silent_since = silent_since;
}

void SiteWatch::doubt(std::uint32_t device, Instant since) {
  if (devices_[device].voice == Voice::present) stale(device, since);
}

void SiteWatch::trust(std::uint32_t device) {
  Device& d = devices_[device];
  if (d.voice != Voice::stale) return;
  --sites_[ws_.fleet.device(device).site].quiet;
  d.voice = Voice::present;
  d.silent_since = never;
  count_out(device);
}

void SiteWatch::offline(std::uint32_t device, Instant silent_since, std::string summary) {
  Device& d = devices_[device];
  const auto number = ws_.fleet.device(device).site;
  Site& site = sites_[number];
  if (d.voice == Voice::present || d.voice == Voice::absent) ++site.quiet;
  d.voice = Voice::offline;
  d.silent_since = silent_since;
  const bool site_alert = book_.open(site.alert);
  if (site_alert && !d.counted) {
    d.counted = true;
    ++site.silent;
  }
  if (!site_alert) look(number, device);
  raise_offline(device, std::move(summary), book_.open(site.alert) || site.release != never);
}

void SiteWatch::raise_offline(std::uint32_t device, std::string summary, bool inhibited) {
  Device& d = devices_[device];
  const auto number = ws_.fleet.device(device).site;
  // What was resolved lately is not told again only to be taken back in favour of the site's alert.
  if (book_.clearing(d.alert) && (!inhibited || book_.flapping(d.alert))) {
    book_.raise_again(d.alert, 1, {std::nullopt, std::move(summary)});
    if (inhibited) book_.hide(d.alert, part_of(number));
    return;
  }
  auto alert = draft(number, "offline");
  alert.device = ws_.fleet.device(device).name;
  alert.severity = ws_.rules.offline_severity;
  alert.summary = std::move(summary);
  d.alert = book_.raise(std::move(alert), flapping_for, inhibited ? Showing::hidden : Showing::shown);
  book_.set_origin(d.alert, {0, device});
}

std::string SiteWatch::part_of(std::uint32_t site) const {
  return "part of site-silent at " + ws_.fleet.sites()[site].name;
}

bool SiteWatch::together(std::uint32_t a, std::uint32_t b) const {
  if (devices_[b].silent_since < devices_[a].silent_since) std::swap(a, b);
  const auto apart = devices_[b].silent_since - devices_[a].silent_since;
  return apart <= std::max(one_minute, period_(a));
}

bool SiteWatch::expected(std::uint32_t device) const {
  auto alert = draft(ws_.fleet.device(device).site, "offline");
  alert.device = ws_.fleet.device(device).name;
  alert.severity = ws_.rules.offline_severity;
  return book_.silenced(alert);
}

DeviceVoice SiteWatch::voice_when_offline(std::uint32_t device) const {
  return expected(device) ? DeviceVoice::silenced : DeviceVoice::told;
}

DeviceVoice SiteWatch::voice(std::uint32_t device) const {
  const bool speaks = devices_[device].voice == Voice::offline || devices_[device].counted;
  return speaks ? voice_when_offline(device) : DeviceVoice::none;
}

void SiteWatch::absent(std::uint32_t device) { devices_[device].voice = Voice::absent; }

void SiteWatch::look(std::uint32_t number, std::uint32_t device) {
  Site& site = sites_[number];
  const auto& all = ws_.fleet.sites()[number].devices;
  ++site.looked_at;
  if (site.quiet < smallest_site || site.looked_at < all.size() / 64) return;
  site.looked_at = 0;
  const auto now = strength(number, [&](std::uint32_t key) { return together(key, device); });
  if (now.most_silent()) fire(number, now, " fell silent within a minute");
}

bool SiteWatch::Strength::most_silent() const { return silent.size() >= smallest_site && silent.size() * 2 > members; }

template <class WithIt>
SiteWatch::Strength SiteWatch::strength(std::uint32_t number, WithIt&& with_it) const {
  Strength found;
  const bool all_count = book_.silenced(site_draft(number));
  for (const auto key : ws_.fleet.sites()[number].devices) {
    if (!all_count && expected(key)) continue;
    const Device& d = devices_[key];
    const bool quiet = d.voice == Voice::stale || d.voice == Voice::offline;
    const bool one_of_them = quiet && with_it(key);
    if (one_of_them) found.silent.push_back(key);
    // Those who were gone before are no part of the site's present strength.
    const bool gone_before = d.voice == Voice::absent || (d.voice == Voice::offline && !one_of_them);
    if (!gone_before) ++found.members;
  }
  return found;
}

void SiteWatch::returning(const std::vector<Returning>& alerts) {
  std::map<std::uint32_t, std::set<std::uint32_t>> by_site;
  for (const auto& [handle, origin] : alerts)
    if (origin.device != 0 && devices_[origin.device].alert == handle)
      by_site[ws_.fleet.device(origin.device).site].insert(origin.device);
  for (const auto& [site, devices] : by_site)
    if (!book_.silenced(site_draft(site))) come_back(site, devices);
}

void SiteWatch::come_back(std::uint32_t number, const std::set<std::uint32_t>& devices) {
  Site& site = sites_[number];
  if (!book_.open(site.alert)) {
    const auto now =
        strength(number, [&](std::uint32_t key) { return devices.contains(key) || together(key, *devices.begin()); });
    if (now.most_silent()) fire(number, now, " are silent");
    return;
  }
  for (const auto key : devices) {
    if (!std::exchange(devices_[key].counted, true)) ++site.silent;
    book_.hide(devices_[key].alert, part_of(number));
  }
}

proto::AlertTransition SiteWatch::site_draft(std::uint32_t site) const {
  auto alert = draft(site, "site-silent");
  alert.severity = ws_.rules.site_silent_severity;
  return alert;
}

void SiteWatch::fire(std::uint32_t number, const Strength& strength, std::string_view how) {
  Site& site = sites_[number];
  for (const auto key : strength.silent) {
    Device& d = devices_[key];
    d.counted = true;
    book_.hide(d.alert, part_of(number));
  }
  auto alert = site_draft(number);
  alert.count = static_cast<std::uint32_t>(strength.silent.size());
  alert.summary = std::to_string(strength.silent.size()) + " of " + std::to_string(strength.members) + " devices of " +
                  alert.site + std::string(how);
  site.members = static_cast<std::uint32_t>(strength.members);
  site.silent = alert.count;
  site.release = never;
  if (book_.clearing(site.alert)) return book_.raise_again(site.alert, alert.count, {std::nullopt, alert.summary});
  site.alert = book_.raise(std::move(alert), flapping_for, Showing::shown);
}

void SiteWatch::back(std::uint32_t device, std::string summary) {
  Device& d = devices_[device];
  Site& site = sites_[ws_.fleet.device(device).site];
  if (d.voice == Voice::stale || d.voice == Voice::offline) --site.quiet;
  d.voice = Voice::present;
  d.silent_since = never;
  book_.clear(d.alert, {std::nullopt, std::move(summary)});
  count_out(device);
}

void SiteWatch::count_out(std::uint32_t device) {
  if (!std::exchange(devices_[device].counted, false)) return;
  const auto number = ws_.fleet.device(device).site;
  Site& site = sites_[number];
  --site.silent;
  if (!book_.open(site.alert) || site.silent * std::size_t{2} > site.members) return;
  book_.clear(site.alert, {std::nullopt, "most devices of " + ws_.fleet.sites()[number].name + " are back"});
  site.silent = 0;
  for (const auto key : ws_.fleet.sites()[number].devices) devices_[key].counted = false;
  site.release = ws_.clock.now() + one_minute;
  ws_.timers.add({site.release, number, TimerKind::site});
}

std::optional<Instant> SiteWatch::due(const Timer& timer) const {
  if (timer.subject >= sites_.size() || sites_[timer.subject].release == never) return std::nullopt;
  return sites_[timer.subject].release;
}

void SiteWatch::on_deadline(const Timer& timer) {
  const auto release = due(timer);
  if (!release || *release > ws_.clock.now()) return;
  sites_[timer.subject].release = never;
  for (const auto key : ws_.fleet.sites()[timer.subject].devices) book_.show(devices_[key].alert);
}

void SiteWatch::device_removed(std::uint32_t device, std::string_view why) {
  Device& d = devices_[device];
  const auto number = ws_.fleet.device(device).site;
  Site& site = sites_[number];
  if (d.voice == Voice::stale || d.voice == Voice::offline) --site.quiet;
  book_.remove(std::exchange(d.alert, 0), why);
  if (ws_.fleet.sites()[number].devices.size() == 1) {
    book_.remove(site.alert, why);
    site = {};
  } else if (book_.open(site.alert)) {
    if (site.members > 0) --site.members;
    count_out(device);
  }
  devices_[device] = {};
}

void SiteWatch::severities_changed() {
  for (const auto& d : devices_) book_.set_severity(d.alert, ws_.rules.offline_severity);
  for (const auto& s : sites_) book_.set_severity(s.alert, ws_.rules.site_silent_severity);
}

void SiteWatch::encode(proto::ByteWriter& out) const {
  for (const Device& d : devices_) {
    out.u8(static_cast<std::uint8_t>(d.voice));
    out.boolean(d.counted);
    put(out, d.silent_since);
    out.varint(d.alert);
  }
  for (const Site& s : sites_) {
    for (const auto v : {s.quiet, s.looked_at, s.members, s.silent}) out.varint(v);
    out.varint(s.alert);
    put(out, s.release);
  }
}

bool SiteWatch::decode(proto::ByteReader& in) {
  devices_.resize(ws_.fleet.device_slots());
  sites_.resize(ws_.fleet.sites().size());
  for (Device& d : devices_) {
    const auto voice = in.u8();
    if (voice > static_cast<std::uint8_t>(Voice::absent)) return false;
    d.voice = static_cast<Voice>(voice);
    d.counted = in.boolean();
    d.silent_since = get_instant(in);
    d.alert = in.varint();
    if (!in.ok()) return false;
    const auto device = static_cast<std::uint32_t>(&d - devices_.data());
    if (ws_.fleet.knows_device(device)) book_.set_origin(d.alert, {0, device});
  }
  for (Site& s : sites_) {
    for (auto* v : {&s.quiet, &s.looked_at, &s.members, &s.silent}) *v = static_cast<std::uint32_t>(in.varint());
    s.alert = in.varint();
    s.release = get_instant(in);
  }
  return in.ok();
}

}  // namespace telltale::analytics
