#include "alerting/outbox.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/alerting/findings.hpp"
#include "tests/support/full_disk.hpp"
#include "tests/support/recording.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace telltale;
using alerting::Outbox;
using proto::Finding;
using proto::LogPosition;
using store::StateDb;

namespace {

struct Scene {
  test::TemporaryFolder folder;
  test::RecordingLogger log;
  test::PlainMetrics metrics;
  StateDb state{folder.path() / "state.db"};

  Outbox outbox() { return Outbox(state, proto::Tenancy::single, log, metrics); }
};

proto::AlertTransition transition(std::uint32_t n, proto::AlertState state = proto::AlertState::firing) {
  auto alert = test::too_hot();
  alert.n = n;
  alert.state = state;
  return alert;
}

}  // namespace

TEST_CASE("a transition is queued, kept as state and remembered for ever", "[alerting]") {
  Scene scene;
  auto outbox = scene.outbox();
  CHECK(outbox.add({1, 5}, std::vector<Finding>{transition(1)}));
  REQUIRE(scene.state.queued(0, 10).size() == 1);
  CHECK(scene.state.queued(0, 10)[0].topic == "alerts/critical/site1/esp32-7/too-hot/temperature");
  REQUIRE(scene.state.all_topics().size() == 1);
  CHECK(scene.state.all_topics()[0].topic == "alert-state/site1/esp32-7/too-hot/temperature");
  REQUIRE(scene.state.history().size() == 1);
  CHECK(scene.state.history()[0].payload == scene.state.queued(0, 10)[0].payload);
  const auto notices = store::NoticeReader(scene.folder.path() / "state.db").after(0, 10);
  REQUIRE(notices.size() == 1);
  CHECK(notices[0].tenant == "default");
  CHECK(notices[0].payload == scene.state.queued(0, 10)[0].payload);
  CHECK(scene.metrics.value(R"(telltale_alert_transitions_total{to="firing"})") == 1);
}

TEST_CASE("a removed alert leaves the table once it was sent", "[alerting]") {
  Scene scene;
  auto outbox = scene.outbox();
  outbox.add({1, 5}, std::vector<Finding>{transition(1), transition(2, proto::AlertState::removed)});
  REQUIRE(scene.state.all_topics().size() == 1);
  CHECK(scene.state.all_topics()[0].remove_after_send);
  CHECK(scene.state.all_topics()[0].expiry_s == 60);
}

TEST_CASE("a batch without findings that must go out costs no write", "[alerting]") {
  Scene scene;
  auto outbox = scene.outbox();
  CHECK_FALSE(outbox.add({1, 5}, std::vector<Finding>{proto::WindowAggregate{}, proto::DeviceRollup{}}));
  CHECK_FALSE(scene.state.emitted_upto());
}

TEST_CASE("a change of severity is two events and one state", "[alerting]") {
  Scene scene;
  auto outbox = scene.outbox();
  auto resolved = transition(2, proto::AlertState::resolved);
  resolved.severity = proto::Severity::warning;
  outbox.add({1, 5}, std::vector<Finding>{resolved, transition(3)});
  const auto queued = scene.state.queued(0, 10);
  REQUIRE(queued.size() == 2);
  CHECK(queued[0].topic.starts_with("alerts/warning/"));
  CHECK(queued[1].topic.starts_with("alerts/critical/"));
  REQUIRE(scene.state.all_topics().size() == 1);
  CHECK(scene.state.all_topics()[0].payload == queued[1].payload);
}

TEST_CASE("what an earlier run emitted is not emitted again [lesson-25]", "[alerting][lesson-25]") {
  Scene scene;
  const std::vector<Finding> findings{transition(1), proto::WindowAggregate{}, test::gone_stale()};
  {
    auto outbox = scene.outbox();
    outbox.add({1, 5}, findings);
  }
  auto outbox = scene.outbox();
  CHECK_FALSE(outbox.add({1, 4}, std::vector<Finding>{transition(7)}));
  CHECK_FALSE(outbox.add({1, 5}, findings));
  CHECK(scene.state.queued(0, 10).size() == 1);
  CHECK(outbox.add({2, 6}, std::vector<Finding>{transition(2)}));
  CHECK(scene.state.queued(0, 10).size() == 2);
}

TEST_CASE("findings that cannot be written wait and are written when they can", "[alerting]") {
  Scene scene;
  auto outbox = scene.outbox();
  {
    const test::FullDisk full;
    CHECK_FALSE(outbox.add({1, 5}, std::vector<Finding>{transition(1)}));
    CHECK(outbox.pending());
    CHECK_FALSE(outbox.flush());
  }
  CHECK(scene.state.queued(0, 10).empty());
  CHECK(scene.log.count_containing("findings wait") == 1);
  CHECK(outbox.flush());
  CHECK_FALSE(outbox.pending());
  CHECK(scene.state.queued(0, 10).size() == 1);
  CHECK(scene.state.emitted_upto() == store::FindingPosition{{1, 5}, 0});
}
