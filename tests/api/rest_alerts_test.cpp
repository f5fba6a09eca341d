#include <catch2/catch.hpp>

#include "tests/api/rest_bench.hpp"

namespace telltale::test {
namespace {

const std::string alerts = "/api/v1/alerts";
const std::string hot = alerts + "/" + DeskDouble::hot;
const std::string old = alerts + "/" + DeskDouble::old;

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST_CASE("alerts are listed in their newest state, active ones unless asked otherwise", "[api]") {
  RestBench bench;
  const auto [query, has_hot, has_old] = GENERATE(table<std::string, bool, bool>({
      {"", true, false},
      {"?state=active", true, false},
      {"?state=all", true, true},
      {"?state=acknowledged", true, false},
      {"?state=firing", false, false},  // was, and is not any more
      {"?state=resolved", false, true},
      {"?state=removed", false, false},
      {"?state=all&severity=critical", true, true},
      {"?state=all&severity=info", false, false},
      {"?state=all&device=pump", false, true},
      {"?site=-", false, false},
      {"?state=all&rule=too-hot&from=now-1h", true, false},
      {"?state=all&to=now-1h", false, true},
  }));
  CAPTURE(query);
  const auto answer = bench.read(alerts + query);
  CHECK(answer.status == 200);
  CHECK(contains(answer.body, DeskDouble::hot) == has_hot);
  CHECK(contains(answer.body, DeskDouble::old) == has_old);
  CHECK_FALSE(contains(answer.body, DeskDouble::far));
}

TEST_CASE("an alert has the keys of contracts 5 and says why it is what it is", "[api]") {
  RestBench bench;
  CHECK(bench.read(alerts).body ==
        R"({"items":[{"time":"2025-11-21T04:31:00Z","ts":1763699460000,"id":"a-00000000000000aa","n":2,)"
        R"("state":"acknowledged","active":1,"severity":"critical","site":"site1","device":"boiler","rule":"too-hot",)"
        R"("metric":"temperature","value":86.5,"threshold":80,"started_ts":1763699400000,"count":1,)"
        R"("summary":"temperature 86.5 > 80 on boiler","reason":"ordered","by":"ana","comment":"on it"}]})");
  CHECK(bench.read(alerts + "?state=resolved&shape=rows&as=annotations").body ==
        R"([{"time":1763694000000,"timeEnd":1763694600000,"title":"too-hot","text":"temperature 86.5 > 80 on pump",)"
        R"("tags":"critical,pump"}])");
  CHECK(bench.read(alerts + "?shape=rows").body.starts_with(R"([{"time":"2025-11-21T04:31:00Z")"));
}

TEST_CASE("one alert comes with all that happened to it, and why", "[api]") {
  RestBench bench;
  const auto body = bench.read(hot).body;
  const auto history = body.find("\"history\":[");
  REQUIRE(history != std::string::npos);
  const auto violated = body.find(R"("reason":"violated")");
  CHECK(violated > history);
  CHECK(body.find(R"("reason":"ordered")", history) > violated);
  CHECK(bench.read(alerts + "/a-0000000000000000").status == 404);
}

TEST_CASE("pages of alerts follow one another without gap or repetition", "[api]") {
  RestBench bench;
  for (const auto& list : {alerts + "?state=all", alerts + "/history?device=boiler"}) {
    CAPTURE(list);
    const auto first = bench.read(list + "&limit=1").body;
    const auto at = first.find(R"("next":")");
    REQUIRE(at != std::string::npos);
    const auto cursor = first.substr(at + 8, first.find('"', at + 8) - at - 8);
    const auto second = bench.read(list + "&limit=1&cursor=" + cursor).body;
    CHECK_FALSE(contains(second, "next"));
    CHECK(second != first);
    CHECK(contains(second, DeskDouble::old) == (list == alerts + "?state=all"));
    CHECK(bench.read(alerts + "?cursor=" + cursor).status == 400);  // of another question
  }
}

TEST_CASE("an alert is acknowledged and silenced by the key's name or whoever says so", "[api]") {
  RestBench bench;
  const auto answer = bench.order("POST", hot + "/ack");
  CHECK(answer.status == 204);
  CHECK(answer.body.empty());
  CHECK(contains(bench.read(alerts).body, R"("by":"test")"));
  CHECK(bench.order("POST", hot + "/silence", R"({"by":"bo","comment":"drill","until":"now+15m"})").status == 204);
  CHECK(contains(bench.read(alerts).body, R"("state":"silenced")"));
  CHECK(contains(bench.read(alerts).body, R"("by":"bo","comment":"drill")"));
}

TEST_CASE("an order that cannot be followed says why", "[api]") {
  RestBench bench;
  const auto [path, body, status, part] = GENERATE(table<std::string, std::string, int, std::string>({
      {old + "/ack", "", 409, "already resolved"},
      {alerts + "/a-0000000000000000/ack", "", 404, "no such alert"},
      {alerts + "/%27%20or%201/ack", "", 404, "no such alert"},
      {hot + "/ack", "{", 400, "byte 1"},
      {hot + "/ack", "[]", 400, "a JSON object is needed"},
      {hot + "/ack", R"({"by":7,"unil":"x"})", 422, R"({"pointer":"/by","detail":"must be a text"})"},
      {hot + "/ack", R"({"until":"now+1h"})", 422, R"("pointer":"/until","detail":"is not known: use by comment")"},
      {hot + "/ack", R"({"by":"a","by":"b"})", 422, "is given twice"},
      {hot + "/silence", R"({"until":"tomorrow"})", 422, R"("pointer":"/until")"},
      {hot + "/ack?by=me", "", 400, R"("parameter":"by")"},
      {hot + "/unknown", "", 404, "nothing is served"},
  }));
  CAPTURE(path, body);
  const auto answer = bench.order("POST", path, body);
  CHECK(answer.status == status);
  CHECK(contains(answer.body, part));
  CHECK(bench.desk.orders() == 0);
}

TEST_CASE("a desk that does not answer in time is said to be unavailable", "[api]") {
  RestBench bench;
  bench.desk.refuse(proto::OrderRefusal::unavailable);
  const auto answer = bench.order("POST", hot + "/ack");
  CHECK(answer.status == 503);
  CHECK(answer.headers.at("retry-after") == "1");
}

TEST_CASE("a body must be called JSON", "[api]") {
  RestBench bench;
  const auto type = GENERATE(as<std::string>{}, "text/plain", "application/x-www-form-urlencoded", "application/jsonx");
  CHECK(bench.send("POST", hot + "/ack", "{}", bearer(bench.hand) + "Content-Type: " + type + "\r\n").status == 415);
  const auto good = bearer(bench.hand) + "Content-Type: Application/JSON; charset=utf-8\r\n";
  CHECK(bench.send("POST", hot + "/ack", "{}", good).status == 204);
}

TEST_CASE("silences are listed, made and ended", "[api]") {
  RestBench bench;
  const std::string silences = "/api/v1/silences";
  CHECK(
      bench.read(silences).body ==
      R"({"items":[{"kind":"silence","name":"works","state":"active","site":"*","device":"pump-*","metric":"*",)"
      R"("rule":"*","severity":"*","from_ts":1763699940000,"until_ts":1763703600000,"by":"ana","comment":"new seals"},)"
      R"({"kind":"maintenance","name":"patching","state":"active","site":"*","device":"press-*","metric":"*","rule":"*",)"
      R"("severity":"*","from_ts":1763699940000,"until_ts":1763703600000,"by":"ana","comment":"new seals"}]})");
  const auto made = bench.order("POST", silences, R"({"name":"drill","site":"site1","until":"now+1h"})");
  CHECK(made.status == 201);
  CHECK(made.headers.at("location") == "/api/v1/silences/drill");
  CHECK(made.body == R"({"name":"drill","state":"active"})");
  CHECK(contains(bench.read(silences).body, R"("name":"drill")"));
  CHECK(bench.order("DELETE", silences + "/drill").status == 204);
  CHECK_FALSE(contains(bench.read(silences).body, R"("name":"drill")"));
  CHECK(bench.order("DELETE", silences + "/drill").status == 404);
  CHECK(bench.order("DELETE", silences + "/patching").status == 404);  // the file's, not ours
  const auto unnamed = bench.order("POST", silences, R"({"rule":"too-hot","until":1763703600})");
  CHECK(unnamed.status == 201);
  CHECK(contains(bench.read(silences).body, unnamed.headers.at("location").substr(silences.size() + 1)));
}

TEST_CASE("a silence that would not be what was meant is refused", "[api]") {
  RestBench bench;
  const auto [body, part] = GENERATE(table<std::string, std::string>({
      {R"({"until":"now+1h"})", "name site, device"},
      {R"({"site":"*"})", R"({"pointer":"/until","detail":"is needed)"},
      {R"({"site":"*","until":"now-1h"})", "has passed"},
      {R"({"site":"*","from":"now+2h","until":"now+1h"})", "is not before until"},
      {R"({"device":"","until":"now+1h"})", "nothing matches that"},
      {R"({"devise":"pump","until":"now+1h"})", R"({"pointer":"/devise","detail":"is not known)"},
      {R"({"site":"*","name":"a b","until":"now+1h"})", R"("pointer":"/name")"},
  }));
  CAPTURE(body);
  const auto answer = bench.order("POST", "/api/v1/silences", body);
  CHECK(answer.status == 422);
  CHECK(contains(answer.body, part));
  CHECK(bench.desk.orders() == 0);
}

}  // namespace
}  // namespace telltale::test
