#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace telltale::test {

/// A packet as it came: first byte and what follows the fixed header.
struct Packet {
  std::uint8_t first_byte;
  std::string body;
};

/// A listener on loopback that says exactly what a test tells it to, for what no real broker does on demand.
/// Blocking, at most 20 s a call (then std::runtime_error). Threads: the test's own.
class FakeBroker {
 public:
  FakeBroker();
  ~FakeBroker();
  FakeBroker(const FakeBroker&) = delete;
  FakeBroker& operator=(const FakeBroker&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

  /// Waits for the next connection; the one before is closed.
  void accept();
  [[nodiscard]] Packet read();
  /// Everything up to and with the first packet of this kind.
  [[nodiscard]] std::vector<Packet> read_until(std::uint8_t first_byte);
  /// True when the peer ends the connection (what it sends before is dropped).
  [[nodiscard]] bool peer_closes();
  void send(std::string_view bytes);
  void close();

  /// accept(), reads CONNECT (returned), answers with these flags, reason code and properties.
  Packet accept_connect(std::string_view properties = {}, char session_present = 0, char reason_code = 0);
  /// Reads the SUBSCRIBEs up to the $SYS filter, which is the last, and grants them; reads the marker and sends it
  /// back.
  void grant_all();

 private:
  int listener_ = -1, peer_ = -1;
  std::uint16_t port_ = 0;
};

/// PUBLISH with topic, packet id (0: QoS 0) and no properties.
[[nodiscard]] std::string publish_packet(std::string_view topic, std::string_view payload, std::uint16_t packet_id);

}  // namespace telltale::test
