#include "analytics/will_burst.hpp"

#include <algorithm>

namespace telltale::analytics {

namespace {
constexpr Millis burst_span{1'000};
constexpr Millis kept_span{5'000};
}  // namespace

void WillBurst::forget_before(Instant t) {
  while (!wills_.empty() && wills_.front().at < t) {
    if (in_last_second_ == wills_.size()) --in_last_second_;
    wills_.pop_front();
  }
}

void WillBurst::count_last_second() {
  while (in_last_second_ > 0 && wills_.back().at - wills_[wills_.size() - in_last_second_].at > burst_span)
    --in_last_second_;
}

void WillBurst::add(Will will) {
  forget_before(will.at - kept_span);
  wills_.push_back(will);
  ++in_last_second_;
  count_last_second();
}

std::vector<std::uint32_t> WillBurst::in_bursts(std::size_t enough, Instant now) {
  forget_before(now - kept_span);
  std::vector<bool> burst(wills_.size(), false);
  std::size_t first = 0;
  std::size_t marked = 0;  // everything before is decided
  for (std::size_t last = 0; last < wills_.size(); ++last) {
    while (wills_[last].at - wills_[first].at > burst_span) ++first;
    if (last - first + 1 < enough) continue;
    for (marked = std::max(marked, first); marked <= last; ++marked) burst[marked] = true;
  }
  std::vector<std::uint32_t> devices;
  for (std::size_t i = 0; i < wills_.size(); ++i)
    if (burst[i]) devices.push_back(wills_[i].device);
  return devices;
}

void WillBurst::encode(proto::ByteWriter& out) const {
  out.varint(in_last_second_);
  out.varint(wills_.size());
  for (const Will& w : wills_) {
    out.varint(w.device);
    put(out, w.at);
  }
}

bool WillBurst::decode(proto::ByteReader& in) {
  in_last_second_ = in.varint();
  const auto n = in.varint();
  if (n > in.remaining() || in_last_second_ > n) return false;
  for (std::uint64_t i = 0; i < n; ++i) {
    Will w{};
    w.device = static_cast<std::uint32_t>(in.varint());
    w.at = get_instant(in);
    if (!wills_.empty() && w.at < wills_.back().at) return false;
    wills_.push_back(w);
  }
  return in.ok();
}

}  // namespace telltale::analytics
