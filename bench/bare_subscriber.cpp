// The most a subscriber can get out of the broker: big reads, frames counted in place, PUBACKs of one read in one
// write, a nap of 1 ms between reads so that the broker wakes it less often. Stores nothing, decodes nothing.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <exception>
#include <string>
#include <thread>

#include "bench/mqtt_bytes.hpp"
#include "bench/shared_counter.hpp"

namespace telltale::bench {
namespace {

struct Options {
  unsigned port = 1883;
  std::string filter = "telemetry/#";
  std::string counter;
  unsigned qos = 1;
  unsigned nap_us = 1000;
};

[[noreturn]] void run(const Options& options) {
  constexpr std::size_t buffer_bytes = std::size_t{4} << 20;
  constexpr unsigned receive_maximum = 20'000;
  SharedCounter counter(options.counter);
  const Socket socket(options.port, 0, 4 << 20);
  socket.send_all(connect_v5("bare-subscriber", receive_maximum) + subscribe_v5(options.filter, options.qos));
  Inbox inbox(buffer_bytes);
  std::string acknowledgements;
  for (;;) {
    std::uint64_t seen = 0;
    inbox.read(socket.fd(), 0, [&](unsigned first, const char* body, std::size_t) {
      if ((first & 0xf0U) == 0x90U) {
        std::puts("subscribed");
        std::fflush(stdout);
      }
      if ((first & 0xf0U) != 0x30U) return;
      ++seen;
      if ((first & 0x06U) == 0) return;
      const char* packet_id = body + 2 + read_u16(body);
      const char puback[] = {'\x40', '\x02', packet_id[0], packet_id[1]};
      acknowledgements.append(puback, sizeof puback);
    });
    if (seen == 0) continue;
    socket.send_all(acknowledgements);
    acknowledgements.clear();
    counter.add(seen);
    std::this_thread::sleep_for(std::chrono::microseconds(options.nap_us));
  }
}

}  // namespace
}  // namespace telltale::bench

int main(int argc, char** argv) {
  telltale::bench::Options options;
  CLI::App app{"Receives and acknowledges MQTT messages, nothing else"};
  app.add_option("--port", options.port, "of the broker on 127.0.0.1");
  app.add_option("--filter", options.filter, "topic filter");
  app.add_option("--qos", options.qos, "granted QoS");
  app.add_option("--nap-us", options.nap_us, "microseconds between two reads");
  app.add_option("--counter", options.counter, "file of the shared counter")->required();
  CLI11_PARSE(app, argc, argv);
  try {
    telltale::bench::run(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bare_subscriber: %s\n", error.what());
    return 1;
  }
}
