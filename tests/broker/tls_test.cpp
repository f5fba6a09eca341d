#include <algorithm>
#include <catch2/catch.hpp>

#include "broker/ingest_session.hpp"
#include "broker/paho_publisher.hpp"
#include "proto/config_error.hpp"
#include "tests/broker/session_fixture.hpp"
#include "tests/broker/tls_files.hpp"
#include "tests/support/mosquitto.hpp"

using namespace telltale;
using namespace telltale::test;

namespace {

std::vector<std::string> tls_config() {
  auto config = lossless_config();
  config.insert(config.begin() + 1, {"cafile {dir}/ca.crt", "certfile {dir}/server.crt", "keyfile {dir}/server.key",
                                     "require_certificate true"});
  return config;
}

template <class Options>
void use_tls(Options& options, const TlsFiles& files, const std::string& host) {
  options.host = host;
  options.tls = true;
  options.ca_file = files.ca;
  options.cert_file = files.client_cert;
  options.key_file = files.client_key;
}

}  // namespace

TEST_CASE("session and publisher work over TLS with a client certificate", "[broker]") {
  const std::string host = GENERATE("localhost", "127.0.0.1");
  CAPTURE(host);
  Mosquitto broker({.config = tls_config(), .start = false});
  const TlsFiles files(broker.directory(), host);
  broker.start();
  auto options = quick_options(broker.port(), {"alerts/#"});
  use_tls(options, files, host);
  RecordedSession ours(options);
  REQUIRE(eventually([&] { return ours.caught_up(); }));

  RealClock clock;
  RecordingLogger log;
  PlainMetrics metrics;
  broker::PublisherOptions publishing;
  publishing.port = broker.port();
  publishing.nonce = "ours";
  use_tls(publishing, files, host);
  broker::PahoPublisher publisher(publishing, clock, log, metrics);
  publisher.start();
  REQUIRE(eventually([&] { return publisher.connected(); }));
  for (std::uint64_t i = 0; i < 500; ++i) {
    const proto::Outgoing message{
        .topic = "alerts/x", .payload = "m" + std::to_string(i), .qos = 1, .retain = false, .expiry_s = std::nullopt};
    REQUIRE(eventually([&] { return publisher.send(message, i + 1); }));
  }
  CHECK(eventually([&] { return ours.message_count() == 500; }));
  CHECK(ours.payloads() == numbered("m", 0, 500));
}

TEST_CASE("a broker whose certificate is not for its host name, or not from our CA, is refused", "[broker]") {
  Mosquitto broker({.config = tls_config(), .start = false});
  const TlsFiles files(broker.directory(), "elsewhere.example");
  broker.start();
  auto options = quick_options(broker.port(), {"a/#"});
  use_tls(options, files, "localhost");
  SECTION("another host name") {}
  SECTION("another authority") { options.ca_file.clear(); }
  RecordedSession ours(options);
  REQUIRE(eventually(
      [&] { return ours.session().status().problem.find("certificate verify failed") != std::string::npos; }));
  CHECK(ours.story().empty());

  RealClock clock;
  RecordingLogger log;
  PlainMetrics metrics;
  broker::PublisherOptions publishing;
  publishing.port = broker.port();
  use_tls(publishing, files, "localhost");
  publishing.ca_file = options.ca_file;
  broker::PahoPublisher publisher(publishing, clock, log, metrics);
  publisher.start();
  CHECK(eventually([&] { return log.count_containing("cannot connect") > 0; }));
  CHECK_FALSE(publisher.connected());
}

TEST_CASE("TLS files that cannot be read are a configuration error that names the file", "[broker]") {
  auto options = quick_options(1, {"a/#"});
  options.tls = true;
  options.ca_file = "/nowhere/ca.crt";
  CHECK_THROWS_WITH(RecordedSession(options), Catch::Contains("/nowhere/ca.crt"));
}
