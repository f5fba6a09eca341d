#include <catch2/catch.hpp>

#include "devices/schedule.hpp"
#include "proto/config_error.hpp"

namespace telltale::devices {

using namespace std::chrono_literals;

TEST_CASE("a fault plan repeats after its period", "[devices]") {
  const FaultPlan plan{{{FaultKind::spike, 10s, 5s}}, 60s};
  CHECK_FALSE(plan.active(FaultKind::spike, 9'999ms));
  REQUIRE(plan.active(FaultKind::spike, 10s));
  CHECK(plan.active(FaultKind::spike, 14'999ms));
  CHECK_FALSE(plan.active(FaultKind::spike, 15s));
  REQUIRE(plan.active(FaultKind::spike, 72s));
  CHECK(plan.since(*plan.active(FaultKind::spike, 72s), 72s) == 2s);
  CHECK_FALSE(plan.active(FaultKind::drop, 12s));
}

TEST_CASE("the same seed gives the same schedule, and more kinds do not move the others", "[devices]") {
  const auto one = seeded_schedule({FaultKind::spike}, 20, 9);
  const auto two = seeded_schedule({FaultKind::spike, FaultKind::drop}, 20, 9);
  std::size_t spikes = 0, moved = 0;
  for (std::size_t i = 0; i < one.size(); ++i) {
    for (const auto& fault : one[i].faults) {
      ++spikes;
      moved += std::find(two[i].faults.begin(), two[i].faults.end(), fault) == two[i].faults.end() ? 1U : 0U;
    }
  }
  CHECK(spikes == 10);
  CHECK(moved == 0);
  bool other_seed_differs = false;
  const auto other = seeded_schedule({FaultKind::spike}, 20, 10);
  for (std::size_t i = 0; i < one.size(); ++i) other_seed_differs |= other[i].faults != one[i].faults;
  CHECK(other_seed_differs);
}

TEST_CASE("seeded faults end within their period", "[devices]") {
  std::vector<FaultKind> all;
  for (std::size_t k = 0; k < fault_count; ++k) all.push_back(static_cast<FaultKind>(k));
  for (const auto& plan : seeded_schedule(all, 3, 1)) {
    for (const auto& fault : plan.faults) CHECK(fault.start + fault.length <= plan.period);
  }
}

TEST_CASE("the demo shows its story within a minute", "[devices]") {
  const auto schedule = demo_schedule(50);
  const auto the = [&](FaultKind kind) {
    std::vector<Fault> found;
    for (const auto& plan : schedule) {
      for (const auto& fault : plan.faults) {
        if (fault.kind == kind) found.push_back(fault);
      }
    }
    return found;
  };
  REQUIRE(the(FaultKind::silent).size() == 1);
  CHECK(the(FaultKind::silent)[0].length >= 31s);
  CHECK(the(FaultKind::silent)[0].start + the(FaultKind::silent)[0].length < 50s);
  REQUIRE(the(FaultKind::drop).size() == 1);
  CHECK(the(FaultKind::drop)[0].length >= 6s);
  CHECK(the(FaultKind::spike).size() >= 1);
  REQUIRE(the(FaultKind::jump).size() == 1);
  CHECK(the(FaultKind::jump)[0].start >= 35s);
  for (const auto& plan : schedule) {
    for (const auto& fault : plan.faults) CHECK(fault.start + fault.length < 50s);
  }
  CHECK(demo_schedule(2).size() == 2);
  CHECK(demo_schedule(0).empty());
}

TEST_CASE("fault names are read as they are written, and unknown ones are named", "[devices]") {
  CHECK(parse_faults("").empty());
  CHECK(parse_faults("spike,dupid") == std::vector{FaultKind::spike, FaultKind::duplicate_id});
  for (std::size_t k = 0; k < fault_count; ++k) {
    CHECK(parse_faults(fault_names[k]) == std::vector{static_cast<FaultKind>(k)});
  }
  CHECK_THROWS_WITH(parse_faults("spike,spoke"), Catch::Contains("'spoke'"));
  CHECK_THROWS_AS(parse_faults("spike,,drop"), proto::ConfigError);
}

}  // namespace telltale::devices
