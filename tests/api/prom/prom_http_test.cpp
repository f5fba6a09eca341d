#include <catch2/catch.hpp>

#include "api/prom/prom_routes.hpp"
#include "tests/api/rest_bench.hpp"

namespace telltale::test {
namespace {

const std::string base = "/prom/api/v1";

std::string ok(const std::string& data) { return R"({"status":"success","data":)" + data + "}"; }

/// The bench's store, asked as Prometheus is.
class PromBench : public RestBench {
 public:
  explicit PromBench(const api::RestLimits& limits = {})
      : prom_({.port = 0}, api::prom::prom_routes(*gate, *archive, clock, limits, &answers), clock, log, metrics) {
    prom_.start();
  }
  ~PromBench() { prom_.stop(); }

  [[nodiscard]] std::uint16_t prom_port() const { return prom_.port(); }
  HttpAnswer ask(std::string_view path, std::string_view headers) {
    return HttpClient(prom_port()).get(base + std::string(path), headers).value();
  }
  HttpAnswer ask(std::string_view path) { return ask(path, bearer(acme)); }

 private:
  api::HttpServer prom_;
};

HttpAnswer post(PromBench& bench, const std::string& path, const std::string& form, const std::string& key) {
  HttpClient client(bench.prom_port());
  client.send("POST " + base + path + " HTTP/1.1\r\nHost: localhost\r\n" + bearer(key) +
              "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: " + std::to_string(form.size()) +
              "\r\n\r\n" + form);
  return client.receive().value();
}

const std::string pump = R"("device":"pump","site":"site1"})";

TEST_CASE("a range query that is asked again comes from the cache until its readings or names change", "[api]") {
  PromBench bench;
  const auto path = "/query_range?query=sum(temperature)&start=1763699900&end=1763699990&step=30";
  const auto first = bench.ask(path);
  CHECK(bench.ask(path).body == first.body);
  CHECK(bench.answers_asked("hit") == 1);
  CHECK(bench.ask(path, bearer(bench.key("rival"))).body != first.body);
  const auto add = [&](proto::Batch& batch, std::uint32_t series, double value) {
    proto::Reading reading{};
    reading.ts = bench.clock.now() - Millis{60'000};
    reading.series = proto::SeriesId{series};
    reading.number = value;
    batch.readings.push_back(reading);
  };
  auto batch = std::make_shared<proto::Batch>();
  batch->log_time = bench.clock.now();
  add(*batch, 7, 70);
  REQUIRE(bench.store->append(batch));
  const auto changed = bench.ask(path);
  CHECK(changed.body != first.body);
  auto names = std::make_shared<proto::Batch>();
  names->log_time = bench.clock.now();
  names->add(proto::NewSeries{proto::SeriesId{20}, proto::DeviceKey{4}, "pressure", ""});
  REQUIRE(bench.store->append(names));
  CHECK(bench.ask(path).body == changed.body);
  CHECK(bench.answers_asked("hit") == 1);
}

TEST_CASE("a Prometheus client gets what it asks for", "[api]") {
  PromBench bench;
  const auto [path, data] = GENERATE(table<std::string, std::string>({
      {"/query?query=1%2B1", R"({"resultType":"scalar","result":[1763700000,"2"]})"},
      {"/query?query=temperature%7Bdevice=%22pump%22%7D&time=1763699999.5",
       R"({"resultType":"vector","result":[{"metric":{"__name__":"temperature",)" + pump +
           R"(,"value":[1763699999.500,"7.5"]}]})"},
      {"/query?query=temperature%7Bdevice=%22pump%22%7D[5m]&time=2025-11-21T04:40:00Z",
       R"({"resultType":"matrix","result":[{"metric":{"__name__":"temperature",)" + pump +
           R"(,"values":[[1763699940,"7.5"]]}]})"},
      {"/query?query=temperature%7Bdevice=%22pump%22%7D&time=2025-11-21T05:40:00%2B01:00",
       R"({"resultType":"vector","result":[{"metric":{"__name__":"temperature",)" + pump +
           R"(,"value":[1763700000,"7.5"]}]})"},
      {"/query?query=word", R"({"resultType":"vector","result":[]})"},
      {"/query?query=big",
       R"({"resultType":"vector","result":[{"metric":{"__name__":"big","device":"boiler","site":"site1"},)"
       R"("value":[1763700000,"9007199254740992"]}]})"},
      {"/query?query=sum(on)&timeout=5s&stats=all",
       R"({"resultType":"vector","result":[{"metric":{},"value":[1763700000,"1"]}]})"},
      {"/query_range?query=temperature%7Bdevice=%22pump%22%7D+*+2&start=1763699920&end=1763699980&step=30",
       R"({"resultType":"matrix","result":[{"metric":{)" + pump +
           R"(,"values":[[1763699950,"15"],[1763699980,"15"]]}]})"},
      {"/query_range?query=1&start=1763699999&end=1763700000&step=500ms",
       R"({"resultType":"matrix","result":[{"metric":{},"values":[[1763699999,"1"],[1763699999.500,"1"],[1763700000,"1"]]}]})"},
      {"/labels", R"(["__name__","device","site","unit"])"},
      {"/labels?match[]=word&start=1&end=2", R"(["__name__","device","site"])"},
      {"/label/device/values", R"(["boiler","pump"])"},
      {"/label/__name__/values?match[]=%7Bdevice=~%22boi.*%22,site=%22site1%22%7D",
       R"(["big","on","temperature","word"])"},
      {"/label/nothing/values", "[]"},
      {"/series?match[]=on&match[]=%7Bdevice=%22pump%22%7D",
       R"([{"__name__":"on","device":"boiler","site":"site1"},{"__name__":"temperature",)" + pump + "]"},
      {"/metadata?metric=temperature",
       R"({"temperature":[{"type":"unknown","help":"","unit":""},{"type":"unknown","help":"","unit":"Cel"}]})"},
      {"/metadata?limit=1", R"({"big":[{"type":"unknown","help":"","unit":""}]})"},
      {"/metadata?metric=nothing", "{}"},
  }));
  CAPTURE(path);
  const auto answer = bench.ask(path);
  CHECK(answer.status == 200);
  CHECK(answer.body == ok(data));
  CHECK(answer.headers.at("content-type") == "application/json");
}

TEST_CASE("a form may be posted", "[api]") {
  PromBench bench;
  CHECK(post(bench, "/query", "query=1+%2B+1&time=5", bench.acme).body ==
        ok(R"({"resultType":"scalar","result":[5,"2"]})"));
  CHECK(post(bench, "/query?query=3", "query=2&time=5", bench.acme).body ==
        ok(R"({"resultType":"scalar","result":[5,"2"]})"));
  CHECK(post(bench, "/query_range", "query=on&start=1763700000&end=1763700000&step=1", bench.acme)
            .body.find(R"("values":[[1763700000,"1"]])") != std::string::npos);
  CHECK(post(bench, "/series", "match%5B%5D=on", bench.acme).body.find("boiler") != std::string::npos);
  CHECK(post(bench, "/labels", "", bench.acme).status == 200);
  CHECK(post(bench, "/metadata", "", bench.acme).status == 405);
}

TEST_CASE("what cannot be answered is said in Prometheus' shape", "[api]") {
  PromBench bench;
  const auto [path, error] = GENERATE(table<std::string, std::string>({
      {"/query", "invalid parameter \\\"query\\\": unknown position: parse error: no expression found in input"},
      {"/query?query=time()", "unsupported function \\\"time\\\""},
      {"/query?query=%zz", "malformed percent-encoding"},
      {"/query?query=1&time=yesterday",
       "invalid parameter \\\"time\\\": cannot parse \\\"yesterday\\\" to a valid timestamp"},
      {"/query?query=1&time=1e300", "cannot parse \\\"1e300\\\" to a valid timestamp"},
      {"/query?query=1&time=nan", "cannot parse \\\"nan\\\" to a valid timestamp"},
      {"/query?query=%7B%7D", "vector selector must contain at least one non-empty matcher"},
      {"/query_range?query=1&end=1&step=1", "invalid parameter \\\"start\\\""},
      {"/query_range?query=1&start=1&step=1", "invalid parameter \\\"end\\\""},
      {"/query_range?query=1&start=1&end=2", "invalid parameter \\\"step\\\""},
      {"/query_range?query=1&start=2&end=1&step=1", "end timestamp must not be before start time"},
      {"/query_range?query=1&start=1&end=2&step=0", "zero or negative query resolution step widths are not accepted"},
      {"/query_range?query=1&start=1&end=2&step=-1", "zero or negative query resolution step widths are not accepted"},
      {"/query_range?query=1&start=1&end=2&step=1x", "cannot parse \\\"1x\\\" to a valid duration"},
      {"/query_range?query=1&start=0&end=11001&step=1", "exceeded maximum resolution of 11,000 points per timeseries"},
      {"/query_range?query=on[5m]&start=1&end=2&step=1",
       "invalid expression type \\\"range vector\\\" for range query"},
      {"/label/a-b/values", "invalid label name: \\\"a-b\\\""},
      {"/labels?match[]=1", "is no series selector"},
      {"/labels?start=x", "invalid parameter \\\"start\\\""},
      {"/series", "no match[] parameter provided"},
      {"/metadata?limit=x", "limit must be a number"},
  }));
  CAPTURE(path);
  const auto answer = bench.ask(path);
  CHECK(answer.status == 400);
  CHECK(answer.headers.at("content-type") == "application/json");
  CHECK(answer.body.starts_with(R"({"status":"error","errorType":"bad_data","error":")"));
  CHECK(answer.body.find(error) != std::string::npos);
}

TEST_CASE("a query that reads too much is 422", "[api]") {
  PromBench bench({.readings = 10});
  const auto query =
      GENERATE(as<std::string>(), "max_over_time(temperature[90d])", "count_over_time(temperature[23h])");
  CAPTURE(query);
  const auto answer = bench.ask("/query?query=" + query);
  CHECK(answer.status == 422);
  CHECK(answer.body.find(R"("errorType":"execution","error":"the query reads more than 10 readings)") !=
        std::string::npos);
}

TEST_CASE("a key sees its tenant's series only, and without one there is nothing", "[api]") {
  PromBench bench;
  const auto rival = bench.key("rival");
  const auto path = GENERATE(as<std::string>(), "/query?query=%7Bdevice=~%22.%2b%22%7D", "/labels", "/metadata",
                             "/query?query=%7Bdevice=~%22.%2b%22%7D[10d]", "/label/device/values", "/label/site/values",
                             "/label/__name__/values", "/series?match[]=%7Bdevice=~%22.%2b%22%7D", "/status/buildinfo",
                             "/query_range?query=%7Bdevice=~%22.%2b%22%7D&start=1763690000&end=1763700000&step=60");
  CAPTURE(path);
  const auto own = bench.ask(path, bearer(rival));
  CHECK(own.status == 200);
  CHECK(own.body.find("boiler") == std::string::npos);
  CHECK(own.body.find("temperature") == std::string::npos);
  CHECK(own.body.find("site1") == std::string::npos);
  const auto other = bench.ask(path);
  CHECK(other.body.find("grail") == std::string::npos);
  CHECK(other.body.find("vault") == std::string::npos);
  CHECK(bench.ask(path, "").status == 401);
  CHECK(bench.ask(path, bearer(bench.key("acme", {.write = true}))).status == 403);
}

TEST_CASE("the version is that of the Prometheus whose subset it is", "[api]") {
  PromBench bench;
  CHECK(bench.ask("/status/buildinfo").body.find(R"("version":"2.42.0")") != std::string::npos);
}

}  // namespace
}  // namespace telltale::test
