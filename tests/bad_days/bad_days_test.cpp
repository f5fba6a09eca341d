#include <catch2/catch.hpp>
#include <cstdio>
#include <fstream>
#include <set>
#include <sstream>

#include "tests/bad_days/bad_day.hpp"

using namespace telltale;
using namespace telltale::test;

namespace {

std::vector<BadDay> all_days() {
  std::vector<BadDay> all;
  for (auto* days : {days_of_the_service, days_of_the_broker, days_of_devices, days_of_readings})
    for (auto& day : days()) all.push_back(std::move(day));
  return all;
}

std::string row_of(const BadDay& day) {
  std::string told;
  for (std::size_t i = 0; i < day.told.size();) {
    std::size_t n = 1;
    while (i + n < day.told.size() && day.told[i + n] == day.told[i]) ++n;
    if (!told.empty()) told += ", ";
    if (n > 1) told += std::to_string(n) + " x ";
    told += '`' + day.told[i] + '`';
    i += n;
  }
  return "| " + day.name + " | " + (told.empty() ? "nothing" : told) + " |";
}

void check_told(const Story& story, const BadDay& day) {
  CHECK(story.alerts() == day.told);
  auto presence = story.presence();
  if (day.presence == anything) return;
  REQUIRE(presence.size() >= opening.size());
  presence.erase(presence.begin(), presence.begin() + static_cast<std::ptrdiff_t>(opening.size()));
  CHECK(presence == day.presence);
}

}  // namespace

TEST_CASE("on a bad day a person is told this and no more", "[analytics][lesson-24][lesson-25][lesson-26][lesson-27]") {
  for (const auto& day : all_days()) {
    CAPTURE(day.name);
    Story story;
    day.happens(story);
    check_told(story, day);
  }
}

TEST_CASE("a bad day is told the same when the engine is taken up from its state after every batch",
          "[analytics][lesson-25]") {
  for (const auto& day : all_days()) {
    CAPTURE(day.name);
    Story story;
    story.after_batch = [&](const proto::Batch&) {
      auto next = analytics::Engine::decode(story.engine.encode());
      REQUIRE(next);
      story.engine = std::move(*next);
    };
    day.happens(story);
    check_told(story, day);
  }
}

TEST_CASE("docs/bad-days.md lists every bad day with what is told", "[analytics]") {
  std::ifstream file(TELLTALE_SOURCE_DIR "/docs/bad-days.md");
  std::stringstream text;
  text << file.rdbuf();
  std::set<std::string> names;
  for (const auto& day : all_days()) {
    CAPTURE(row_of(day));
    CHECK(text.str().find(row_of(day)) != std::string::npos);
    CHECK(names.insert(day.name).second);
  }
}

TEST_CASE("prints the rows of docs/bad-days.md", "[.]") {
  for (const auto& day : all_days()) std::printf("%s\n", row_of(day).c_str());
}
