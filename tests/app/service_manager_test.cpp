#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstring>

#include "app/service_manager.hpp"
#include "proto/config_error.hpp"
#include "tests/support/recording.hpp"
#include "tests/support/simulated_clock.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace telltale;
using namespace telltale::app;
using namespace telltale::test;
using namespace std::chrono_literals;

namespace {

/// The other end, as systemd has it.
class Listener {
 public:
  explicit Listener(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    REQUIRE(path.size() < sizeof(address.sun_path));
    std::memcpy(address.sun_path, path.data(), path.size());
    REQUIRE(socket_ >= 0);
    REQUIRE(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
  }
  ~Listener() { ::close(socket_); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  std::vector<std::string> messages() {
    std::vector<std::string> all;
    std::array<char, 256> buffer{};
    while (true) {
      const auto n = ::recv(socket_, buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (n < 0) return all;
      all.emplace_back(buffer.data(), static_cast<std::size_t>(n));
    }
  }

 private:
  int socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
};

using Messages = std::vector<std::string>;

}  // namespace

TEST_CASE("the service manager is told of start, reload and stop", "[app]") {
  const TemporaryFolder folder;
  const auto path = (folder.path() / "notify").string();
  Listener listener(path);
  SimulatedClock clock;
  RecordingLogger log;
  ServiceManager manager({path, std::nullopt}, clock, log);
  manager.ready();
  clock.advance(2s);
  manager.reloading();
  manager.ready();
  manager.stopping();
  manager.tend(1);
  CHECK(listener.messages() == Messages{"READY=1", "RELOADING=1\nMONOTONIC_USEC=1002000000", "READY=1", "STOPPING=1"});
  CHECK(log.lines().empty());
}

TEST_CASE("the watchdog is fed four times a period, and not while ingest stands still", "[app]") {
  const TemporaryFolder folder;
  const auto path = (folder.path() / "notify").string();
  Listener listener(path);
  SimulatedClock clock;
  RecordingLogger log;
  ServiceManager manager({path, 60s}, clock, log);
  std::uint64_t turns = 0;
  const auto fed_in = [&](Millis span, bool going_on) {
    for (Millis passed{0}; passed < span; passed += 500ms) {
      clock.advance(500ms);
      manager.tend(going_on ? ++turns : turns);
    }
    return listener.messages().size();
  };
  manager.tend(turns);
  CHECK(listener.messages() == Messages{"WATCHDOG=1"});
  CHECK(fed_in(60s, true) == 4);
  CHECK(fed_in(5min, false) == 0);
  CHECK(fed_in(60s, true) >= 4);
}

TEST_CASE("a manager that is gone is said once and changes nothing else", "[app]") {
  const TemporaryFolder folder;
  const auto path = (folder.path() / "notify").string();
  auto listener = std::make_unique<Listener>(path);
  SimulatedClock clock;
  RecordingLogger log;
  ServiceManager manager({path, std::nullopt}, clock, log);
  listener.reset();
  manager.ready();
  manager.stopping();
  CHECK(log.count_containing("cannot be told") == 1);
}

TEST_CASE("without a manager nothing is said, and an address that is none is an error", "[app]") {
  SimulatedClock clock;
  RecordingLogger log;
  ServiceManager alone({"", 1s}, clock, log);
  alone.ready();
  alone.tend(7);
  CHECK(log.lines().empty());
  const auto address = GENERATE(as<std::string>{}, "vsock:2:1234", "notify", "/", "/no/such/socket");
  CAPTURE(address);
  const auto make = [&] { const ServiceManager manager({address, std::nullopt}, clock, log); };
  CHECK_THROWS_AS(make(), proto::ConfigError);
}
