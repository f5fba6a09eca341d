#include <catch2/catch.hpp>

#include "api/api_key.hpp"
#include "api/event_stream.hpp"
#include "tests/api/rest_bench.hpp"
#include "tests/support/eventually.hpp"

namespace telltale::test {
namespace {

using namespace std::chrono_literals;

/// A client that is told; its answer's header is read.
std::unique_ptr<HttpClient> listen(RestBench& bench, const std::string& query, const std::string& key) {
  auto client = std::make_unique<HttpClient>(bench.port());
  client->send("GET /api/v1/stream" + query + " HTTP/1.1\r\nHost: localhost\r\n" + bearer(key) + "\r\n");
  const auto header = client->until("\r\n\r\n");
  CHECK(header.starts_with("HTTP/1.1 200"));
  CHECK(header.find("text/event-stream") != std::string::npos);
  CHECK(header.find("ETag") == std::string::npos);
  CHECK(header.find("no-store") != std::string::npos);
  client->until("retry: 2000\n\n");
  return client;
}

proto::AlertTransition alert(const std::string& tenant, const std::string& device, std::string summary = "hot") {
  proto::AlertTransition t;
  t.id = "a-00000000000000dd";
  t.tenant = tenant;
  t.site = "site1";
  t.device = device;
  t.rule = "too-hot";
  t.metric = "temperature";
  t.ts = t.started = DeskDouble::now;
  t.summary = std::move(summary);
  return t;
}

void tell(RestBench& bench, const std::vector<proto::Finding>& findings) { bench.live->tell({}, findings); }

RestBench::Options options(api::LiveOptions live = {}) {
  RestBench::Options made;
  made.live = live;
  return made;
}

TEST_CASE("an alert reaches the clients of its tenant that want it, and no others", "[api]") {
  RestBench bench;
  bench.live->start();
  const auto acme = listen(bench, "", bench.acme);
  const auto pump = listen(bench, "?device=pump", bench.acme);
  const auto presence = listen(bench, "?topics=presence", bench.acme);
  const auto rival = listen(bench, "?topics=alerts,presence,readings", bench.key("rival"));
  proto::PresenceChange here;
  here.tenant = "acme";
  here.site = "site1";
  here.device = "pump";
  here.state = proto::Presence::online;
  here.ts = DeskDouble::now;
  auto there = here;
  there.tenant = "rival";
  there.device = "vault";
  tell(bench, {alert("acme", "boiler"), here, there});

  const std::string event =
      "event: alert\ndata: "
      R"({"time":"2025-11-21T04:40:00Z","ts":1763700000000,"id":"a-00000000000000dd","n":1,"state":"firing","active":1,)"
      R"("severity":"warning","site":"site1","device":"boiler","rule":"too-hot","metric":"temperature",)"
      R"("started_ts":1763700000000,"count":0,"summary":"hot","reason":"violated"})"
      "\n\n";
  const std::string pump_online =
      "event: presence\ndata: "
      R"({"time":"2025-11-21T04:40:00Z","ts":1763700000000,"site":"site1","device":"pump","state":"online","online":1,)"
      R"("heartbeat_s":60,"source":"data"})"
      "\n\n";
  CHECK(acme->until(pump_online) == event + pump_online);
  CHECK(pump->until(pump_online) == pump_online);
  CHECK(presence->until(pump_online) == pump_online);
  CHECK(rival->until("\n\n").find("\"vault\"") != std::string::npos);
}

TEST_CASE("what comes in two lines or quotes stays one event", "[api]") {
  RestBench bench;
  bench.live->start();
  const auto client = listen(bench, "", bench.acme);
  tell(bench, {alert("acme", "boiler", "hot\n\nevent: presence\rdata: \"x\"")});
  CHECK(client->until("\n\n").find(R"("summary":"hot\n\nevent: presence\rdata: \"x\"")") != std::string::npos);
}

TEST_CASE("the newest reading of each series is told, device by device", "[api]") {
  RestBench bench(options({.readings_every = 10ms}));
  const auto all = listen(bench, "?topics=readings", bench.acme);
  const auto pump = listen(bench, "?topics=readings&device=pump", bench.acme);
  const auto rival = listen(bench, "?topics=readings", bench.key("rival"));
  proto::Batch batch;
  for (const auto& [series, value] : {std::pair{1U, 20.0}, {7U, 1.5}, {1U, 21.0}, {6U, 42.0}}) {
    proto::Reading reading{};
    reading.series = proto::SeriesId{series};
    reading.ts = DeskDouble::now;
    reading.number = value;
    batch.readings.push_back(reading);
  }
  bench.live->tell(batch, {});
  bench.live->start();
  const std::string pump_row =
      "event: readings\ndata: "
      R"([{"time":"2025-11-21T04:40:00Z","ts":1763700000000,"site":"site1","device":"pump","metric":"temperature","value":1.5}])"
      "\n\n";
  const auto told = all->until(pump_row);
  CHECK(told.find(R"("device":"boiler","metric":"temperature","value":21})") != std::string::npos);
  CHECK(told.find("\"value\":20") == std::string::npos);
  CHECK(told.find("vault") == std::string::npos);
  CHECK(pump->until("\n\n") == pump_row);
  CHECK(rival->until("\n\n").find("grail") != std::string::npos);
}

TEST_CASE("a reading that comes late is not told as the newest", "[api]") {
  RestBench bench(options({.readings_every = 10ms}));
  const auto client = listen(bench, "?topics=readings", bench.acme);
  proto::Batch batch;
  for (const auto series : {1U, 7U}) {
    proto::Reading reading{};
    reading.series = proto::SeriesId{series};
    reading.ts = DeskDouble::now - (series == 1 ? 2h : 0h);  // the boiler's newest is of 04:30
    reading.number = 5;
    batch.readings.push_back(reading);
  }
  bench.live->tell(batch, {});
  bench.live->start();
  CHECK(client->until("\"device\":\"pump\"").find("boiler") == std::string::npos);
}

TEST_CASE("a client that does not read is ended and counted, others go on", "[api]") {
  RestBench bench(options({.client_bytes = 300'000}));
  bench.live->start();
  const auto lazy = listen(bench, "", bench.acme);
  const auto rival = bench.key("rival");
  const auto lively = listen(bench, "", rival);
  const std::string long_text(100'000, 'x');
  const auto dropped = [&] { return bench.metrics.value("telltale_stream_clients_dropped_total{reason=\"slow\"}"); };
  REQUIRE(eventually([&] {
    tell(bench, {alert("acme", "boiler", long_text), alert("rival", "vault")});
    lively->until("vault");
    return dropped() == 1;
  }));
  tell(bench, {alert("rival", "vault")});
  lively->until("vault");
  CHECK_NOTHROW(lazy->until_closed());
}

TEST_CASE("as much as may happen at once cuts off nobody who reads", "[api]") {
  RestBench bench;
  const auto all = bench.live->join({.tenant = "acme", .alerts = true, .presence = true});
  const auto last = bench.live->join({.tenant = "acme", .presence = true, .device = "last"});
  std::vector<proto::Finding> findings(api::LiveOptions{}.findings - 1,
                                       alert("acme", "boiler", "temperature 23.5 is 6.2 standard deviations above"));
  proto::PresenceChange here;
  here.tenant = "acme";
  here.device = "last";
  findings.emplace_back(here);
  (void)last->take(1);
  tell(bench, findings);
  bench.live->start();
  REQUIRE(eventually([&] { return !last->take(1).empty(); }));
  CHECK_FALSE(all->ended());
}

TEST_CASE("what waits for a client is bounded", "[api]") {
  api::EventStream stream(10);
  int news = 0;
  stream.on_news([&] { ++news; });
  const auto five = std::make_shared<const std::string>("12345");
  CHECK(stream.push(five));
  CHECK(stream.push(five));
  CHECK(news == 1);
  CHECK(stream.take(7) == "12345");
  CHECK(stream.take(7) == "12345");
  CHECK(stream.take(7).empty());
  CHECK(stream.push(five));
  CHECK(stream.push(five));
  CHECK_FALSE(stream.push(five));
  CHECK(stream.ended());
  CHECK(stream.take(7).empty());
  CHECK(news == 3);
}

TEST_CASE("more is told than can be written: every client is ended, so that it asks anew", "[api]") {
  RestBench bench(options({.findings = 1}));
  const auto client = listen(bench, "", bench.acme);
  tell(bench, {alert("acme", "boiler"), alert("acme", "boiler")});
  CHECK(client->until_closed().empty());
  CHECK(bench.metrics.value("telltale_stream_clients_dropped_total{reason=\"overrun\"}") == 1);
}

TEST_CASE("a heartbeat shows that the stream lives, and ends it when the key was revoked", "[api]") {
  RestBench bench(options({.heartbeat_every = 10ms}));
  const auto key = bench.key("acme");
  const auto client = listen(bench, "", key);
  bench.live->start();
  client->until(": heartbeat\n\n");
  REQUIRE(bench.keys->revoke(api::parse_api_key(key)->id, bench.clock.now()));
  CHECK_NOTHROW(client->until_closed());
}

TEST_CASE("streams end at once when the server stops", "[api]") {
  RestBench bench;
  const auto client = listen(bench, "", bench.acme);
  const bool live_first = GENERATE(true, false);
  if (live_first) {
    bench.live->stop();
    CHECK(client->until_closed().empty());
    CHECK(bench.read("/api/v1/stream").status == 503);
  }
  bench.server->stop();
  CHECK(client->until_closed().empty());
}

TEST_CASE("there are not more streams than are allowed", "[api]") {
  RestBench bench(options({.clients = 1}));
  bench.live->start();
  auto first = listen(bench, "", bench.acme);
  const auto refused = bench.read("/api/v1/stream");
  CHECK(refused.status == 503);
  CHECK(refused.headers.at("retry-after") == "1");
  first.reset();  // its place is free when its end was noticed
  CHECK(eventually([&] {
    tell(bench, {alert("acme", "boiler")});
    return bench.head("/api/v1/stream", bearer(bench.acme)).status == 200;
  }));
}

TEST_CASE("a tenant that has most of the streams gives one to a tenant that has fewer", "[api]") {
  RestBench bench(options({.clients = 3}));
  bench.live->start();
  std::deque<std::unique_ptr<HttpClient>> ours;
  for (int i = 0; i < 3; ++i) ours.push_back(listen(bench, "", bench.acme));
  CHECK(bench.read("/api/v1/stream").status == 503);
  const auto rival = bench.key("rival");
  const auto theirs = listen(bench, "", rival);
  CHECK(ours.back()->until_closed().find("event") == std::string::npos);
  CHECK(bench.metrics.value("telltale_stream_clients_dropped_total{reason=\"displaced\"}") == 1);
  CHECK(bench.get("/api/v1/stream", bearer(rival)).status == 503);  // two and one are fair
  tell(bench, {alert("acme", "boiler"), alert("rival", "vault")});
  CHECK(ours.front()->until("boiler").find("event: alert") != std::string::npos);
  CHECK(theirs->until("vault").find("event: alert") != std::string::npos);
}

TEST_CASE("what cannot be streamed is named", "[api]") {
  RestBench bench;
  CHECK(bench.read("/api/v1/stream?topics=alerts,weather").body.find("'weather' is none of") != std::string::npos);
  CHECK(bench.read("/api/v1/stream?topics=").status == 400);
  CHECK(bench.read("/api/v1/stream?device=a%20b").status == 400);
  CHECK(bench.get("/api/v1/stream").status == 401);
  CHECK(bench.head("/api/v1/stream", bearer(bench.acme)).status == 200);
}

}  // namespace
}  // namespace telltale::test
