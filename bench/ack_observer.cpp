// A relay between the broker and a subscriber that measures, from outside, how long a message takes from its
// publisher ("ts" in its payload, the same machine's clock) to the subscriber's PUBACK. For a subscriber that
// acknowledges what is on disk, that is publish to disk. SIGUSR1 forgets what was measured so far (the warm-up);
// SIGTERM ends it and prints one line of JSON.
#include <poll.h>
#include <sys/socket.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "bench/mqtt_bytes.hpp"

namespace telltale::bench {
namespace {

volatile std::sig_atomic_t stop_asked = 0;
volatile std::sig_atomic_t restart_asked = 0;

std::int64_t wall_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// Frames of one direction, put together from the bytes that are passed on.
class Tap {
 public:
  template <class OnFrame>
  void feed(const char* bytes, std::size_t size, OnFrame&& on_frame) {
    held_.append(bytes, size);
    held_.erase(0, each_frame(held_.data(), held_.size(), on_frame));
  }

 private:
  std::string held_;
};

/// One relayed connection: what the broker sent and is not acknowledged yet.
class Observer {
 public:
  void from_broker(const char* bytes, std::size_t size) {
    broker_.feed(bytes, size, [&](unsigned first, const char* body, std::size_t length) {
      if ((first & 0xf6U) != 0x32U) return;  // PUBLISH, QoS 1
      const std::size_t at = 2 + read_u16(body);
      const std::string_view rest(body + at + 2, length - at - 2);
      const auto found = rest.find("\"ts\":");
      std::int64_t ts = 0;
      if (found == std::string_view::npos) return;
      std::from_chars(rest.data() + found + 5, rest.data() + rest.size(), ts);
      published_[read_u16(body + at)] = ts;
    });
  }
  void from_subscriber(const char* bytes, std::size_t size, std::vector<std::int64_t>& latencies_ms) {
    const std::int64_t now = wall_ms();
    subscriber_.feed(bytes, size, [&](unsigned first, const char* body, std::size_t) {
      if ((first & 0xf0U) != 0x40U) return;
      const auto it = published_.find(read_u16(body));
      if (it == published_.end()) return;
      latencies_ms.push_back(now - it->second);
      published_.erase(it);
    });
  }

 private:
  Tap broker_, subscriber_;
  std::unordered_map<unsigned, std::int64_t> published_;  // by packet id
};

void print(std::vector<std::int64_t> latencies_ms) {
  std::sort(latencies_ms.begin(), latencies_ms.end());
  const auto quantile = [&](double q) {
    if (latencies_ms.empty()) return static_cast<long long>(-1);
    return static_cast<long long>(
        latencies_ms[static_cast<std::size_t>(q * static_cast<double>(latencies_ms.size() - 1))]);
  };
  std::printf("{\"messages\":%zu,\"p50_ms\":%lld,\"p99_ms\":%lld,\"max_ms\":%lld}\n", latencies_ms.size(),
              quantile(0.5), quantile(0.99), quantile(1.0));
}

int listen_on(unsigned port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const sockaddr address = loopback(port);
  if (::bind(fd, &address, sizeof address) != 0 || ::listen(fd, 8) != 0) {
    throw std::system_error(errno, std::generic_category(), "listen on 127.0.0.1:" + std::to_string(port));
  }
  return fd;
}

struct Pair {
  Pair(int accepted, unsigned broker_port) : subscriber(Socket::adopt(accepted)), broker(broker_port) {}
  Socket subscriber, broker;
  Observer observer;
};

class Relay {
 public:
  Relay(unsigned port, unsigned broker_port) : listening_(Socket::adopt(listen_on(port))), broker_port_(broker_port) {}

  void run() {
    while (stop_asked == 0) {
      if (restart_asked != 0) {
        restart_asked = 0;
        latencies_ms_.clear();
      }
      std::vector<pollfd> polled{{listening_.fd(), POLLIN, 0}};
      for (const auto& pair : pairs_) {
        polled.push_back({pair->subscriber.fd(), POLLIN, 0});
        polled.push_back({pair->broker.fd(), POLLIN, 0});
      }
      if (::poll(polled.data(), polled.size(), 200) <= 0) continue;
      std::erase_if(pairs_, [&](const auto& pair) { return !pass_on(*pair); });
      if (polled[0].revents != 0) {
        const int accepted = ::accept4(listening_.fd(), nullptr, nullptr, SOCK_CLOEXEC);
        if (accepted >= 0) pairs_.push_back(std::make_unique<Pair>(accepted, broker_port_));
      }
    }
    print(std::move(latencies_ms_));
  }

 private:
  /// False when one end has closed the connection.
  bool pass_on(Pair& pair) {
    const auto down = read(pair.broker);
    if (down < 0) return false;
    pair.observer.from_broker(buffer_.data(), static_cast<std::size_t>(down));
    pair.subscriber.send_all({buffer_.data(), static_cast<std::size_t>(down)});
    const auto up = read(pair.subscriber);
    if (up < 0) return false;
    pair.observer.from_subscriber(buffer_.data(), static_cast<std::size_t>(up), latencies_ms_);
    pair.broker.send_all({buffer_.data(), static_cast<std::size_t>(up)});
    return true;
  }
  /// Bytes now in the buffer; 0: nothing came; -1: closed.
  ssize_t read(const Socket& from) {
    const auto n = ::recv(from.fd(), buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (n < 0) return errno == EAGAIN ? 0 : -1;
    return n == 0 ? -1 : n;
  }

  Socket listening_;
  unsigned broker_port_;
  std::vector<std::unique_ptr<Pair>> pairs_;
  std::vector<char> buffer_ = std::vector<char>(std::size_t{1} << 18);
  std::vector<std::int64_t> latencies_ms_;
};

}  // namespace
}  // namespace telltale::bench

int main(int argc, char** argv) {
  unsigned port = 0, broker_port = 1883;
  CLI::App app{"Measures publish to PUBACK of a subscriber"};
  app.add_option("--port", port, "to listen on, 127.0.0.1")->required();
  app.add_option("--broker-port", broker_port, "of the broker on 127.0.0.1");
  CLI11_PARSE(app, argc, argv);
  std::signal(SIGTERM, [](int) { telltale::bench::stop_asked = 1; });
  std::signal(SIGINT, [](int) { telltale::bench::stop_asked = 1; });
  std::signal(SIGUSR1, [](int) { telltale::bench::restart_asked = 1; });
  std::signal(SIGPIPE, SIG_IGN);
  try {
    telltale::bench::Relay(port, broker_port).run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ack_observer: %s\n", error.what());
    return 1;
  }
}
