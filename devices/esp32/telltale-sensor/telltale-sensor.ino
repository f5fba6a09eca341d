// Telltale reference sensor for ESP32: Arduino core, PubSubClient. One temperature and humidity sensor, QoS 0
// telemetry in packets of at most 256 bytes, which is PubSubClient's default buffer. How to flash it: docs/esp32.md.
//
// What it does, and a sensor of your own should do, too:
//  - fixed client id = device name; will and retained birth on status/{site}/{device} with a session token, so that
//    the service can tell an old will from a new one;
//  - times from NTP; without NTP readings carry no time, and buffered ones say how long ago they were taken;
//  - the last 60 readings are kept while there is no connection and sent oldest first, as many rows as fit a packet;
//  - reconnects with exponential back-off and full jitter, so that a thousand devices do not return as one wave;
//  - a sensor that fails is left out, never sent as 0;
//  - commands are acknowledged, and the version of the configuration that it follows is in each status.
#include <PubSubClient.h>
#include <WiFi.h>
#include <time.h>

#include "config.h"

#if TELLTALE_TLS
#include <WiFiClientSecure.h>
static WiFiClientSecure network;
#else
static WiFiClient network;
#endif
static PubSubClient mqtt(network);

struct Sample {
  int64_t ts;          // s since 1970; 0: no time was known
  uint64_t uptime_ms;  // since power-on
  float temperature;   // NAN: the sensor failed
  float humidity;
};

static const int kept_samples = 60;
static const size_t topic_and_payload_bytes = 240;   // leaves PubSubClient's 256 bytes room for its headers
static const int64_t first_valid_time = 1577836800;  // 2020-01-01: an earlier clock was never set
static const uint32_t first_backoff_ms = 1000, last_backoff_ms = 60000;

static Sample samples[kept_samples];  // a ring, oldest at `oldest`
static int oldest = 0, waiting = 0;

static char telemetry_topic[96], status_topic[96], config_topic[96], command_topics[96];
static char session[9];
static uint32_t backoff_ms = first_backoff_ms, next_attempt_ms = 0, next_sample_ms = 0, last_sent_ms = 0;
static const char* birth_reason = "power_on";
static long config_version = 0;  // 0: none was given
static long interval_s = INTERVAL_S, heartbeat_s = HEARTBEAT_S;

// ---- your sensor: replace these two ---------------------------------------------------------------------------------

// In degrees Celsius and percent; NAN when the sensor does not answer. The example reads the chip's own temperature,
// so that the sketch runs on a bare board.
static float read_temperature() { return temperatureRead(); }
static float read_humidity() { return NAN; }

// ---- time -----------------------------------------------------------------------------------------------------------

static uint64_t uptime_ms() {
  static uint32_t last_ms = 0, turns = 0;  // millis() begins again after 49 days
  const uint32_t now_ms = millis();
  if (now_ms < last_ms) ++turns;
  last_ms = now_ms;
  return ((uint64_t)turns << 32) | now_ms;
}

static int64_t time_or_zero() {
  const int64_t now = (int64_t)time(nullptr);
  return now >= first_valid_time ? now : 0;
}

// True once `deadline` has been reached, also across the turn of millis().
static bool reached(uint32_t deadline_ms) { return (int32_t)(millis() - deadline_ms) >= 0; }

// ---- samples --------------------------------------------------------------------------------------------------------

// What no sensor of this kind can say is a failure, too; it also bounds the text of a number.
static float plausible(float value) { return isfinite(value) && fabsf(value) < 100000.0f ? value : NAN; }

static void keep_sample() {
  Sample sample;
  sample.ts = time_or_zero();
  sample.uptime_ms = uptime_ms();
  sample.temperature = plausible(read_temperature());
  sample.humidity = plausible(read_humidity());
  if (isnan(sample.temperature) && isnan(sample.humidity)) return;
  if (waiting == kept_samples) {  // the oldest makes room
    oldest = (oldest + 1) % kept_samples;
    --waiting;
  }
  samples[(oldest + waiting) % kept_samples] = sample;
  ++waiting;
}

// Writes one row, at most 80 bytes; returns its length. `relative`: "uptime_ms" instead of "ts".
static int write_row(char* out, size_t size, const Sample& sample, bool relative) {
  const char* between = "{";
  int n = 0;
  if (relative) {
    n += snprintf(out + n, size - n, "%s\"uptime_ms\":%llu", between, (unsigned long long)sample.uptime_ms);
    between = ",";
  } else if (sample.ts > 0) {
    n += snprintf(out + n, size - n, "%s\"ts\":%lld", between, (long long)sample.ts);
    between = ",";
  }
  if (!isnan(sample.temperature)) {
    n += snprintf(out + n, size - n, "%s\"temperature\":%.2f", between, (double)sample.temperature);
    between = ",";
  }
  if (!isnan(sample.humidity)) {
    n += snprintf(out + n, size - n, "%s\"humidity\":%.2f", between, (double)sample.humidity);
  }
  n += snprintf(out + n, size - n, "}");
  return n;
}

// As many of the oldest samples as fit: one as flat JSON, several as a batch. Returns how many.
// Rows with and without time do not mix: a batch is either [{"ts":…},…] or {"uptime_now_ms":…,"batch":[…]}.
static int write_payload(char* out, size_t size) {
  if (waiting == 1 && (samples[oldest].ts > 0 || uptime_ms() - samples[oldest].uptime_ms < 2000)) {
    write_row(out, size, samples[oldest], false);
    return 1;
  }
  const bool relative = samples[oldest].ts == 0;
  const char* tail = relative ? "]}" : "]";
  int n = relative ? snprintf(out, size, "{\"uptime_now_ms\":%llu,\"batch\":[", (unsigned long long)uptime_ms())
                   : snprintf(out, size, "[");
  int rows = 0;
  for (; rows < waiting; ++rows) {
    const Sample& sample = samples[(oldest + rows) % kept_samples];
    if ((sample.ts == 0) != relative) break;
    char row[112];
    const int length = write_row(row, sizeof row, sample, relative);
    const size_t needed = (size_t)n + (rows > 0 ? 1 : 0) + (size_t)length + strlen(tail) + 1;
    if (needed > size) break;
    n += snprintf(out + n, size - n, "%s%s", rows > 0 ? "," : "", row);
  }
  snprintf(out + n, size - n, "%s", tail);
  return rows;
}

static void send_samples() {
  char payload[topic_and_payload_bytes + 1];
  const size_t room = sizeof payload - strlen(telemetry_topic);
  while (waiting > 0) {
    const int rows = write_payload(payload, room);
    if (rows == 0 || !mqtt.publish(telemetry_topic, payload, false)) return;  // kept, and tried again
    oldest = (oldest + rows) % kept_samples;
    waiting -= rows;
    last_sent_ms = millis();
  }
}

// ---- connection -----------------------------------------------------------------------------------------------------

static bool publish_status(const char* state, const char* reason) {
  char payload[160];
  int n = snprintf(payload, sizeof payload, "{\"state\":\"%s\",\"session\":\"%s\",\"heartbeat_s\":%d", state, session,
                   (int)heartbeat_s);
  const int64_t now = time_or_zero();
  if (now > 0) n += snprintf(payload + n, sizeof payload - n, ",\"ts\":%lld", (long long)now);
  if (config_version > 0) n += snprintf(payload + n, sizeof payload - n, ",\"config_version\":%ld", config_version);
  snprintf(payload + n, sizeof payload - n, ",\"rssi\":%d,\"fw\":\"ref-1\",\"reason\":\"%s\"}", (int)WiFi.RSSI(), reason);
  last_sent_ms = millis();
  return mqtt.publish(status_topic, payload, true);
}

// ---- commands and configuration -------------------------------------------------------------------------------------

// A whole number of the flat JSON that Telltale sends.
static long number_of(const char* json, const char* quoted_key, long otherwise) {
  const char* at = strstr(json, quoted_key);
  return at ? strtol(at + strlen(quoted_key), nullptr, 10) : otherwise;
}

// Yours: true when the command was followed. Its JSON is there for its args.
static bool follow(const char* command, const char* json) {
  (void)json;
  if (strcmp(command, "measure") != 0) return false;
  next_sample_ms = millis();
  return true;
}

static void obey(const char* command, const char* json) {
  const char* id = strstr(json, "\"id\":\"");
  if (!id) return;
  id += 6;
  const int length = (int)strcspn(id, "\"");
  const bool followed = follow(command, json);
  char topic[160], ack[160];
  snprintf(topic, sizeof topic, "ack/%s/%s/%s", SITE, DEVICE, command);
  snprintf(ack, sizeof ack, "{\"id\":\"%.*s\",\"ok\":%s,\"code\":%d}", length, id, followed ? "true" : "false",
           followed ? 0 : 404);
  mqtt.publish(topic, ack, false);
}

static void configure(const char* json) {
  config_version = number_of(json, "\"version\":", 0);
  const long interval = number_of(json, "\"interval_s\":", INTERVAL_S);
  const long heartbeat = number_of(json, "\"heartbeat_s\":", HEARTBEAT_S);
  interval_s = interval > 0 ? interval : INTERVAL_S;
  heartbeat_s = heartbeat > 0 ? heartbeat : HEARTBEAT_S;
  next_sample_ms = millis() + interval_s * 1000UL;
  publish_status("online", "config");
}

static void on_message(char* topic, uint8_t* bytes, unsigned int length) {
  // Copies: PubSubClient sends from the buffer that holds these.
  char json[192], command[49] = "";
  if (length >= sizeof json) return;
  memcpy(json, bytes, length);
  json[length] = '\0';
  if (strcmp(topic, config_topic) == 0) return configure(json);
  const size_t prefix = strlen(command_topics) - 1;  // "cmd/site/device/#" without '#'
  if (strncmp(topic, command_topics, prefix) != 0) return;
  snprintf(command, sizeof command, "%s", topic + prefix);
  obey(command, json);
}

// ---- connecting -----------------------------------------------------------------------------------------------------

static void connect_if_due() {
  if (WiFi.status() != WL_CONNECTED || !reached(next_attempt_ms)) return;
  char will[64];
  snprintf(session, sizeof session, "%08lx", (unsigned long)esp_random());
  snprintf(will, sizeof will, "{\"state\":\"offline\",\"session\":\"%s\"}", session);
  const char* user = MQTT_USER[0] != '\0' ? MQTT_USER : nullptr;
  const char* password = MQTT_PASSWORD[0] != '\0' ? MQTT_PASSWORD : nullptr;
  if (mqtt.connect(DEVICE, user, password, status_topic, 1, true, will) && publish_status("online", birth_reason)) {
    mqtt.subscribe(command_topics, 1);
    mqtt.subscribe(config_topic, 1);
    birth_reason = "reconnect";
    backoff_ms = first_backoff_ms;
    return;
  }
  next_attempt_ms = millis() + 1 + esp_random() % backoff_ms;  // full jitter
  backoff_ms = backoff_ms * 2 < last_backoff_ms ? backoff_ms * 2 : last_backoff_ms;
}

void setup() {
  Serial.begin(115200);
  snprintf(telemetry_topic, sizeof telemetry_topic, "telemetry/%s/%s", SITE, DEVICE);
  snprintf(status_topic, sizeof status_topic, "status/%s/%s", SITE, DEVICE);
  snprintf(config_topic, sizeof config_topic, "config/%s/%s", SITE, DEVICE);
  snprintf(command_topics, sizeof command_topics, "cmd/%s/%s/#", SITE, DEVICE);
  WiFi.mode(WIFI_STA);
  WiFi.setAutoReconnect(true);
  WiFi.begin(WIFI_SSID, WIFI_PASSWORD);
  configTime(0, 0, NTP_SERVER);  // UTC; sets the clock in the background, as soon as there is a network
#if TELLTALE_TLS
  network.setCACert(MQTT_CA);  // the broker's certificate must name MQTT_HOST; certificates need the right time, too
#endif
  mqtt.setServer(MQTT_HOST, MQTT_PORT);
  mqtt.setKeepAlive(30);
  mqtt.setCallback(on_message);
  mqtt.setSocketTimeout(5);
}

void loop() {
  if (reached(next_sample_ms)) {
    next_sample_ms = millis() + interval_s * 1000UL;
    keep_sample();
  }
  if (mqtt.loop()) {
    send_samples();
    if (reached(last_sent_ms + heartbeat_s * 1000UL)) publish_status("online", "heartbeat");
  } else {
    connect_if_due();
  }
  delay(10);
}
