#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace telltale::test {

struct ChildOptions {
  std::vector<std::string> arguments;                                 // [0] is the program, looked up in PATH
  std::vector<std::pair<std::string, std::string>> environment = {};  // in addition to ours
  std::filesystem::path stdout_file = {};                             // appended to; empty: /dev/null
  std::filesystem::path stderr_file = {};                             // may be the same file
  std::filesystem::path working_directory = {};                       // empty: ours
};

/// A process that this test started. Killed (SIGKILL) and reaped when the object goes, and by the kernel when the
/// thread that started it ends: start it from the thread that outlives it.
/// Threads: one. Errors: the constructor throws std::system_error when the program cannot be run.
class ChildProcess {
 public:
  explicit ChildProcess(const ChildOptions& options);
  ~ChildProcess();
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  /// Sends a signal; nothing happens when the process has already ended.
  void signal(int number);
  /// Exit code, or minus the signal's number; nothing when it still runs after `deadline`.
  [[nodiscard]] std::optional<int> wait(std::chrono::milliseconds deadline);
  [[nodiscard]] bool running() { return !wait(std::chrono::milliseconds{0}).has_value(); }
  /// SIGKILL and reap.
  void kill();

 private:
  pid_t pid_ = -1;
  int pidfd_ = -1;
  std::optional<int> status_;
};

}  // namespace telltale::test
