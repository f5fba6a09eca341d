#include "tests/broker/session_fixture.hpp"

namespace telltale::test {

Timestamp RealClock::now() const {
  return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

std::chrono::steady_clock::time_point RealClock::steady_now() const { return std::chrono::steady_clock::now(); }

RecordedSession::RecordedSession(broker::IngestOptions options, Acknowledging acknowledging)
    : acknowledging_(acknowledging) {
  session_ = std::make_unique<broker::IngestSession>(
      std::move(options), clock_, log_, metrics_, [this](broker::SessionItem item) { on_item(std::move(item)); },
      [this](std::vector<std::string> filters) {
        const std::lock_guard lock(mutex_);
        granted_ = std::move(filters);
      });
  session_->start();
}

RecordedSession::~RecordedSession() { session_->stop(); }

void RecordedSession::on_item(broker::SessionItem item) {
  const std::lock_guard lock(mutex_);
  if (const auto* connected = std::get_if<broker::Connected>(&item)) {
    story_.push_back("connected " + std::to_string(connected->epoch) + (connected->session_present ? " kept" : " new"));
    session_->epoch_logged(connected->epoch);
  } else if (const auto* gone = std::get_if<broker::Disconnected>(&item)) {
    story_.push_back("disconnected " + std::to_string(gone->epoch) + ": " + gone->reason);
  } else if (const auto* marker = std::get_if<broker::CaughtUp>(&item)) {
    story_.push_back("caught up " + std::to_string(marker->epoch));
  } else if (const auto* ranked = std::get_if<broker::RankedFilters>(&item)) {
    std::string line = "filters";
    for (const auto& filter : ranked->filters) line += ' ' + filter;
    story_.push_back(line);
  } else if (auto* arrivals = std::get_if<broker::Arrivals>(&item)) {
    for (auto& m : arrivals->messages) {
      // What RapidJSON in situ does: the byte behind the payload is ours to write.
      const char behind = std::exchange(m.payload[m.payload_size], '\0');
      messages_.push_back({arrivals->epoch, std::string(m.topic), std::string(m.payload, m.payload_size),
                           m.original_size, m.packet_id, m.filter, m.qos, m.dup, m.retain});
      m.payload[m.payload_size] = behind;
      story_.push_back("message " + messages_.back().payload.substr(0, 40));
    }
    if (acknowledging_ == Acknowledging::at_once) session_->acknowledge(arrivals->epoch, arrivals->messages.size());
  }
}

std::vector<Received> RecordedSession::messages() const {
  const std::lock_guard lock(mutex_);
  return messages_;
}

std::size_t RecordedSession::message_count() const {
  const std::lock_guard lock(mutex_);
  return messages_.size();
}

std::vector<std::string> RecordedSession::payloads() const {
  std::vector<std::string> all;
  for (const auto& m : messages()) all.push_back(m.payload);
  return all;
}

std::vector<std::string> RecordedSession::story() const {
  const std::lock_guard lock(mutex_);
  return story_;
}

std::size_t RecordedSession::count_in_story(std::string_view prefix) const {
  std::size_t n = 0;
  for (const auto& line : story()) n += line.starts_with(prefix) ? 1u : 0u;
  return n;
}

std::vector<std::string> RecordedSession::granted() const {
  const std::lock_guard lock(mutex_);
  return granted_;
}

broker::IngestOptions quick_options(std::uint16_t port, std::vector<std::string> filters) {
  broker::IngestOptions options;
  options.port = port;
  options.filters = std::move(filters);
  options.nonce = "ours";
  options.backoff_min = Millis{20};
  options.backoff_max = Millis{100};
  return options;
}

std::vector<std::string> numbered(std::string_view prefix, std::size_t from, std::size_t to) {
  std::vector<std::string> all;
  for (std::size_t i = from; i < to; ++i) all.push_back(std::string(prefix) + std::to_string(i));
  return all;
}

}  // namespace telltale::test
