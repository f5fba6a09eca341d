#include <zlib.h>

#include <catch2/catch.hpp>

#include "api/answer_encoding.hpp"
#include "api/api_key.hpp"
#include "api/cursor.hpp"
#include "api/once.hpp"
#include "api/query_text.hpp"
#include "api/rate_limit.hpp"
#include "api/remembered_answers.hpp"
#include "proto/topic.hpp"

namespace telltale::api {
namespace {

Request request_with(std::string query) {
  Request request;
  request.query = std::move(query);
  return request;
}

TEST_CASE("a query string is read with its types", "[api]") {
  const auto now = from_ms(1'763'700'000'000);
  QueryText q(request_with("site=site1&from=now-15m&to=2025-11-21T05:40:00+01:00&step=1m&points=500&z=2.5&agg=%6dax&"),
              {"site", "from", "to", "step", "points", "z", "agg", "absent"});
  CHECK(q.name("site", &proto::valid_site, "") == "site1");
  CHECK(q.name("absent", &proto::valid_site, "").empty());
  CHECK(q.time("from", now, now) == now - Millis{900'000});
  CHECK(q.time("to", now, from_ms(0)) == now);
  CHECK(q.time("absent", now, from_ms(7)) == from_ms(7));
  CHECK(q.duration("step") == Millis{60'000});
  CHECK(q.count("points", 2, 1000) == 500U);
  CHECK(q.number("z", 1, 100) == 2.5);
  CHECK(q.text("agg") == "max");
  CHECK_FALSE(q.problem());
}

TEST_CASE("everything that is wrong in a query string is said, by parameter", "[api]") {
  auto [query, parameter, part] = GENERATE(table<std::string, std::string, std::string>({
      {"limt=5", "limt", "is not known: use"},
      {"=5", "", "is not known"},
      {"limit=5&limit=6", "limit", "is given twice"},
      {"limit=0", "limit", "must be a whole number from 1 to 100"},
      {"limit=101", "limit", "from 1 to 100"},
      {"limit=", "limit", "from 1 to 100"},
      {"limit", "limit", "from 1 to 100"},
      {"limit=-1", "limit", "from 1 to 100"},
      {"limit=1e1", "limit", "from 1 to 100"},
      {"limit=99999999999999999999", "limit", "from 1 to 100"},
      {"site=%zz", "site", "malformed percent-encoding"},
      {"site=%00", "site", "malformed percent-encoding"},
      {"site=a%2fb", "site", "is no name"},
      {"site=..%2F..%2Fetc", "site", "is no name"},
      {"site=a%0d%0aX-Bad:%201", "site", "is no name"},
      {"site=" + std::string(300, 'x'), "site", "is longer than 256 bytes"},
      {"from=yesterday", "from", "is no time"},
      {"from=now-", "from", "expected \"now\""},
      {"from=now-9223372036854775807ms", "from", "is too far"},
      {"step=0s", "step", "must be more than 0"},
      {"step=5", "step", "needs a unit"},
      {"step=-5s", "step", "expected a duration"},
      {"z=nan", "z", "must be a number from 1 to 100"},
      {"z=0.5", "z", "must be a number from 1 to 100"},
  }));
  CAPTURE(query);
  QueryText q(request_with(query), {"limit", "site", "from", "step", "z"});
  (void)q.count("limit", 1, 100);
  (void)q.name("site", &proto::valid_site, proto::site_syntax);
  (void)q.time("from", from_ms(0), from_ms(0));
  (void)q.duration("step");
  (void)q.number("z", 1, 100);
  const auto problem = q.problem();
  REQUIRE(problem);
  CHECK(problem->status == 400);
  CHECK(problem->type == "validation");
  REQUIRE(problem->errors.size() == 1);
  CHECK(problem->errors[0].parameter == parameter);
  CHECK(problem->errors[0].detail.find(part) != std::string::npos);
}

TEST_CASE("an API key survives as text, and nothing else is one", "[api]") {
  const auto key = make_api_key();
  const auto text = to_text(key);
  CHECK(text.size() == 3 + 12 + 1 + 64);
  const auto parsed = parse_api_key(text);
  REQUIRE(parsed);
  CHECK(parsed->id == key.id);
  CHECK(parsed->secret == key.secret);
  CHECK(to_text(make_api_key()) != text);
  CHECK_FALSE(parse_api_key(""));
  CHECK_FALSE(parse_api_key(text + "0"));
  CHECK_FALSE(parse_api_key(text.substr(1)));
  CHECK_FALSE(parse_api_key("tt_" + std::string(77, '_')));
  CHECK_FALSE(parse_api_key("tt_" + std::string(12, 'G') + "_" + std::string(64, '0')));
  CHECK(hex_text(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");  // FIPS 180-4
}

TEST_CASE("a bucket lets twice the rate through at once, then the rate", "[api]") {
  RateLimit limit(2);
  RateLimit::Time now{};
  for (int i = 0; i < 4; ++i) CHECK_FALSE(limit.wait("a", now));
  CHECK(limit.wait("a", now) == std::chrono::seconds{1});
  CHECK_FALSE(limit.wait("b", now));
  now += Millis{500};
  CHECK_FALSE(limit.wait("a", now));
  CHECK(limit.wait("a", now));
  RateLimit none(0);
  for (int i = 0; i < 100; ++i) CHECK_FALSE(none.wait("a", now));
  RateLimit slow(0.1);
  CHECK_FALSE(slow.wait("a", now));
  CHECK(slow.wait("a", now) == std::chrono::seconds{10});
}

TEST_CASE("a cursor is good for its own question and untouched", "[api]") {
  const auto cursor = make_cursor("devices a", "site1\npump");
  CHECK(read_cursor("devices a", cursor) == "site1\npump");
  CHECK_FALSE(read_cursor("devices b", cursor));
  for (std::size_t i = 0; i < cursor.size(); ++i) {
    auto changed = cursor;
    changed[i] = changed[i] == '0' ? '1' : '0';
    CHECK_FALSE(read_cursor("devices a", changed));
  }
  CHECK_FALSE(read_cursor("devices a", ""));
  CHECK_FALSE(read_cursor("devices a", cursor.substr(1)));
  CHECK_FALSE(read_cursor("devices a", "zz"));
}

TEST_CASE("gzip is used when the client says so", "[api]") {
  auto [header, yes] = GENERATE(table<std::string, bool>({{"", false},
                                                          {"gzip", true},
                                                          {"br, GZIP;q=0.5", true},
                                                          {"gzip;q=0", false},
                                                          {"gzip; q=0.000", false},
                                                          {"*", true},
                                                          {"*;q=0", false},
                                                          {"*, gzip;q=0", false},
                                                          {"identity", false},
                                                          {",,;", false}}));
  CAPTURE(header);
  CHECK(accepts_gzip(header) == yes);
}

TEST_CASE("what gzip makes, gzip reads", "[api]") {
  std::string text;
  for (int i = 0; i < 10'000; ++i) text += std::to_string(i * i);
  const auto small = gzip(text);
  CHECK(small.size() < text.size());
  z_stream stream{};
  REQUIRE(inflateInit2(&stream, 15 + 16) == Z_OK);
  std::string in = small;
  std::string out(text.size() + 100, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  CHECK(inflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  CHECK(out == text);
}

TEST_CASE("of answers to be remembered, one under way does not go for another", "[api]") {
  RememberedAnswers few(1);
  const std::chrono::steady_clock::time_point now{};
  CHECK(std::holds_alternative<RememberedAnswers::Fresh>(few.begin("a", "1", now)));
  CHECK(std::holds_alternative<RememberedAnswers::Fresh>(few.begin("b", "2", now)));
  CHECK(std::holds_alternative<RememberedAnswers::OtherBody>(few.begin("a", "2", now)));
  few.end("a", Response{202, "", "first", {}});
  CHECK(std::holds_alternative<RememberedAnswers::Fresh>(few.begin("c", "3", now)));  // "a" goes for it
  CHECK(std::holds_alternative<RememberedAnswers::Fresh>(few.begin("a", "9", now)));
  CHECK(std::holds_alternative<RememberedAnswers::UnderWay>(few.begin("b", "2", now)));
}

TEST_CASE("each tenant's answers are remembered apart", "[api]") {
  RememberedByTenant tenants;
  CHECK(tenants.of("acme") == tenants.of("acme"));
  CHECK(tenants.of("acme") != tenants.of("rival"));
}

TEST_CASE("a rate limit forgets whom it saw the longest ago when there are too many", "[api]") {
  RateLimit limit(1);
  auto now = RateLimit::Time{};
  CHECK_FALSE(limit.wait("first", now));
  CHECK_FALSE(limit.wait("first", now));
  CHECK(limit.wait("first", now));
  now += std::chrono::milliseconds(1);
  for (std::size_t i = 0; i < RateLimit::most_buckets; ++i) (void)limit.wait(std::to_string(i), now);
  CHECK_FALSE(limit.wait("first", now));
}

TEST_CASE("a request that ended by an exception may be tried again under its key", "[api]") {
  const auto remembered = std::make_shared<RememberedAnswers>();
  Request request;
  request.headers = {{"Idempotency-Key", "k"}};
  const Caller caller{"acme", {}, "id"};
  std::vector<unsigned> told;
  const auto ask = [&](const std::function<void(const Settle&)>& work) {
    once(
        remembered, caller, request, "body", {},
        [&](const Result<Response, Problem>& answer) {
          told.push_back(answer ? answer->status : answer.error().status);
        },
        work);
  };
  CHECK_THROWS(ask([](const Settle&) { throw std::runtime_error("no memory"); }));
  ask([](const Settle& settle) { settle(Response{202, {}, {}, {}}); });
  ask([](const Settle& settle) { settle(Response{500, {}, {}, {}}); });
  CHECK(told == std::vector<unsigned>{202, 202});
}

}  // namespace
}  // namespace telltale::api
