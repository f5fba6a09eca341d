#include "tests/broker/fake_broker.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <optional>
#include <stdexcept>
#include <utility>

#include "broker/mqtt5_encode.hpp"

namespace telltale::test {
namespace {

constexpr int patience_ms = 20'000;

void wait_for_input(int fd, const char* what) {
  pollfd in{.fd = fd, .events = POLLIN, .revents = 0};
  if (::poll(&in, 1, patience_ms) != 1) throw std::runtime_error(std::string("FakeBroker: nothing came: ") + what);
}

/// Nothing: the peer closed the connection.
std::optional<char> read_byte(int fd) {
  wait_for_input(fd, "byte");
  char c = 0;
  if (::recv(fd, &c, 1, 0) != 1) return std::nullopt;
  return c;
}

std::optional<Packet> read_packet(int fd) {
  const auto first = read_byte(fd);
  if (!first) return std::nullopt;
  std::size_t length = 0;
  for (unsigned shift = 0;; shift += 7) {
    const auto b = read_byte(fd);
    if (!b) return std::nullopt;
    length |= static_cast<std::size_t>(*b & 0x7F) << shift;
    if (!(*b & 0x80)) break;
  }
  Packet packet{static_cast<std::uint8_t>(*first), {}};
  while (packet.body.size() < length) {
    const auto b = read_byte(fd);
    if (!b) return std::nullopt;
    packet.body += *b;
  }
  return packet;
}

}  // namespace

FakeBroker::FakeBroker() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener_, 8) != 0 || ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("FakeBroker: cannot listen");
  }
  port_ = ntohs(address.sin_port);
}

FakeBroker::~FakeBroker() {
  close();
  ::close(listener_);
}

void FakeBroker::accept() {
  close();
  wait_for_input(listener_, "connection");
  peer_ = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
}

Packet FakeBroker::read() {
  auto packet = read_packet(peer_);
  if (!packet) throw std::runtime_error("FakeBroker: the peer closed the connection");
  return *std::move(packet);
}

std::vector<Packet> FakeBroker::read_until(std::uint8_t first_byte) {
  std::vector<Packet> packets;
  do {
    packets.push_back(read());
  } while (packets.back().first_byte != first_byte);
  return packets;
}

bool FakeBroker::peer_closes() {
  while (read_packet(peer_)) {
  }
  return true;
}

void FakeBroker::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::send(peer_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) throw std::runtime_error("FakeBroker: cannot send");
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

void FakeBroker::close() {
  if (peer_ >= 0) ::close(std::exchange(peer_, -1));
}

Packet FakeBroker::accept_connect(std::string_view properties, char session_present, char reason_code) {
  accept();
  Packet connect = read();
  std::string connack = "\x20";
  connack += static_cast<char>(3 + properties.size());
  connack += session_present;
  connack += reason_code;
  connack += static_cast<char>(properties.size());
  connack += properties;
  send(connack);
  return connect;
}

void FakeBroker::grant_all() {
  for (bool last = false; !last;) {
    const Packet subscribe = read_until(0x82).back();
    last = subscribe.body.find("$SYS") != std::string::npos;
    const char granted = last ? 0 : 1;
    send(std::string("\x90\x04", 2) + subscribe.body.substr(0, 2) + std::string(1, '\0') + granted);
  }
  const Packet marker = read_until(0x32).back();
  send(std::string("\x32") + static_cast<char>(marker.body.size()) + marker.body);
}

std::string publish_packet(std::string_view topic, std::string_view payload, std::uint16_t packet_id) {
  std::string out;
  encode(broker::mqtt5::OutgoingPublish{.topic = topic,
                                        .payload = payload,
                                        .qos = packet_id == 0 ? std::uint8_t{0} : std::uint8_t{1},
                                        .packet_id = packet_id,
                                        .retain = false},
         out);
  return out;
}

}  // namespace telltale::test
