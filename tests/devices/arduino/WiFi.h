#pragma once

#include "Arduino.h"

enum wl_status_t { WL_CONNECTED = 3, WL_DISCONNECTED = 6 };
enum wifi_mode_t { WIFI_STA = 1 };

class WiFiClient {};

class WiFiClass {
 public:
  void mode(wifi_mode_t) {}
  void setAutoReconnect(bool) {}
  void begin(const char*, const char*) {}
  wl_status_t status() { return arduino_test::board.wifi_connected ? WL_CONNECTED : WL_DISCONNECTED; }
  int RSSI() { return -61; }
};
inline WiFiClass WiFi;
