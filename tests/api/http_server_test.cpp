#include <catch2/catch.hpp>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "tests/api/http_fixture.hpp"

namespace telltale::api {
namespace {

using namespace std::chrono_literals;
using test::HttpClient;
using test::small_limits;
using Fixture = test::HttpFixture;

TEST_CASE("a request is answered and the connection is kept for the next one", "[api]") {
  Fixture f;
  HttpClient client(f.port());
  for (int i = 0; i < 3; ++i) {
    const auto answer = client.get("/healthz");
    REQUIRE(answer);
    CHECK(answer->status == 200);
    CHECK(answer->body == R"({"status":"ok"})");
    CHECK(answer->headers.at("content-type") == "application/json");
    CHECK(answer->headers.at("date") == "Fri, 21 Nov 2025 04:40:00 GMT");
    CHECK(answer->headers.at("x-request-id").starts_with("r-"));
  }
  CHECK(f.metrics.value(R"(telltale_http_requests_total{route="/healthz",method="GET",code="200"})") == 3);
}

TEST_CASE("pipelined requests are answered in order", "[api]") {
  Fixture f;
  HttpClient client(f.port());
  client.send("GET /echo?1 HTTP/1.1\r\nHost: t\r\n\r\nGET /echo?2 HTTP/1.1\r\nHost: t\r\n\r\n");
  CHECK(client.receive()->body == "/echo|1");
  CHECK(client.receive()->body == "/echo|2");
}

TEST_CASE("HEAD has the headers of GET and no body", "[api]") {
  Fixture f;
  HttpClient client(f.port());
  client.send("HEAD /healthz HTTP/1.1\r\nHost: t\r\n\r\n");
  const auto answer = client.receive(true);
  CHECK(answer->status == 200);
  CHECK(answer->headers.at("content-length") == "15");
  CHECK(client.get("/healthz")->body == R"({"status":"ok"})");  // nothing was left over
}

TEST_CASE("HTTP/1.0 and Connection: close end the connection after the answer", "[api]") {
  Fixture f;
  const auto* request =
      GENERATE("GET /healthz HTTP/1.0\r\n\r\n", "GET /healthz HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
  HttpClient client(f.port());
  client.send(request);
  CHECK(client.receive()->status == 200);
  CHECK(client.until_closed().empty());
}

TEST_CASE("what a client does wrong is answered with a problem document", "[api]") {
  Fixture f;
  const std::string long_header(4000, 'x');
  auto [request, status, part] = GENERATE_COPY(table<std::string, int, std::string>({
      {"GET /nothing HTTP/1.1\r\nHost: t\r\n\r\n", 404, R"("type":"urn:telltale:problem:not-found")"},
      {"POST /healthz HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\n\r\n", 405, R"("type":"about:blank")"},
      {"BREW /healthz HTTP/1.1\r\nHost: t\r\n\r\n", 405, R"("detail":"this path answers GET, HEAD")"},
      {"GET /healthz HTTP/1.1\r\n\r\n", 400, R"("detail":"one Host header is needed")"},
      {"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "Host"},
      {"GET healthz HTTP/1.1\r\nHost: t\r\n\r\n", 400, "target"},
      {"GET /%zz HTTP/1.1\r\nHost: t\r\n\r\n", 400, "target"},
      {"GET /%00 HTTP/1.1\r\nHost: t\r\n\r\n", 400, "target"},
      {"nonsense\r\n\r\n", 400, R"("type":"urn:telltale:problem:validation")"},
      {"GET / HTTP/9.9\r\nHost: t\r\n\r\n", 400, R"("status":400)"},
      {"GET / HTTP/1.1\r\nHost: t\r\nX-Long: " + long_header + "\r\n\r\n", 431,
       R"("type":"urn:telltale:problem:too-large")"},
      {"GET /" + long_header + " HTTP/1.1\r\nHost: t\r\n\r\n", 431, R"("status":431)"},
      {"POST /healthz HTTP/1.1\r\nHost: t\r\nContent-Length: 100000\r\n\r\n", 413,
       R"("type":"urn:telltale:problem:too-large")"},
      {"GET /throws HTTP/1.1\r\nHost: t\r\n\r\n", 500, R"("type":"urn:telltale:problem:internal")"},
  }));
  CAPTURE(request);
  HttpClient client(f.port());
  client.send(request);
  const auto answer = client.receive();
  REQUIRE(answer);
  CHECK(answer->status == status);
  CHECK(answer->headers.at("content-type") == "application/problem+json");
  CHECK(answer->headers.count("x-request-id") == 1);
  CHECK(answer->body.find(part) != std::string::npos);
  CHECK(answer->body.find("secret") == std::string::npos);
  if (status == 405) CHECK(answer->headers.at("allow") == "GET, HEAD");
}

TEST_CASE("a usable X-Request-Id is kept, another is replaced", "[api]") {
  Fixture f;
  HttpClient client(f.port());
  client.send("GET /healthz HTTP/1.1\r\nHost: t\r\nX-Request-Id: abc-1\r\n\r\n");
  CHECK(client.receive()->headers.at("x-request-id") == "abc-1");
  client.send("GET /healthz HTTP/1.1\r\nHost: t\r\nX-Request-Id: a b<script>\r\n\r\n");
  CHECK(client.receive()->headers.at("x-request-id").starts_with("r-"));
}

TEST_CASE("an exception in a handler is told to the log and not to the client", "[api]") {
  Fixture f;
  HttpClient client(f.port());
  CHECK(client.get("/throws")->status == 500);
  CHECK(f.log.count_containing("secret detail") == 1);
  CHECK(client.get("/healthz")->status == 200);
}

TEST_CASE("a request that trickles is cut off however steadily it comes", "[api]") {
  auto options = small_limits();
  options.request_timeout = 50ms;
  options.max_header_bytes = 16 << 20;  // so that it is time that ends it
  Fixture f(options);
  HttpClient slow(f.port());
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  slow.send("GET /healthz HTTP/1.1\r\n");
  bool cut = false;
  while (!cut && std::chrono::steady_clock::now() < deadline) {
    cut = !slow.send("X: y\r\n");
    std::this_thread::yield();
    HttpClient other(f.port());
    CHECK(other.get("/healthz")->status == 200);
  }
  CHECK(cut);
}

TEST_CASE("an idle connection is closed after the idle timeout", "[api]") {
  auto options = small_limits();
  options.idle_timeout = 30ms;
  Fixture f(options);
  HttpClient client(f.port());
  CHECK(client.get("/healthz")->status == 200);
  CHECK(client.until_closed().empty());
}

TEST_CASE("idle connections are bounded: the one idle for longest makes room", "[api]") {
  Fixture f;
  std::deque<HttpClient> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back(f.port());
    CHECK(clients.back().get("/healthz")->status == 200);
  }
  CHECK(clients.front().get("/healthz")->status == 200);  // now the second is idle for longest
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back(f.port());
    CHECK(clients.back().get("/healthz")->status == 200);
  }
  for (std::size_t i = 1; i <= 4; ++i) CHECK(clients[i].until_closed().empty());
  CHECK(clients.front().get("/healthz")->status == 200);
}

TEST_CASE("with every connection in the middle of a request, new ones wait and are then served", "[api]") {
  auto options = small_limits();
  options.request_timeout = 100ms;
  Fixture f(options);
  std::deque<HttpClient> busy;
  for (int i = 0; i < 8; ++i) {
    busy.emplace_back(f.port());
    busy.back().send("GET ");
  }
  HttpClient waiting(f.port());
  CHECK(waiting.get("/healthz")->status == 200);
}

TEST_CASE("stop closes idle connections at once, cuts half a request off after the grace, and can be repeated",
          "[api]") {
  Fixture f;
  HttpClient idle(f.port());
  CHECK(idle.get("/healthz")->status == 200);
  HttpClient half(f.port());
  half.send("GET /he");
  f.server->stop();
  f.server->stop();
  CHECK(idle.until_closed().empty());
  CHECK(half.until_closed().empty());
  CHECK_THROWS(HttpClient(f.port()));
}

TEST_CASE("an answer under way is finished when the server stops", "[api]") {
  std::mutex mutex;
  std::condition_variable changed;
  bool entered = false;
  bool leave = false;
  auto options = small_limits();
  options.stop_grace = 5s;
  Fixture f(options, {{"GET", "/slow", [&](const Request&) {
                         std::unique_lock lock(mutex);
                         entered = true;
                         changed.notify_all();
                         changed.wait_for(lock, 10s, [&] { return leave; });
                         return Response{200, "text/plain", "done", {}};
                       }}});
  HttpClient client(f.port());
  client.send("GET /slow HTTP/1.1\r\nHost: t\r\n\r\n");
  {
    std::unique_lock lock(mutex);
    REQUIRE(changed.wait_for(lock, 10s, [&] { return entered; }));
  }
  std::jthread stopping([&] { f.server->stop(); });
  {
    const std::lock_guard lock(mutex);
    leave = true;
  }
  changed.notify_all();
  CHECK(client.receive()->body == "done");
  stopping.join();
}

TEST_CASE("a port in use is said when the server is made", "[api]") {
  Fixture f;
  HttpOptions options;
  options.port = f.port();
  CHECK_THROWS_WITH(HttpServer(options, {}, f.clock, f.log, f.metrics),
                    Catch::Contains("cannot listen on 127.0.0.1") && Catch::Contains("in use"));
  options.host = "localhost.example";
  CHECK_THROWS_WITH(HttpServer(options, {}, f.clock, f.log, f.metrics), Catch::Contains("not a numeric address"));
}

}  // namespace
}  // namespace telltale::api
