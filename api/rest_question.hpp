#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/archive.hpp"
#include "api/gate.hpp"
#include "api/json_object.hpp"
#include "api/query_text.hpp"
#include "api/rest.hpp"

namespace telltale::api {

/// One question to the archive, and everything an answer depends on.
struct Question {
  const Caller& caller;
  const Request& request;
  ArchiveView& archive;
  Timestamp now;
  const RestLimits& limits;
  const RestParts& parts;
};
using Answer = Result<Response, Problem>;

Answer list_devices(const Question& question);
Answer one_device(const Question& question);
Answer patch_device(const Question& question);
Answer list_series(const Question& question);
Answer query(const Question& question);
Answer latest(const Question& question);
Answer statistics(const Question& question);
Answer hour_profile(const Question& question);
Answer completeness(const Question& question);
Answer anomalies(const Question& question);
Answer day_over_day(const Question& question);
Answer list_alerts(const Question& question);
Answer alert_history(const Question& question);
Answer one_alert(const Question& question);
Answer acknowledge_alert(const Question& question);
Answer silence_alert(const Question& question);
Answer list_silences(const Question& question);
Answer set_silence(const Question& question);
Answer end_silence(const Question& question);
Answer stream(const Question& question);
Answer list_rules(const Question& question);
Answer one_rule(const Question& question);
Answer test_rule(const Question& question);
Answer get_config(const Question& question);
Answer list_channels(const Question& question);
Answer list_mappings(const Question& question);
Answer test_mapping(const Question& question);

/// What valid_device allows, for people.
inline constexpr std::string_view device_syntax = "letters, digits and _ . : -, 48 at most";

struct Selected {
  const IndexedDevice* device;
  const IndexedSeries* series;
};

/// Names given as site=, device= and metric=; "" = any.
struct Filter {
  std::string site, device, metric;
};
[[nodiscard]] Filter read_filter(QueryText& query);
/// By site, device and metric. A device or metric that is named and not there is a 404.
[[nodiscard]] Result<std::vector<Selected>, Problem> select(const FleetIndex& fleet, const Caller& caller,
                                                            const Filter& filter);
/// The series that the path names.
[[nodiscard]] Result<Selected, Problem> series_of_path(const Question& question);

/// from= and to=; the last `reach` when they are left out. `now` is the next full second, or with a step the next full
/// step of a minute at most, so that who asks again soon asks for the same.
[[nodiscard]] store::Range read_range(QueryText& query, Timestamp now, Millis reach,
                                      std::optional<Millis> step = std::nullopt);

/// The answer to `asked`, which says everything that was asked but the tenant, the series and the range; from the cache
/// where it is known. No range: the newest reading of each.
[[nodiscard]] Answer known_or_made(const Question& question, std::string asked, const std::vector<Selected>& selected,
                                   std::optional<store::Range> range, const std::function<Answer()>& make);

/// Stored readings with a number, from headers where they suffice.
[[nodiscard]] std::uint64_t count_readings(const store::Reader& reader, proto::SeriesId series, store::Range range);

[[nodiscard]] Problem not_found(std::string detail);
[[nodiscard]] Problem too_many(std::string detail);
[[nodiscard]] inline Response json(std::string body) { return {200, "application/json", std::move(body), {}}; }

/// site, device, metric and, when it is known, unit.
void append_names(JsonObject& out, const Selected& selected);
/// "value": a number, a boolean as 1 or 0, or a text.
void append_value(JsonObject& out, std::string_view key, const store::Row& row);
/// count, and what else there is when it is not 0.
void append_summary(JsonObject& out, const store::Summary& summary);

}  // namespace telltale::api
