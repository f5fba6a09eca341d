#include "api/once.hpp"

#include "api/api_key.hpp"

namespace telltale::api {

namespace {

constexpr std::size_t longest_key = 255;

Problem bad_key(unsigned status, std::string detail) {
  return {status, "validation", "The key is not valid", std::move(detail)};
}

}  // namespace

void once(const std::shared_ptr<RememberedAnswers>& remembered, const Caller& caller, const Request& request,
          const std::string& fingerprint, std::chrono::steady_clock::time_point now, const Settle& settle,
          const std::function<void(const Settle&)>& work) {
  const auto given = request.header("Idempotency-Key");
  if (given.empty()) return work(settle);
  if (given.size() > longest_key) return settle(fail(bad_key(400, "Idempotency-Key is over 255 bytes")));

  const auto key = caller.tenant + '\n' + caller.key_id + '\n' + std::string(given);
  const auto known = remembered->begin(key, sha256(fingerprint), now);
  if (const auto* done = std::get_if<RememberedAnswers::Remembered>(&known)) return settle(*done);
  if (std::holds_alternative<RememberedAnswers::UnderWay>(known)) {
    return settle(fail(Problem{409, "conflict", "Conflict", "the first request of this key is under way; ask again"}));
  }
  if (std::holds_alternative<RememberedAnswers::OtherBody>(known)) {
    return settle(fail(bad_key(422, "Idempotency-Key was used for another body")));
  }
  try {
    work([settle, key, remembered](Result<Response, Problem> answer) {
      const bool done = answer || answer.error().status != 503;
      remembered->end(key, done ? std::optional(answer) : std::nullopt);
      settle(std::move(answer));
    });
  } catch (...) {
    remembered->end(key, std::nullopt);  // else it would be under way for ever
    throw;
  }
}

}  // namespace telltale::api
