// Everything you have to set. Keep this file out of version control once it has your passwords.
#pragma once

#define WIFI_SSID "your-network"
#define WIFI_PASSWORD "your-password"

#define MQTT_HOST "192.168.1.10"  // the machine that runs the broker
#define MQTT_PORT 1883            // 8883 with TLS
#define MQTT_USER ""              // "" = anonymous
#define MQTT_PASSWORD ""

#define SITE "home"         // a-z 0-9 _ -, at most 24 characters
#define DEVICE "esp32-1"    // unique per site; also the MQTT client id; letters, digits, _ . : -, at most 48

#define INTERVAL_S 10       // between two readings
#define HEARTBEAT_S 30      // announced: silence of three times this is "offline"; more than INTERVAL_S
#define NTP_SERVER "pool.ntp.org"

#ifndef TELLTALE_TLS
#define TELLTALE_TLS 0  // 1: TLS 1.2 or later, with the certificate authority below
#endif
#if TELLTALE_TLS
static const char MQTT_CA[] = R"(-----BEGIN CERTIFICATE-----
paste the certificate of the authority that signed the broker's certificate
-----END CERTIFICATE-----)";
#endif
