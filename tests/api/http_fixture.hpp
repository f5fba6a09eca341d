#pragma once

#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "api/health.hpp"
#include "api/http_server.hpp"
#include "tests/api/http_client.hpp"
#include "tests/support/recording.hpp"
#include "tests/support/simulated_clock.hpp"

namespace telltale::test {

inline api::HttpOptions small_limits() {
  api::HttpOptions options;
  options.port = 0;
  options.max_connections = 8;
  options.max_header_bytes = 2048;
  options.max_body_bytes = 1024;
  options.stop_grace = Millis{200};
  return options;
}

/// A server with /healthz, /readyz, /echo and /throws.
struct HttpFixture {
  explicit HttpFixture(api::HttpOptions options = small_limits(), std::vector<api::Route> more = {}) {
    std::vector<api::Route> routes = {api::healthz_route(), api::readyz_route({})};
    routes.push_back({"GET", "/echo", [](const api::Request& r) {
                        return api::Response{200, "text/plain", r.path + "|" + r.query, {}};
                      }});
    routes.push_back(
        {"GET", "/throws", [](const api::Request&) -> api::Response { throw std::runtime_error("secret detail"); }});
    for (auto& route : more) routes.push_back(std::move(route));
    server = std::make_unique<api::HttpServer>(options, std::move(routes), clock, log, metrics);
    server->start();
  }
  [[nodiscard]] std::uint16_t port() const { return server->port(); }

  SimulatedClock clock;
  RecordingLogger log;
  PlainMetrics metrics;
  std::unique_ptr<api::HttpServer> server;
};

}  // namespace telltale::test
