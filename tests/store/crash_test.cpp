#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <set>

#include "tests/store/crash_data.hpp"

using namespace telltale;
using namespace telltale::test;

namespace {

struct Ended {
  int status = 0;
  int acknowledged = 0;  // batches said to be durable
};

/// Runs the child to its end, with a fail point unless it is "".
Ended run_child(const std::filesystem::path& folder, int from, int count, const std::string& fail_point) {
  std::array<int, 2> pipe{};
  REQUIRE(::pipe(pipe.data()) == 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipe[1], STDOUT_FILENO);
  posix_spawn_file_actions_addclose(&actions, pipe[0]);

  std::string program = TELLTALE_CRASH_CHILD, path = folder.string();
  std::string from_text = std::to_string(from), count_text = std::to_string(count);
  std::string setting = "TELLTALE_FAIL_POINT=" + fail_point;
  std::array<char*, 5> arguments{program.data(), path.data(), from_text.data(), count_text.data(), nullptr};
  std::array<char*, 2> environment{fail_point.empty() ? nullptr : setting.data(), nullptr};
  pid_t child = 0;
  REQUIRE(::posix_spawn(&child, program.c_str(), &actions, nullptr, arguments.data(), environment.data()) == 0);
  posix_spawn_file_actions_destroy(&actions);
  ::close(pipe[1]);

  Ended ended;
  std::array<char, 4096> buffer{};
  for (ssize_t n = 0; (n = ::read(pipe[0], buffer.data(), buffer.size())) > 0;)
    for (ssize_t i = 0; i < n; ++i) ended.acknowledged += buffer[static_cast<std::size_t>(i)] == '\n' ? 1 : 0;
  ::close(pipe[0]);
  REQUIRE(::waitpid(child, &ended.status, 0) == child);
  return ended;
}

/// Every batch up to some number is there exactly once, whole; returns that number.
int check_contents(const std::filesystem::path& folder) {
  const store::Reader reader(folder);
  std::set<std::size_t> counts;
  for (std::uint32_t s = 1; s <= crash_series; ++s) {
    const auto rows = reader.rows(static_cast<proto::SeriesId>(s), everything);
    counts.insert(rows.size());
    std::map<std::int64_t, double> by_time;
    for (const auto& row : rows) by_time.emplace(to_ms(row.ts), row.number);
    CHECK(by_time.size() == rows.size());
    for (int i = 0; i < static_cast<int>(rows.size()); ++i) {
      CAPTURE(s, i);
      CHECK(by_time[crash_ts(i)] == i + s / 10.0);
    }
  }
  CHECK(counts.size() == 1);
  CHECK(reader.dead_letters(1000).size() == *counts.begin());
  return static_cast<int>(*counts.begin());
}

}  // namespace

TEST_CASE("killed at any point of appending, rotating or sealing, nothing acknowledged is lost or doubled",
          "[store][crash]") {
  const auto* const fail_point =
      GENERATE("append-before-sync", "append-before-sync:7", "append-after-sync", "append-after-sync:6", "rotate",
               "rotate:2", "seal-before-commit", "seal-before-commit:2", "seal-before-commit:3", "seal-after-commit",
               "seal-after-commit:2", "seal-after-commit:3", "seal-before-unlink", "seal-before-unlink:2");
  CAPTURE(fail_point);
  TemporaryFolder folder;
  const auto data = folder.path() / "data";
  constexpr int count = 4 * batches_per_segment + 1;

  const auto killed = run_child(data, 0, count, fail_point);
  REQUIRE(WIFSIGNALED(killed.status));
  CHECK(WTERMSIG(killed.status) == SIGKILL);
  const bool nothing_yet = killed.acknowledged == 0 && !std::filesystem::exists(data / "catalog.db");
  const int present = nothing_yet ? 0 : check_contents(data);
  CHECK(present >= killed.acknowledged);
  CHECK(present <= killed.acknowledged + 1);

  // Killed at the same point again, then left alone.
  const auto again = run_child(data, present, count, fail_point);
  CHECK(WIFSIGNALED(again.status));
  const int more = check_contents(data);
  CHECK(more >= present + again.acknowledged);
  const auto whole = run_child(data, more, count, "");
  REQUIRE(WIFEXITED(whole.status));
  CHECK(WEXITSTATUS(whole.status) == 0);
  CHECK(check_contents(data) == more + count);
}

TEST_CASE("killed a dozen times at one moment or another of sealing, every reading is there once", "[store][crash]") {
  TemporaryFolder folder;
  const auto data = folder.path() / "data";
  const std::array points{"seal-before-commit", "seal-after-commit", "seal-before-unlink", "rotate"};
  int present = 0;
  for (int round = 0; round < 12; ++round) {
    const auto point =
        std::string(points[static_cast<std::size_t>(round) % points.size()]) + ":" + std::to_string(1 + round / 4);
    CAPTURE(point, round);
    const auto ended = run_child(data, present, 2 * batches_per_segment, point);
    const int before = present;
    present = check_contents(data);
    CHECK(present >= before + ended.acknowledged);
  }
}
