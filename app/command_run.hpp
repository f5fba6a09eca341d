#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "devices/broker_url.hpp"
#include "proto/clock.hpp"
#include "proto/log.hpp"

namespace telltale::app {

// What `fleet` and `replay` share: they run beside the service, with the real clock, until told to stop.

/// Calls `work` with the real clock and a logger on stderr; SIGINT and SIGTERM ask it to stop. A thrown error is
/// printed as one line. Returns the exit code: 0, or 2 when the options cannot be used, or 1.
[[nodiscard]] int run_until_stopped(const std::string& name,
                                    const std::function<void(const Clock&, proto::Logger&, std::stop_token)>& work);

/// The password is the first line of the file. Throws proto::ConfigError when it cannot be read.
[[nodiscard]] devices::Credentials credentials_of(const std::string& username, const std::string& password_file,
                                                  const std::string& ca_file);
/// 0 is "until stopped".
[[nodiscard]] std::optional<Millis> duration_of(double seconds);

}  // namespace telltale::app
