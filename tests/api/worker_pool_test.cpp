#include "api/worker_pool.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <memory>
#include <thread>
#include <utility>

#include "api/health.hpp"
#include "api/http_server.hpp"
#include "tests/api/http_client.hpp"
#include "tests/support/recording.hpp"
#include "tests/support/simulated_clock.hpp"

namespace telltale::api {
namespace {

/// A handler that stays inside until it is let go.
struct Barrier {
  std::promise<void> entered, let_go;
  std::shared_future<void> leave = let_go.get_future().share();
};

/// Lets it go at the latest when the test ends, also by a failure: a server waits for its handlers.
struct Release {
  explicit Release(Barrier& b) : barrier(b) {}
  ~Release() { now(); }
  void now() {
    if (!std::exchange(done, true)) barrier.let_go.set_value();
  }
  Barrier& barrier;
  bool done = false;
};

TEST_CASE("a worker pool takes no more than it has room for, and drops what waits when it stops", "[api]") {
  Barrier barrier;
  std::atomic<int> ran{0};
  WorkerPool pool(1, 1);
  Release release(barrier);
  REQUIRE(pool.submit([&] {
    barrier.entered.set_value();
    barrier.leave.wait();
    ++ran;
  }));
  barrier.entered.get_future().wait();
  CHECK(pool.submit([&] { ++ran; }));
  CHECK_FALSE(pool.submit([&] { ++ran; }));
  std::promise<void> stopping;
  std::jthread stop([&] {
    stopping.set_value();
    pool.stop();
  });
  stopping.get_future().wait();
  release.now();
  stop.join();
  CHECK(ran >= 1);  // the one that waited may have been begun before the stop
  CHECK_FALSE(pool.submit([&] { ++ran; }));
}

TEST_CASE("a query that takes long holds up neither /healthz nor the answer to a client that is refused", "[api]") {
  Barrier barrier;
  std::atomic<bool> first{true};
  HttpOptions options;
  options.port = 0;
  options.workers = 1;
  options.max_waiting = 1;
  test::SimulatedClock clock;
  test::RecordingLogger log;
  test::PlainMetrics metrics;
  const auto slow = [&](const Request&) {
    if (first.exchange(false)) {
      barrier.entered.set_value();
      barrier.leave.wait();
    }
    return Response{200, "text/plain", "done", {}};
  };
  HttpServer server(options, {healthz_route(), {"GET", "/slow", slow, RunsOn::worker_pool}}, clock, log, metrics);
  server.start();
  Release release(barrier);

  test::HttpClient busy(server.port());
  busy.send("GET /slow HTTP/1.1\r\nHost: t\r\n\r\n");
  barrier.entered.get_future().wait();
  test::HttpClient other(server.port());
  CHECK(other.get("/healthz")->status == 200);

  // One may wait; the next one is refused. Each is known to the server before the next comes.
  test::HttpClient waiting(server.port());
  CHECK(waiting.get("/healthz")->status == 200);
  waiting.send("GET /slow HTTP/1.1\r\nHost: t\r\n\r\n");
  CHECK(other.get("/healthz")->status == 200);
  const auto refused = other.get("/slow");
  CHECK(refused->status == 503);
  CHECK(refused->headers.at("retry-after") == "1");
  CHECK(refused->body.find("urn:telltale:problem:unavailable") != std::string::npos);
  release.now();
  CHECK(busy.receive()->body == "done");
  CHECK(waiting.receive()->body == "done");
  CHECK(metrics.value(R"(telltale_http_requests_total{route="/slow",method="GET",code="503"})") == 1);
}

TEST_CASE("a server that stops waits for the query under way and ends the connections of those that wait", "[api]") {
  Barrier barrier;
  HttpOptions options;
  options.port = 0;
  options.workers = 1;
  options.stop_grace = Millis{50};
  test::SimulatedClock clock;
  test::RecordingLogger log;
  test::PlainMetrics metrics;
  std::atomic<bool> first{true};
  const auto slow = [&](const Request&) {
    if (first.exchange(false)) {
      barrier.entered.set_value();
      barrier.leave.wait();
    }
    return Response{};
  };
  HttpServer server(options, {healthz_route(), {"GET", "/slow", slow, RunsOn::worker_pool}}, clock, log, metrics);
  server.start();
  Release release(barrier);
  test::HttpClient one(server.port());
  one.send("GET /slow HTTP/1.1\r\nHost: t\r\n\r\n");
  barrier.entered.get_future().wait();
  test::HttpClient two(server.port());
  CHECK(two.get("/healthz")->status == 200);
  two.send("GET /slow HTTP/1.1\r\nHost: t\r\n\r\n");
  CHECK(test::HttpClient(server.port()).get("/healthz")->status == 200);  // the server knows of it, then
  std::jthread stopping([&] { server.stop(); });
  CHECK(one.until_closed().empty());  // after the grace
  CHECK(two.until_closed().empty());
  release.now();
  stopping.join();
}

}  // namespace
}  // namespace telltale::api
