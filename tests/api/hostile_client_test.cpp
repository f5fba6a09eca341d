#include <sys/resource.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <deque>
#include <future>
#include <string>
#include <thread>

#include "api/dashboard.hpp"
#include "tests/api/http_fixture.hpp"
#include "tests/support/eventually.hpp"

namespace telltale::test {
namespace {

using namespace std::chrono_literals;

std::uint64_t cut(HttpFixture& f, const std::string& reason) {
  return f.metrics.value("telltale_http_connections_cut_total{reason=\"" + reason + "\"}");
}

double unsent(HttpFixture& f) { return f.metrics.gauge("telltale_http_unsent_bytes", "").value(); }

constexpr std::size_t big_bytes = 1 << 20;

api::Route big() {
  return {"GET", "/big", [](const api::Request&) {
            return api::Response{200, "text/plain", std::string(big_bytes, 'x'), {}};
          }};
}

/// Asks and takes nothing.
struct Deaf {
  explicit Deaf(HttpFixture& f) : client(f.port(), HttpClient::Buffer::small) {
    client.send("GET /big HTTP/1.1\r\nHost: t\r\n\r\n");
  }
  HttpClient client;
};

/// The status that one more client gets while `others` hold all connections and time goes by.
template <class Others>
int served_beside(HttpFixture& f, Others& others, Millis patience) {
  auto served = std::async(std::launch::async, [&] { return HttpClient(f.port()).get("/healthz")->status; });
  CHECK(eventually([&] {
    f.clock.advance(patience);
    return served.wait_for(1ms) == std::future_status::ready;
  }));
  others.clear();  // else one that was never served would wait for ever
  return served.get();
}

TEST_CASE("a body that trickles is cut off however steadily it comes, and counted", "[api]") {
  auto options = small_limits();
  options.request_timeout = 50ms;
  HttpFixture f(options);
  HttpClient slow(f.port());
  slow.send("POST /healthz HTTP/1.1\r\nHost: t\r\nContent-Length: 1000\r\n\r\n");
  CHECK(eventually([&] {
    const bool there = slow.send("x");
    CHECK(HttpClient(f.port()).get("/healthz")->status == 200);
    return !there;
  }));
  CHECK(cut(f, "request_timeout") == 1);
}

TEST_CASE("requests that are slow to arrive make room when all connections are theirs", "[api]") {
  auto options = small_limits();
  options.request_timeout = 600s;
  HttpFixture f(options);
  std::deque<HttpClient> slow;
  for (std::size_t i = 0; i < options.max_connections; ++i) {
    slow.emplace_back(f.port());
    slow.back().send("GET ");
  }
  CHECK(served_beside(f, slow, options.arriving_patience) == 200);
  CHECK(cut(f, "too_many_connections") >= 1);
}

TEST_CASE("answers that nobody takes make room when all connections are theirs", "[api]") {
  auto options = small_limits();
  options.write_timeout = 600s;
  HttpFixture f(options, {big()});
  std::deque<Deaf> deaf;
  for (std::size_t i = 0; i < options.max_connections; ++i) deaf.emplace_back(f);
  REQUIRE(eventually([&] { return unsent(f) == static_cast<double>(options.max_connections * big_bytes); }));
  CHECK(served_beside(f, deaf, options.taking_patience) == 200);
  CHECK(cut(f, "slow") >= 1);
}

TEST_CASE("ten thousand idle connections cost no more than the most that are kept", "[api]") {
  rlimit limit{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  const auto before = limit;
  constexpr rlim_t spare = 600;
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 10'000 + spare);
  REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
  REQUIRE(limit.rlim_cur > 2 * spare);
  const auto count = limit.rlim_cur - spare;
  api::HttpOptions options;
  options.port = 0;
  {
    HttpFixture f(options);
    std::deque<HttpClient> idle;
    for (rlim_t i = 0; i < count; ++i) {
      idle.emplace_back(f.port());
      if (i % 1000 == 0) CHECK(HttpClient(f.port()).get("/healthz")->status == 200);
    }
    CHECK(HttpClient(f.port()).get("/healthz")->status == 200);
    // All but the newest were closed to make room; none was refused.
    CHECK(eventually([&] { return cut(f, "too_many_connections") + options.max_connections >= count; }));
    CHECK(idle.front().until_closed().empty());
    CHECK(idle.back().get("/healthz")->status == 200);
  }
  CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
}

TEST_CASE("clients that do not take their answers hold no more than was planned, and others are served", "[api]") {
  auto options = small_limits();
  options.max_connections = 256;
  options.max_unsent_bytes = 8 * big_bytes;
  options.taking_patience = 0ms;
  HttpFixture f(options, {big()});
  std::deque<Deaf> deaf;
  double most = 0;
  for (int i = 0; i < 200; ++i) {
    deaf.emplace_back(f);
    if (i % 10 == 0) CHECK(HttpClient(f.port()).get("/healthz")->status == 200);
    most = std::max(most, unsent(f));
  }
  CHECK(eventually([&] { return cut(f, "slow") >= 200 - 9; }));
  constexpr double small_ones = 100'000;  // such as the health check's, which always find room
  CHECK(std::max(most, unsent(f)) <= static_cast<double>(options.max_unsent_bytes) + small_ones);
  CHECK(HttpClient(f.port()).get("/big")->body.size() == big_bytes);
}

TEST_CASE("with no room and nobody slow yet, a new answer is refused instead of sent", "[api]") {
  auto options = small_limits();
  options.max_unsent_bytes = big_bytes;
  HttpFixture f(options, {big()});  // the clock stands: nobody is ever slow
  const Deaf deaf(f);
  REQUIRE(eventually([&] { return unsent(f) > 0; }));
  const auto refused = HttpClient(f.port()).get("/big");
  CHECK(refused->status == 503);
  CHECK(refused->headers.count("retry-after") == 1);
  CHECK(HttpClient(f.port()).get("/healthz")->status == 200);
}

TEST_CASE("who takes an answer for too long is cut off, and counted", "[api]") {
  auto options = small_limits();
  options.write_timeout = 50ms;
  HttpFixture f(options, {big()});
  const Deaf deaf(f);
  CHECK(eventually([&] { return cut(f, "write_timeout") == 1; }));
  CHECK(unsent(f) == 0);
}

TEST_CASE("what a client writes into path, query and headers gets into no header of the answer", "[api]") {
  HttpFixture f;
  const auto request = GENERATE(as<std::string>(), "GET /%0d%0aSet-Cookie:%20a=b HTTP/1.1\r\nHost: t\r\n\r\n",
                                "GET /echo?%0d%0aSet-Cookie:%20a=b HTTP/1.1\r\nHost: t\r\n\r\n",
                                "GET /healthz HTTP/1.1\r\nHost: t\r\nX-Request-Id: a%0d%0aSet-Cookie: a=b\r\n\r\n",
                                "GET /healthz HTTP/1.1\r\nHost: t\r\nX-Request-Id: a\r\n Set-Cookie: a=b\r\n\r\n",
                                "GET /healthz HTTP/1.1\r\nHost: t\r\nX-Request-Id: a\nSet-Cookie: a=b\r\n\r\n",
                                "GE%0d%0aSet-Cookie:a /healthz HTTP/1.1\r\nHost: t\r\n\r\n");
  CAPTURE(request);
  HttpClient client(f.port());
  client.send(request);
  const auto answer = client.receive();
  REQUIRE(answer);
  CHECK(answer->headers.count("set-cookie") == 0);
  CHECK(answer->headers.at("x-request-id").find("Cookie") == std::string::npos);
}

TEST_CASE("no path leads out of the routes", "[api]") {
  HttpFixture f(small_limits(), api::dashboard_routes());
  const auto path = GENERATE(as<std::string>(), "/../../../../etc/passwd", "/assets/../../../etc/passwd",
                             "/assets/..%2f..%2f..%2fetc%2fpasswd", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd",
                             "/echo/../healthz", "/assets/....//....//etc/passwd", "/..%5c..%5cetc%5cpasswd");
  CAPTURE(path);
  const auto answer = HttpClient(f.port()).get(path);
  REQUIRE(answer);
  CHECK(answer->status == 404);
  CHECK(answer->body.find("root:") == std::string::npos);
}

}  // namespace
}  // namespace telltale::test
