#include "store/notify_db.hpp"

#include <catch2/catch.hpp>

#include "store/notices.hpp"
#include "store/state_db.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace telltale;
using store::NoticeReader;
using store::NotifyDb;
using store::StateDb;

namespace {

StateDb::Change noticing(std::string payload) {
  StateDb::Change change;
  change.notices.push_back({.tenant = "acme", .payload = std::move(payload)});
  return change;
}

}  // namespace

TEST_CASE("what channels remember is there after the file was closed and opened", "[store]") {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "notify.db";
  {
    NotifyDb db(file);
    CHECK_FALSE(db.load().cursor);
    NotifyDb::Change change;
    change.cursor = NotifyDb::Cursor{"E1", 7};
    change.alerts = {{"a-1/critical", "acme", "{}"}, {"a-2/critical", "acme", "{}"}};
    change.entries = {{"ops", "a-1/critical", true, 5, "d1"}, {"ops", "a-2/critical", false, {}, ""}};
    change.deliveries = {
        {.id = "d2", .channel = "ops", .group = "g", .body = std::string("\0\xFF", 2), .alerts = "f x\n"}};
    db.apply(change);
    NotifyDb::Change later;
    later.gone_alerts = {"a-2/critical"};
    later.gone_entries = {{.channel = "ops", .alert = "a-2/critical", .due_ms = {}, .mail_root = {}}};
    later.deliveries = change.deliveries;
    later.deliveries[0].attempts = 3;
    later.deliveries[0].next_ms = 99;
    db.apply(later);
  }
  const auto content = NotifyDb(file).load();
  REQUIRE(content.cursor);
  CHECK(content.cursor->epoch == "E1");
  CHECK(content.cursor->row == 7);
  REQUIRE(content.alerts.size() == 1);
  CHECK(content.alerts[0].key == "a-1/critical");
  REQUIRE(content.entries.size() == 1);
  CHECK(content.entries[0].said_firing);
  CHECK(content.entries[0].due_ms == 5);
  CHECK(content.entries[0].mail_root == "d1");
  REQUIRE(content.deliveries.size() == 1);
  CHECK(content.deliveries[0].body == std::string("\0\xFF", 2));
  CHECK(content.deliveries[0].attempts == 3);
  CHECK(content.deliveries[0].next_ms == 99);
}

TEST_CASE("notices are told of after the commit, and deleted with a later change once they were taken", "[store]") {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "state.db";
  StateDb state(file);
  const NoticeReader notices(file);
  std::vector<std::size_t> seen;
  state.on_notices([&] { seen.push_back(notices.after(0, 10).size()); });
  state.apply(noticing("one"));
  state.apply({});
  state.apply(noticing("two"));
  CHECK(seen == std::vector<std::size_t>{1, 2});
  const auto rows = notices.after(0, 10);
  CHECK(rows[1].payload == "two");
  CHECK(rows[1].tenant == "acme");
  state.notices_taken(rows[0].row);
  CHECK(notices.after(0, 10).size() == 2);
  state.apply({});
  REQUIRE(notices.after(0, 10).size() == 1);
  state.notices_taken(rows[1].row);
  state.apply(noticing("three"));
  CHECK(notices.after(0, 10)[0].row > rows[1].row);
  const std::string epoch = notices.epoch();
  CHECK(epoch.size() == 16);
  CHECK(StateDb(folder.path() / "other.db").get("notice.epoch") != epoch);
}
