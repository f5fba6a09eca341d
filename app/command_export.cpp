#include "app/command_export.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <iostream>
#include <memory>

#include "app/command_query_format.hpp"
#include "app/command_query_run.hpp"
#include "app/system_clock.hpp"
#include "app/unknown_name.hpp"
#include "store/export.hpp"

namespace telltale::app {

namespace {

constexpr Timestamp beginning = from_ms(-62'135'596'800'000);  // year 1
constexpr Timestamp open_end = from_ms(253'402'300'800'000);   // year 10000

void export_csv(const ExportArguments& a, const store::SeriesFilter& filter, store::Range range, std::ostream& out) {
  const store::Reader reader(a.data);
  const auto days = store::days_with_readings(a.data);
  out << csv_header;
  for (const auto& [device, series] : store::matching_series(reader.directory(), filter)) {
    const auto writer = make_csv_rows({device.site, device.device, series.metric, ""}, out);
    store::RowStream rows(reader, days, series.id, range);
    while (const auto* row = rows.next()) writer->row(*row);
    if (!out) throw store::StoreFailure("the output cannot be written");
  }
  if (!out.flush()) throw store::StoreFailure("the output cannot be written");
}

/// Under another name until it is whole.
void export_csv_file(const ExportArguments& a, const store::SeriesFilter& filter, store::Range range) {
  const std::filesystem::path part = a.out.string() + ".part";
  std::ofstream file(part, std::ios::binary | std::ios::trunc);
  if (!file) throw store::StoreFailure(part.string() + ": cannot be written");
  export_csv(a, filter, range, file);
  file.close();
  std::filesystem::rename(part, a.out);
}

Result<store::Range, std::string> range_of(const ExportArguments& a, Timestamp now) {
  store::Range range{beginning, open_end};
  if (!a.from.empty() && a.from != "0") {
    const auto from = parse_query_time(a.from, now);
    if (!from) return fail("--from: " + from.error());
    range.from = *from;
  }
  if (!a.to.empty()) {
    const auto to = parse_query_time(a.to, now);
    if (!to) return fail("--to: " + to.error());
    range.to = *to;
  }
  if (range.from > range.to) return fail(std::string("--from is after --to"));
  return range;
}

/// Which of the names matches nothing. "": none was given, or there is something of them all.
std::string unmatched(const ExportArguments& a, const store::SeriesFilter& filter) {
  const auto directory = store::Reader(a.data).directory();
  const bool device_named = !a.tenant.empty() || !a.site.empty() || !a.device.empty();
  if (!device_named && a.metric.empty()) return "";
  if (!store::matching_series(directory, filter).empty()) return "";
  const bool device_known = std::ranges::any_of(directory.devices, [&](const auto& d) {
    return (a.tenant.empty() || d.tenant == a.tenant) && (a.site.empty() || d.site == a.site) &&
           (a.device.empty() || d.device == a.device);
  });
  if (device_named && !device_known) return no_such_device(directory, {a.tenant, a.site, a.device});
  if (a.metric.empty()) return "no series of what is named";
  return "no metric '" + a.metric + "' of what is named" +
         near(a.metric, directory.series, [](const auto& s) { return std::string_view(s.metric); });
}

}  // namespace

int run_export(const ExportArguments& a, Timestamp now, std::ostream& standard_out, std::ostream& err) {
  const auto wrong = [&err](const std::string& what) {
    err << "telltale export: " << what << '\n';
    return 2;
  };
  const auto range = range_of(a, now);
  if (!range) return wrong(range.error());
  const bool to_standard_out = a.out == "-";
  if (to_standard_out && a.format != "csv") return wrong("--out -: only csv can go to standard output");
  if (!to_standard_out && std::filesystem::exists(a.out)) return wrong(a.out.string() + ": is there already");
  const store::SeriesFilter filter{a.tenant, a.site, a.device, a.metric};
  try {
    if (const auto problem = unmatched(a, filter); !problem.empty()) {
      err << "telltale export: " << problem << '\n';
      return 1;
    }
    if (a.format == "sqlite") {
      store::export_sqlite(a.data, filter, *range, a.out);
    } else if (to_standard_out) {
      export_csv(a, filter, *range, standard_out);
    } else {
      export_csv_file(a, filter, *range);
    }
    return 0;
  } catch (const std::exception& error) {
    err << "telltale export: " << error.what() << '\n';
    return 1;
  }
}

void add_export_command(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("export", "Write readings to a file; a running service does not mind");
  auto a = std::make_shared<ExportArguments>();
  command->add_option("--data", a->data, "The data folder")->required();
  command->add_option("--format", a->format, "csv or sqlite")
      ->check(CLI::IsMember({"csv", "sqlite"}))
      ->capture_default_str();
  command->add_option("--out", a->out, "The file, which must not exist yet; - for standard output (csv)")->required();
  command->add_option("--from", a->from, "From here on, such as now-7d or 2025-11-21T04:40:00Z [all]");
  command->add_option("--to", a->to, "Before here [open]");
  command->add_option("--tenant", a->tenant, "Only this tenant");
  command->add_option("--site", a->site, "Only this site");
  command->add_option("--device", a->device, "Only this device");
  command->add_option("--metric", a->metric, "Only this metric");
  command->callback([a, &exit_code] {
    std::ios::sync_with_stdio(false);
    exit_code = run_export(*a, SystemClock().now(), std::cout, std::cerr);
  });
}

}  // namespace telltale::app
