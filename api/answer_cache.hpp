#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "api/http_message.hpp"
#include "proto/metrics.hpp"
#include "proto/result.hpp"
#include "store/byte_cache.hpp"

namespace telltale::api {

/// A good answer as it was sent, and the revision of what it was made of.
struct KeptAnswer {
  std::string revision;
  Response response;  // with its tag, compressed when the client takes that
};

/// Answers to questions that are asked again. One is given again only while what it was made of is the same; a client
/// that has it by its tag is told so without the answer being made.
/// Threads: any. Bound: see ByteCache.
class AnswerCache {
 public:
  AnswerCache(std::size_t most_bytes, proto::Metrics& metrics) : kept_(most_bytes, metrics, "answers") {}

  using Answer = Result<Response, Problem>;
  /// `question` holds everything that was asked, the tenant included; `revise` gives what the answer is made of, as it
  /// is now; `make` makes it.
  [[nodiscard]] Answer answer(const Request& request, std::string_view question,
                              const std::function<std::string()>& revise, const std::function<Answer()>& make);

 private:
  store::ByteCache<KeptAnswer> kept_;
};

}  // namespace telltale::api
