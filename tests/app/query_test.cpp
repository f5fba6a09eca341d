#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <sstream>

#include "app/command_query_format.hpp"
#include "app/command_query_run.hpp"
#include "tests/app/stored_data.hpp"

namespace telltale::app {
namespace {

struct Answer {
  int exit_code;
  std::string out, err;
};

Answer ask(const test::StoredData& data, QueryArguments arguments) {
  arguments.data = data.path();
  std::ostringstream out;
  std::ostringstream err;
  const int code = run_query(arguments, data.now(), out, err);
  return {code, out.str(), err.str()};
}

QueryArguments of(const char* device, const char* metric, const char* format = "csv") {
  QueryArguments a;
  a.device = device;
  a.metric = metric;
  a.format = format;
  return a;
}

TEST_CASE("a query prints the last day in ascending order, in each format", "[app]") {
  const test::StoredData data;
  CHECK(ask(data, of("esp32-7", "temperature", "csv")).out ==
        "ts,time,site,device,metric,value\n"
        "1763699880000,2025-11-21T04:38:00Z,site1,esp32-7,temperature,21.4\n"
        "1763699880250,2025-11-21T04:38:00.250Z,site1,esp32-7,temperature,0.30000000000000004\n"
        "1763699940000,2025-11-21T04:39:00Z,site1,esp32-7,temperature,1000000\n"
        "1763700000000,2025-11-21T04:40:00Z,site1,esp32-7,temperature,1e-09\n"
        "1763700001000,2025-11-21T04:40:01Z,site1,esp32-7,temperature,nan\n");
  CHECK(ask(data, of("esp32-7", "temperature", "json")).out ==
        "[{\"time\":\"2025-11-21T04:38:00Z\",\"ts\":1763699880000,\"site\":\"site1\",\"device\":\"esp32-7\","
        "\"metric\":\"temperature\",\"value\":21.4,\"ts_source\":\"device\"},\n"
        " {\"time\":\"2025-11-21T04:38:00.250Z\",\"ts\":1763699880250,\"site\":\"site1\",\"device\":\"esp32-7\","
        "\"metric\":\"temperature\",\"value\":0.30000000000000004,\"ts_source\":\"device\"},\n"
        " {\"time\":\"2025-11-21T04:39:00Z\",\"ts\":1763699940000,\"site\":\"site1\",\"device\":\"esp32-7\","
        "\"metric\":\"temperature\",\"value\":1000000,\"ts_source\":\"device\"},\n"
        " {\"time\":\"2025-11-21T04:40:00Z\",\"ts\":1763700000000,\"site\":\"site1\",\"device\":\"esp32-7\","
        "\"metric\":\"temperature\",\"value\":1e-09,\"ts_source\":\"device\"},\n"
        " {\"time\":\"2025-11-21T04:40:01Z\",\"ts\":1763700001000,\"site\":\"site1\",\"device\":\"esp32-7\","
        "\"metric\":\"temperature\",\"ts_source\":\"device\"}]\n");
  CHECK(ask(data, of("esp32-7", "temperature", "table")).out ==
        "site1/esp32-7 temperature\n"
        "2025-11-21T04:38:00Z      21.4\n"
        "2025-11-21T04:38:00.250Z  0.30000000000000004\n"
        "2025-11-21T04:39:00Z      1000000\n"
        "2025-11-21T04:40:00Z      1e-09\n"
        "2025-11-21T04:40:01Z      nan\n"
        "5 rows\n");
}

TEST_CASE("booleans are 1 and 0, large integers exact, text as RFC 4180", "[app]") {
  const test::StoredData data;
  CHECK(ask(data, of("esp32-7", "open")).out ==
        "ts,time,site,device,metric,value\n"
        "1763699940000,2025-11-21T04:39:00Z,site1,esp32-7,open,1\n"
        "1763700000000,2025-11-21T04:40:00Z,site1,esp32-7,open,0\n");
  CHECK(ask(data, of("esp32-7", "counter")).out ==
        "ts,time,site,device,metric,value\n"
        "1763700000000,2025-11-21T04:40:00Z,site1,esp32-7,counter,9007199254740993\n");
  CHECK(ask(data, of("esp32-7", "mode")).out ==
        "ts,time,site,device,metric,value\n"
        "1763699940000,2025-11-21T04:39:00Z,site1,esp32-7,mode,plain\n"
        "1763700000000,2025-11-21T04:40:00Z,site1,esp32-7,mode,\"a \"\"quoted\"\", text\nin two lines\"\n");
  const auto json = ask(data, of("esp32-7", "mode", "json")).out;
  CHECK(json.find(R"("value":"a \"quoted\", text\nin two lines","ts_source":"device"})") != std::string::npos);
}

TEST_CASE("the range is half open and takes every spelling of a time", "[app]") {
  const test::StoredData data;
  auto [from, to, rows] = GENERATE(table<const char*, const char*, int>({
      {"", "", 5},
      {"0", "", 6},
      {"now-26h", "now", 4},
      {"now", "", 2},
      {"now-1m", "now", 1},
      {"2025-11-21T04:38:00Z", "2025-11-21T04:39:00Z", 2},
      {"2025-11-21T05:38:00.250+01:00", "1763699940", 1},
      {"1763699880000", "1763700000000", 3},
      {"now+1s", "now+1h", 1},
      {"now", "now", 0},
  }));
  CAPTURE(from, to);
  auto a = of("esp32-7", "temperature");
  a.from = from;
  a.to = to;
  const auto answer = ask(data, a);
  CHECK(answer.exit_code == 0);
  CHECK(std::count(answer.out.begin(), answer.out.end(), '\n') == rows + 1);
}

TEST_CASE("nothing in range is a header and exit code 0", "[app]") {
  const test::StoredData data;
  auto a = of("esp32-7", "temperature");
  a.from = "now+1h";
  CHECK(ask(data, a).exit_code == 0);
  CHECK(ask(data, a).out == "ts,time,site,device,metric,value\n");
  a.format = "json";
  CHECK(ask(data, a).out == "[]\n");
  a.format = "csv";
  a.step = "1m";
  CHECK(ask(data, a).out == "ts,time,site,device,metric,agg,value\n");
}

TEST_CASE("with a step one value is printed for each step, the mean unless told otherwise", "[app]") {
  const test::StoredData data;
  auto a = of("esp32-7", "temperature");
  a.from = "now-1h";
  a.to = "now";
  a.step = "1m";
  CHECK(ask(data, a).out ==
        "ts,time,site,device,metric,agg,value\n"
        "1763699880000,2025-11-21T04:38:00Z,site1,esp32-7,temperature,avg,10.85\n"
        "1763699940000,2025-11-21T04:39:00Z,site1,esp32-7,temperature,avg,1000000\n");
  a.agg = "count";
  CHECK(ask(data, a).out ==
        "ts,time,site,device,metric,agg,value\n"
        "1763699880000,2025-11-21T04:38:00Z,site1,esp32-7,temperature,count,2\n"
        "1763699940000,2025-11-21T04:39:00Z,site1,esp32-7,temperature,count,1\n");
  a.agg = "max";
  a.format = "json";
  CHECK(ask(data, a).out.find(R"("metric":"temperature","agg":"max","value":21.4})") != std::string::npos);
}

TEST_CASE("points are few readings of the same shape, numbers only", "[app]") {
  const test::StoredData data;
  auto a = of("esp32-7", "temperature");
  a.from = "now-1h";
  a.to = "now";
  a.points = 2;
  CHECK(ask(data, a).out ==
        "ts,time,site,device,metric,value\n"
        "1763699880000,2025-11-21T04:38:00Z,site1,esp32-7,temperature,21.4\n"
        "1763699940000,2025-11-21T04:39:00Z,site1,esp32-7,temperature,1000000\n");
  a.method = "minmax";
  CHECK(ask(data, a).out ==
        "ts,time,site,device,metric,value\n"
        "1763699880250,2025-11-21T04:38:00.250Z,site1,esp32-7,temperature,0.30000000000000004\n"
        "1763699940000,2025-11-21T04:39:00Z,site1,esp32-7,temperature,1000000\n");
  a.points = 100;
  CHECK(ask(data, a).out.find(",21.4\n") != std::string::npos);
  a.metric = "mode";
  CHECK(ask(data, a).out == "ts,time,site,device,metric,value\n");

  a.points = 1;
  CHECK(ask(data, a).err.find("--points: must be 2 or more") != std::string::npos);
  a.points = 10;
  a.method = "average";
  CHECK(ask(data, a).err.find("--method: 'average' is none of lttb minmax") != std::string::npos);
  a.method.clear();
  a.step = "1m";
  CHECK(ask(data, a).err.find("--points and --step do not go together") != std::string::npos);
  CHECK(ask(data, a).exit_code == 2);
  a.step.clear();
  a.points = 0;
  a.method = "lttb";
  CHECK(ask(data, a).err.find("--method needs --points") != std::string::npos);
}

TEST_CASE("what cannot be answered says why and with which exit code", "[app]") {
  const test::StoredData data;
  auto [device, site, metric, code, part] = GENERATE(table<const char*, const char*, const char*, int, const char*>({
      {"nobody", "", "open", 1, "no device 'nobody'\n"},
      {"esp327", "", "open", 1, "no device 'esp327', did you mean 'esp32-7'?\n"},
      {"esp32-7", "attic", "open", 1, "no device 'esp32-7' at site 'attic'; there is one at site 'site1'\n"},
      {"esp32-7", "site", "open", 1, "no site 'site', did you mean 'site1'?\n"},
      {"esp32-7", "", "pressure", 1, "has no metric 'pressure'; it has: counter mode open temperature\n"},
      {"esp32-7", "", "opne", 1, "has no metric 'opne', did you mean 'open'? It has: counter mode open temperature\n"},
      {"door", "", "open", 2, "--site attic\n  --site cellar\n"},
      {"door", "attic", "open", 0, ""},
  }));
  CAPTURE(device, site, metric);
  auto a = of(device, metric);
  a.site = site;
  const auto answer = ask(data, a);
  CHECK(answer.exit_code == code);
  CHECK(answer.err.find(part) != std::string::npos);
  CHECK(answer.out.empty() == (code != 0));
}

TEST_CASE("arguments that make no sense are exit code 2", "[app]") {
  const test::StoredData data;
  auto [from, to, step, agg, part] = GENERATE(table<const char*, const char*, const char*, const char*, const char*>({
      {"yesterday", "", "", "", "--from: \"yesterday\" is no time"},
      {"", "5", "", "", "--to: \"5\" is no time"},
      {"now~1h", "", "", "", "--from: expected \"now\" or \"now-15m\""},
      {"now-1x", "", "", "", "--from: expected \"now\" or \"now-15m\""},
      {"now", "now-1h", "", "", "--from is after --to"},
      {"", "", "1x", "", "--step: unknown unit 'x'"},
      {"", "", "0s", "", "--step: must be more than 0"},
      {"", "", "1m", "median", "--agg: 'median' is none of"},
      {"", "", "", "avg", "--agg needs --step"},
  }));
  auto a = of("esp32-7", "temperature");
  a.from = from;
  a.to = to;
  a.step = step;
  a.agg = agg;
  const auto answer = ask(data, a);
  CAPTURE(answer.err);
  CHECK(answer.exit_code == 2);
  CHECK(answer.out.empty());
  CHECK(answer.err.find(part) != std::string::npos);
}

TEST_CASE("a folder without data is exit code 1 and is not touched", "[app]") {
  QueryArguments a = of("d", "m");
  a.data = "/nowhere/at/all";
  std::ostringstream out;
  std::ostringstream err;
  CHECK(run_query(a, from_ms(0), out, err) == 1);
  CHECK(!err.str().empty());
}

TEST_CASE("a number is printed so that it reads back as itself, without exponents where nobody expects them", "[app]") {
  auto [value, text] = GENERATE(table<double, const char*>({
      {0.0, "0"},
      {-0.0, "-0"},
      {48.0, "48"},
      {21.42, "21.42"},
      {1e6, "1000000"},
      {1e20, "100000000000000000000"},
      {1e21, "1e+21"},
      {1e-7, "0.0000001"},
      {1e-8, "1e-08"},
      {0.1 + 0.2, "0.30000000000000004"},
      {5e-324, "5e-324"},
      {1.7976931348623157e308, "1.7976931348623157e+308"},
      {std::numeric_limits<double>::infinity(), "inf"},
      {-std::numeric_limits<double>::infinity(), "-inf"},
  }));
  CHECK(number_text(value) == text);
  if (std::isfinite(value)) CHECK(std::strtod(text, nullptr) == value);
}

}  // namespace
}  // namespace telltale::app
