#include "store/removed.hpp"

#include <algorithm>

#include "proto/topic.hpp"

namespace telltale::store {

using namespace proto;

namespace {

constexpr std::string_view all = "-";

bool names(const DevicesRemoved& removal, std::string_view topic, Tenancy tenancy) {
  const auto parts = split_tenant(topic, tenancy);
  if (!parts || !parts->topic_class || parts->tenant != removal.tenant) return false;
  const auto native = parse_native(*parts);
  return native && !native->device.empty() && (removal.site == all || native->site == removal.site) &&
         (removal.device == all || native->device == removal.device);
}

}  // namespace

void Removed::Numbers::add(std::uint32_t number) {
  const auto page = number / page_size;
  if (page >= pages_.size()) pages_.resize(page + std::size_t{1});
  if (!pages_[page]) pages_[page] = std::make_unique<std::bitset<page_size>>();
  if (pages_[page]->test(number % page_size)) return;
  pages_[page]->set(number % page_size);
  ++size_;
  end_ = std::max(end_, number == UINT32_MAX ? number : number + 1);
}

void Removed::Numbers::add(const Numbers& other) {
  for (std::size_t page = 0; page < other.pages_.size(); ++page)
    for (std::uint32_t i = 0; other.pages_[page] && i < page_size; ++i)
      if (other.pages_[page]->test(i)) add(static_cast<std::uint32_t>(page) * page_size + i);
}

Removed::Numbers& Removed::Numbers::operator=(const Numbers& other) {
  Numbers copy(other);
  return *this = std::move(copy);
}

void Removed::add(const DevicesRemoved& event) {
  for (const auto key : event.devices) add(key);
  for (const auto id : event.series) add(id);
}

void Removed::add(const Removed& other) {
  devices_.add(other.devices_);
  series_.add(other.series_);
}

bool concerns(const DevicesRemoved& removal, DeviceKey device, std::string_view topic) {
  if (device != DeviceKey::none) return std::ranges::binary_search(removal.devices, device);
  return names(removal, topic, Tenancy::multi) || names(removal, topic, Tenancy::single);
}

}  // namespace telltale::store
