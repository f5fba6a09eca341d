#include <catch2/catch.hpp>

#include "tests/api/rest_bench.hpp"

namespace telltale::test {
namespace {

const std::string boiler = "site=site1&device=boiler&metric=temperature";

void append(RestBench& bench, Timestamp ts, double value, proto::SeriesId series = proto::SeriesId{1}) {
  auto batch = std::make_shared<proto::Batch>();
  batch->log_time = bench.clock.now();
  proto::Reading reading{};
  reading.ts = ts;
  reading.series = series;
  reading.number = value;
  batch->readings.push_back(reading);
  REQUIRE(bench.store->append(batch));
}

TEST_CASE("a question that is asked again is answered from the cache until its readings change", "[api]") {
  RestBench bench;
  const auto path =
      GENERATE_COPY(as<std::string>(), "/api/v1/query?" + boiler + "&from=2025-11-20&to=2025-11-22",
                    "/api/v1/query?" + boiler + "&from=2025-11-20&to=2025-11-22&step=1h&agg=max",
                    "/api/v1/query?shape=wide&" + boiler + "&from=2025-11-20&to=2025-11-22&points=5",
                    "/api/v1/latest?" + boiler, "/api/v1/statistics?" + boiler + "&from=2025-11-20&to=2025-11-22",
                    "/api/v1/devices/site1/boiler/temperature/hours?from=2025-11-20&to=2025-11-22",
                    "/api/v1/devices/site1/boiler/temperature/anomalies?from=2025-11-20&to=2025-11-22&z=2");
  CAPTURE(path);
  const auto first = bench.read(path);
  REQUIRE(first.status == 200);
  CHECK(bench.answers_asked("miss") == 1);
  CHECK(bench.answers_asked("hit") == 0);
  CHECK(bench.read(path).body == first.body);
  CHECK(bench.answers_asked("hit") == 1);

  const auto small = bench.read(path, "Accept-Encoding: gzip\r\n");
  CHECK(bench.answers_asked("miss") == 2);  // kept as it is sent
  CHECK(small.headers.at("etag") == first.headers.at("etag"));

  append(bench, bench.clock.now() - Millis{60'000}, 1000);
  const auto fresh = bench.read(path);
  CHECK(bench.answers_asked("miss") == 3);
  CHECK(fresh.body != first.body);
  CHECK(fresh.body.find("1000") != std::string::npos);
  CHECK(fresh.headers.at("etag") != first.headers.at("etag"));
}

TEST_CASE("a client that has the answer is told so without its being made", "[api]") {
  RestBench bench;
  const auto path = "/api/v1/query?" + boiler + "&from=2025-11-20&to=2025-11-22";
  const auto etag = bench.read(path).headers.at("etag");
  const auto known = bench.read(path, "If-None-Match: " + etag + "\r\n");
  CHECK(known.status == 304);
  CHECK(known.headers.at("etag") == etag);
  CHECK(known.body.empty());
  CHECK(bench.answers_asked("miss") == 1);
  CHECK(bench.answers_asked("hit") == 1);
  CHECK(bench.read(path, "If-None-Match: W/\"another\"\r\n").status == 200);
  append(bench, bench.clock.now() - Millis{60'000}, 1000);
  CHECK(bench.read(path, "If-None-Match: " + etag + "\r\n").status == 200);
}

TEST_CASE("only who gets is told that nothing has changed", "[api]") {
  RestBench bench;
  const auto post = [&] {
    return bench.send("POST", "/prom/api/v1/query_range", "query=temperature&start=1763690000&end=1763700000&step=600",
                      bearer(bench.acme) + "Content-Type: application/x-www-form-urlencoded\r\nIf-None-Match: *\r\n");
  };
  const auto first = post();
  CHECK(first.status == 200);
  CHECK(first.body.find("boiler") != std::string::npos);
  CHECK(post().body == first.body);
  CHECK(bench.answers_asked("hit") == 1);
}

TEST_CASE("what ends now is known for a second, or a step of a minute at most", "[api]") {
  RestBench bench;
  const auto [question, grain] =
      GENERATE(table<std::string, int>({{"query?" + boiler, 1000},
                                        {"query?" + boiler + "&from=now-1h", 1000},
                                        {"query?" + boiler + "&from=2025-11-20&to=now", 1000},
                                        {"statistics?" + boiler + "&from=2025-11-20", 1000},
                                        {"query?" + boiler + "&step=10s", 10'000},
                                        {"query?" + boiler + "&step=1h", 60'000}}));
  CAPTURE(question);
  const auto path = "/api/v1/" + question;
  bench.clock.advance(Millis{60'000} - bench.clock.now().time_since_epoch() % Millis{60'000});
  CHECK(bench.read(path).status == 200);
  bench.clock.advance(Millis{grain - 1});
  CHECK(bench.read(path).status == 200);
  CHECK(bench.answers_asked("hit") == 1);
  bench.clock.advance(Millis{1});
  CHECK(bench.read(path).status == 200);
  CHECK(bench.answers_asked("hit") == 1);
  CHECK(bench.answers_asked("miss") == 2);
}

TEST_CASE("of a question that ends now one answer is kept", "[api]") {
  RestBench bench;
  const auto kept = [&] {
    return bench.metrics.gauge("telltale_query_cache_bytes", "", {{"cache", "answers"}}).value();
  };
  const auto path = "/api/v1/query?" + boiler + "&from=2025-11-20&to=now";
  CHECK(bench.read(path).status == 200);
  const auto one = kept();
  CHECK(one > 0);
  bench.clock.advance(Millis{1000});
  CHECK(bench.read(path).status == 200);
  CHECK(bench.answers_asked("miss") == 2);
  CHECK(kept() == one);
}

TEST_CASE("a reading of just now is in what ends now", "[api]") {
  RestBench bench;
  const auto path = "/api/v1/query?" + boiler + "&from=now-1m";
  CHECK(bench.read(path).body.find("1234.5") == std::string::npos);
  append(bench, bench.clock.now(), 1234.5);
  CHECK(bench.read(path).body.find("1234.5") != std::string::npos);
}

TEST_CASE("readings of other series leave an answer as it is", "[api]") {
  RestBench bench;
  const auto path = "/api/v1/latest?" + boiler;
  CHECK(bench.read(path).status == 200);
  append(bench, bench.clock.now(), 7, proto::SeriesId{2});
  CHECK(bench.read(path).status == 200);
  CHECK(bench.answers_asked("hit") == 1);
}

TEST_CASE("what was refused is not kept", "[api]") {
  RestBench::Options options;
  options.limits.rows = 7;
  RestBench bench(options);
  const auto too_many = "/api/v1/query?" + boiler + "&from=2025-11-20&to=2025-11-22";
  CHECK(bench.read(too_many).status == 422);
  CHECK(bench.read(too_many).status == 422);
  CHECK(bench.answers_asked("miss") == 2);
  CHECK(bench.answers_asked("hit") == 0);
}

TEST_CASE("no tenant is given another's answer", "[api]") {
  RestBench bench;
  const std::string path = "/api/v1/latest";
  const auto ours = bench.read(path).body;
  const auto theirs = bench.get(path, bearer(bench.key("rival"))).body;
  CHECK(ours.find("boiler") != std::string::npos);
  CHECK(theirs.find("boiler") == std::string::npos);
  CHECK(theirs.find("grail") != std::string::npos);
  CHECK(bench.answers_asked("hit") == 0);
}

TEST_CASE("a removed device is in no answer from the moment of its removal", "[api]") {
  RestBench bench;
  const std::string path = "/api/v1/query?metric=temperature&from=2025-11-20&to=2025-11-22&step=1h";
  CHECK(bench.read(path).body.find("pump") != std::string::npos);
  auto batch = std::make_shared<proto::Batch>();
  batch->log_time = bench.clock.now();
  batch->add(proto::DevicesRemoved{"acme", "site1", "pump", "ana", "", {proto::DeviceKey{4}}, {proto::SeriesId{7}}});
  REQUIRE(bench.store->append(batch));
  CHECK(bench.read(path).body.find("pump") == std::string::npos);
}

TEST_CASE("a service that stops ends its questions", "[api]") {
  RestBench bench;
  const auto path = "/api/v1/query?" + boiler + "&from=2025-11-20&to=2025-11-22";
  CHECK(bench.read(path).status == 200);
  bench.archive->stop();
  const auto answer = bench.read("/api/v1/query?" + boiler + "&from=2025-11-19&to=2025-11-22");
  CHECK(answer.status == 503);
  CHECK(answer.headers.count("retry-after") == 1);
  CHECK(bench.order("POST", "/api/v1/devices/site1/boiler/commands/on", "{}").status == 503);
  CHECK(bench.messenger.sent().empty());
}

}  // namespace
}  // namespace telltale::test
