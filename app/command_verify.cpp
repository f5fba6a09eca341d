#include "app/command_verify.hpp"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include "proto/log.hpp"
#include "store/folder_lock.hpp"
#include "store/salvage.hpp"
#include "store/verify.hpp"

namespace telltale::app {

namespace {

/// What the store says while it salvages, on the terminal.
class Lines final : public proto::Logger {
 public:
  explicit Lines(std::ostream& out) : out_(out) {}
  void write(proto::LogLevel, std::string_view, std::string_view message) override {
    out_ << "salvage: " << message << '\n';
  }

 private:
  std::ostream& out_;
};

int verify(const std::filesystem::path& data, Mend mend, std::ostream& out) {
  std::optional<store::FolderLock> lock;
  if (mend == Mend::salvage) {
    if (!std::filesystem::exists(data / store::Catalog::file_name))
      throw store::StoreFailure(data.string() + ": is no data folder (no catalog.db)");
    lock.emplace(data);
  }
  const auto found =
      store::verify(data, [&](const store::Problem& problem) { out << to_string(problem) << '\n'
                                                                   << std::flush; });
  if (mend == Mend::salvage && !found.damaged_days.empty()) {
    auto catalog = store::Catalog::open(data);
    Lines lines(out);
    for (const auto& file : found.damaged_days) store::salvage_day(data, catalog, file, lines);
  }
  const auto count = [&](std::uint64_t n, const char* what) { out << n << ' ' << what << (n == 1 ? "" : "s") << ", "; };
  count(found.files, "file");
  out << found.batches << (found.batches == 1 ? " batch" : " batches") << " of the log, ";
  count(found.chunks, "chunk");
  out << found.readings << " readings in day files checked: ";
  if (found.problems == 0) {
    out << "no damage found\n";
  } else {
    out << found.problems << (found.problems == 1 ? " problem\n" : " problems\n");
  }
  return found.problems == 0 ? 0 : 1;
}

}  // namespace

int run_verify(const std::filesystem::path& data, Mend mend, std::ostream& out, std::ostream& err) {
  try {
    return verify(data, mend, out);
  } catch (const std::exception& error) {
    err << "telltale verify: " << error.what() << '\n';
    return 1;
  }
}

void add_verify_command(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("verify", "Check every file of a data folder; a running service does not mind");
  struct Options {
    std::string data;
    bool salvage = false;
  };
  auto options = std::make_shared<Options>();
  command->add_option("--data", options->data, "The data folder")->required();
  command->add_flag("--salvage", options->salvage,
                    "Rewrite damaged day files with all that can be read; the service must be stopped");
  command->callback([options, &exit_code] {
    exit_code = run_verify(options->data, options->salvage ? Mend::salvage : Mend::look, std::cout, std::cerr);
  });
}

}  // namespace telltale::app
