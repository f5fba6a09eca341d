#include "app/command_query_run.hpp"

#include <algorithm>
#include <ostream>
#include <set>
#include <vector>

#include "app/command_query_format.hpp"
#include "app/config_text.hpp"
#include "app/unknown_name.hpp"
#include "store/query.hpp"

namespace telltale::app {

namespace {

enum ExitCode { done = 0, unknown = 1, ambiguous_or_wrong = 2 };

constexpr Millis default_reach{24 * 3600 * 1000};
constexpr Timestamp open_end = from_ms(253'402'300'800'000);  // year 10000

constexpr std::string_view aggregate_names[] = {"avg", "min", "max", "sum", "count", "last", "stddev"};

/// What is left to do once the arguments make sense.
struct Plan {
  store::Range range{};
  std::optional<Millis> step;
  store::Aggregate aggregate = store::Aggregate::avg;
  std::string aggregate_name;
  std::size_t points = 0;  // 0 = all
  store::Downsampling method = store::Downsampling::lttb;
};

Result<void, std::string> plan_points(const QueryArguments& a, Plan& p) {
  if (a.points == 0)
    return a.method.empty() ? Result<void, std::string>() : fail(std::string("--method needs --points"));
  if (a.points == 1) return fail(std::string("--points: must be 2 or more"));
  if (!a.step.empty() || !a.agg.empty()) return fail(std::string("--points and --step do not go together"));
  if (!a.method.empty() && a.method != "lttb" && a.method != "minmax") {
    return fail("--method: '" + a.method + "' is none of lttb minmax");
  }
  p.points = a.points;
  p.method = a.method == "minmax" ? store::Downsampling::min_max : store::Downsampling::lttb;
  return {};
}

Result<Plan, std::string> plan(const QueryArguments& a, Timestamp now) {
  Plan p;
  const auto from =
      a.from.empty() ? Result<Timestamp, std::string>(now - default_reach) : parse_query_time(a.from, now);
  if (!from) return fail("--from: " + from.error());
  const auto to = a.to.empty() ? Result<Timestamp, std::string>(open_end) : parse_query_time(a.to, now);
  if (!to) return fail("--to: " + to.error());
  if (*from > *to) return fail(std::string("--from is after --to"));
  p.range = {*from, *to};
  if (const auto points = plan_points(a, p); !points) return fail(points.error());
  if (a.step.empty()) {
    if (!a.agg.empty()) return fail(std::string("--agg needs --step, such as --step 1m"));
    return p;
  }
  const auto step = parse_duration(a.step);
  if (!step) return fail("--step: " + step.error());
  if (step->count() <= 0) return fail(std::string("--step: must be more than 0"));
  p.step = *step;
  p.aggregate_name = a.agg.empty() ? "avg" : a.agg;
  const auto* found = std::ranges::find(aggregate_names, p.aggregate_name);
  if (found == std::end(aggregate_names)) {
    return fail("--agg: '" + a.agg + "' is none of avg min max sum count last stddev");
  }
  p.aggregate = static_cast<store::Aggregate>(found - std::begin(aggregate_names));
  return p;
}

std::vector<const store::DeviceEntry*> matching_devices(const store::Directory& directory, const QueryArguments& a) {
  std::vector<const store::DeviceEntry*> found;
  for (const auto& device : directory.devices) {
    if (device.device == a.device && (a.site.empty() || device.site == a.site) &&
        (a.tenant.empty() || device.tenant == a.tenant)) {
      found.push_back(&device);
    }
  }
  return found;
}

int tell_ambiguous(const std::vector<const store::DeviceEntry*>& devices, const QueryArguments& a, std::ostream& err) {
  const bool tenants = std::ranges::any_of(devices, [&](const auto* d) { return d->tenant != devices[0]->tenant; });
  err << "telltale query: several sites have a device '" << a.device << "': name one with --site"
      << (tenants ? " and --tenant" : "") << ":\n";
  for (const auto* device : devices) {
    err << "  --site " << device->site << (tenants ? " --tenant " + device->tenant : "") << '\n';
  }
  return ambiguous_or_wrong;
}

int tell_unknown_metric(const store::Directory& directory, const store::DeviceEntry& device, const QueryArguments& a,
                        std::ostream& err) {
  std::set<std::string> metrics;
  for (const auto& series : directory.series) {
    if (series.device == device.key) metrics.insert(series.metric);
  }
  const auto hint = near(a.metric, metrics, [](const auto& m) { return std::string_view(m); });
  err << "telltale query: device '" << a.device << "' has no metric '" << a.metric << "'" << hint
      << (hint.empty() ? "; it has:" : " It has:");
  for (const auto& metric : metrics) err << ' ' << metric;
  err << '\n';
  return unknown;
}

int print(const store::Reader& reader, const store::DeviceEntry& device, const store::SeriesEntry& series,
          const Plan& p, const std::string& format, std::ostream& out) {
  const auto writer = make_row_writer(format, {device.site, device.device, series.metric, p.aggregate_name}, out);
  if (p.step) {
    for (const auto& bucket : reader.aggregate(series.id, p.range, *p.step, p.aggregate)) writer->bucket(bucket);
  } else if (p.points > 0) {
    for (const auto& [ts, value] : reader.downsampled(series.id, p.range, p.points, p.method))
      writer->bucket({ts, value});
  } else {
    for (const auto& row : reader.rows(series.id, p.range)) writer->row(row);
  }
  writer->end();
  return done;
}

}  // namespace

int run_query(const QueryArguments& arguments, Timestamp now, std::ostream& out, std::ostream& err) {
  const auto p = plan(arguments, now);
  if (!p) {
    err << "telltale query: " << p.error() << '\n';
    return ambiguous_or_wrong;
  }
  try {
    const store::Reader reader(arguments.data);
    const auto directory = reader.directory();
    const auto devices = matching_devices(directory, arguments);
    if (devices.empty()) {
      err << "telltale query: " << no_such_device(directory, {arguments.tenant, arguments.site, arguments.device})
          << '\n';
      return unknown;
    }
    if (devices.size() > 1) return tell_ambiguous(devices, arguments, err);
    const auto& device = *devices.front();
    const auto series = std::ranges::find_if(
        directory.series, [&](const auto& s) { return s.device == device.key && s.metric == arguments.metric; });
    if (series == directory.series.end()) return tell_unknown_metric(directory, device, arguments, err);
    return print(reader, device, *series, *p, arguments.format, out);
  } catch (const store::StoreFailure& failure) {
    err << "telltale query: " << failure.what() << '\n';
    return unknown;
  }
}

}  // namespace telltale::app
