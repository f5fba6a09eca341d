#include <algorithm>
#include <functional>
#include <memory>
#include <ostream>
#include <utility>

#include "analytics/engine.hpp"
#include "api/registry.hpp"
#include "app/command_model.hpp"
#include "app/logger.hpp"
#include "proto/quantity_text.hpp"
#include "proto/rule.hpp"
#include "store/error.hpp"
#include "store/read_checkpoint.hpp"
#include "store/store.hpp"

namespace telltale::app {

namespace {

constexpr int done = 0;
constexpr int failed = 1;
constexpr int bad_models = 2;

/// The state of the last checkpoint. Throws StoreFailure when there is none.
analytics::Engine checkpointed_engine(const std::filesystem::path& folder) {
  const auto checkpoint = store::read_checkpoint(folder);
  if (!checkpoint)
    throw store::StoreFailure(folder.string() + ": has no checkpoint yet; start and stop the service once");
  auto engine = analytics::Engine::decode(checkpoint->value);
  if (!engine) throw store::StoreFailure(folder.string() + ": its checkpoint cannot be read by this version");
  return std::move(*engine);
}

std::string name_of(const proto::LearnedModel& m) {
  return m.site + '/' + m.device + '/' + m.metric + " (" + m.rule + ')';
}

/// "a/b=c/d" or "a/b/c=d/e/f".
struct Move {
  std::string from, to;
  bool with_metric = false;
};

std::string read_move(const std::string& text, Move& move) {
  const auto equals = text.find('=');
  if (equals == std::string::npos) return "--map " + text + ": expected OLD=NEW";
  move.from = text.substr(0, equals);
  move.to = text.substr(equals + 1);
  const auto levels = std::ranges::count(move.from, '/') + 1;
  if (levels != std::ranges::count(move.to, '/') + 1 || (levels != 2 && levels != 3))
    return "--map " + text + ": expected site/device or site/device/metric on both sides";
  move.with_metric = levels == 3;
  return "";
}

void apply(const Move& move, proto::LearnedModel& m) {
  const std::string name = m.site + '/' + m.device + (move.with_metric ? '/' + m.metric : "");
  if (name != move.from) return;
  const auto slash = move.to.find('/');
  const auto second = move.to.find('/', slash + 1);
  m.site = move.to.substr(0, slash);
  m.device = move.to.substr(slash + 1, second - slash - 1);
  if (move.with_metric) m.metric = move.to.substr(second + 1);
}

/// One batch at the end of the log. It begins with the redelivery table, as the first batch of a segment does.
void log_changes(const Config& config, const Clock& clock, std::vector<proto::LearnedModel> models) {
  SpdLogger log({proto::LogLevel::warn, LogFormat::text});
  api::Registry metrics;
  store::Store store(config.store, clock, log, metrics);
  auto batch = std::make_shared<proto::Batch>();
  batch->log_time = std::max(clock.now(), store.recovered().last_log_time.value_or(Timestamp{}));
  batch->add(proto::RedeliveryTable{store.recovered().redelivery});
  for (auto& model : models) batch->add(proto::ModelChange{std::move(model)});
  if (!store.append(std::move(batch)))
    throw store::StoreFailure(config.store.path.string() + ": the log cannot be written");
  store.stop();
}

int guarded(const char* command, std::ostream& err, const std::function<int()>& work) {
  try {
    return work();
  } catch (const std::exception& error) {
    err << "telltale model " << command << ": " << error.what() << '\n';
    if (std::string_view(error.what()).find("in use by another telltale") != std::string_view::npos)
      err << "Stop the service, repeat this, and start it again: nothing is lost meanwhile, the broker keeps "
             "messages.\n";
    return failed;
  }
}

}  // namespace

bool ModelPatterns::match(const proto::LearnedModel& m) const {
  return proto::matches(tenant, m.tenant) && proto::matches(site, m.site) && proto::matches(device, m.device) &&
         proto::matches(metric, m.metric) && proto::matches(rule, m.rule);
}

int run_model_export(const Config& config, const ModelPatterns& patterns, std::ostream& out, std::ostream& err) {
  return guarded("export", err, [&] {
    const auto engine = checkpointed_engine(config.store.path);
    auto models = engine.learned();
    std::erase_if(models, [&](const auto& model) { return !patterns.match(model); });
    out << proto::models_to_json(models, engine.log_time());
    return done;
  });
}

int run_model_import(const Config& config, std::string_view file, const std::vector<std::string>& moves,
                     const Clock& clock, std::ostream& out, std::ostream& err) {
  return guarded("import", err, [&] {
    auto models = proto::models_from_json(file);
    if (!models) {
      err << "telltale model import: " << models.error() << '\n';
      return bad_models;
    }
    for (const auto& text : moves) {
      Move move;
      if (const auto problem = read_move(text, move); !problem.empty()) {
        err << "telltale model import: " << problem << '\n';
        return bad_models;
      }
      for (auto& model : *models) apply(move, model);
    }
    const auto engine = checkpointed_engine(config.store.path);
    bool good = true;
    for (std::size_t i = 0; i < models->size(); ++i) {
      const auto problem = engine.problem_with((*models)[i]);
      if (problem.empty()) continue;
      err << "telltale model import: models[" << i << "] " << name_of((*models)[i]) << ": " << problem << '\n';
      good = false;
    }
    if (!good) return bad_models;
    const auto count = models->size();
    log_changes(config, clock, std::move(*models));
    out << proto::counted(count, "model is in the log; it counts", "models are in the log; they count")
        << " from the service's next start\n";
    return done;
  });
}

int run_model_reset(const Config& config, const ModelPatterns& patterns, const Clock& clock, std::ostream& out,
                    std::ostream& err) {
  return guarded("reset", err, [&] {
    auto models = checkpointed_engine(config.store.path).learned();
    std::erase_if(models, [&](const auto& model) { return !patterns.match(model); });
    if (models.empty()) {
      err << "telltale model reset: nothing that matches has been learned\n";
      return bad_models;
    }
    std::string forgotten;
    for (auto& model : models) {
      forgotten += "forgotten: " + name_of(model) + '\n';
      model.numbers.clear();
    }
    log_changes(config, clock, std::move(models));
    out << forgotten;  // not before it is so
    return done;
  });
}

}  // namespace telltale::app
