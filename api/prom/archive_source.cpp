#include "api/prom/archive_source.hpp"

#include <algorithm>
#include <limits>

#include "api/rest_question.hpp"

namespace telltale::api::prom {

namespace {

constexpr Millis long_range{24 * 3600 * 1000};  // from here on readings are counted before they are read

std::string_view label_of(const IndexedDevice& device, const IndexedSeries& series, std::string_view name,
                          std::string_view label) {
  if (label == name_label) return name;
  if (label == "site") return device.site;
  if (label == "device") return device.device;
  return label == "unit" ? series.unit : std::string_view();
}

}  // namespace

ArchiveSource::ArchiveSource(ArchiveView& archive, const std::string& tenant, std::uint64_t readings)
    : reader_(archive.reader()), most_(readings), left_(readings) {
  const auto& fleet = archive.fleet();
  directory_ = fleet.directory();
  devices_ = fleet.devices(tenant);
}

std::vector<SourceSeries> ArchiveSource::series(std::span<const Matcher> matchers) {
  std::vector<SourceSeries> found;
  for (const auto& device : devices_) {
    for (const auto& one : device.series) {
      const auto name = metric_name(one.metric);
      const auto fits = [&](const Matcher& m) { return m.matches(label_of(device, one, name, m.label())); };
      if (!std::ranges::all_of(matchers, fits)) continue;
      found.push_back({Labels({{std::string(name_label), name},
                               {"site", std::string(device.site)},
                               {"device", std::string(device.device)},
                               {"unit", std::string(one.unit)}}),
                       static_cast<std::size_t>(one.id)});
    }
  }
  std::ranges::sort(found, {}, &SourceSeries::labels);
  return found;
}

Result<std::vector<Sample>, QueryError> ArchiveSource::samples(std::size_t handle, Window window) {
  const auto series = static_cast<proto::SeriesId>(handle);
  const store::Range range{window.from, window.to + Millis{1}};
  const bool is_long = window.to - window.from > long_range;
  if (is_long)
    if (const auto fits = spend(count_readings(reader_, series, range)); !fits) return fail(fits.error());
  auto samples =
      reader_.downsampled(series, range, std::numeric_limits<std::size_t>::max(), store::Downsampling::min_max);
  if (!is_long)
    if (const auto fits = spend(samples.size()); !fits) return fail(fits.error());
  return samples;
}

Result<void, QueryError> ArchiveSource::spend(std::uint64_t readings) {
  if (readings > left_) {
    return cannot_execute("the query reads more than " + std::to_string(most_) +
                          " readings: take a shorter range or fewer series");
  }
  left_ -= readings;
  return {};
}

}  // namespace telltale::api::prom
