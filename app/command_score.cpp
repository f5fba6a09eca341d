#include "app/command_score.hpp"

#include <CLI/CLI.hpp>
#include <array>
#include <charconv>
#include <cmath>
#include <iostream>
#include <optional>
#include <string>

#include "analytics/unusual_model.hpp"
#include "proto/timestamp.hpp"

namespace telltale::app {

namespace {

std::optional<double> finite(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::string_view without_return(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace

int run_score(std::istream& in, std::ostream& out, std::ostream& err) {
  const proto::TimeZone utc;
  analytics::UnusualModel model;
  std::optional<Timestamp> newest;
  std::string line;
  if (!std::getline(in, line) || without_return(line) != "timestamp,value") {
    err << "telltale score: the first line must be timestamp,value\n";
    return 2;
  }
  out << "timestamp,value,anomaly_score\n";
  for (std::size_t number = 2; std::getline(in, line); ++number) {
    const auto row = without_return(line);
    if (row.empty()) continue;
    const auto comma = row.find(',');
    const auto ts = proto::timestamp_from_text(row.substr(0, comma), utc);
    if (comma == std::string_view::npos || row.find(',', comma + 1) != std::string_view::npos || !ts) {
      err << "telltale score: line " << number
          << ": expected a time such as 2014-04-01 00:00:00, a comma and a value\n";
      return 2;
    }
    double score = 0;
    if (const auto value = finite(row.substr(comma + 1)); value && (!newest || *ts > *newest)) {
      newest = *ts;
      score = model.observe(*ts, *value).reported;
    }
    std::array<char, 32> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), score).ptr;
    out << row << ',' << std::string_view(text.data(), static_cast<std::size_t>(end - text.data())) << '\n';
  }
  return 0;
}

void add_score_command(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand(
      "score", "Read timestamp,value as CSV and add what the default detector says of each reading (0: nothing)");
  command->callback([&exit_code] {
    std::ios::sync_with_stdio(false);
    exit_code = run_score(std::cin, std::cout, std::cerr);
    if (!std::cout.flush()) exit_code = 1;
  });
}

}  // namespace telltale::app
