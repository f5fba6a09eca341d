#include "notify/retry.hpp"

#include <algorithm>

namespace telltale::notify {

Verdict verdict_of_http(long status) noexcept {
  if (status >= 200 && status < 300) return Verdict::accepted;
  return status == 408 || status == 429 || status >= 500 ? Verdict::retry : Verdict::refused;
}

Verdict verdict_of_smtp(long code) noexcept { return code >= 500 && code < 600 ? Verdict::refused : Verdict::retry; }

Millis backoff(std::uint32_t attempts) noexcept {
  const std::uint32_t doublings = std::min<std::uint32_t>(attempts > 0 ? attempts - 1 : 0, 16);
  return std::min(first_retry * (std::int64_t{1} << doublings), longest_retry);
}

std::optional<Timestamp> next_attempt(std::uint32_t attempts, Timestamp first, Timestamp now,
                                      std::optional<Millis> retry_after) noexcept {
  const Timestamp last = first + give_up_after;
  if (now >= last) return std::nullopt;
  return std::min(now + std::max(backoff(attempts), retry_after.value_or(Millis{0})), last);
}

}  // namespace telltale::notify
