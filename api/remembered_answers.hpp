#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>

#include "api/http_message.hpp"
#include "proto/clock.hpp"
#include "proto/result.hpp"

namespace telltale::api {

/// What was answered to requests that carry an Idempotency-Key, so that a repetition is not done twice.
/// Threads: any. Bound: `most` answers, each for `keep`; the oldest go first, and
/// beyond it those that are under way. In memory: a restart forgets them.
class RememberedAnswers {
 public:
  explicit RememberedAnswers(std::size_t most = 10'000, Millis keep = Millis{24 * 3'600'000});

  using Remembered = Result<Response, Problem>;
  struct Fresh {};      // to be done; end() must follow
  struct UnderWay {};   // the first one has no answer yet
  struct OtherBody {};  // the key was used for something else
  using Known = std::variant<Fresh, UnderWay, OtherBody, Remembered>;
  /// `fingerprint` tells one request's content from another's.
  [[nodiscard]] Known begin(const std::string& key, const std::string& fingerprint,
                            std::chrono::steady_clock::time_point now);
  /// Nothing: it was not done, and may be tried again. The first answer counts.
  void end(const std::string& key, std::optional<Remembered> answer);

 private:
  struct Entry {
    std::string fingerprint;
    std::chrono::steady_clock::time_point since;
    std::optional<Remembered> answer;
    std::list<std::string>::iterator place;
  };
  void forget_old(std::chrono::steady_clock::time_point now);

  const std::size_t most_;
  const Millis keep_;
  std::mutex mutex_;
  std::unordered_map<std::string, Entry> entries_;
  std::list<std::string> by_age_;
};

/// Each tenant's own, so that none forgets for another. Threads: any.
class RememberedByTenant {
 public:
  [[nodiscard]] std::shared_ptr<RememberedAnswers> of(const std::string& tenant);

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<RememberedAnswers>> tenants_;
};

}  // namespace telltale::api
