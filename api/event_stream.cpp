#include "api/event_stream.hpp"

#include <utility>

namespace telltale::api {

bool EventStream::push(std::shared_ptr<const std::string> text) {
  std::function<void()> tell;
  bool good = false;
  {
    const std::lock_guard lock(mutex_);
    if (ended_) return false;
    const bool had_none = waiting_.empty();
    bytes_ += text->size();
    waiting_.push_back(std::move(text));
    good = bytes_ <= most_bytes_;
    if (!good) {
      ended_ = true;
      waiting_.clear();
    }
    if (had_none || !good) tell = tell_;
  }
  if (tell) tell();
  return good;
}

std::string EventStream::take(std::size_t most) {
  const std::lock_guard lock(mutex_);
  std::string taken;
  while (!waiting_.empty() && (taken.empty() || taken.size() + waiting_.front()->size() <= most)) {
    taken += *waiting_.front();
    bytes_ -= waiting_.front()->size();
    waiting_.pop_front();
  }
  return taken;
}

void EventStream::end() {
  std::function<void()> tell;
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(ended_, true)) return;
    waiting_.clear();
    tell = tell_;
  }
  if (tell) tell();
}

bool EventStream::ended() const {
  const std::lock_guard lock(mutex_);
  return ended_;
}

void EventStream::on_news(std::function<void()> tell) {
  bool news = false;
  {
    const std::lock_guard lock(mutex_);
    tell_ = tell;
    news = ended_ || !waiting_.empty();
  }
  if (news && tell) tell();
}

}  // namespace telltale::api
