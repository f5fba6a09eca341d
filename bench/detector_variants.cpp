// detector_variants < in.csv > out.csv: timestamp,value in; what the default detector says of each reading, whole and
// with parts left out: timestamp,full,no_gate,no_divisors,neither. For bench_nab.py.
#include <charconv>
#include <cstdio>
#include <iostream>
#include <optional>
#include <string>

#include "analytics/record_gate.hpp"
#include "analytics/unusual_model.hpp"
#include "proto/timestamp.hpp"

int main() {
  using namespace telltale;
  std::ios::sync_with_stdio(false);
  const proto::TimeZone utc;
  analytics::UnusualModel model;
  analytics::RecordGate plain_gate;
  std::optional<Timestamp> newest;
  std::string line;
  std::getline(std::cin, line);
  std::printf("timestamp,full,no_gate,no_divisors,neither\n");
  while (std::getline(std::cin, line)) {
    const auto comma = line.find(',');
    if (comma == std::string::npos) return 2;
    const auto ts = proto::timestamp_from_text(std::string_view(line).substr(0, comma), utc);
    double value = 0;
    if (!ts || std::from_chars(line.data() + comma + 1, line.data() + line.size(), value).ec != std::errc{}) return 2;
    analytics::UnusualModel::Score score;
    double plain = 0;
    if (!newest || *ts > *newest) {
      newest = *ts;
      score = model.observe(*ts, value);
      plain = plain_gate.pass(*ts, score.plain);
    }
    std::printf("%.*s,%.9g,%.9g,%.9g,%.9g\n", static_cast<int>(comma), line.c_str(), score.reported, score.u, plain,
                score.plain);
  }
  return 0;
}
