#pragma once

#include <string>
#include <utility>
#include <vector>

#include "WiFi.h"

namespace arduino_test {

struct Published {
  std::string topic, payload;
  bool retained;
};
struct Connect {
  std::string client_id, will_topic, will_payload;
  int will_qos;
  bool will_retained;
  std::uint32_t at_ms;
};
/// The broker as the sketch's client sees it.
struct BrokerSide {
  bool reachable = true;
  bool connected = false;
  std::vector<Published> published;
  std::vector<Connect> connects;  // also the refused ones
  std::size_t largest_packet = 0;
  std::vector<std::string> subscribed;                        // by the present connection
  std::vector<std::pair<std::string, std::string>> messages;  // topic and payload, for its next loop()
};
inline BrokerSide broker;

}  // namespace arduino_test

/// Counts packets against its buffer as PubSubClient 2.8 does: 5 bytes of header, then 2 + topic, then the payload.
class PubSubClient {
 public:
  static constexpr std::size_t buffer_bytes = 256;

  explicit PubSubClient(WiFiClient&) {}
  void setServer(const char*, std::uint16_t) {}
  void setKeepAlive(std::uint16_t) {}
  void setSocketTimeout(std::uint16_t) {}

  bool connect(const char* id, const char* user, const char* password, const char* will_topic, std::uint8_t will_qos,
               bool will_retain, const char* will) {
    auto& broker = arduino_test::broker;
    broker.connects.push_back({id, will_topic, will, will_qos, will_retain, millis()});
    const auto field = [](const char* text) { return text ? 2 + std::strlen(text) : 0; };
    if (!fits(5 + 10 + field(id) + field(will_topic) + field(will) + field(user) + field(password))) return false;
    broker.connected = broker.reachable;
    broker.subscribed.clear();
    return broker.connected;
  }
  using Callback = void (*)(char* topic, std::uint8_t* payload, unsigned int length);
  void setCallback(Callback callback) { callback_ = callback; }
  bool subscribe(const char* topic, std::uint8_t) {
    arduino_test::broker.subscribed.push_back(topic);
    return arduino_test::broker.connected;
  }
  bool publish(const char* topic, const char* payload, bool retained) {
    auto& broker = arduino_test::broker;
    if (!broker.reachable) broker.connected = false;
    if (!broker.connected || !fits(5 + 2 + std::strlen(topic) + std::strlen(payload))) return false;
    broker.published.push_back({topic, payload, retained});
    return true;
  }
  bool loop() {
    auto& broker = arduino_test::broker;
    if (!broker.reachable) broker.connected = false;
    if (!broker.connected) return false;
    for (auto& [topic, payload] : std::exchange(broker.messages, {})) {
      if (!fits(5 + 2 + topic.size() + 2 + payload.size())) continue;  // dropped without a word
      callback_(topic.data(), reinterpret_cast<std::uint8_t*>(payload.data()), static_cast<unsigned>(payload.size()));
    }
    return broker.connected;
  }

 private:
  Callback callback_ = nullptr;

  static bool fits(std::size_t bytes) {
    auto& broker = arduino_test::broker;
    if (bytes > broker.largest_packet) broker.largest_packet = bytes;
    return bytes <= buffer_bytes;
  }
};
