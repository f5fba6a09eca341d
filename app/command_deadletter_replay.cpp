#include "app/command_deadletter_replay.hpp"

#include <ostream>

namespace telltale::app {

namespace {

constexpr std::size_t most_in_flight = 100;
constexpr std::chrono::seconds patience{10};

class Replay {
 public:
  Replay(const std::vector<store::Reader::DeadLetterRow>& letters, devices::Wire& wire, const std::string& broker,
         const Clock& clock)
      : next_(letters.rbegin()), end_(letters.rend()), wire_(wire), broker_(broker), clock_(clock) {}

  ReplayCount run(std::ostream& err) {
    wire_.open({});
    auto deadline = clock_.steady_now() + patience;
    while (next_ != end_ || in_flight_ > 0) {
      const bool moved = take_events() | send_some();
      if (!problem_.empty()) break;
      if (moved) {
        deadline = clock_.steady_now() + patience;
      } else if (clock_.steady_now() >= deadline) {
        problem_ = open_ ? "the broker does not acknowledge" : "cannot connect to " + broker_;
        break;
      } else {
        wire_.wait(Millis{20});
      }
    }
    count_.complete = problem_.empty();
    if (!count_.complete) err << "telltale deadletter: " << problem_ << '\n';
    wire_.close();
    return count_;
  }

 private:
  bool take_events() {
    const auto events = wire_.take_events();
    for (const auto& event : events) {
      switch (event.kind) {
        case devices::WireEvent::Kind::opened:
          open_ = true;
          break;
        case devices::WireEvent::Kind::lost:
          problem_ = open_ ? "the connection to " + broker_ + " was lost" : "cannot connect to " + broker_;
          break;
        case devices::WireEvent::Kind::failed:
          problem_ = "a message was not delivered";
          break;
        case devices::WireEvent::Kind::delivered:
          ++count_.sent;
          --in_flight_;
          break;
        case devices::WireEvent::Kind::arrived:
          break;  // nothing was subscribed
      }
    }
    return !events.empty();
  }

  bool send_some() {
    bool moved = false;
    while (open_ && next_ != end_ && in_flight_ < most_in_flight) {
      if (next_->payload.size() < next_->payload_bytes) {
        ++count_.cut_short;
      } else if (wire_.send({next_->topic, next_->payload, 1, false}, static_cast<std::uint64_t>(next_->id))) {
        ++in_flight_;
      } else {
        return moved;
      }
      ++next_;
      moved = true;
    }
    return moved;
  }

  std::vector<store::Reader::DeadLetterRow>::const_reverse_iterator next_, end_;
  devices::Wire& wire_;
  const std::string& broker_;
  const Clock& clock_;
  ReplayCount count_;
  std::size_t in_flight_ = 0;
  bool open_ = false;
  std::string problem_;
};

}  // namespace

ReplayCount replay_dead_letters(const std::vector<store::Reader::DeadLetterRow>& letters, devices::Wire& wire,
                                const std::string& broker, const Clock& clock, std::ostream& err) {
  return Replay(letters, wire, broker, clock).run(err);
}

}  // namespace telltale::app
