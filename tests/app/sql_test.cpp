#include <catch2/catch.hpp>
#include <fstream>
#include <optional>
#include <sstream>

#include "app/command_sql.hpp"
#include "store/catalog.hpp"
#include "store/day.hpp"
#include "tests/store/fixture.hpp"
#include "tests/support/child_process.hpp"

namespace telltale::app {
namespace {

namespace fs = std::filesystem;
using test::batch_of;
using test::number;
using test::start_ms;

const std::int64_t yesterday_ms = start_ms - store::day_ms;

/// Two devices of one name; a closed day, an open one and the log; a service that runs.
struct Folder {
  test::World world;
  std::optional<store::Store> store;

  Folder() {
    world.options.recent_hours = 24;
    store.emplace(world.options, world.clock, world.log, world.metrics);
    auto names = batch_of({});
    names->add(proto::NewDevice{proto::DeviceKey{1}, "default", "site1", "boiler"});
    names->add(proto::NewDevice{proto::DeviceKey{2}, "default", "site2", "boiler"});
    names->add(proto::NewSeries{proto::SeriesId{1}, proto::DeviceKey{1}, "temperature", "Cel"});
    names->add(proto::NewSeries{proto::SeriesId{2}, proto::DeviceKey{2}, "temperature", "Cel"});
    names->add(proto::NewSeries{proto::SeriesId{3}, proto::DeviceKey{1}, "mode", ""});
    append(names);
    seal(append(batch_of(
        {number(1, yesterday_ms, 10), number(1, yesterday_ms + 2000, 12), number(2, yesterday_ms + 1000, 11)})));
    REQUIRE(test::eventually([&] {
      const auto day = store::day_of(yesterday_ms);
      const auto files = store::Catalog::open_read_only(world.options.path).day_files(day, day);
      return files.size() == 1 && files.front().closed;
    }));
    seal(append(batch_of({number(1, start_ms, 20.5), number(2, start_ms, 30)})));
    auto newest = batch_of({number(1, start_ms + 5000, 21), test::boolean(2, start_ms + 6000, true)});
    test::add_text(*newest, 3, start_ms + 7000, "it's, \"eco\"\n");
    append(newest);
  }
  proto::LogPosition append(std::shared_ptr<proto::Batch> batch) {
    const auto position = store->append(std::move(batch));
    REQUIRE(position);
    return *position;
  }
  void seal(proto::LogPosition upto) {
    REQUIRE(store->rotate());
    append(batch_of({}));
    REQUIRE(test::eventually([&] {
      store->checkpointed(upto);
      return world.files_in("log") == 1;
    }));
  }
  [[nodiscard]] std::int64_t recent_rows() const {
    try {
      store::Database recent(world.options.path / "recent.db", store::Database::Mode::read_only);
      return recent.number("select count(*) from reading");
    } catch (const store::DatabaseError&) {
      return 0;
    }
  }
  [[nodiscard]] fs::path path() const { return world.options.path; }
};

std::string ask(const Folder& folder, const std::string& sql, const char* format = "csv", const char* input = "") {
  std::istringstream in(input);
  std::ostringstream out, err;
  const int code = run_sql({folder.path(), sql, format}, in, out, err);
  CHECK((code == 0) == err.str().empty());
  return err.str() + out.str();
}

/// What Debian's sqlite3 prints.
std::string sqlite3(const fs::path& database, const std::vector<std::string>& statements) {
  const test::TemporaryFolder folder;
  const auto out = folder.path() / "out";
  test::ChildOptions options{{"sqlite3", "-batch", "-bail"}};
  if (database != ":memory:") options.arguments.emplace_back("-readonly");
  options.arguments.push_back(database.string());
  options.arguments.insert(options.arguments.end(), statements.begin(), statements.end());
  options.stdout_file = out;
  options.stderr_file = out;
  test::ChildProcess child(options);
  CHECK(child.wait(std::chrono::seconds(30)).has_value());
  std::ostringstream text;
  text << std::ifstream(out).rdbuf();
  return text.str();
}

TEST_CASE("sql sees closed days, open days and the log in one table", "[app]") {
  const Folder folder;
  CHECK(ask(folder, "select site, device, metric, ts, value, type, ts_source from readings order by ts, site") ==
        "site,device,metric,ts,value,type,ts_source\n"
        "site1,boiler,temperature,1763613600000,10,number,device\n"
        "site2,boiler,temperature,1763613601000,11,number,device\n"
        "site1,boiler,temperature,1763613602000,12,number,device\n"
        "site1,boiler,temperature,1763700000000,20.5,number,device\n"
        "site2,boiler,temperature,1763700000000,30,number,device\n"
        "site1,boiler,temperature,1763700005000,21,number,device\n"
        "site2,boiler,temperature,1763700006000,1,boolean,device\n"
        "site1,boiler,mode,1763700007000,\"it's, \"\"eco\"\"\n\",text,device\n");
  CHECK(ask(folder, "select * from readings where metric = 'mode'") ==
        "tenant,site,device,metric,ts,value\ndefault,site1,boiler,mode,1763700007000,\"it's, \"\"eco\"\"\n\"\n");
}

TEST_CASE("conditions on series and time give the same rows pushed down as looked at one by one", "[app]") {
  const Folder folder;
  for (const char* where : {"site = 'site1'",
                            "device = 'boiler' and metric = 'temperature'",
                            "ts = 1763700000000",
                            "ts >= 1763613602000",
                            "ts > 1763613602000",
                            "ts < 1763700000000",
                            "ts <= 1763700000000",
                            "ts >= 1763613602000.5",
                            "ts between 1763613601000 and 1763700005000",
                            "ts > 'x'",
                            "ts < 'x'",
                            "ts = null",
                            "series_id = 2",
                            "series_id = 2 and ts > 1763613601000",
                            "metric = 'TEMPERATURE' collate nocase",
                            "metric = 'TEMPERATURE'",
                            "site = 'nowhere'",
                            "site in ('site1', 'site2') and metric = 'mode'",
                            "tenant = 'default' and value > 11",
                            "ts > 9223372036854775806",
                            "ts < -9223372036854775807",
                            "ts > 1e300",
                            "ts < 1e300",
                            "ts > -1e300"}) {
    CAPTURE(where);
    // A unary plus keeps a condition away from the table.
    std::string plain = where;
    for (const std::string column : {"site", "device", "metric", "tenant", "series_id", "ts"})
      for (std::size_t at = 0; (at = plain.find(column + " ", at)) != std::string::npos; at += column.size() + 2)
        if (at == 0 || plain[at - 1] == ' ') plain.insert(at, "+");
    const std::string select = "select ts, site, metric, value from readings where ";
    for (const std::string order : {" order by ts, site, metric", " order by ts desc, site, metric"})
      CHECK(ask(folder, select + where + order) == ask(folder, select + plain + order));
    for (const std::string order : {" order by ts", " order by ts desc"})
      CHECK(ask(folder, "select ts from readings where " + std::string(where) + order) ==
            ask(folder, "select ts from readings where " + plain + order));
  }
}

TEST_CASE("order by time of one device and metric needs no sorting, across sites", "[app]") {
  const Folder folder;
  const std::string where = " from readings where device = 'boiler' and metric = 'temperature' order by ts";
  CHECK(ask(folder, "select ts, site" + where + " desc limit 3") ==
        "ts,site\n1763700006000,site2\n1763700005000,site1\n1763700000000,site1\n");
  CHECK(ask(folder, "explain query plan select ts" + where).find("TEMP B-TREE") == std::string::npos);
  CHECK(ask(folder, "explain query plan select ts from readings order by ts").find("TEMP B-TREE") != std::string::npos);
}

TEST_CASE("the catalog's tables and the rollups are there, by join with the series too", "[app]") {
  const Folder folder;
  CHECK(ask(folder,
            "select site, metric, count(*) as n, max(ts) as newest from readings join series using (series_id, "
            "metric) join device using (device_key, site) group by 1, 2") ==
        "site,metric,n,newest\nsite1,mode,1,1763700007000\nsite1,temperature,4,1763700005000\n"
        "site2,temperature,3,1763700006000\n");
  CHECK(ask(folder, "select * from hour order by series_id") ==
        "series_id,t,n,min,max,sum,sumsq,last\n1,1763611200000,2,10,12,22,244,12\n2,1763611200000,1,11,11,11,121,11\n");
  CHECK(ask(folder, "select series_id, t, n, class from day where series_id = 1 and t >= 0") ==
        "series_id,t,n,class\n1,1763596800000,2,raw\n");
  CHECK(ask(folder,
            "select count(*) from hour where t = 1763611200000; select count(*) from hour where t > "
            "1763611200000; select count(*) from day where series_id = 7") ==
        "count(*)\n2\ncount(*)\n0\ncount(*)\n0\n");
  CHECK(ask(folder, "select ts, value from latest where series_id = 1") == "ts,value\n1763700000000,20.5\n");
  CHECK(ask(folder, "select count(*) from catalog.device") == "count(*)\n2\n");
}

TEST_CASE("sql writes nothing, and says what is wrong", "[app]") {
  const Folder folder;
  CHECK(ask(folder, "delete from device").find("telltale sql: ") == 0);
  CHECK(ask(folder, "pragma query_only = 0; delete from device").find("readonly database") != std::string::npos);
  CHECK(ask(folder, "insert into readings(site) values('x')").find("telltale sql: ") == 0);
  CHECK(ask(folder, "select nonsense").find("no such column: nonsense") != std::string::npos);
  std::istringstream in;
  std::ostringstream out, err;
  CHECK(run_sql({"/nowhere/at/all", "select 1", "csv"}, in, out, err) == 1);
  CHECK(err.str().find("is no data folder") != std::string::npos);
}

TEST_CASE("statements come from the input, over several lines, and an error does not end it", "[app]") {
  const Folder folder;
  std::istringstream in("select 1 as a;\nselect\n 2 as b; select 3 as c;\nselect x;\nselect 4 as d");
  std::ostringstream out, err;
  CHECK(run_sql({folder.path(), "", "csv"}, in, out, err) == 1);
  CHECK(out.str() == "a\n1\nb\n2\nc\n3\nd\n4\n");
  CHECK(err.str() == "telltale sql: no such column: x\n");
}

TEST_CASE("an answer comes as table, csv or json", "[app]") {
  const Folder folder;
  const std::string sql = "select 1 as a, 'x' as long_name, null as n, 0.5 as r, x'00ff' as b";
  CHECK(ask(folder, sql, "csv") == "a,long_name,n,r,b\n1,x,,0.5,00ff\n");
  CHECK(ask(folder, sql, "json") == "[{\"a\":1,\"long_name\":\"x\",\"n\":null,\"r\":0.5,\"b\":\"00ff\"}]\n");
  CHECK(ask(folder, sql, "table") ==
        "a  long_name  n  r    b\n"
        "1  x             0.5  00ff\n"
        "1 row\n");
  CHECK(ask(folder, "select value from readings where metric = 'mode'", "table") ==
        "value\n\"it's, \\\"eco\\\"\\n\"\n1 row\n");
  CHECK(ask(folder, "select 1 where 0", "json") == "[]\n");
}

#ifdef TELLTALE_READINGS
TEST_CASE("Debian's sqlite3 loads the extension and sees the whole history", "[app]") {
  const Folder folder;
  const std::string load = std::string(".load ") + TELLTALE_READINGS;
  CHECK(sqlite3(folder.path() / "catalog.db",
                {load, "select ts, value from readings where site = 'site1' and metric = 'temperature' order by ts",
                 "select series_id, n from hour order by 1"}) ==
        "1763613600000|10.0\n1763613602000|12.0\n1763700000000|20.5\n1763700005000|21.0\n1|2\n2|1\n");
  CHECK(sqlite3(":memory:", {load, "create virtual table readings using telltale('" + folder.path().string() + "')",
                             "select count(*), sum(value) from readings"})
            .find("8|") == 0);
  CHECK(sqlite3(":memory:", {load, "select * from readings"}).find("no data folder: open its catalog.db") !=
        std::string::npos);
  CHECK(sqlite3(":memory:", {load, "create virtual table x using telltale('/nowhere/at/all')"})
            .find("is no data folder") != std::string::npos);
}
#endif

TEST_CASE("sqlite3 alone shows devices, series, latest, rollups and the last day's readings", "[app]") {
  const Folder folder;
  REQUIRE(test::eventually([&] { return folder.recent_rows() == 8; }));
  // The statements of docs/operations.md.
  CHECK(sqlite3(folder.path() / "catalog.db", {"select site, device from device order by 1",
                                               "select device, metric, unit from series join device "
                                               "using (device_key) order by series_id"}) ==
        "site1|boiler\nsite2|boiler\nboiler|temperature|Cel\nboiler|temperature|Cel\nboiler|mode|\n");
  CHECK(sqlite3(folder.path() / "catalog.db",
                {"select site, device, metric, value, datetime(ts / 1000, 'unixepoch') from latest join series using "
                 "(series_id) join device using (device_key) order by 1"}) ==
        "site1|boiler|temperature|20.5|2025-11-21 04:40:00\nsite2|boiler|temperature|30.0|2025-11-21 04:40:00\n");
  CHECK(sqlite3(folder.path() / "rollup" / "202511-raw-hour.db",
                {"select series_id, datetime(t / 1000, 'unixepoch'), n, v_sum / n, v_min, v_max from rollup"}) ==
        "1|2025-11-20 04:00:00|2|11.0|10.0|12.0\n2|2025-11-20 04:00:00|1|11.0|11.0|11.0\n");
  CHECK(sqlite3(
            folder.path() / "recent.db",
            {"select time, site, value from recent where metric = 'temperature' and device = 'boiler' order by ts desc "
             "limit 2"}) == "2025-11-21T04:40:06.000Z|site2|1\n2025-11-21T04:40:05.000Z|site1|21.0\n");
}

}  // namespace
}  // namespace telltale::app
