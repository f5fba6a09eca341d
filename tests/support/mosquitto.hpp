#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/child_process.hpp"

namespace telltale::test {

struct MosquittoOptions {
  /// Lines of the configuration; {port} and {dir} are replaced. Empty: lossless_config().
  std::vector<std::string> config = {};
  bool start = true;
};

/// Anonymous listener on loopback, persistence, nothing dropped, $SYS every second.
[[nodiscard]] std::vector<std::string> lossless_config();

/// A real Mosquitto on a free loopback port with a folder of its own; both go with the object.
/// start() and the constructor wait until it accepts connections and throw std::runtime_error (with its log) if it
/// does not. Threads: one, the one that outlives it (see ChildProcess).
class Mosquitto {
 public:
  explicit Mosquitto(MosquittoOptions options = {});
  ~Mosquitto();
  Mosquitto(const Mosquitto&) = delete;
  Mosquitto& operator=(const Mosquitto&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] const std::filesystem::path& directory() const noexcept { return directory_; }
  [[nodiscard]] std::filesystem::path snapshot() const { return directory_ / "mosquitto.db"; }
  [[nodiscard]] bool running();

  void start();
  /// SIGKILL: no wills, no snapshot.
  void kill();
  /// SIGTERM: wills are sent, the snapshot is written.
  void terminate();
  /// SIGUSR1: writes the snapshot now; returns when the file is there anew.
  void save_snapshot();
  void delete_snapshot();
  /// SIGSTOP and SIGCONT.
  void suspend();
  void resume();
  /// What it said so far.
  [[nodiscard]] std::string log() const;

 private:
  std::vector<std::string> config_;
  std::filesystem::path directory_;
  std::uint16_t port_;
  std::optional<ChildProcess> process_;
};

}  // namespace telltale::test
