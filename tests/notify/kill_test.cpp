#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <random>
#include <set>

#include "alerting/payload.hpp"
#include "notify/delivery_id.hpp"
#include "notify/notifier.hpp"
#include "store/state_db.hpp"
#include "tests/alerting/findings.hpp"
#include "tests/notify/scene.hpp"
#include "tests/support/killed_child.hpp"

using namespace telltale;
using namespace std::chrono_literals;

namespace {

constexpr int alerts = 12;

/// A receiver that outlives the service: each message is a line of a file, written before it is answered.
class FileTransfer final : public notify::Transfer {
 public:
  explicit FileTransfer(const std::filesystem::path& file)
      : file_(::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {}
  ~FileTransfer() override { ::close(file_); }
  FileTransfer(const FileTransfer&) = delete;
  FileTransfer& operator=(const FileTransfer&) = delete;

  void start(std::uint64_t token, notify::Request request) override {
    const std::string line = test::header(request, "X-Telltale-Delivery") + ' ' + request.body + '\n';
    const bool written = ::write(file_, line.data(), line.size()) == static_cast<ssize_t>(line.size());
    done_.push_back(
        {token, {.verdict = written ? notify::Verdict::accepted : notify::Verdict::retry, .detail = "written"}});
  }
  [[nodiscard]] std::vector<Done> wait(Millis) override { return std::exchange(done_, {}); }
  void wake() override {}

 private:
  int file_;
  std::vector<Done> done_;
};

/// Half a minute of the service.
[[noreturn]] void live(const std::filesystem::path& folder, Timestamp start) noexcept {
  test::SimulatedClock clock(start);
  test::RecordingLogger log;
  test::PlainMetrics metrics;
  FileTransfer transfer(folder / "wire");
  store::StateDb state(folder / "state.db");
  store::NoticeReader notices(folder / "state.db");
  store::NotifyDb db(folder / "notify.db");
  auto channel = test::channel("ops");
  channel.rate_limit = 0;
  notify::Notifier notifier({.external_url = {}, .channels = {channel}},
                            {notices, db, transfer, clock, log, metrics, &notify::new_delivery_id,
                             [&](std::uint64_t row) { state.notices_taken(row); }});
  for (int second = 0; second < 30; ++second) {
    for (int i = 0; i < 2 * alerts; ++i) notifier.step(Millis{0});
    clock.advance(1s);
  }
  ::_exit(0);
}

bool killed(const std::filesystem::path& folder, Timestamp start, const std::string& fail_point) {
  return test::killed_at(fail_point, [&] { live(folder, start); });
}

void say(const std::filesystem::path& folder, proto::AlertState to) {
  store::StateDb state(folder / "state.db");
  for (int i = 0; i < alerts; ++i) {
    auto alert = test::too_hot();
    alert.device = "d" + std::to_string(i);
    alert.id = "a-" + alert.device;
    alert.state = to;
    store::StateDb::Change change;
    change.notices.push_back(
        {.tenant = alert.tenant, .payload = alerting::render(alert, proto::Tenancy::single).event.payload});
    state.apply(change);
  }
}

}  // namespace

TEST_CASE("kill -9 between sending and noting it down repeats a message with the same delivery and loses none",
          "[notify][lesson-25]") {
  const auto seed = GENERATE(range(1u, 4u));
  CAPTURE(seed);
  std::mt19937 random(seed);
  const test::TemporaryFolder folder;
  Timestamp now = from_ms(1'763'700'000'000);
  int kills = 0;
  for (const auto state : {proto::AlertState::firing, proto::AlertState::resolved}) {
    say(folder.path(), state);
    for (int life = 0; life < 8; ++life, now += 30s) {
      const bool record = std::uniform_int_distribution<int>(0, 1)(random) == 1;
      const int pass = std::uniform_int_distribution<int>(1, 5)(random);
      kills += killed(folder.path(), now, (record ? "notify-record:" : "notify-send:") + std::to_string(pass)) ? 1 : 0;
    }
    CHECK_FALSE(killed(folder.path(), now, ""));
    now += 30s;
  }
  CHECK(kills > 4);

  std::map<std::string, std::string> bodies;  // by delivery
  int repetitions = 0;
  std::ifstream wire(folder.path() / "wire");
  for (std::string line; std::getline(wire, line);) {
    const auto [at, fresh] = bodies.emplace(line.substr(0, 32), line.substr(33));
    if (fresh) continue;
    ++repetitions;
    CHECK(at->second == line.substr(33));
  }
  std::set<std::string> different;
  for (const auto& [delivery, body] : bodies) different.insert(body);
  CHECK(bodies.size() == 2 * alerts);
  CHECK(different.size() == 2 * alerts);
  CHECK(repetitions <= kills);
}
