#include "alerting/refusals.hpp"

#include "alerting/refused_orders.hpp"

namespace telltale::alerting {

Refusals::Refusals(const store::Directory& known, BestEffort& out, const Clock& clock, proto::Tenancy tenancy,
                   std::size_t per_second)
    : out_(out), clock_(clock), tenancy_(tenancy), per_second_(per_second), second_start_(clock.steady_now()) {
  for (const auto& device : known.devices) learn(device.key, device.tenant, device.site, device.device);
}

void Refusals::learn(proto::DeviceKey key, const std::string& tenant, const std::string& site,
                     const std::string& device) {
  const std::size_t index = to_number(key);
  if (index >= names_.size()) names_.resize(index + 1);
  names_[index] = tenant + '/' + site + '/' + device;
}

void Refusals::learn(const proto::Batch& batch) {
  for (const auto& placed : batch.events) {
    if (const auto* device = std::get_if<proto::NewDevice>(&placed.event)) {
      learn(device->key, device->tenant, device->site, device->device);
    } else if (const auto* removal = std::get_if<proto::DevicesRemoved>(&placed.event)) {
      for (const auto key : removal->devices)
        if (to_number(key) < names_.size()) names_[to_number(key)].clear();
    }
  }
}

std::optional<DeviceName> Refusals::name(proto::DeviceKey key) const {
  const std::size_t index = to_number(key);
  if (index >= names_.size() || names_[index].empty()) return std::nullopt;
  const std::string& joined = names_[index];  // ids hold no slash
  const std::size_t site = joined.find('/') + 1;
  const std::size_t device = joined.find('/', site) + 1;
  return DeviceName{joined.substr(0, site - 1), joined.substr(site, device - site - 1), joined.substr(device)};
}

bool Refusals::within_rate() {
  const auto now = clock_.steady_now();
  if (now - second_start_ >= std::chrono::seconds{1}) {
    second_start_ = now;
    in_this_second_ = 0;
  }
  return in_this_second_++ < per_second_;
}

void Refusals::report(const proto::Batch& batch) {
  for (const auto& placed : batch.events) {
    const auto* letter = std::get_if<proto::DeadLetter>(&placed.event);
    if (letter == nullptr) continue;
    auto device = name(letter->device);
    if (!device) {
      const auto tenant = tenant_of_order(letter->topic, tenancy_);
      if (tenant) device = DeviceName{std::string(*tenant), "-", "-"};
    }
    if (device && within_rate()) out_.send(render(*letter, *device, batch.log_time, tenancy_));
  }
}

}  // namespace telltale::alerting
