#include <catch2/catch.hpp>
#include <string>
#include <tuple>

#include "tests/proto/decoding.hpp"

using namespace telltale;
using namespace telltale::proto;
using telltale::test::Decoding;

TEST_CASE("an operator sets and ends silences by name", "[proto]") {
  const auto until = from_ms(1'763'712'000'000);
  const auto [topic, payload, expected] = GENERATE_COPY(table<std::string, std::string, SilenceOrder>({
      {"control/silence/pump-work",
       R"({"site":"site1","device":"pump-*","from":"2025-11-21T07:00:00Z","until":"2025-11-21T08:00:00Z","by":"ana","comment":"new seals"})",
       {SilenceVerb::set,
        "default",
        "pump-work",
        {"*", "site1", "pump-*", "*", "*", "*"},
        until - std::chrono::hours(1),
        until,
        "ana",
        "new seals"}},
      {"control/silence/s",
       R"({"metric":"t*","rule":"too-hot","severity":"warning","until":1763712000})",
       {SilenceVerb::set, "default", "s", {"*", "*", "*", "t*", "too-hot", "warning"}, {}, until, "", ""}},
      {"control/silence/s", R"({"site":"*"})", {SilenceVerb::set, "default", "s", {}, {}, {}, "", ""}},
      {"control/silence/s/end", "", {SilenceVerb::end, "default", "s", {}, {}, {}, "", ""}},
      {"control/silence/s/end",
       R"({"by":"ana","comment":"done early"})",
       {SilenceVerb::end, "default", "s", {}, {}, {}, "ana", "done early"}},
  }));
  CAPTURE(topic, payload);
  Decoding decode;
  decode(topic, payload);
  REQUIRE(decode.taken());
  CHECK(decode.out.kind == MessageKind::silence);
  CHECK(decode.out.silence == expected);
  decode("control/silence/other/end", "");
  CHECK(decode.out.silence == SilenceOrder{SilenceVerb::end, "default", "other", {}, {}, {}, "", ""});
}

TEST_CASE("a silence that may mean something else than it says is refused", "[proto][lesson-30]") {
  const auto [topic, payload, reason] = GENERATE(table<std::string, std::string, std::string>({
      {"control/silence/s", "", "bad_json"},
      {"control/silence/s", "[]", "bad_control"},
      {"control/silence/s", R"({"until":1763712000})", "bad_control"},
      {"control/silence/s", R"({"devise":"a","site":"b","until":1763712000})", "bad_control"},
      {"control/silence/s", R"({"site":"","until":1763712000})", "bad_control"},
      {"control/silence/s", R"({"site":7,"until":1763712000})", "bad_control"},
      {"control/silence/s", R"({"site":"a","until":"tomorrow"})", "bad_control"},
      {"control/silence/s/end", R"({"site":"a"})", "bad_control"},
      {"control/silence/s/begin", "{}", "bad_topic"},
      {"control/silence/a b", R"({"site":"a"})", "bad_topic"},
      {"control/silence", R"({"site":"a"})", "bad_topic"},
  }));
  CAPTURE(topic, payload);
  Decoding decode;
  CHECK(decode.refusal(topic, payload) == reason);
}

TEST_CASE("the tenant of a silence comes from the topic", "[proto]") {
  DecoderOptions options;
  options.multi_tenant = true;
  Decoding decode(options);
  decode("acme/control/silence/s", R"({"site":"a","until":1763712000})");
  REQUIRE(decode.taken());
  CHECK(decode.out.silence.tenant == "acme");
  CHECK_FALSE(decode.refusal("acme/control/silence/s", R"({"site":"a","tenant":"*"})").empty());
}
