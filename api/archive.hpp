#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <unordered_map>
#include <vector>

#include "api/fleet_index.hpp"
#include "proto/topic.hpp"
#include "store/query.hpp"
#include "store/retained_reader.hpp"

namespace telltale::api {

/// What was last published about a device's presence.
struct PresenceNow {
  std::string state;  // contracts 4
  Timestamp since;
  std::optional<Timestamp> last_seen;  // when it was published
  std::int64_t heartbeat_s = 0;
};

/// The data folder as one query sees it: own connections, so that no query waits for another.
/// Threads: one at a time.
class ArchiveView {
 public:
  ArchiveView(const std::filesystem::path& folder, proto::Tenancy tenancy, store::ReaderOptions options = {});

  [[nodiscard]] const store::Reader& reader() const noexcept { return reader_; }
  /// As of the loan's first question; the reference is good until the next call.
  [[nodiscard]] const FleetIndex& fleet();
  /// What stands, or will stand, retained on one of our topics.
  [[nodiscard]] std::optional<std::string> retained(std::string_view topic) const { return retained_.payload(topic); }
  /// As of the last call of fleet(), or later.
  [[nodiscard]] const std::optional<PresenceNow>& presence(std::string_view tenant, const IndexedDevice& device);

 private:
  [[nodiscard]] std::optional<PresenceNow> read_presence(std::string_view tenant, const IndexedDevice& device) const;

  proto::Tenancy tenancy_;
  store::Reader reader_;
  store::RetainedReader retained_;
  std::unique_ptr<FleetIndex> fleet_;
  std::unordered_map<proto::DeviceKey, std::optional<PresenceNow>> presences_;  // read since state.db changed
  std::optional<std::int64_t> presences_version_;
  bool presences_checked_ = false;
};

/// Lends views; makes as many as are used at the same time. A loan is for one request: it shows what there was when it
/// was first asked.
/// Threads: any. Errors: StoreFailure.
class Archive {
 public:
  /// `folder` is one that a service has opened before.
  Archive(std::filesystem::path folder, proto::Tenancy tenancy, store::ReaderOptions options = {})
      : folder_(std::move(folder)), tenancy_(tenancy), options_(std::move(options)) {
    options_.stop = stopping_.get_token();
  }

  class Loan {
   public:
    Loan(Archive& from, std::unique_ptr<ArchiveView> view) : from_(from), view_(std::move(view)) {
      view_->reader().hold();
    }
    ~Loan() { from_.take_back(std::move(view_)); }
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    [[nodiscard]] ArchiveView& operator*() const noexcept { return *view_; }
    [[nodiscard]] ArchiveView* operator->() const noexcept { return view_.get(); }

   private:
    Archive& from_;
    std::unique_ptr<ArchiveView> view_;
  };
  [[nodiscard]] Loan lend();
  /// Questions under way end with store::Interrupted, and so do later ones. Threads: any.
  void stop() { stopping_.request_stop(); }

 private:
  void take_back(std::unique_ptr<ArchiveView> view);

  std::stop_source stopping_;
  std::filesystem::path folder_;
  proto::Tenancy tenancy_;
  store::ReaderOptions options_;  // of each view
  std::mutex mutex_;
  std::vector<std::unique_ptr<ArchiveView>> free_;
};

}  // namespace telltale::api
