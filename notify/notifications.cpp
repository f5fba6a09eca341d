#include "notify/notifications.hpp"

#include <atomic>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "notify/curl_transfer.hpp"
#include "notify/delivery_id.hpp"
#include "notify/notifier.hpp"

namespace telltale::notify {

namespace {
constexpr Millis idle_wait{60'000};
}

struct Notifications::Impl {
  const Clock& clock;
  store::NoticeReader notices;
  store::NotifyDb db;
  CurlTransfer transfer;
  Notifier notifier;
  std::mutex mutex;
  std::optional<NotifyOptions> fresh;  // from reload()
  std::atomic<std::int64_t> grace_ms{0};
  std::jthread thread;  // last: ends before the rest goes

  Impl(NotifyOptions options, const std::filesystem::path& folder, const Clock& time, proto::Logger& log,
       proto::Metrics& metrics, std::function<void(std::uint64_t)> taken_over)
      : clock(time),
        notices(folder / "state.db"),
        db(folder / "notify.db"),
        notifier(std::move(options),
                 {notices, db, transfer, clock, log, metrics, &new_delivery_id, std::move(taken_over)}) {}

  void run(const std::stop_token& ending) {
    while (!ending.stop_requested()) {
      if (auto options = take_fresh()) notifier.reload(std::move(*options));
      notifier.step(idle_wait);
    }
    const auto until = clock.steady_now() + Millis{grace_ms.load()};
    do {
      notifier.step(Millis{50});
    } while (notifier.sending() && clock.steady_now() < until);
    notifier.step(Millis{0});  // what came last is noted down
  }
  std::optional<NotifyOptions> take_fresh() {
    const std::lock_guard lock(mutex);
    return std::exchange(fresh, std::nullopt);
  }
};

Notifications::Notifications(NotifyOptions options, const std::filesystem::path& folder, const Clock& clock,
                             proto::Logger& log, proto::Metrics& metrics, std::function<void(std::uint64_t)> taken_over)
    : impl_(std::make_unique<Impl>(std::move(options), folder, clock, log, metrics, std::move(taken_over))) {}
Notifications::~Notifications() { stop(Millis{0}); }

void Notifications::start() {
  impl_->thread = std::jthread([this](const std::stop_token& ending) { impl_->run(ending); });
}

void Notifications::wake() { impl_->transfer.wake(); }

void Notifications::reload(NotifyOptions options) {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->fresh = std::move(options);
  }
  wake();
}

void Notifications::stop(Millis grace) {
  impl_->grace_ms = grace.count();
  impl_->thread.request_stop();
  wake();
  if (impl_->thread.joinable()) impl_->thread.join();
}

}  // namespace telltale::notify
