#pragma once

#include <string>
#include <string_view>

#include "notify/transfer.hpp"
#include "proto/log.hpp"
#include "proto/metrics.hpp"

namespace telltale::notify {

/// What a channel says about its work: counters, and log lines at the first failure and at the recovery.
/// Threads: the notification thread's.
class Report {
 public:
  Report(const std::string& channel, proto::Logger& log, proto::Metrics& metrics);

  void sent(const Outcome& outcome);
  void retried(const Outcome& outcome);
  void failed(const Outcome& outcome, std::string_view group);   // given up after an hour
  void refused(const Outcome& outcome, std::string_view group);  // never tried again
  void dropped();                                                // the queue was full
  void depth(std::size_t waiting) { depth_.set(static_cast<double>(waiting)); }

 private:
  std::string channel_;
  proto::Logger& log_;
  proto::Counter &sent_, &retried_, &failed_, &refused_, &dropped_, &queue_dropped_;
  proto::Histogram& duration_;
  proto::Gauge& depth_;
  bool failing_ = false, dropping_ = false;
};

}  // namespace telltale::notify
