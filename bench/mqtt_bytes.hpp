#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace telltale::bench {

// Just enough of MQTT 3.1.1 and 5 for load tools that must cost less than what they measure. Loopback only.

inline double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

inline void append_u16(std::string& out, unsigned v) {
  out += static_cast<char>(v >> 8 & 0xff);
  out += static_cast<char>(v & 0xff);
}
inline void append_text(std::string& out, std::string_view text) {
  append_u16(out, static_cast<unsigned>(text.size()));
  out += text;
}
inline void append_length(std::string& out, std::size_t n) {
  do {
    const auto low = static_cast<unsigned>(n & 127);
    n >>= 7;
    out += static_cast<char>(low | (n > 0 ? 128U : 0U));
  } while (n > 0);
}
inline std::string packet(unsigned first_byte, const std::string& body) {
  std::string out(1, static_cast<char>(first_byte));
  append_length(out, body.size());
  return out + body;
}

/// CONNECT of MQTT 3.1.1, clean session, keepalive off.
inline std::string connect_v3(std::string_view client_id) {
  std::string body;
  append_text(body, "MQTT");
  body += '\x04';
  body += '\x02';
  append_u16(body, 0);
  append_text(body, client_id);
  return packet(0x10, body);
}

/// CONNECT of MQTT 5, clean start, with a Receive Maximum.
inline std::string connect_v5(std::string_view client_id, unsigned receive_maximum) {
  std::string body;
  append_text(body, "MQTT");
  body += '\x05';
  body += '\x02';
  append_u16(body, 0);
  body += '\x03';  // length of the properties
  body += '\x21';
  append_u16(body, receive_maximum);
  append_text(body, client_id);
  return packet(0x10, body);
}

inline std::string subscribe_v5(std::string_view filter, unsigned qos) {
  std::string body;
  append_u16(body, 1);
  body += '\0';
  append_text(body, filter);
  body += static_cast<char>(qos);
  return packet(0x82, body);
}

/// Calls on_frame(first byte, body, size) for every whole frame; returns how many bytes they took.
template <class OnFrame>
std::size_t each_frame(const char* bytes, std::size_t size, OnFrame&& on_frame) {
  std::size_t taken = 0;
  for (;;) {
    std::size_t at = taken + 1, length = 0;
    unsigned shift = 0;
    for (;; shift += 7) {
      if (at >= size || shift > 21) return taken;
      const auto b = static_cast<unsigned char>(bytes[at++]);
      length |= static_cast<std::size_t>(b & 127) << shift;
      if (b < 128) break;
    }
    if (size - at < length) return taken;
    on_frame(static_cast<unsigned char>(bytes[taken]), bytes + at, length);
    taken = at + length;
  }
}

inline unsigned read_u16(const char* bytes) {
  return static_cast<unsigned>(static_cast<unsigned char>(bytes[0])) << 8 | static_cast<unsigned char>(bytes[1]);
}

inline sockaddr loopback(unsigned port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  sockaddr generic{};
  static_assert(sizeof generic == sizeof address);
  std::memcpy(&generic, &address, sizeof address);
  return generic;
}

class Socket {
 public:
  /// Takes over an open socket.
  static Socket adopt(int fd) { return Socket(AdoptTag{}, fd); }
  explicit Socket(unsigned port, int send_buffer_bytes = 0, int receive_buffer_bytes = 0)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (send_buffer_bytes > 0) ::setsockopt(fd_, SOL_SOCKET, SO_SNDBUF, &send_buffer_bytes, sizeof send_buffer_bytes);
    if (receive_buffer_bytes > 0) {
      ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes);
    }
    const sockaddr address = loopback(port);
    if (::connect(fd_, &address, sizeof address) != 0) {
      const int reason = errno;
      ::close(fd_);
      throw std::system_error(reason, std::generic_category(), "connect to 127.0.0.1:" + std::to_string(port));
    }
  }
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  Socket(Socket&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  Socket& operator=(Socket&&) = delete;

  [[nodiscard]] int fd() const noexcept { return fd_; }

  void send_all(std::string_view bytes) const {
    while (!bytes.empty()) {
      const auto n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) throw std::system_error(errno, std::generic_category(), "send");
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
  }

 private:
  struct AdoptTag {};
  Socket(AdoptTag, int fd) : fd_(fd) {}
  int fd_;
};

/// Bytes read from a socket until they make frames.
class Inbox {
 public:
  explicit Inbox(std::size_t capacity) : bytes_(capacity, '\0') {}

  /// Reads once with recv's `flags` and handles whole frames. False when there was nothing to read; throws when the
  /// connection has ended.
  template <class OnFrame>
  bool read(int fd, int flags, OnFrame&& on_frame) {
    const auto n = ::recv(fd, bytes_.data() + used_, bytes_.size() - used_, flags);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    if (n <= 0) throw std::runtime_error("the broker closed the connection");
    used_ += static_cast<std::size_t>(n);
    const auto taken = each_frame(bytes_.data(), used_, on_frame);
    used_ -= taken;
    std::memmove(bytes_.data(), bytes_.data() + taken, used_);
    if (used_ == bytes_.size()) throw std::runtime_error("a frame is larger than the buffer");
    return true;
  }

 private:
  std::string bytes_;
  std::size_t used_ = 0;
};

}  // namespace telltale::bench
