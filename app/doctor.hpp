#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/config.hpp"
#include "proto/clock.hpp"

namespace telltale::app {

/// One thing that was looked at.
struct Diagnosis {
  enum class Verdict : std::uint8_t { good, doubtful, bad };  // bad: readings can be lost, or the service will not run
  Verdict verdict;
  std::string what;    // "data folder"
  std::string detail;  // what was found
  std::string remedy;  // what to change; "" when good
};

/// What the machine gives the service: clock, data folder, disk, open files. Changes nothing. Cost: a few system calls.
[[nodiscard]] std::vector<Diagnosis> examine_machine(const Config& config);

/// Certificates and private keys: there, readable, private, not about to end. Cost: reads them.
[[nodiscard]] std::vector<Diagnosis> examine_files(const Config& config);

/// What the broker does with messages for a subscriber that is away, found by trying: a session of our own is left,
/// some 1,200 messages of 64 bytes are published to service/{client id}-doctor/probe, and the session is taken up
/// again. A running service is not disturbed. Cost: a few seconds; blocks.
[[nodiscard]] std::vector<Diagnosis> examine_broker(const Config& config, const Clock& clock);

}  // namespace telltale::app
