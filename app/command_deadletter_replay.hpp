#pragma once

#include <cstddef>
#include <iosfwd>
#include <vector>

#include "devices/wire.hpp"
#include "proto/clock.hpp"
#include "store/query.hpp"

namespace telltale::app {

struct ReplayCount {
  std::size_t sent = 0;       // the broker acknowledged them
  std::size_t cut_short = 0;  // not sent: only the first part of the payload was kept
  bool complete = false;      // everything that could be sent was
};

/// Publishes dead letters again, oldest first, at QoS 1 and not retained. What is still unfit becomes a new dead
/// letter. `letters` are newest first, as the reader gives them. Errors: gives up after 10 s without progress, or when
/// the connection is lost; tells `err`.
[[nodiscard]] ReplayCount replay_dead_letters(const std::vector<store::Reader::DeadLetterRow>& letters,
                                              devices::Wire& wire, const std::string& broker, const Clock& clock,
                                              std::ostream& err);

}  // namespace telltale::app
