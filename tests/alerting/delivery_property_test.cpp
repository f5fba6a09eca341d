#include <rapidcheck.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "tests/alerting/delivery_bench.hpp"

using namespace telltale;
using test::DeliveryBench;

namespace {

enum class Act : std::uint8_t { queue, change_topic, acknowledge, lose_connection, connect, restart, run };

/// Every event at least once, and the first copies in the order they were queued.
void check_events(const std::vector<std::string>& queued, const std::vector<std::string>& wire) {
  std::vector<std::string> first_copies;
  for (const auto& payload : wire) {
    if (std::find(first_copies.begin(), first_copies.end(), payload) == first_copies.end()) {
      first_copies.push_back(payload);
    }
  }
  RC_ASSERT(first_copies == queued);
}

}  // namespace

TEST_CASE("whatever breaks, each event arrives at least once, in order, with its bytes [lesson-10]",
          "[alerting][lesson-10]") {
  CHECK(rc::check([] {
    const auto window = *rc::gen::inRange<std::size_t>(1, 6);
    const auto acts = *rc::gen::container<std::vector<Act>>(rc::gen::weightedElement<Act>({{5, Act::queue},
                                                                                           {3, Act::change_topic},
                                                                                           {5, Act::acknowledge},
                                                                                           {2, Act::lose_connection},
                                                                                           {3, Act::connect},
                                                                                           {1, Act::restart},
                                                                                           {6, Act::run}}));
    DeliveryBench bench(window);
    std::vector<std::string> queued;
    std::map<std::string, std::string> newest;
    std::size_t breaks = 0;
    for (const Act act : acts) {
      switch (act) {
        case Act::queue: {
          const auto count = *rc::gen::inRange(1, 5);
          std::vector<std::string> payloads;
          for (int i = 0; i < count; ++i)
            payloads.push_back("event " + std::to_string(queued.size() + payloads.size()));
          bench.queue_events(payloads);
          queued.insert(queued.end(), payloads.begin(), payloads.end());
          break;
        }
        case Act::change_topic: {
          const auto topic = "presence/" + std::to_string(*rc::gen::inRange(0, 4));
          newest[topic] += "x";
          bench.set_topic(topic, newest[topic]);
          break;
        }
        case Act::acknowledge:
          bench.publisher.acknowledge(*rc::gen::inRange<std::size_t>(1, 4));
          break;
        case Act::lose_connection:
          if (!bench.publisher.connected()) break;
          bench.publisher.disconnect(*rc::gen::inRange<std::size_t>(0, 4));
          ++breaks;
          break;
        case Act::connect:
          if (!bench.publisher.connected()) bench.publisher.connect();
          break;
        case Act::restart:
          if (bench.publisher.connected()) bench.publisher.disconnect(*rc::gen::inRange<std::size_t>(0, 4));
          bench.restart();
          ++breaks;
          break;
        case Act::run:
          bench.run();
          break;
      }
      std::size_t events = 0;
      std::map<std::string, int> per_topic;
      for (const auto& sent : bench.publisher.under_way()) {
        if (sent.message.topic.starts_with("alerts/")) {
          ++events;
        } else {
          RC_ASSERT(++per_topic[sent.message.topic] == 1);
        }
      }
      RC_ASSERT(events <= window);
    }
    if (!bench.publisher.connected()) bench.publisher.connect();
    bench.run();
    bench.acknowledge_all();

    const auto wire = bench.wire("alerts/");
    check_events(queued, wire);
    RC_ASSERT(wire.size() <= queued.size() + breaks * window);
    for (const auto& [topic, payload] : newest) RC_ASSERT(bench.publisher.retained().at(topic) == payload);
    RC_ASSERT(bench.delivery->empty());
  }));
}
