#include "broker/ingest_session.hpp"

#include <boost/asio/post.hpp>

#include "broker/ingest_session_impl.hpp"

namespace telltale::broker {

IngestSession::IngestSession(IngestOptions options, const Clock& clock, proto::Logger& log, proto::Metrics& metrics,
                             OnItem on_item, OnSubscribed on_subscribed)
    : impl_(std::make_unique<Impl>(std::move(options), clock, log, metrics, std::move(on_item),
                                   std::move(on_subscribed))) {}

IngestSession::~IngestSession() { stop(); }

void IngestSession::start() {
  boost::asio::post(impl_->io, [impl = impl_.get()] { impl->connect(); });
  impl_->thread = std::jthread([impl = impl_.get()] { impl->io.run(); });
}

void IngestSession::epoch_logged(std::uint32_t epoch) {
  boost::asio::post(impl_->io, [impl = impl_.get(), epoch] {
    if (impl->phase == Impl::Phase::connected && epoch == impl->epoch && !impl->round) impl->subscribe();
  });
}

void IngestSession::acknowledge(std::uint32_t epoch, std::size_t count) {
  // One word holds what was not taken yet, so that a burst of calls costs one wake-up of the io thread.
  std::uint64_t before = impl_->acknowledged.load(std::memory_order_relaxed);
  std::uint64_t after = 0;
  do {
    const auto before_epoch = static_cast<std::uint32_t>(before >> 32);
    if (before_epoch > epoch) return;
    after = (before_epoch == epoch ? before : std::uint64_t{epoch} << 32) + count;
  } while (!impl_->acknowledged.compare_exchange_weak(before, after, std::memory_order_acq_rel));
  if (before == 0) boost::asio::post(impl_->io, [impl = impl_.get()] { impl->take_acknowledgements(); });
}

void IngestSession::set_filters(std::vector<std::string> filters) {
  boost::asio::post(impl_->io, [impl = impl_.get(), filters = std::move(filters)]() mutable {
    impl->wanted_filters = std::move(filters);
    impl->change_filters();
  });
}

void IngestSession::stop_reading() {
  boost::asio::post(impl_->io, [impl = impl_.get()] { impl->reading_stopped = true; });
}

void IngestSession::stop(std::chrono::steady_clock::time_point deadline) {
  if (!impl_->thread.joinable()) return;
  boost::asio::post(impl_->io, [impl = impl_.get(), deadline] { impl->leave(deadline); });
  impl_->thread.join();
}

SessionStatus IngestSession::status() const {
  const std::lock_guard lock(impl_->status_mutex);
  return impl_->status;
}

}  // namespace telltale::broker
