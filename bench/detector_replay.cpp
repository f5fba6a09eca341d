// detector_replay < readings.csv: ts_ms,NAME,... in, ascending; runs them through the engine under the default rule
// `unusual` and one for missing data, by the data's own time. Prints ts_ms,rule,metric,state of what would have been
// said.
#include <charconv>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

#include "analytics/engine.hpp"

using namespace telltale;

namespace {

std::vector<std::string_view> cells(std::string_view line) {
  std::vector<std::string_view> out;
  for (;;) {
    const auto comma = line.find(',');
    out.push_back(line.substr(0, comma));
    if (comma == std::string_view::npos) return out;
    line.remove_prefix(comma + 1);
  }
}

proto::RuleSet shipped_rules() {
  proto::RuleSet rules;
  rules.windows.clear();
  rules.rollup_windows.clear();
  rules.default_heartbeat_s = 31 * 86'400;  // presence is not the question
  rules.rules.resize(2);
  rules.rules[0].name = "unusual";
  rules.rules[0].check = proto::UnusualCheck{};
  rules.rules[0].cooldown = std::chrono::minutes(15);
  rules.rules[1].name = "missing";
  rules.rules[1].check = proto::MissingCheck{std::chrono::hours(3)};
  return rules;
}

void print(const std::vector<proto::Finding>& findings) {
  for (const auto& finding : findings) {
    const auto* a = std::get_if<proto::AlertTransition>(&finding);
    if (a == nullptr || (a->rule != "unusual" && a->rule != "missing")) continue;
    std::printf("%lld,%s,%s,%s\n", static_cast<long long>(to_ms(a->ts)), a->rule.c_str(), a->metric.c_str(),
                std::string(to_string(a->state)).c_str());
  }
}

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  analytics::Engine engine;
  std::string line;
  if (!std::getline(std::cin, line)) return 2;
  const auto names = cells(line);
  std::vector<std::string> metrics(names.begin() + 1, names.end());
  bool opened = false;
  std::vector<proto::Finding> findings;
  while (std::getline(std::cin, line)) {
    const auto row = cells(line);
    std::int64_t ms = 0;
    if (std::from_chars(row[0].data(), row[0].data() + row[0].size(), ms).ec != std::errc{}) return 2;
    proto::Batch batch;
    batch.log_time = from_ms(ms);
    if (!std::exchange(opened, true)) {
      batch.add(proto::RuleSetChange{shipped_rules()});
      batch.add(proto::NewDevice{proto::DeviceKey{1}, "default", "bench", "device"});
      for (std::uint32_t i = 0; i < metrics.size(); ++i)
        batch.add(proto::NewSeries{proto::SeriesId{i + 1}, proto::DeviceKey{1}, metrics[i], ""});
      for (const auto state : {proto::LinkState::started, proto::LinkState::up, proto::LinkState::caught_up})
        batch.add(proto::Link{state});
    }
    for (std::uint32_t i = 1; i < row.size(); ++i) {
      proto::Reading reading{};
      reading.ts = from_ms(ms);
      reading.series = proto::SeriesId{i};
      if (std::from_chars(row[i].data(), row[i].data() + row[i].size(), reading.number).ec == std::errc{})
        batch.readings.push_back(reading);
    }
    findings.clear();
    engine.process(batch, findings);
    print(findings);
  }
  return 0;
}
