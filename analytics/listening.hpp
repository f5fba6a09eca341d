#pragma once

#include <algorithm>

#include "analytics/log_clock.hpp"
#include "proto/event.hpp"

namespace telltale::analytics {

/// Whether silence means anything: the link is up, the backlog has been read, and ingest reads.
class Listening {
 public:
  void apply(proto::LinkState state, Instant now) noexcept {
    switch (state) {
      case proto::LinkState::started:
      case proto::LinkState::stopped:
        caught_up_ = paused_ = false;
        lost_ = true;
        lost_at_ = never;
        break;
      case proto::LinkState::up:
        caught_up_ = false;
        break;
      case proto::LinkState::down:
        caught_up_ = false;
        lost_ = true;
        lost_at_ = now;
        break;
      case proto::LinkState::caught_up:
        caught_up_ = true;
        paused_ = lost_ = false;
        since_ = now;
        break;
      case proto::LinkState::paused:
        if (!paused_) paused_at_ = now;
        paused_ = true;
        break;
      case proto::LinkState::resumed:
        // A short pause only delays what waits in our own buffers; after a long one a device's messages may lie far
        // back.
        if (paused_ && now - paused_at_ >= Millis{5'000}) since_ = std::max(since_, now);
        paused_ = false;
        break;
    }
  }
  [[nodiscard]] bool yes() const noexcept { return caught_up_ && !paused_; }
  /// Something keeps readings from us. Neither this nor yes(): a log without a link, as of a backtest.
  [[nodiscard]] bool cut_off() const noexcept { return lost_ || paused_; }
  /// Silence counts from here at the earliest.
  [[nodiscard]] Instant since() const noexcept { return since_; }
  /// We start, and what the broker kept for us is not read yet.
  [[nodiscard]] bool starting() const noexcept { return lost_ && lost_at_ == never; }
  /// The link is lost (or we were not there) and what the broker kept for us is not read yet, or was lost within
  /// `span`.
  [[nodiscard]] bool lost_within(Millis span, Instant now) const noexcept {
    return lost_ || (lost_at_ != never && now - lost_at_ <= span);
  }

  void encode(proto::ByteWriter& out) const {
    for (const bool b : {caught_up_, paused_, lost_}) out.boolean(b);
    for (const Instant t : {since_, lost_at_, paused_at_}) put(out, t);
  }
  void decode(proto::ByteReader& in) {
    for (bool* b : {&caught_up_, &paused_, &lost_}) *b = in.boolean();
    for (Instant* t : {&since_, &lost_at_, &paused_at_}) *t = get_instant(in);
  }

 private:
  bool caught_up_ = false;
  bool paused_ = false;
  bool lost_ = false;
  Instant since_{};
  Instant lost_at_ = never;
  Instant paused_at_{};
};

}  // namespace telltale::analytics
