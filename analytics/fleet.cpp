#include "analytics/fleet.hpp"

namespace telltale::analytics {

namespace {
constexpr std::size_t widest_gap = 1'000'000;
}

std::uint32_t Fleet::name(std::string_view text) {
  if (const auto found = name_index_.find(text); found != name_index_.end()) return found->second;
  const auto number = static_cast<std::uint32_t>(names_.size());
  names_.emplace_back(text);
  name_index_.emplace(text, number);
  return number;
}

bool Fleet::add(const proto::NewDevice& device) {
  const std::size_t key = proto::to_number(device.key);
  if (key == 0 || key > devices_.size() + widest_gap || knows_device(key)) return false;
  const auto next_site = static_cast<std::uint32_t>(sites_.size());
  const auto [found, inserted] = site_index_.try_emplace({device.tenant, device.site}, next_site);
  if (inserted) sites_.push_back({device.tenant, device.site, {}});
  if (key >= devices_.size()) devices_.resize(key + 1);
  devices_[key].name = device.device;
  devices_[key].site = found->second;
  devices_[key].known = true;
  sites_[found->second].devices.push_back(static_cast<std::uint32_t>(key));
  return true;
}

bool Fleet::add(const proto::NewSeries& series) {
  const std::size_t id = proto::to_number(series.id);
  const auto device = proto::to_number(series.device);
  if (id == 0 || id > series_.size() + widest_gap || knows_series(id) || !knows_device(device)) return false;
  if (id >= series_.size()) series_.resize(id + 1);
  series_[id] = {device, name(series.metric), name(series.unit), devices_[device].first_series, true};
  devices_[device].first_series = static_cast<std::uint32_t>(id);
  ++series_count_;
  return true;
}

void Fleet::remove(std::uint32_t device) {
  for (auto id = devices_[device].first_series; id != 0; --series_count_) {
    const auto next = series_[id].next_of_device;
    series_[id] = {};
    id = next;
  }
  std::erase(sites_[devices_[device].site].devices, device);
  devices_[device] = {};
}

void Fleet::set_unit(std::uint32_t series, std::string_view unit) { series_[series].unit = name(unit); }

void Fleet::set_tags(std::uint32_t device, std::vector<std::pair<std::string, std::string>> tags) {
  devices_[device].tags = std::move(tags);
}

void Fleet::encode(proto::ByteWriter& out) const {
  out.varint(devices_.size());
  out.varint(series_.size());
  out.varint(names_.size());
  for (const auto& n : names_) out.str(n);
  // Devices by site and in order of arrival: that order is part of the state, the numbers alone are not.
  out.varint(sites_.size());
  for (const Site& s : sites_) {
    out.str(s.tenant);
    out.str(s.name);
    out.varint(s.devices.size());
    for (const auto key : s.devices) {
      out.varint(key);
      out.str(devices_[key].name);
      out.varint(devices_[key].tags.size());
      for (const auto& [k, v] : devices_[key].tags) {
        out.str(k);
        out.str(v);
      }
    }
  }
  out.varint(series_count_);
  for (std::size_t key = 0; key < devices_.size(); ++key) {
    std::vector<std::uint32_t> oldest_first;
    for (auto id = devices_[key].first_series; id != 0; id = series_[id].next_of_device) oldest_first.push_back(id);
    for (auto id = oldest_first.rbegin(); id != oldest_first.rend(); ++id) {
      out.varint(*id);
      out.varint(key);
      out.varint(series_[*id].metric);
      out.varint(series_[*id].unit);
    }
  }
}

bool Fleet::decode(proto::ByteReader& in) {
  *this = Fleet{};
  // Numbers of deleted devices leave gaps, but no honest state is a thousand times sparser than its bytes.
  const auto sparse_limit = widest_gap + 1000 * static_cast<std::uint64_t>(in.remaining());
  const auto device_slots = in.varint();
  const auto series_slots = in.varint();
  if (device_slots == 0 || series_slots == 0 || device_slots > sparse_limit || series_slots > sparse_limit)
    return false;
  devices_.resize(device_slots);
  series_.resize(series_slots);
  const auto names = in.varint();
  if (names > in.remaining()) return false;
  for (std::uint64_t i = 0; i < names; ++i)
    if (name(in.str()) != i) return false;
  const auto sites = in.varint();
  if (sites > in.remaining()) return false;
  for (std::uint64_t i = 0; i < sites; ++i) {
    const std::string tenant(in.str());
    const std::string site(in.str());
    const auto devices = in.varint();
    if (devices > in.remaining() || !site_index_.try_emplace({tenant, site}, static_cast<std::uint32_t>(i)).second)
      return false;
    sites_.push_back({tenant, site, {}});  // all of its devices may have been removed
    for (std::uint64_t d = 0; d < devices; ++d) {
      const auto key = in.varint();
      if (key >= device_slots) return false;
      if (!add(
              proto::NewDevice{proto::DeviceKey{static_cast<std::uint32_t>(key)}, tenant, site, std::string(in.str())}))
        return false;
      const auto tags = in.varint();
      if (tags > in.remaining()) return false;
      for (std::uint64_t t = 0; t < tags; ++t) {
        std::string k(in.str());
        devices_[key].tags.emplace_back(std::move(k), in.str());
      }
    }
  }
  const auto series = in.varint();
  if (series > in.remaining()) return false;
  for (std::uint64_t i = 0; i < series; ++i) {
    const auto id = in.varint();
    const auto key = in.varint();
    const auto metric = in.varint();
    const auto unit = in.varint();
    if (id >= series_slots || key >= device_slots || metric >= names_.size() || unit >= names_.size()) return false;
    if (!add(proto::NewSeries{proto::SeriesId{static_cast<std::uint32_t>(id)},
                              proto::DeviceKey{static_cast<std::uint32_t>(key)}, names_[metric], names_[unit]}))
      return false;
  }
  return in.ok();
}

}  // namespace telltale::analytics
