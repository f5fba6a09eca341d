#include "store/alert_reader.hpp"

#include <algorithm>
#include <mutex>
#include <string_view>

#include "store/sqlite.hpp"

namespace telltale::store {

namespace {

using proto::RecordedTransition;

constexpr std::size_t most_rows = 10'000;

constexpr std::string_view columns =
    "SELECT row, id, n, ts, tenant, state, severity, site, device, rule, metric, value, threshold, started_ts, count, "
    "summary, who, comment, runbook, reason FROM ";

/// The enum value whose to_string() this is; the first one for a text of another version.
template <class E>
E named(std::string_view text, E last) {
  for (std::uint8_t i = 0; i <= static_cast<std::uint8_t>(last); ++i)
    if (to_string(static_cast<E>(i)) == text) return static_cast<E>(i);
  return E{};
}

std::optional<double> number(const Statement::Rows& row, int column) {
  return row.null(column) ? std::nullopt : std::optional(row.real(column));
}

std::vector<RecordedTransition> all(Statement::Rows row) {
  std::vector<RecordedTransition> found;
  while (row.next()) {
    auto& [at, said] = found.emplace_back();
    const auto text = [&](int column) { return std::string(row.text(column)); };
    at = static_cast<std::uint64_t>(row.integer(0));
    said.id = text(1);
    said.n = static_cast<std::uint32_t>(row.integer(2));
    said.ts = from_ms(row.integer(3));
    said.tenant = text(4);
    said.state = named(row.text(5), proto::AlertState::removed);
    said.severity = named(row.text(6), proto::Severity::critical);
    said.site = text(7);
    said.device = text(8);
    said.rule = text(9);
    said.metric = text(10);
    said.value = number(row, 11);
    said.threshold = number(row, 12);
    said.started = from_ms(row.integer(13));
    said.count = static_cast<std::uint32_t>(row.integer(14));
    said.summary = text(15);
    said.by = text(16);
    said.comment = text(17);
    said.runbook = text(18);
    said.reason = named(row.text(19), proto::AlertReason::forgotten);
  }
  return found;
}

template <class E>
std::optional<std::string> name_of(const std::optional<E>& value) {
  return value ? std::optional<std::string>(to_string(*value)) : std::nullopt;
}

std::optional<std::int64_t> ms_of(const std::optional<Timestamp>& time) {
  return time ? std::optional(to_ms(*time)) : std::nullopt;
}

}  // namespace

struct AlertReader::Impl {
  explicit Impl(const std::filesystem::path& file) : database(file, Database::Mode::read_only) {}

  std::mutex mutex;
  Database database;
  Statement active{database, std::string(columns) + "alert_active WHERE tenant = ? ORDER BY started_ts, row"};
  Statement transitions{
      database, std::string(columns) +
                    "alert_history WHERE tenant = ?1 AND (?2 IS NULL OR id = ?2) AND (?3 IS NULL OR site = ?3) "
                    "AND (?4 IS NULL OR device = ?4) AND (?5 IS NULL OR rule = ?5) AND (?6 IS NULL OR state = ?6) "
                    "AND (?7 IS NULL OR severity = ?7) AND ts >= coalesce(?8, -9223372036854775808) "
                    "AND (?9 IS NULL OR ts < ?9) AND (?10 IS NULL OR row < ?10) "
                    "AND (?11 = 0 OR NOT EXISTS (SELECT 1 FROM alert_history AS later "
                    "WHERE later.id = alert_history.id AND later.n > alert_history.n)) ORDER BY row DESC LIMIT ?12"};
  Statement silences{
      database,
      "SELECT kind, name, tenant, site, device, metric, rule, severity, from_ts, until_ts, who, comment, "
      "active FROM silence WHERE tenant = ?1 OR kind = 'maintenance' ORDER BY kind, tenant, name"};
};

AlertReader::AlertReader(const std::filesystem::path& file) : impl_(std::make_unique<Impl>(file)) {}
AlertReader::~AlertReader() = default;

std::vector<RecordedTransition> AlertReader::active_alerts(const std::string& tenant) const {
  const std::lock_guard lock(impl_->mutex);
  return all(impl_->active.query(tenant));
}

std::vector<RecordedTransition> AlertReader::transitions(const proto::TransitionQuery& q) const {
  const std::lock_guard lock(impl_->mutex);
  return all(impl_->transitions.query(q.tenant, q.id, q.site, q.device, q.rule, name_of(q.state), name_of(q.severity),
                                      ms_of(q.from), ms_of(q.to), q.before_number, q.newest_of_each ? 1 : 0,
                                      std::min(q.limit, most_rows)));
}

std::vector<proto::SilenceState> AlertReader::silences(const std::string& tenant) const {
  using State = proto::SilenceState;
  const std::lock_guard lock(impl_->mutex);
  std::vector<State> found;
  for (auto row = impl_->silences.query(tenant); row.next();) {
    const auto text = [&](int column) { return std::string(row.text(column)); };
    State s;
    s.kind = row.text(0) == "maintenance" ? State::Kind::maintenance : State::Kind::silence;
    s.name = text(1);
    s.tenant = text(2);
    s.pattern = {text(2), text(3), text(4), text(5), text(6), text(7)};
    s.from = from_ms(row.integer(8));
    s.until = from_ms(row.integer(9));
    s.by = text(10);
    s.comment = text(11);
    s.phase = row.integer(12) != 0 ? State::Phase::active : State::Phase::waiting;
    if (proto::matches(s.pattern.tenant, tenant)) found.push_back(std::move(s));
  }
  return found;
}

}  // namespace telltale::store
