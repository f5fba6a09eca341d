#include <catch2/catch.hpp>
#include <cmath>

#include "analytics/engine.hpp"
#include "tests/analytics/story.hpp"

namespace telltale::test {
namespace {

proto::Rule rule(const char* name, proto::Check check) {
  proto::Rule r;
  r.name = name;
  r.check = check;
  return r;
}

proto::RuleSet learning_rules() {
  auto rules = Story::quiet();
  rules.rules = {rule("unusual", proto::UnusualCheck{}), rule("odd", proto::ZScoreCheck{3.0, {}, 100, 0.0, 30}),
                 rule("worn", proto::FrozenCheck{4.0, {}, 50, 0.0}), rule("hot", proto::ThresholdCheck{90.0, {}, {}})};
  return rules;
}

double curve(int i) { return 20 + std::sin(i * 0.05) + ((i * 7919) % 97) * 0.01; }

/// Readings a minute, on the clock of `story`.
void live(Story& story, const std::string& device, int from, int to, double shift = 0) {
  for (int i = from; i < to; ++i) story.advance(60s).reads(device, "temperature", curve(i) + shift);
}

/// What the rules think of the same readings from here on.
std::vector<double> judgements(Story& story, const std::string& device) {
  std::vector<double> out;
  story.engine.show_judgements([&](const analytics::Judged& judged) {
    if (judged.rule == "hot") return;
    for (const double v : {judged.expected, judged.spread, judged.threshold}) out.push_back(v);
    out.push_back(judged.violates);
  });
  live(story, device, 3000, 3200);
  story.reads(device, "temperature", 60);
  live(story, device, 3200, 3300, 5);
  story.engine.show_judgements({});
  return out;
}

std::vector<proto::LearnedModel> learned_somewhere() {
  Story story(learning_rules());
  story.listening();
  live(story, "site1/esp32-7", 0, 3000);
  return story.engine.learned();
}

TEST_CASE("what was learned on one gateway gives the same scores on another", "[analytics]") {
  Story first(learning_rules());
  Story second(learning_rules());
  first.listening();
  second.listening();
  live(first, "site1/esp32-7", 0, 3000);
  second.advance(Millis{60'000} * 2990);
  live(second, "home/boiler", 2990, 3000, 40);  // it has learned something else so far

  const auto models = first.engine.learned();
  REQUIRE(models.size() == 3);  // a threshold learns nothing
  const auto text = proto::models_to_json(models, first.now());
  const auto read = proto::models_from_json(text);
  REQUIRE(read);
  CHECK(*read == models);
  for (auto model : *read) {
    model.site = "home";
    model.device = "boiler";
    CHECK(second.engine.problem_with(model).empty());
    second.event(proto::ModelChange{model});
  }
  CHECK(second.now() == first.now());
  CHECK(judgements(second, "home/boiler") == judgements(first, "site1/esp32-7"));
}

TEST_CASE("a model that is reset learns anew", "[analytics]") {
  Story story(learning_rules());
  story.listening();
  live(story, "site1/esp32-7", 0, 100);
  for (auto model : story.engine.learned()) {
    model.numbers.clear();
    CHECK(story.engine.problem_with(model).empty());
    story.event(proto::ModelChange{model});
  }
  CHECK(story.engine.learned().empty());
  live(story, "site1/esp32-7", 100, 101);
  REQUIRE(story.engine.learned().size() == 3);
  for (const auto& model : story.engine.learned())
    CHECK(model.numbers[0] == std::pair{std::string("readings"), std::vector{1.0}});
}

TEST_CASE("an engine that was encoded between a model's change and the next reading goes on the same", "[analytics]") {
  const auto models = learned_somewhere();
  Story story(learning_rules());
  story.listening();
  live(story, "site1/esp32-7", 2990, 3000);
  for (const auto& model : models) story.event(proto::ModelChange{model});
  const auto bytes = story.engine.encode();
  auto again = analytics::Engine::decode(bytes);
  REQUIRE(again);
  CHECK(again->encode() == bytes);
  CHECK(again->learned() == story.engine.learned());
}

TEST_CASE("a model that does not fit is refused with the reason, and changes nothing", "[analytics]") {
  Story story(learning_rules());
  story.listening();
  live(story, "site1/esp32-7", 0, 60);
  const auto models = story.engine.learned();
  const auto before = story.engine.encode();
  const auto of_rule = [&](const std::string& name) {
    return *std::find_if(models.begin(), models.end(), [&](const auto& m) { return m.rule == name; });
  };
  const auto with = [](proto::LearnedModel model, const std::string& name, double value) {
    for (auto& [n, values] : model.numbers)
      if (n == name) values[0] = value;
    return model;
  };
  auto elsewhere = of_rule("odd");
  elsewhere.device = "esp32-8";
  auto other_rule = of_rule("odd");
  other_rule.rule = "even";
  auto other_type = of_rule("odd");
  other_type.rule = "worn";
  auto newer = of_rule("odd");
  newer.version = 2;
  auto short_of = of_rule("unusual");
  short_of.numbers.pop_back();
  auto more = of_rule("unusual");
  more.numbers.emplace_back("mood", std::vector{1.0});
  const auto [model, says] = GENERATE_COPY(table<proto::LearnedModel, std::string>({
      {elsewhere, "no such series yet"},
      {other_rule, "no rule 'even' watches it"},
      {other_type, "the rule is frozen, the model is zscore"},
      {newer, "version 2 is not known"},
      {short_of, "record_minute is missing"},
      {more, "has numbers that are not known"},
      {with(of_rule("odd"), "readings", 1.5), "readings has a number that does not fit"},
      {with(of_rule("odd"), "readings", -1), "readings has a number that does not fit"},
      {with(of_rule("odd"), "mean", std::nan("")), "mean has a number that does not fit"},
      {with(of_rule("odd"), "variance", -1), "has a negative spread"},
      {with(of_rule("unusual"), "divisor", 0), "has numbers that no model has"},
      {with(of_rule("unusual"), "level_mean", 1e300), "level_mean has a number that does not fit"},
      {with(of_rule("unusual"), "readings_since_record", 5000), "has numbers out of range"},
  }));
  CAPTURE(says);
  CHECK_THAT(story.engine.problem_with(model), Catch::Contains(says));
  proto::Batch batch;
  batch.log_time = story.now();
  batch.add(proto::ModelChange{model});
  story.engine.process(batch, story.said);
  CHECK(story.engine.encode() == before);
}

TEST_CASE("a file of models is refused with the place of what is wrong", "[proto]") {
  const auto good = proto::models_to_json(learned_somewhere(), from_ms(0));
  const auto replaced = [&](const std::string& what, const std::string& by) {
    auto text = good;
    text.replace(text.find(what), what.size(), by);
    return text;
  };
  const auto [text, says] = GENERATE_COPY(table<std::string, std::string>({
      {"", "line 1: "},
      {"{}", "no file of `telltale model export`"},
      {"{\n \"telltale_model\": 1,\n \"models\": [\n  {,\n", "line 4: "},
      {replaced("\"telltale_model\": 1", "\"telltale_model\": 2"), "telltale_model: this telltale reads format 1"},
      {replaced("\"models\": [", "\"models\": 3, \"x\": ["), "models: expected an array"},
      {replaced("\"site\": \"site1\"", "\"site\": 1"), "models[0].site: expected a text"},
      {replaced("\"version\": 1", "\"version\": -1"), "models[0].version: expected a whole number"},
      {replaced("\"readings\": 3000", "\"readings\": \"many\""), "models[0].state.readings: expected numbers"},
  }));
  CAPTURE(says);
  const auto read = proto::models_from_json(text);
  REQUIRE(!read);
  CHECK_THAT(read.error(), Catch::Contains(says));
}

}  // namespace
}  // namespace telltale::test
