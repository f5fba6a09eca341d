#include "broker/reachability.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <system_error>

namespace telltale::broker {
namespace {

constexpr int connect_within_ms = 1000;

/// 0 or the errno of a TCP connection to this address.
int try_connect(const addrinfo& address) {
  const int fd = ::socket(address.ai_family, address.ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, address.ai_protocol);
  if (fd < 0) return errno;
  int error = ::connect(fd, address.ai_addr, address.ai_addrlen) == 0 ? 0 : errno;
  if (error == EINPROGRESS) {
    pollfd waiting{.fd = fd, .events = POLLOUT, .revents = 0};
    socklen_t size = sizeof error;
    if (::poll(&waiting, 1, connect_within_ms) != 1) {
      error = ETIMEDOUT;
    } else if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) {
      error = errno;
    }
  }
  ::close(fd);
  return error;
}

}  // namespace

std::string why_unreachable(const std::string& host, std::uint16_t port, bool tls) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* first = nullptr;
  const int unknown = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &first);
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(first, &::freeaddrinfo);
  if (unknown != 0) return std::string("the name cannot be resolved: ") + ::gai_strerror(unknown);
  int error = EHOSTUNREACH;
  for (const addrinfo* address = first; address && error != 0; address = address->ai_next) {
    error = try_connect(*address);
  }
  if (error != 0) return std::generic_category().message(error);
  return tls ? "TCP connects, but TLS or MQTT does not: see mqtt.ca, the host name in the broker's certificate, and "
               "its log"
             : "TCP connects, but MQTT does not: is this an MQTT 5 listener without TLS? see the broker's log";
}

}  // namespace telltale::broker
