#include "tests/broker/raw_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <stdexcept>
#include <utility>

#include "broker/mqtt5.hpp"

namespace telltale::test {

namespace mqtt5 = broker::mqtt5;

RawClient::RawClient(std::uint16_t port, const std::string& client_id)
    : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("RawClient: cannot connect");
  }
  const int one = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  const timeval patience{.tv_sec = 20, .tv_usec = 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  std::string connect;
  encode(mqtt5::Connect{.client_id = client_id, .username = {}, .password = {}, .keepalive_s = 0, .clean_start = true},
         connect);
  send_all(connect);
  expect_packet(static_cast<std::uint8_t>(mqtt5::PacketType::connack));
}

RawClient::~RawClient() { vanish(); }

void RawClient::vanish() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

void RawClient::publish(std::string_view topic, std::string_view payload, std::uint8_t qos, bool retain) {
  std::string bytes;
  encode(mqtt5::OutgoingPublish{.topic = topic, .payload = payload, .qos = qos, .packet_id = 1, .retain = retain},
         bytes);
  send_all(bytes);
  if (qos > 0) expect_packet(static_cast<std::uint8_t>(mqtt5::PacketType::puback));
}

void RawClient::publish_many(std::string_view topic, std::string_view prefix, std::size_t count) {
  // No more at once than the window of a broker that was left at its defaults.
  constexpr std::size_t at_once = 20;
  for (std::size_t done = 0; done < count;) {
    std::string bytes;
    const std::size_t n = std::min(at_once, count - done);
    for (std::size_t i = 0; i < n; ++i) {
      const std::string payload = std::string(prefix) + std::to_string(done + i);
      encode(mqtt5::OutgoingPublish{.topic = topic,
                                    .payload = payload,
                                    .qos = 1,
                                    .packet_id = static_cast<std::uint16_t>(i + 1),
                                    .retain = false},
             bytes);
    }
    send_all(bytes);
    for (std::size_t i = 0; i < n; ++i) expect_packet(static_cast<std::uint8_t>(mqtt5::PacketType::puback));
    done += n;
  }
}

void RawClient::send_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) throw std::runtime_error("RawClient: send");
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

void RawClient::read_exactly(char* into, std::size_t n) {
  while (n > 0) {
    const auto got = ::recv(fd_, into, n, 0);
    if (got <= 0) throw std::runtime_error("RawClient: the broker is silent or gone");
    into += got;
    n -= static_cast<std::size_t>(got);
  }
}

void RawClient::expect_packet(std::uint8_t type) {
  char header[2];
  read_exactly(header, 2);
  char body[127];
  const auto length = static_cast<std::uint8_t>(header[1]);
  if (length > sizeof body) throw std::runtime_error("RawClient: an answer that is too long");
  read_exactly(body, length);
  if (static_cast<std::uint8_t>(header[0]) >> 4 != type) throw std::runtime_error("RawClient: another packet");
}

}  // namespace telltale::test
