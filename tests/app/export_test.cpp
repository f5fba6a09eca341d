#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <map>
#include <sstream>

#include "app/command_export.hpp"
#include "app/command_query_format.hpp"
#include "store/query.hpp"
#include "store/sqlite.hpp"
#include "tests/app/stored_data.hpp"
#include "tests/support/temporary_folder.hpp"

namespace telltale::app {
namespace {

namespace fs = std::filesystem;

const store::Range all_time{from_ms(0), from_ms(9'000'000'000'000)};

struct Export {
  fs::path file;
  int exit_code;
  std::string out, err;

  Export(const test::StoredData& data, ExportArguments a) {
    a.data = data.path();
    if (a.out.empty()) a.out = data.path() / ("export." + a.format);
    file = a.out;
    std::ostringstream o, e;
    exit_code = run_export(a, data.now(), o, e);
    out = o.str();
    err = e.str();
  }
};

ExportArguments as(const char* format) {
  ExportArguments a;
  a.format = format;
  return a;
}

/// RFC 4180.
std::vector<std::vector<std::string>> parse_csv(const std::string& text) {
  std::vector<std::vector<std::string>> lines{{""}};
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto& field = lines.back().back();
    if (quoted) {
      if (text[i] != '"') {
        field += text[i];
      } else if (i + 1 < text.size() && text[i + 1] == '"') {
        field += text[i++];
      } else {
        quoted = false;
      }
    } else if (text[i] == '"') {
      quoted = true;
    } else if (text[i] == ',') {
      lines.back().emplace_back();
    } else if (text[i] == '\n') {
      lines.push_back({""});
    } else {
      field += text[i];
    }
  }
  lines.pop_back();
  return lines;
}

std::string text_of(const store::Row& row) {
  if (row.type == proto::ValueType::text) return row.text;
  if (row.type == proto::ValueType::integer) return std::to_string(row.integer);
  return number_text(row.number);
}

/// site/device/metric/ts → value as csv writes it.
std::map<std::string, std::string> stored(const test::StoredData& data) {
  const store::Reader reader(data.path());
  const auto directory = reader.directory();
  std::map<std::string, std::string> out;
  for (const auto& series : directory.series)
    for (const auto& device : directory.devices)
      if (device.key == series.device)
        for (const auto& row : reader.rows(series.id, all_time))
          out[device.site + "/" + device.device + "/" + series.metric + "/" + std::to_string(to_ms(row.ts))] =
              text_of(row);
  return out;
}

TEST_CASE("an export of a folder without readings is empty, of a name in it an error", "[app]") {
  const test::TemporaryFolder folder;
  const test::SimulatedClock clock;
  test::RecordingLogger log;
  test::PlainMetrics metrics;
  store::StoreOptions options;
  options.path = folder.path();
  const store::Store store(options, clock, log, metrics);
  ExportArguments a;
  a.data = folder.path();
  a.out = "-";
  std::ostringstream out, err;
  CHECK(run_export(a, clock.now(), out, err) == 0);
  CHECK(out.str() == csv_header);
  a.site = "nope";
  CHECK(run_export(a, clock.now(), out, err) == 1);
  CHECK(err.str() == "telltale export: no site 'nope'\n");
  a.site = "";
  a.metric = "t";
  err.str("");
  CHECK(run_export(a, clock.now(), out, err) == 1);
  CHECK(err.str() == "telltale export: no metric 't' of what is named\n");
}

TEST_CASE("an export of names that match nothing says which is unknown, exits 1 and leaves no file", "[app]") {
  const auto [tenant, site, device, metric, says] =
      GENERATE(table<const char*, const char*, const char*, const char*, const char*>({
          {"", "nope", "", "", "no site 'nope'\n"},
          {"", "site", "", "", "no site 'site', did you mean 'site1'?\n"},
          {"", "", "esp327", "", "no device 'esp327', did you mean 'esp32-7'?\n"},
          {"", "attic", "esp32-7", "", "no device 'esp32-7' at site 'attic'; there is one at site 'site1'\n"},
          {"acme", "", "", "", "no tenant 'acme'\n"},
          {"", "site1", "", "temprature", "no metric 'temprature' of what is named, did you mean 'temperature'?\n"},
      }));
  const auto format = GENERATE("csv", "sqlite");
  CAPTURE(format, says);
  const test::StoredData data;
  auto a = as(format);
  a.tenant = tenant;
  a.site = site;
  a.device = device;
  a.metric = metric;
  const Export made(data, a);
  CHECK(made.exit_code == 1);
  CHECK(made.err == std::string("telltale export: ") + says);
  CHECK_FALSE(fs::exists(made.file));
}

TEST_CASE("an export to csv reads back as what is stored, all types, one header", "[app]") {
  const test::StoredData data;
  const Export made(data, as("csv"));
  CHECK(made.err.empty());
  REQUIRE(made.exit_code == 0);
  std::ostringstream text;
  text << std::ifstream(made.file, std::ios::binary).rdbuf();
  auto lines = parse_csv(text.str());
  REQUIRE(lines.at(0) == std::vector<std::string>{"ts", "time", "site", "device", "metric", "value"});
  std::map<std::string, std::string> found;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const auto& line = lines[i];
    REQUIRE(line.size() == 6);
    CHECK(found.emplace(line[2] + "/" + line[3] + "/" + line[4] + "/" + line[0], line[5]).second);
  }
  CHECK(found.size() == 11);
  CHECK(found == stored(data));
  CHECK(!fs::exists(made.file.string() + ".part"));
}

TEST_CASE("an export to sqlite reads back as what is stored, to the last bit, with types and sources", "[app]") {
  const test::StoredData data;
  const Export made(data, as("sqlite"));
  CHECK(made.err.empty());
  REQUIRE(made.exit_code == 0);
  store::Database database(made.file, store::Database::Mode::read_only);
  const store::Reader reader(data.path());
  const auto directory = reader.directory();
  CHECK(database.number("select count(*) from device") == 3);
  CHECK(database.number("select count(*) from series") == 6);
  CHECK(database.number("select count(*) from series join device using (device_key) where metric='mode'") == 1);
  std::int64_t total = 0;
  store::Statement select(database, "select ts, value, type, ts_source, typeof(value) from reading where series_id=?");
  for (const auto& series : directory.series) {
    auto found = select.query(proto::to_number(series.id));
    for (const auto& row : reader.rows(series.id, all_time)) {
      REQUIRE(found.next());
      ++total;
      CHECK(found.integer(0) == to_ms(row.ts));
      CHECK(found.text(3) == to_string(row.source));
      switch (row.type) {
        case proto::ValueType::number:
          CHECK(found.text(2) == "number");
          CHECK(found.text(4) == (std::isnan(row.number) ? "null" : "real"));
          if (!std::isnan(row.number)) CHECK(found.real(1) == row.number);
          break;
        case proto::ValueType::integer:
          CHECK(found.text(2) == "integer");
          CHECK(found.integer(1) == row.integer);
          break;
        case proto::ValueType::boolean:
          CHECK(found.text(2) == "boolean");
          CHECK(static_cast<double>(found.integer(1)) == row.number);
          break;
        case proto::ValueType::text:
          CHECK(found.text(2) == "text");
          CHECK(found.text(1) == row.text);
      }
    }
    CHECK(!found.next());
  }
  CHECK(total == 11);
  CHECK(total == database.number("select count(*) from reading"));
}

TEST_CASE("an export takes a part by time and name", "[app]") {
  const test::StoredData data;
  auto [from, to, site, device, metric, rows] =
      GENERATE(table<const char*, const char*, const char*, const char*, const char*, int>({
          {"", "", "", "", "", 11},
          {"0", "", "", "", "", 11},
          {"now-1h", "", "", "", "", 10},
          {"now-1h", "now", "", "", "", 5},
          {"", "", "site1", "", "", 11},
          {"", "", "attic", "", "", 0},
          {"", "", "", "esp32-7", "mode", 2},
          {"now", "", "", "", "temperature", 2},
          {"now-30d", "now-1d", "", "", "", 1},
      }));
  CAPTURE(from, to, site, device, metric);
  auto a = as("csv");
  a.out = "-";
  a.from = from;
  a.to = to;
  a.site = site;
  a.device = device;
  a.metric = metric;
  const Export made(data, a);
  CHECK(made.exit_code == 0);
  CHECK(parse_csv(made.out).size() == static_cast<std::size_t>(rows) + 1);
}

TEST_CASE("an export never writes over a file, and says what is wrong", "[app]") {
  const test::StoredData data;
  CHECK(Export(data, as("csv")).exit_code == 0);
  const Export again(data, as("csv"));
  CHECK(again.exit_code == 2);
  CHECK(again.err.find("is there already") != std::string::npos);
  auto a = as("sqlite");
  a.out = "-";
  CHECK(Export(data, a).exit_code == 2);
  a.out = "/nowhere/at/all/x";
  CHECK(Export(data, a).exit_code == 1);
  a.from = "yesterday";
  CHECK(Export(data, a).err.find("--from: ") != std::string::npos);
}

}  // namespace
}  // namespace telltale::app
