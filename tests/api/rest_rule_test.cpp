#include <catch2/catch.hpp>

#include "api/rule_text.hpp"
#include "tests/api/rest_bench.hpp"

namespace telltale::test {
namespace {

const std::string test_path = "/api/v1/rules/test";

TEST_CASE("a rule given as JSON is a table of the file, a line for each member", "[api]") {
  const auto text = api::rule_text(
      R"({"name":"h\u00f6t \"x\"\n","above":80,"clear":7.5e1,"big":18446744073709551615,"tags":{"line":"2","n":null},)"
      R"("escalate":[{"after":"1h","severity":"critical"}],"on":true,"severity":null})");
  REQUIRE(text);
  CHECK(text->toml ==
        "[[rule]]\n\"name\"=\"h\u00f6t \\\"x\\\"\\n\"\n\"above\"=80\n\"clear\"=75\n\"big\"=18446744073709551616\n"
        "\"tags\"={\"line\"=\"2\"}\n\"escalate\"=[{\"after\"=\"1h\",\"severity\"=\"critical\"},]\n\"on\"=true\n");
  CHECK(text->members == std::vector<std::string>{"name", "above", "clear", "big", "tags", "escalate", "on"});
  CHECK_FALSE(api::rule_text(R"({"a":[[[[[1]]]]]})"));
}

TEST_CASE("a rule is tested on the stored readings of the key's tenant", "[api]") {
  RestBench bench;
  const auto [body, asked] = GENERATE(table<std::string, std::string>({
      {R"({"rule":{"name":"tried","above":80}})", "tried of acme 1763613600000 to 1763700000000, 100 alerts"},
      {R"({"toml":"[[rule]]\nname = \"tried\"","from":"now-1h","alerts":3})",
       "tried of acme 1763696400000 to 1763700000000, 3 alerts"},
      {R"({"rule":"too-hot","from":0,"to":"2025-11-21T04:00:00Z"})", "too-hot of acme 0 to 1763697600000, 100 alerts"},
  }));
  CAPTURE(body);
  const auto answer = bench.order("POST", test_path, body);
  CAPTURE(answer.body);
  CHECK(answer.status == 200);
  CHECK(answer.body.find(R"("rules":[{"rule":"tried","alerts":1)") != std::string::npos);
  CHECK(bench.trial.asked() == asked);
}

TEST_CASE("what is wrong with a rule that is to be tested is said with its place", "[api]") {
  RestBench bench;
  const auto [body, says] = GENERATE(table<std::string, std::string>({
      {R"({"rule":{"name":"x","a/b":"bad","above":"bad"}})",
       R"("errors":[{"pointer":"/rule/a~1b","detail":"is bad"},{"pointer":"/rule/above","detail":"is bad"}])"},
      {R"({"toml":"[[rule]]\nname = \"bad\""})", R"("errors":[{"pointer":"/toml","detail":"line 2: is bad"}])"},
      {R"({"toml":"# nothing"})", R"("errors":[{"pointer":"/toml","detail":"has no [[rule]]"}])"},
      {R"({"rule":7})", R"({"pointer":"/rule","detail":"must be an object or a name"})"},
      {R"({})", R"({"pointer":"/rule","detail":"is needed)"},
      {R"({"rule":"too-hot","toml":"[[rule]]"})", R"({"pointer":"/rule","detail":"is needed)"},
      {R"({"rule":"too-hot","from":"now","to":"now-1h"})", R"({"pointer":"/from","detail":"is not before to"})"},
      {R"({"rule":"too-hot","alerts":1001})",
       R"({"pointer":"/alerts","detail":"must be a whole number from 0 to 1000"})"},
      {R"({"rule":{"name":"x","deep":[[[[[1]]]]]}})", R"({"pointer":"/rule","detail":"too deep: no rule has that"})"},
  }));
  CAPTURE(body);
  const auto answer = bench.order("POST", test_path, body);
  CAPTURE(answer.body);
  CHECK(answer.status == 422);
  CHECK(answer.body.find(says) != std::string::npos);
  CHECK(bench.trial.asked().empty());
}

TEST_CASE("how deep a body is nested is not a client's choice", "[api]") {
  RestBench bench;
  const std::string deep = std::string(30'000, '[') + std::string(30'000, ']');
  const auto answer = bench.order("POST", test_path, R"({"rule":)" + deep + '}');
  CHECK(answer.status == 400);
  CHECK(answer.body.find("nested more than 16 levels deep") != std::string::npos);
  CHECK(bench.order("POST", test_path, R"({"rule":{"name":"[[[[[[[[[[[[[[[[[[\"[{"}})").status == 200);
}

TEST_CASE("a rule of another tenant or of nobody is not there to be tested", "[api]") {
  RestBench bench;
  CHECK(bench.order("POST", test_path, R"({"rule":"secret"})").status == 404);
  CHECK(bench.order("POST", test_path, R"({"rule":"nothing"})").status == 404);
}

TEST_CASE("a test of a rule that would be too much is refused before anything is read", "[api]") {
  RestBench::Options options;
  options.limits.trial_readings = 20;
  RestBench bench(std::move(options));
  const auto ask = [&](const std::string& from) {
    return bench.order("POST", test_path, R"({"rule":{"name":"tried"},"from":")" + from + "\"}").status;
  };
  CHECK(ask("now-12h") == 200);
  CHECK(ask("now-48h") == 422);
  CHECK(bench.trial.asked() == "tried of acme 1763656800000 to 1763700000000, 100 alerts");
  bench.trial.refuse(api::RuleTrial::Refusal::too_slow);
  CHECK(ask("now-1h") == 422);
  bench.trial.refuse(api::RuleTrial::Refusal::busy);
  CHECK(ask("now-1h") == 503);
}

}  // namespace
}  // namespace telltale::test
