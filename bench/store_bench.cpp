// The store's side of `./run bench store`: one run per process, figures as one line of JSON. See store_runs.hpp.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <functional>
#include <map>
#include <string>

#include "bench/store_runs.hpp"

namespace telltale::bench {
namespace {

int run(int argc, char** argv) {
  StoreLoad::Options load;
  std::uint64_t readings = 1'000'000;
  QueryOptions query;
  bool hold = false;
  auto format = RowFormat::copy;
  std::function<void()> chosen;

  CLI::App app("runs of bench store");
  app.require_subcommand(1);
  const auto command = [&](const char* name, const char* text, std::function<void()> body) {
    auto* sub = app.add_subcommand(name, text);
    sub->add_option("--series", load.shape.series, "series")->check(CLI::Range(1U, 1U << 24));
    sub->add_option("--readings", readings, "readings, in all")->check(CLI::Range(std::uint64_t{1}, UINT64_MAX / 2));
    sub->add_option("--seed", load.shape.seed);
    sub->callback([&chosen, body = std::move(body)] { chosen = body; });
    return sub;
  };
  const auto with_store = [&](CLI::App* sub) {
    sub->add_option("--data", load.folder, "data folder")->required();
    sub->add_option("--batch", load.batch, "readings per sync");
    sub->add_option("--rotate", load.rotate, "readings per segment");
    return sub;
  };

  auto* ingest = with_store(command("ingest", "append, seal, close days", [&] {
    load.clock_follows = !hold;
    run_ingest(load, readings);
  }));
  ingest->add_option("--pace", load.paced_per_s, "segments rotate as if so many readings came in a second");
  ingest->add_flag("--hold-clock", hold, "the calendar stands while readings come, so that no day closes meanwhile");
  with_store(command("restart", "open a folder with an unsealed segment", [&] { run_restart(load, readings); }));
  auto* quiet = with_store(command("query", "queries on a quiet folder", [&] { run_queries(query); }));
  auto* beside = with_store(command("beside", "queries beside ingest", [&] { run_beside(query); }));
  for (auto* sub : {quiet, beside}) sub->add_option("--repeat", query.repeat, "of each quick query");
  quiet->add_option("--about", query.subject)
      ->required()
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, Subject>{{"days", Subject::days}, {"all", Subject::all}, {"latest", Subject::latest}}));
  auto* fill = with_store(command("fill", "a folder for a service to open: what is over is closed, the rest is not",
                                  [&] { run_fill(load, readings); }));
  fill->add_option("--start", load.shape.start_ms, "time of the first readings, ms");
  fill->add_option("--period", load.shape.period_ms, "ms from one reading of a series to its next");
  fill->add_option("--first-series", load.first_series, "number of the first series");
  command("generator", "cost of the generator", [&] { run_generator(load.shape, readings); });
  auto* rows =
      command("rows", "readings as lines for a peer", [&] { print_rows(load.shape, readings, format, load.batch); });
  rows->add_option("--batch", load.batch, "rows per transaction");
  rows->add_option("--format", format)
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, RowFormat>{{"copy", RowFormat::copy}, {"influx", RowFormat::influx}}));
  CLI11_PARSE(app, argc, argv);
  query.folder = load.folder;
  query.shape = load.shape;
  query.readings = readings;
  chosen();
  return 0;
}

}  // namespace
}  // namespace telltale::bench

int main(int argc, char** argv) {
  try {
    return telltale::bench::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "store_bench: %s\n", error.what());
    return 1;
  }
}
