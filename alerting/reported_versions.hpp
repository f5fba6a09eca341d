#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>

namespace telltale::alerting {

/// Which version of its configuration each device named last, until that is written: however often it changes, one
/// write of the newest waits for each topic.
/// Threads: any. Memory: some 40 bytes for each topic.
class ReportedVersions {
 public:
  /// True: a write has to be asked for, which will take().
  [[nodiscard]] bool note(const std::string& topic, std::int64_t version);
  /// What is to be written now.
  [[nodiscard]] std::int64_t take(const std::string& topic);
  /// It could not be written: the next note() asks again, unless one since take() has asked already.
  void lost(const std::string& topic);

 private:
  struct Version {
    std::int64_t named = 0;
    bool waits = false;
  };
  std::mutex mutex_;
  std::unordered_map<std::size_t, Version> by_topic_;  // by the topic's hash
};

}  // namespace telltale::alerting
