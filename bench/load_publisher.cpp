// Publishes as fast as asked, or as fast as the broker and the subscriber take it, with frames encoded beforehand.
// Ends by itself (--messages, --seconds) or on SIGTERM; waits for outstanding PUBACKs; prints one line of JSON.
#include <poll.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "bench/load_frames.hpp"
#include "bench/mqtt_bytes.hpp"
#include "bench/shared_counter.hpp"

namespace telltale::bench {
namespace {

volatile std::sig_atomic_t stop_asked = 0;

struct Options {
  unsigned port = 1883;
  std::size_t connections = 50;
  double rate = 0;                  // messages/s; 0: no limit
  std::uint64_t messages = 0;       // 0: no limit
  double seconds = 0;               // 0: no limit
  std::uint64_t in_flight = 4'000;  // messages without PUBACK, over all connections
  std::uint64_t window = 40'000;    // messages ahead of the counter
  std::uint64_t first_number = 0;
  std::string client_id = "load";
  std::string counter, record;  // files; "": none
  LoadShape shape;
};

std::int64_t wall_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

struct Connection {
  explicit Connection(unsigned port) : socket(port, 4 << 20, 1 << 20), inbox(65'536) {}
  Socket socket;
  Inbox inbox;
  std::string out;
  std::size_t out_sent = 0;
  std::uint16_t next_packet_id = 1;
  std::map<std::uint16_t, MessageRecord> under_way;  // only filled when a record is kept
};

class Load {
 public:
  explicit Load(const Options& options) : options_(options), frames_(options.shape, options.first_number) {
    if (!options.counter.empty()) {
      counter_ = std::make_unique<SharedCounter>(options.counter);
      counter_start_ = counter_->value();
    }
    if (!options.record.empty()) record_.open(options.record, std::ios::app);
    for (std::size_t i = 0; i < options.connections; ++i) {
      auto& connection = *connections_.emplace_back(std::make_unique<Connection>(options.port));
      connection.socket.send_all(connect_v3(options.client_id + '-' + std::to_string(i)));
      bool accepted = false;
      while (!accepted) {
        connection.inbox.read(connection.socket.fd(), 0, [&](unsigned first, const char* body, std::size_t size) {
          if (first != 0x20 || size != 2 || body[1] != 0) throw std::runtime_error("the broker refuses the connection");
          accepted = true;
        });
      }
    }
  }

  void run() {
    const double start = seconds_now();
    double give_up = 0;
    for (;;) {
      const double now = seconds_now();
      const bool ending = stop_asked != 0 || (options_.messages > 0 && sent_ >= options_.messages) ||
                          (options_.seconds > 0 && now - start >= options_.seconds);
      if (ending && give_up == 0) give_up = now + 10;
      bool worked = false, unsent = false;
      // Another one begins each time: the broker reads a packet of every connection in turn, and at a low rate the
      // first would carry everything.
      std::rotate(connections_.begin(), connections_.begin() + 1, connections_.end());
      for (auto& connection : connections_) {
        if (connection->out_sent == connection->out.size() && !ending) fill(*connection, now - start);
        worked |= flush(*connection);
        unsent |= connection->out_sent != connection->out.size();
      }
      worked |= collect();
      if (ending && !unsent && (options_.shape.qos == 0 || acknowledged_ == sent_ || now > give_up)) break;
      if (!worked) std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    record_.flush();
    std::printf("{\"sent\":%llu,\"acknowledged\":%llu,\"seconds\":%.3f}\n", static_cast<unsigned long long>(sent_),
                static_cast<unsigned long long>(acknowledged_), seconds_now() - start);
  }

 private:
  [[nodiscard]] std::uint64_t allowance(double elapsed) const {
    constexpr std::uint64_t burst = 200;
    std::uint64_t allowed = options_.rate > 0 ? 1 : std::max<std::uint64_t>(1, burst / options_.connections);
    const auto limit = [&](std::uint64_t most, std::uint64_t used) {
      allowed = std::min(allowed, most > used ? most - used : 0);
    };
    if (options_.rate > 0) limit(static_cast<std::uint64_t>(elapsed * options_.rate), sent_);
    if (options_.messages > 0) limit(options_.messages, sent_);
    if (options_.shape.qos > 0) limit(options_.in_flight, sent_ - acknowledged_);
    if (counter_) limit(options_.window, sent_ - std::min(sent_, counter_->value() - counter_start_));
    return allowed;
  }

  void fill(Connection& connection, double elapsed) {
    connection.out.clear();
    connection.out_sent = 0;
    const std::int64_t now_ms = wall_ms();
    for (auto n = allowance(elapsed); n > 0; --n) {
      const std::uint16_t id = connection.next_packet_id;
      connection.next_packet_id = static_cast<std::uint16_t>(id == 0xffff ? 1 : id + 1);
      const auto message = frames_.append_next(connection.out, id, now_ms);
      if (record_.is_open()) connection.under_way[id] = message;
      ++sent_;
    }
  }

  static bool flush(Connection& connection) {
    if (connection.out_sent == connection.out.size()) return false;
    const auto n = ::send(connection.socket.fd(), connection.out.data() + connection.out_sent,
                          connection.out.size() - connection.out_sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && errno == EAGAIN) return false;
    if (n <= 0) throw std::system_error(errno, std::generic_category(), "send");
    connection.out_sent += static_cast<std::size_t>(n);
    return true;
  }

  bool collect() {
    polled_.clear();
    for (const auto& connection : connections_) polled_.push_back({connection->socket.fd(), POLLIN, 0});
    if (::poll(polled_.data(), polled_.size(), 0) <= 0) return false;
    bool worked = false;
    for (std::size_t i = 0; i < polled_.size(); ++i) {
      if (polled_[i].revents == 0) continue;
      auto& connection = *connections_[i];
      worked |= connection.inbox.read(connection.socket.fd(), MSG_DONTWAIT,
                                      [&](unsigned first, const char* body, std::size_t) {
                                        if ((first & 0xf0U) != 0x40U) return;
                                        ++acknowledged_;
                                        if (record_.is_open()) note(connection, read_u16(body));
                                      });
    }
    return worked;
  }

  void note(Connection& connection, unsigned packet_id) {
    const auto it = connection.under_way.find(static_cast<std::uint16_t>(packet_id));
    if (it == connection.under_way.end()) return;
    const auto& message = it->second;
    record_ << message.device << ' ' << message.first_number << ' ' << message.rows << ' ' << message.first_ts << '\n';
    connection.under_way.erase(it);
  }

  const Options& options_;
  LoadFrames frames_;
  std::unique_ptr<SharedCounter> counter_;
  std::uint64_t counter_start_ = 0;
  std::ofstream record_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<pollfd> polled_;
  std::uint64_t sent_ = 0, acknowledged_ = 0;
};

}  // namespace
}  // namespace telltale::bench

int main(int argc, char** argv) {
  using namespace telltale::bench;
  Options options;
  CLI::App app{"Publishes MQTT telemetry under load"};
  app.add_option("--port", options.port, "of the broker on 127.0.0.1");
  app.add_option("--conns", options.connections, "publisher connections")->check(CLI::Range(1, 1000));
  app.add_option("--topics", options.shape.topics, "devices")->check(CLI::Range(1, 100'000));
  app.add_option("--rate", options.rate, "messages/s; 0: as fast as possible");
  app.add_option("--messages", options.messages, "end after so many");
  app.add_option("--seconds", options.seconds, "end after so long");
  app.add_option("--qos", options.shape.qos, "0 or 1")->check(CLI::Range(0, 1));
  app.add_option("--inflight", options.in_flight, "most messages without PUBACK");
  app.add_option("--window", options.window, "most messages ahead of the counter");
  app.add_option("--counter", options.counter, "file of the shared counter that the subscriber moves");
  app.add_option("--batch", options.shape.rows, "rows of an array")->check(CLI::Range(1, 1000));
  app.add_option("--metrics", options.shape.metrics, "values per row")->check(CLI::Range(1, 3));
  app.add_option("--site", options.shape.site, "site level of the topics");
  app.add_option("--client-id", options.client_id, "prefix of the client ids");
  const std::map<std::string, Shape> shapes{
      {"single", Shape::single}, {"arrays", Shape::arrays}, {"mixed", Shape::mixed}};
  app.add_option("--shape", options.shape.shape, "mixed: a third are arrays")->transform(CLI::Transformer(shapes));
  const std::map<std::string, Stamps> stamps{
      {"device", Stamps::device}, {"none", Stamps::none}, {"mixed", Stamps::mixed}};
  app.add_option("--stamps", options.shape.stamps, "mixed: devices with even numbers")
      ->transform(CLI::Transformer(stamps));
  app.add_flag("--seq", options.shape.numbered, "give every row a unique number as metric n");
  app.add_option("--first-seq", options.first_number, "number of the first row");
  app.add_option("--record", options.record,
                 "append a line for each PUBACK: device, first number, rows, time of the first row or 0");
  CLI11_PARSE(app, argc, argv);
  const auto on_signal = [](int) { stop_asked = 1; };
  std::signal(SIGTERM, on_signal);
  std::signal(SIGINT, on_signal);
  try {
    Load(options).run();
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "load_publisher: %s\n", error.what());
    return 4;
  }
}
