#include "alerting/checkpoint.hpp"

#include <string>

#include "store/error.hpp"
#include "store/fail_point.hpp"

namespace telltale::alerting {

std::optional<Checkpoints::Loaded> Checkpoints::load() {
  const auto saved = state_.load_checkpoint();
  if (!saved) return std::nullopt;
  auto engine = analytics::Engine::decode(saved->value);
  if (!engine) {
    log_.error("alerting",
               "the checkpoint of analytics cannot be read: alerts and what rules have learned begin anew with "
               "the readings that the log still holds");
    return std::nullopt;
  }
  store_.checkpointed(saved->position);
  return Loaded{std::move(*engine), saved->position};
}

void Checkpoints::save(const analytics::Engine& engine, proto::LogPosition position) {
  store::fail_point("checkpoint");
  try {
    state_.save_checkpoint({position, engine.encode()});
  } catch (const store::StoreFailure& failure) {
    log_.error("alerting", std::string("no checkpoint, the log is kept until the next one: ") + failure.what());
    return;
  }
  store::fail_point("checkpoint");
  store_.checkpointed(position);
}

}  // namespace telltale::alerting
