#pragma once

#include <optional>

#include "analytics/engine.hpp"
#include "proto/batch.hpp"
#include "proto/log.hpp"
#include "store/state_db.hpp"
#include "store/store.hpp"

namespace telltale::alerting {

/// The whole state of analytics as one durable value with its place in the log. What lies before it is needed by
/// nobody here any more, and the store is told so.
/// Threads: alerting's. Errors: one that cannot be saved is logged; the log is kept until the next one can.
class Checkpoints {
 public:
  Checkpoints(store::Store& store, store::StateDb& state, proto::Logger& log)
      : store_(store), state_(state), log_(log) {}

  struct Loaded {
    analytics::Engine engine;
    proto::LogPosition position;
  };
  /// Nothing: there is none, or none that this version reads (which is logged). The store is told its place.
  [[nodiscard]] std::optional<Loaded> load();
  void save(const analytics::Engine& engine, proto::LogPosition position);

 private:
  store::Store& store_;
  store::StateDb& state_;
  proto::Logger& log_;
};

}  // namespace telltale::alerting
