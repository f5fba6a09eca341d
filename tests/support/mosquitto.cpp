#include "tests/support/mosquitto.hpp"

#include <stdlib.h>

#include <csignal>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string_view>

#include "tests/support/eventually.hpp"
#include "tests/support/free_port.hpp"

namespace telltale::test {
namespace {

std::filesystem::path make_directory() {
  std::string path = (std::filesystem::temp_directory_path() / "telltale-mosquitto-XXXXXX").string();
  if (!::mkdtemp(path.data())) throw std::runtime_error("cannot make a folder for mosquitto");
  return path;
}

std::string filled_in(std::string line, std::string_view placeholder, const std::string& value) {
  for (auto at = line.find(placeholder); at != std::string::npos; at = line.find(placeholder, at + value.size())) {
    line.replace(at, placeholder.size(), value);
  }
  return line;
}

}  // namespace

std::vector<std::string> lossless_config() {
  return {"listener {port} 127.0.0.1",
          "allow_anonymous true",
          "user root",
          "persistence true",
          "persistence_location {dir}/",
          "autosave_interval 3600",
          "sys_interval 1",
          "max_queued_messages 9000000",
          "max_inflight_messages 20000",
          "set_tcp_nodelay true",
          "log_dest stderr",
          "log_type error",
          "log_type warning",
          "log_type notice",
          "connection_messages true"};
}

Mosquitto::Mosquitto(MosquittoOptions options)
    : config_(options.config.empty() ? lossless_config() : std::move(options.config)),
      directory_(make_directory()),
      port_(free_port()) {
  if (options.start) start();
}

Mosquitto::~Mosquitto() {
  process_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

bool Mosquitto::running() { return process_ && process_->running(); }

void Mosquitto::start() {
  const auto file = directory_ / "mosquitto.conf";
  {
    std::ofstream out(file);
    for (const auto& line : config_) {
      out << filled_in(filled_in(line, "{port}", std::to_string(port_)), "{dir}", directory_.string()) << '\n';
    }
  }
  process_.emplace(ChildOptions{.arguments = {"mosquitto", "-c", file.string()},
                                .stdout_file = directory_ / "log",
                                .stderr_file = directory_ / "log",
                                .working_directory = directory_});
  const bool up = eventually([this] { return accepts_connections(port_) || !process_->running(); });
  if (!up || !process_->running()) throw std::runtime_error("mosquitto did not start:\n" + log());
}

void Mosquitto::kill() { process_.reset(); }

void Mosquitto::terminate() {
  if (!process_) return;
  process_->signal(SIGTERM);
  if (!process_->wait(std::chrono::seconds{20})) throw std::runtime_error("mosquitto ignores SIGTERM:\n" + log());
  process_.reset();
}

void Mosquitto::save_snapshot() {
  // Mosquitto writes mosquitto.db.new and renames it, so that a file which exists is whole.
  delete_snapshot();
  process_->signal(SIGUSR1);
  if (!eventually([this] { return std::filesystem::exists(snapshot()); })) {
    throw std::runtime_error("mosquitto writes no snapshot:\n" + log());
  }
}

void Mosquitto::delete_snapshot() { std::filesystem::remove(snapshot()); }

void Mosquitto::suspend() { process_->signal(SIGSTOP); }

void Mosquitto::resume() { process_->signal(SIGCONT); }

std::string Mosquitto::log() const {
  std::ifstream in(directory_ / "log");
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace telltale::test
