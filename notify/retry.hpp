#pragma once

#include <cstdint>
#include <optional>

#include "notify/transfer.hpp"
#include "proto/clock.hpp"

namespace telltale::notify {

// When a message is sent again (contracts 10).

/// 2xx is accepted; 408, 429 and 5xx are tried again; everything else never.
[[nodiscard]] Verdict verdict_of_http(long status) noexcept;
/// RFC 5321, 4.2.1: 4yz is transient, 5yz is not. 0: the connection failed.
[[nodiscard]] Verdict verdict_of_smtp(long code) noexcept;

inline constexpr Millis first_retry{1'000};
inline constexpr Millis longest_retry{5 * 60'000};
inline constexpr Millis give_up_after{60 * 60'000};

/// 1 s, 2 s, 4 s … 5 min after attempt 1, 2, 3 …
[[nodiscard]] Millis backoff(std::uint32_t attempts) noexcept;

/// After a failed attempt: not before what the receiver asked for; the last attempt is one hour after the first.
/// Nothing: that was the last one.
[[nodiscard]] std::optional<Timestamp> next_attempt(std::uint32_t attempts, Timestamp first, Timestamp now,
                                                    std::optional<Millis> retry_after) noexcept;

}  // namespace telltale::notify
