#include <catch2/catch.hpp>
#include <string>
#include <tuple>

#include "proto/json_selector.hpp"

using namespace telltale::proto;

TEST_CASE("selectors are RFC 6901 pointers with stars", "[proto]") {
  // The document of RFC 6901, section 5, and what contracts 6 adds.
  const std::string document =
      R"({"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4," ":7,"m~n":8,"*":9,"x":{"p":{"t":1},"q":{"t":2}}})";
  const auto [pointer, expected] = GENERATE(table<std::string, std::string>({
      {"/foo/0", "bar"},
      {"/foo/1", "baz"},
      {"/foo/2", ""},
      {"/foo/01", ""},
      {"/foo/-", ""},
      {"/", "0"},
      {"/a~1b", "1"},
      {"/c%d", "2"},
      {"/e^f", "3"},
      {"/g|h", "4"},
      {"/ ", "7"},
      {"/m~0n", "8"},
      {"/~2", "9"},
      {"/x/p/t", "1"},
      {"/x/*/t", "1[p] 2[q]"},
      {"/foo/*", "bar[0] baz[1]"},
      {"/*/*/t", "1[x,p] 2[x,q]"},
      {"/x/p/t/u", ""},
      {"/nothing", ""},
      {"", "<object>"},
  }));
  CAPTURE(pointer);
  std::string payload = document + '\0';
  JsonTape tape;
  REQUIRE(tape.parse(payload.data(), payload.size() - 1));
  NameArena names;
  const JsonSelector selector(pointer);
  std::string got;
  selector.select(tape, names, [&](std::uint32_t i, const JsonSelector::Captures& captures) {
    if (!got.empty()) got += ' ';
    if (tape[i].container()) {
      got += "<object>";
      return;
    }
    got += tape[i].text;
    for (std::size_t c = 0; c < selector.stars(); ++c) {
      got += (c == 0 ? "[" : ",") + std::string(captures[c]);
    }
    if (selector.stars() > 0) got += ']';
  });
  CHECK(got == expected);
}
