#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "app/command_verify.hpp"
#include "store/notify_db.hpp"
#include "store/state_db.hpp"
#include "tests/app/stored_data.hpp"

namespace telltale::app {
namespace {

TEST_CASE("verify ends with a summary and exit code 0 beside a live service; salvage needs it stopped", "[app]") {
  const test::StoredData data;
  std::ostringstream out, err;
  CHECK(run_verify(data.path(), Mend::look, out, err) == 0);
  CHECK(out.str() == "3 files, 1 batch of the log, 0 chunks, 0 readings in day files checked: no damage found\n");
  CHECK(err.str().empty());
  CHECK(run_verify(data.path(), Mend::salvage, out, err) == 1);
  CHECK(err.str().find("telltale verify: ") == 0);
  CHECK(err.str().find("in use by another telltale") != std::string::npos);
}

TEST_CASE("verify prints a line for each problem and exits 1", "[app]") {
  const test::StoredData data;
  std::fstream log(data.path() / "log" / "00000001.log", std::ios::in | std::ios::out | std::ios::binary);
  REQUIRE(log);
  log.seekp(9);
  log.put('\x55');
  log.close();
  std::ostringstream out, err;
  CHECK(run_verify(data.path(), Mend::look, out, err) == 1);
  CHECK(out.str() ==
        "log/00000001.log: bytes 0 to 64: one of the two copies of the header is damaged; nothing is lost\n"
        "3 files, 1 batch of the log, 0 chunks, 0 readings in day files checked: 1 problem\n");
}

TEST_CASE("verify says what is lost when state.db is not there, but not of a folder that never had one", "[app]") {
  const test::StoredData data;
  std::ostringstream out, err;
  CHECK(run_verify(data.path(), Mend::look, out, err) == 0);
  {
    const store::StateDb state(data.path() / "state.db");
    const store::NotifyDb notify(data.path() / "notify.db");  // the service makes both
  }
  CHECK(run_verify(data.path(), Mend::look, out, err) == 0);
  for (const char* name : {"state.db", "state.db-wal", "state.db-shm"}) std::filesystem::remove(data.path() / name);
  out.str("");
  CHECK(run_verify(data.path(), Mend::look, out, err) == 1);
  CHECK(out.str().find("state.db: is not there: alert history, silences and") == 0);
  CHECK(out.str().find(" 1 problem\n") != std::string::npos);
}

TEST_CASE("verify of a folder without data says so and leaves nothing there", "[app]") {
  std::ostringstream out, err;
  const auto mend = GENERATE(Mend::look, Mend::salvage);
  CHECK(run_verify("/nowhere/at/all", mend, out, err) == 1);
  CHECK(err.str() == "telltale verify: /nowhere/at/all: is no data folder (no catalog.db)\n");
}

}  // namespace
}  // namespace telltale::app
