#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <string>

#include "devices/replay.hpp"
#include "tests/support/temporary_folder.hpp"

namespace telltale::devices {
namespace {

using namespace std::chrono_literals;

std::string write(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path) << text;
  return path.string();
}

std::size_t count_rows(ReplaySource source, std::size_t& values) {
  std::size_t rows = 0;
  while (auto row = source.next()) {
    ++rows;
    values += row->values.size();
  }
  return rows;
}

}  // namespace

TEST_CASE("a replayed file gives its rows with the time since its first", "[devices]") {
  telltale::test::TemporaryFolder folder;
  const auto path = write(folder.path() / "Plant A" / "pump 1.csv",
                          "timestamp,temp (C),humidity,label\n"
                          "2014-02-28 23:59:50,1.5,40,0\r\n"
                          "2014-03-01 00:00:10,,41,1\n"
                          "\n"
                          "2014-03-01 00:00:05,nan,42.25,0\n");
  ReplaySource source(path, default_replay_topic);
  CHECK(source.topics() ==
        std::vector<std::string>{"telemetry/plant-a/pump-1/temp--C-", "telemetry/plant-a/pump-1/humidity"});
  const auto first = source.next();
  REQUIRE(first);
  CHECK(first->offset == 0ms);
  REQUIRE(first->values.size() == 2);
  CHECK(first->values[0].number == 1.5);
  const auto second = source.next();
  REQUIRE(second);
  CHECK(second->offset == 20s);
  REQUIRE(second->values.size() == 1);
  CHECK(second->values[0].topic == 1);
  CHECK(source.next()->offset == 15s);
  CHECK_FALSE(source.next());
}

TEST_CASE("a numbered file has five seconds between its rows", "[devices]") {
  telltale::test::TemporaryFolder folder;
  ReplaySource source(write(folder.path() / "m.csv", "reading,t\n7,1\n9,2\n"), "x/y");
  CHECK(source.topics() == std::vector<std::string>{"x/y"});
  CHECK(source.next()->offset == 0ms);
  CHECK(source.next()->offset == 10s);
}

TEST_CASE("a topic without column gets one when the file has several", "[devices]") {
  telltale::test::TemporaryFolder folder;
  const auto path = write(folder.path() / "m.csv", "date,HUFL,OT\n2016-07-01 00:00:00,5.8,30.5\n");
  CHECK(ReplaySource(path, "telemetry/grid/t1").topics() ==
        std::vector<std::string>{"telemetry/grid/t1/HUFL", "telemetry/grid/t1/OT"});
  CHECK(ReplaySource(path, "a/{stem}/{column}").topics() == std::vector<std::string>{"a/m/HUFL", "a/m/OT"});
}

TEST_CASE("the site of a data set is the folder below data", "[devices]") {
  telltale::test::TemporaryFolder folder;
  const auto in_set = write(folder.path() / "data/nab/realKnownCause/x.csv", "timestamp,value\n");
  CHECK(ReplaySource(in_set, default_replay_topic).topics()[0] == "telemetry/nab/x/value");
  const auto beside = write(folder.path() / "data/x.csv", "timestamp,value\n");
  CHECK(ReplaySource(beside, default_replay_topic).topics()[0] == "telemetry/data/x/value");
}

TEST_CASE("a file that cannot be replayed is refused with its line", "[devices]") {
  telltale::test::TemporaryFolder folder;
  const auto path = [&](const char* text) { return write(folder.path() / "f.csv", text); };
  CHECK_THROWS_WITH(ReplaySource(path(""), "x"), Catch::Contains("empty"));
  CHECK_THROWS_WITH(ReplaySource(path("a,b\n"), "x"), Catch::Contains(":1:"));
  ReplaySource bad_time(path("timestamp,v\n2014-13-01 00:00:00,1\n"), "x");
  CHECK_THROWS_WITH(bad_time.next(), Catch::Contains("f.csv:2:"));
  ReplaySource too_wide(path("timestamp,v\n2014-12-01 00:00:00,1,2\n"), "x");
  CHECK_THROWS_WITH(too_wide.next(), Catch::Contains("columns"));
  CHECK_THROWS_WITH(ReplaySource((folder.path() / "none.csv").string(), "x"), Catch::Contains("cannot be opened"));
}

TEST_CASE("names become topic levels", "[devices]") {
  CHECK(as_site("Office Ünit") == "office---nit");
  CHECK(as_site("_x") == "s_x");
  CHECK(as_site(std::string(40, 'a')).size() == 24);
  CHECK(as_device("office_2015-02-02_10") == "office_2015-02-02_10");
  CHECK(as_device("#+/") == "d---");
  CHECK(as_metric("2nd") == "_2nd");
  CHECK(as_metric("") == "_");
}

TEST_CASE("files are merged by time, and files of one time in their order", "[devices]") {
  telltale::test::TemporaryFolder folder;
  std::vector<ReplaySource> sources;
  sources.emplace_back(write(folder.path() / "a.csv", "reading,t\n1,1\n3,3\n"), "telemetry/s/a/t");
  sources.emplace_back(write(folder.path() / "b.csv", "reading,t\n11,1\n12,2\n13,3\n"), "telemetry/s/b/t");
  ReplayMerge merge(std::move(sources));
  CHECK(merge.devices() == std::vector<std::string>{"s/a", "s/b"});
  std::string order;
  while (const auto row = merge.next()) order += merge.topic(row->source, 0).at(12);
  CHECK(order == "abbab");
}

TEST_CASE("times are scaled by the speed and numbers written shortest", "[devices]") {
  CHECK(scaled(100s, 100.0) == 1s);
  CHECK(scaled(5s, 3.0) == 1667ms);
  CHECK(replay_payload(73.97, from_ms(1'763'700'000'123)) == R"({"v":73.97,"ts":1763700000123})");
  CHECK(replay_payload(-0.1, from_ms(5)) == R"({"v":-0.1,"ts":5})");
}

TEST_CASE("the shipped sample data can be replayed", "[devices]") {
  const std::filesystem::path samples = std::filesystem::path(TELLTALE_SOURCE_DIR) / "devices/sample-data";
  const auto [file, rows, columns] = GENERATE(table<const char*, std::size_t, std::size_t>({
      {"nab/realKnownCause/machine_temperature_system_failure.csv.gz", 22'695, 1},
      {"motes/mote1_outdoor.csv.gz", 4'690, 2},
      {"motes/mote2_outdoor.csv.gz", 4'690, 2},
      {"motes/mote3_indoor.csv.gz", 4'690, 2},
      {"motes/mote4_indoor.csv.gz", 4'690, 2},
      {"office/office_2015-02-02_10.csv.gz", 7'354, 4},
  }));
  CAPTURE(file);
  std::size_t values = 0;
  CHECK(count_rows(ReplaySource((samples / file).string(), default_replay_topic), values) == rows);
  CHECK(values == rows * columns);
}

}  // namespace telltale::devices
