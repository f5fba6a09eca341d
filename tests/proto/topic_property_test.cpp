#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <string>

#include "proto/topic.hpp"
#include "proto/topic_template.hpp"

using namespace telltale::proto;

namespace {

rc::Gen<std::string> id(std::string first, std::string rest, std::size_t longest) {
  return rc::gen::exec([=] {
    std::string text(1, *rc::gen::elementOf(first));
    const auto more = *rc::gen::inRange<std::size_t>(0, longest);
    for (std::size_t i = 0; i < more; ++i) text += *rc::gen::elementOf(rest);
    return text;
  });
}

const std::string lower = "abcdefghijklmnopqrstuvwxyz";
const std::string upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const std::string digits = "0123456789";

rc::Gen<std::string> site() {
  return rc::gen::suchThat(id(lower + digits, lower + digits + "_-", 24),
                           [](const std::string& s) { return !topic_class(s); });
}
rc::Gen<std::string> device() { return id(lower + upper + digits, lower + upper + digits + "_.:-", 48); }
rc::Gen<std::string> metric() {
  return rc::gen::suchThat(id(lower + upper + "_", lower + upper + digits + "_.:-", 48),
                           [](const std::string& s) { return !reserved_key(s); });
}

}  // namespace

TEST_CASE("parsing a built topic gives back what it was built from", "[proto]") {
  CHECK(rc::check("topics", [] {
    const auto tenancy = *rc::gen::element(Tenancy::single, Tenancy::multi);
    const auto tenant = tenancy == Tenancy::multi ? *site() : std::string(default_tenant);
    const auto where = *site();
    const auto who = *device();
    const auto what = *metric();
    NativeTopic topic;
    topic.tenant = tenant;
    topic.topic_class =
        *rc::gen::element(TopicClass::telemetry, TopicClass::status, TopicClass::ack, TopicClass::control);
    if (topic.topic_class == TopicClass::control && *rc::gen::arbitrary<bool>()) {
      topic.site = where;
      topic.device = who;
      topic.name = what;
    } else if (topic.topic_class == TopicClass::control) {
      topic.alert_id = who;
      topic.name = what;
    } else {
      topic.site = where;
      topic.device = who;
      if (topic.topic_class == TopicClass::ack) topic.name = what;
      if (topic.topic_class == TopicClass::telemetry && *rc::gen::arbitrary<bool>()) topic.name = what;
    }
    const auto text = to_topic(topic, tenancy);
    RC_ASSERT(text.size() <= max_native_topic_bytes);
    const auto parts = split_tenant(text, tenancy);
    RC_ASSERT(parts.has_value());
    RC_ASSERT(parts->topic_class == topic.topic_class);
    const auto parsed = parse_native(*parts);
    RC_ASSERT(parsed.has_value());
    RC_ASSERT(*parsed == topic);
  }));
}

TEST_CASE("a template matches only what its filter lets through", "[proto]") {
  CHECK(rc::check("templates and filters", [] {
    const auto level = rc::gen::element<std::string>("a", "b", "", "{x}", "{y=a|b}", "{_}");
    const auto parts = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::string>>(level));
    std::string text;
    for (const auto& part : parts) {
      if (part.size() > 2 && part != "{_}" && text.find(part) != std::string::npos) continue;  // names are unique
      text += (text.empty() ? "" : "/") + part;
    }
    if (*rc::gen::arbitrary<bool>() || text.empty()) text += "/{rest...}";
    const auto levels = *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>("a", "b", "", "c"));
    std::string topic = "a";
    for (const auto& l : levels) topic += "/" + l;
    const TopicTemplate compiled(text);
    std::vector<std::string_view> found;
    const bool matched = compiled.match(topic, found);
    RC_ASSERT(!topic_filter_fault(compiled.filter()).has_value());
    if (matched) RC_ASSERT(filter_matches(compiled.filter(), topic));
    if (text.find('=') == std::string::npos) RC_ASSERT(matched == filter_matches(compiled.filter(), topic));
  }));
}
