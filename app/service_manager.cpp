#include "app/service_manager.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "proto/config_error.hpp"

namespace telltale::app {

namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

std::uint64_t number(const char* name, const std::string& text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value == 0) {
    throw proto::ConfigError(std::string(name) + ": '" + text + "' is no number above 0");
  }
  return value;
}

}  // namespace

ServiceManager::Options ServiceManager::from_environment() {
  Options options{variable("NOTIFY_SOCKET"), std::nullopt};
  const auto period = variable("WATCHDOG_USEC");
  const auto watched = variable("WATCHDOG_PID");
  const bool ours = watched.empty() || number("WATCHDOG_PID", watched) == static_cast<std::uint64_t>(getpid());
  if (!period.empty() && ours) {
    options.watchdog = std::chrono::microseconds(number("WATCHDOG_USEC", period));
  }
  return options;
}

ServiceManager::ServiceManager(Options options, const Clock& clock, proto::Logger& log)
    : options_(std::move(options)), clock_(clock), log_(log) {
  if (options_.socket.empty()) return;
  sockaddr_un address{};
  const bool usable = options_.socket.starts_with('/') || options_.socket.starts_with('@');
  if (!usable || options_.socket.size() < 2 || options_.socket.size() >= sizeof(address.sun_path)) {
    throw proto::ConfigError("NOTIFY_SOCKET: '" + options_.socket + "' is neither a path nor an abstract name");
  }
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, options_.socket.data(), options_.socket.size());
  if (options_.socket.starts_with('@')) address.sun_path[0] = '\0';
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + options_.socket.size());
  socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket_ < 0) throw std::runtime_error(std::string("no socket: ") + std::strerror(errno));
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), length) != 0) {
    const std::string why = std::strerror(errno);
    ::close(socket_);
    throw proto::ConfigError("NOTIFY_SOCKET: " + options_.socket + ": " + why);
  }
}

ServiceManager::~ServiceManager() {
  if (socket_ >= 0) ::close(socket_);
}

void ServiceManager::ready() { send("READY=1"); }

void ServiceManager::reloading() {
  const auto now = std::chrono::duration_cast<std::chrono::microseconds>(clock_.steady_now().time_since_epoch());
  send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(now.count()));
}

void ServiceManager::stopping() { send("STOPPING=1"); }

void ServiceManager::tend(std::uint64_t turns) {
  if (!options_.watchdog) return;
  const auto now = clock_.steady_now();
  if (fed_ && now - *fed_ < *options_.watchdog / 4) return;
  if (last_turns_ == turns) return;
  last_turns_ = turns;
  fed_ = now;
  send("WATCHDOG=1");
}

void ServiceManager::send(std::string_view message) {
  if (socket_ < 0) return;
  const auto sent = ::send(socket_, message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent == static_cast<ssize_t>(message.size()) || std::exchange(told_, true)) return;
  log_.warn("service", std::string("the service manager cannot be told how we are: ") + std::strerror(errno));
}

}  // namespace telltale::app
