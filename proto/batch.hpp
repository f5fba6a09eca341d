#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proto/event.hpp"

namespace telltale::proto {

/// The place of a batch in the log. Generations are segments; sequences count batches over the whole log,
/// from 1, without gaps in what was acknowledged.
struct LogPosition {
  std::uint64_t generation = 0;
  std::uint64_t sequence = 0;
  friend auto operator<=>(const LogPosition&, const LogPosition&) = default;
};

/// An event and its place among the readings of its batch: it happened before readings[before_reading].
struct PlacedEvent {
  std::uint32_t before_reading;
  Event event;
  friend bool operator==(const PlacedEvent&, const PlacedEvent&) = default;
};

/// What the writer makes durable in one sync and everything behind the log consumes: facts in arrival order.
/// Readings and other events are kept apart because readings outnumber the rest by thousands to one; events
/// carry their place (ascending).
struct Batch {
  LogPosition position;  // given by the log at append
  std::uint64_t id = 0;  // unique; the identical batch written again after a failed sync keeps it
  Timestamp log_time;    // monotonic except at a ClockStep event, which is then the batch's first event
  std::vector<Reading> readings;
  std::string text;  // arena of text values
  std::vector<PlacedEvent> events;
  std::vector<PacketRecord> packets;

  void add(Event event) { events.push_back({static_cast<std::uint32_t>(readings.size()), std::move(event)}); }
  [[nodiscard]] std::string_view text_of(const Reading& r) const {
    return std::string_view(text).substr(r.text.offset, r.text.length);
  }
  [[nodiscard]] bool empty() const noexcept { return readings.empty() && events.empty() && packets.empty(); }
};

/// Walks a batch in arrival order: on_event(const Event&) and on_reading(const Reading&).
template <class OnEvent, class OnReading>
void walk(const Batch& batch, OnEvent&& on_event, OnReading&& on_reading) {
  std::size_t next = 0;
  for (std::size_t i = 0; i <= batch.readings.size(); ++i) {
    while (next < batch.events.size() && batch.events[next].before_reading <= i) on_event(batch.events[next++].event);
    if (i < batch.readings.size()) on_reading(batch.readings[i]);
  }
}

}  // namespace telltale::proto
