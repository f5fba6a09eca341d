#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "proto/event.hpp"
#include "proto/outcome.hpp"

namespace telltale::proto {

/// A telemetry message that came another way than by MQTT: the payload as contracts 2.
struct PostedTelemetry {
  std::string tenant, site, device;
  std::string payload;
};

/// What became of it; it is on disk, in whichever form.
struct Receipt {
  Outcome outcome = Outcome::stored;
  std::size_t accepted = 0;                               // readings
  std::size_t rejected = 0;                               // values left out (DropReason), but for null ones
  DeadLetterReason reason = DeadLetterReason::bad_topic;  // of a dead letter
  std::string detail;                                     // of a dead letter: what and where
};

/// The write path for what does not come by MQTT: decoded, logged and analysed as if it did.
/// Threads: any. Loss: none of what a receipt was given for.
class Intake {
 public:
  virtual ~Intake() = default;
  /// `done` is called behind the sync, on the writer's thread, with nothing when it could not be written; at once, on
  /// the caller's, with nothing when too much waits already. It is dropped uncalled when the writer has ended.
  virtual void post(PostedTelemetry message, std::function<void(std::optional<Receipt>)> done) = 0;
  /// Deletes the data of a device, a site or a tenant, at its place in the log; `removal` says what is asked for.
  /// `logged` is told the number of its batch, as `done` above.
  virtual void remove(DevicesRemoved removal, std::function<void(std::optional<std::uint64_t>)> logged) = 0;
  /// "" or why nothing can be written now.
  [[nodiscard]] virtual std::string problem() const = 0;
};

}  // namespace telltale::proto
