// A program of its own: fail points are read from the environment once in a process, here in each child.

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <random>
#include <set>
#include <string>

#include "alerting/audit.hpp"
#include "alerting/pipeline.hpp"
#include "store/state_db.hpp"
#include "store/store.hpp"
#include "tests/alerting/story.hpp"
#include "tests/support/killed_child.hpp"
#include "tests/support/recording.hpp"
#include "tests/support/simulated_clock.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace telltale;
using test::Story;

namespace {

/// A broker's ear that outlives the service: each message is a line of a file, written before it is acknowledged.
class FilePublisher final : public proto::Publisher {
 public:
  explicit FilePublisher(const std::filesystem::path& file)
      : file_(::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {}
  ~FilePublisher() override { ::close(file_); }
  FilePublisher(const FilePublisher&) = delete;
  FilePublisher& operator=(const FilePublisher&) = delete;

  void set_handlers(Handlers handlers) override { handlers_ = std::move(handlers); }
  void watch_retained(std::vector<std::string>) override {}
  [[nodiscard]] bool connected() const override { return true; }
  [[nodiscard]] bool send(const proto::Outgoing& message, std::uint64_t token) override {
    const std::string line = message.topic + ' ' + message.payload + '\n';
    if (::write(file_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) return false;
    handlers_.delivered(token);
    return true;
  }

 private:
  int file_;
  Handlers handlers_;
};

/// One life of the service: goes on with the story where the log ends. The fail point in the environment ends it by
/// SIGKILL, else it ends in order with exit code 0.
[[noreturn]] void live(const std::filesystem::path& folder, const Story& story) noexcept {
  test::SimulatedClock clock;
  test::RecordingLogger log;
  test::PlainMetrics metrics;
  FilePublisher publisher(folder / "wire");
  store::StoreOptions options;
  options.path = folder;
  options.recent_hours = 0;
  store::Store store(options, clock, log, metrics);
  store::StateDb state(folder / "state.db");
  alerting::Pipeline pipeline({}, store, state, publisher, clock, log, metrics);
  while (pipeline.step(Millis{0})) {
  }
  for (std::size_t next = pipeline.processed_sequence(); next < story.batches.size(); ++next) {
    if (!store.append(std::make_shared<proto::Batch>(story.batches[next]))) ::_exit(3);
    while (pipeline.step(Millis{0})) {
    }
    if (next % 7 == 6 && !store.rotate()) ::_exit(4);
  }
  pipeline.finish_log();
  while (!pipeline.drain(Millis{0})) {
  }
  ::_exit(0);
}

bool killed(const std::filesystem::path& folder, const Story& story, const std::string& fail_point) {
  return test::killed_at(fail_point, [&] { live(folder, story); });
}

std::vector<std::string> lines(const std::filesystem::path& file) {
  std::vector<std::string> all;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) all.push_back(line);
  return all;
}

}  // namespace

TEST_CASE(
    "kill -9 while saving checkpoints and sending from the outbox loses and invents nothing [lesson-10] [lesson-25]",
    "[alerting][lesson-10][lesson-25]") {
  const auto seed = GENERATE(range(200u, 204u));
  CAPTURE(seed);
  std::mt19937 random(seed);
  const Story story = test::make_story(seed, 50);
  const test::TemporaryFolder folder;
  std::size_t kills = 0;
  for (int life = 0; life < 12; ++life) {
    const bool checkpoint = std::uniform_int_distribution<int>(0, 1)(random) == 1;
    const int pass = std::uniform_int_distribution<int>(1, checkpoint ? 4 : 25)(random);
    const std::string point = (checkpoint ? "checkpoint:" : "outbox-send:") + std::to_string(pass);
    if (killed(folder.path(), story, point)) ++kills;
  }
  CHECK(kills > 4);
  CHECK_FALSE(killed(folder.path(), story, ""));

  const store::StateDb state(folder.path() / "state.db");
  std::size_t next = 0;
  const auto report = alerting::audit(
      [&]() -> std::shared_ptr<const proto::Batch> {
        if (next == story.batches.size()) return nullptr;
        return std::make_shared<proto::Batch>(story.batches[next++]);
      },
      state.history(), proto::Tenancy::single);
  CHECK(report.clean());
  CHECK(report.transitions == story.transitions.size());

  std::vector<std::string> noticed, transitions;  // nobody took notices over: all are there, each once
  for (const auto& notice : store::NoticeReader(folder.path() / "state.db").after(0, 1'000'000)) {
    noticed.push_back(notice.payload);
  }
  for (const auto& transition : story.transitions) transitions.push_back(transition.payload);
  CHECK(test::first_difference(noticed, transitions) == "");

  std::vector<std::string> first_copies, expected;
  std::set<std::string> seen;
  std::map<std::string, std::string> table;
  std::size_t repetitions = 0;
  for (const auto& line : lines(folder.path() / "wire")) {
    const auto space = line.find(' ');
    const std::string topic = line.substr(0, space);
    if (topic.starts_with("alert-state/") || topic.starts_with("presence/")) table[topic] = line.substr(space + 1);
    if (!topic.starts_with("alerts/")) continue;
    if (seen.insert(line).second) {
      first_copies.push_back(line);
    } else {
      ++repetitions;
    }
  }
  for (const auto& said : story.transitions) expected.push_back(said.topic + ' ' + said.payload);
  CHECK(test::first_difference(first_copies, expected) == "");
  CHECK(repetitions <= kills * alerting::AlertingOptions{}.publisher_window);
  CHECK(table == story.table);
}
