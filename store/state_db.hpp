#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/alert.hpp"
#include "proto/batch.hpp"
#include "store/notices.hpp"

namespace telltale::store {

/// A finding of batch `position`, number `index` in that batch. Ordered like the log.
struct FindingPosition {
  proto::LogPosition position;
  std::uint32_t index = 0;
  friend auto operator<=>(const FindingPosition&, const FindingPosition&) = default;
};

/// state.db: what the service must remember besides the log. One connection, owned by the alerting thread.
/// Every change that belongs together is made in one transaction (apply).
/// Threads: put(), get() and notices_taken() may be called from any thread, the rest belongs to the alerting thread.
/// Errors:  StoreFailure; the change was not made and can be made again.
/// Cost:    one sync per change (WAL, FULL).
class StateDb {
 public:
  struct QueuedEvent {  // alerts/… : at least once, in order
    std::uint64_t row = 0;
    std::string topic, payload;
    std::uint32_t expiry_s = 300;
  };
  struct TableTopic {  // alert-state/… presence/… : newest wins
    std::string topic, payload;
    std::uint64_t version = 0, version_sent = 0;
    bool remove_after_send = false;  // a `removed` state: forget the topic once sent
    std::uint32_t expiry_s = 0;      // 0 = none
  };
  struct HistoryRow {  // an alert transition; what is in the payload is a column for readers, too
    std::string id;
    std::uint32_t n = 0;
    std::int64_t ts_ms = 0;
    std::string tenant, topic, payload;
    std::string reason{};
    bool active = false;  // the alert is not over
  };
  struct Change {
    std::vector<QueuedEvent> events;  // row is given by the database
    std::vector<TableTopic> topics;   // version is given by the database (+1)
    std::vector<HistoryRow> history;
    std::vector<proto::SilenceState> silences = {};
    bool forget_silences = false;                                 // before `silences`: analytics knows none
    std::vector<Notice> notices = {};                             // row is given by the database
    std::vector<std::pair<std::string, std::string>> facts = {};  // as put() would, key and value
    FindingPosition emitted_upto;
  };

  explicit StateDb(const std::filesystem::path& file);  // throws StoreFailure
  ~StateDb();
  StateDb(StateDb&&) noexcept;

  void apply(const Change& change);  // throws StoreFailure
  /// Forgets transitions older than `before`, but those of alerts that are not over; `most` at a time.
  /// The number of those forgotten.
  std::size_t forget_history(Timestamp before, std::size_t most);
  [[nodiscard]] std::optional<FindingPosition> emitted_upto() const;

  /// Called after a change with notices was committed, on the thread that made it. Set before that thread starts.
  void on_notices(std::function<void()> call);
  /// From any thread: these notices are safe elsewhere; they are deleted with the next change, at no cost of its own.
  void notices_taken(std::uint64_t upto_row) noexcept;

  [[nodiscard]] std::vector<QueuedEvent> queued(std::uint64_t after_row, std::size_t limit) const;
  void delivered(std::uint64_t row);  // this event and all before it: forgotten
  [[nodiscard]] std::vector<TableTopic> unsent_topics(std::size_t limit) const;
  [[nodiscard]] std::vector<TableTopic> all_topics() const;
  [[nodiscard]] std::optional<TableTopic> topic(std::string_view topic) const;
  void topic_sent(std::string_view topic, std::uint64_t version);
  void topic_changed(const TableTopic& topic);  // version is given by the database (+1)
  void topic_stale(std::string_view topic);     // the broker's retained copy differs: send again

  /// Several of the changes above in one transaction: one sync for all of them.
  void together(const std::function<void()>& changes);

  /// What is not delivered yet.
  struct Backlog {
    std::size_t events = 0, topics = 0;
  };
  [[nodiscard]] Backlog backlog() const;

  struct Checkpoint {
    proto::LogPosition position;
    std::string value;
  };
  void save_checkpoint(const Checkpoint& checkpoint);
  [[nodiscard]] std::optional<Checkpoint> load_checkpoint() const;

  [[nodiscard]] std::vector<HistoryRow> history() const;  // in the order of their making
  [[nodiscard]] bool has_transition(std::string_view id, std::uint32_t n) const;
  [[nodiscard]] std::optional<HistoryRow> newest_transition(std::string_view id) const;

  /// Small durable facts of other rooms (subscribed filters), by key.
  void put(std::string_view key, std::string_view value);
  [[nodiscard]] std::optional<std::string> get(std::string_view key) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace telltale::store
