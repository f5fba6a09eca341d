#include "api/device_replies.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace telltale::api {

namespace {

constexpr std::chrono::seconds idle{60};

std::string key_of(std::string_view tenant, std::string_view site, std::string_view device, std::string_view name,
                   std::string_view id) {
  std::string key;
  for (const auto part : {tenant, site, device, name, id}) key.append(part).push_back('\n');
  return key;
}

std::string key_of(const DeviceReplies::Awaited& a) { return key_of(a.tenant, a.site, a.device, a.name, a.id); }

}  // namespace

bool DeviceReplies::expect(const Awaited& awaited, Millis patience, Told told) {
  {
    const std::lock_guard lock(mutex_);
    const auto of_tenant = std::ranges::count_if(
        waiting_, [begin = awaited.tenant + '\n'](const auto& entry) { return entry.first.starts_with(begin); });
    if (waiting_.size() >= most_ || static_cast<std::size_t>(of_tenant) >= most_of_tenant_) return false;
    waiting_.insert_or_assign(key_of(awaited), Waiting{clock_.steady_now() + patience, std::move(told)});
    ++expected_;
  }
  changed_.notify_one();
  return true;
}

bool DeviceReplies::forget(const Awaited& awaited) {
  const std::lock_guard lock(mutex_);
  return waiting_.erase(key_of(awaited)) > 0;
}

void DeviceReplies::replied(const proto::DeviceReply& reply) {
  Told told;
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty()) return;
    auto found = waiting_.extract(key_of(reply.tenant, reply.site, reply.device, reply.name, reply.id));
    if (!found) return;
    told = std::move(found.mapped().told);
  }
  told(KeptReply{reply.ok, reply.code, std::string(reply.msg.substr(0, KeptReply::most_msg_bytes))});
}

std::optional<std::chrono::steady_clock::time_point> DeviceReplies::expire() {
  std::vector<Told> over;
  std::optional<std::chrono::steady_clock::time_point> next;
  {
    const std::lock_guard lock(mutex_);
    const auto now = clock_.steady_now();
    std::erase_if(waiting_, [&](auto& entry) {
      auto& waiting = entry.second;
      if (waiting.until <= now) {
        over.push_back(std::move(waiting.told));
        return true;
      }
      next = std::min(next.value_or(waiting.until), waiting.until);
      return false;
    });
  }
  for (const auto& told : over) told(std::nullopt);
  return next;
}

void DeviceReplies::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) {
    for (std::uint64_t seen = 0; !stop.stop_requested();) {
      const auto next = expire();
      std::unique_lock lock(mutex_);
      const auto rest = next ? *next - clock_.steady_now() : idle;
      changed_.wait_for(lock, stop, rest, [&] { return expected_ != seen; });
      seen = expected_;
    }
  });
}

void DeviceReplies::stop() {
  thread_ = {};
  const std::lock_guard lock(mutex_);
  waiting_.clear();
}

}  // namespace telltale::api
