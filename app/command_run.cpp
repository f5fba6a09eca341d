#include "app/command_run.hpp"

#include <pthread.h>
#include <signal.h>

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <thread>

#include "app/config_text.hpp"
#include "app/logger.hpp"
#include "app/system_clock.hpp"
#include "proto/config_error.hpp"

namespace telltale::app {
namespace {

/// SIGINT and SIGTERM as a stop request. Blocks both in the calling thread and all threads made later.
class SignalStop {
 public:
  SignalStop() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    thread_ = std::jthread([this](const std::stop_token& ended) {
      while (!ended.stop_requested()) {
        const timespec patience{0, 100'000'000};
        if (sigtimedwait(&signals_, nullptr, &patience) > 0) source_.request_stop();
      }
    });
  }
  [[nodiscard]] std::stop_token token() const { return source_.get_token(); }

 private:
  sigset_t signals_{};
  std::stop_source source_;
  std::jthread thread_;
};

}  // namespace

int run_until_stopped(const std::string& name,
                      const std::function<void(const Clock&, proto::Logger&, std::stop_token)>& work) {
  const SignalStop signals;
  const SystemClock clock;
  SpdLogger log({proto::LogLevel::info, LogFormat::text});
  try {
    work(clock, log, signals.token());
    return 0;
  } catch (const proto::ConfigError& error) {
    std::fprintf(stderr, "telltale %s: %s\n", name.c_str(), error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "telltale %s: %s\n", name.c_str(), error.what());
    return 1;
  }
}

devices::Credentials credentials_of(const std::string& username, const std::string& password_file,
                                    const std::string& ca_file) {
  devices::Credentials credentials{username, "", ca_file, "", ""};
  if (!password_file.empty()) {
    errno = 0;
    std::ifstream file(password_file);
    if (!file) throw proto::ConfigError("password file " + cannot_be_read(password_file));
    if (!std::getline(file, credentials.password)) {
      throw proto::ConfigError("password file " + password_file + ": has no password in its first line");
    }
  }
  return credentials;
}

std::optional<Millis> duration_of(double seconds) {
  if (seconds == 0.0) return std::nullopt;
  if (!(seconds > 0.0) || seconds > 1e9) throw proto::ConfigError("--seconds: expected more than 0");
  return Millis{std::llround(seconds * 1000.0)};
}

}  // namespace telltale::app
