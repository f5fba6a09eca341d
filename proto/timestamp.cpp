#include "proto/timestamp.hpp"

#include <date/tz.h>

#include <charconv>
#include <cmath>
#include <cstdio>
#include <optional>

#include "proto/config_error.hpp"

namespace telltale::proto {

namespace {

constexpr std::int64_t least_absolute_s = std::int64_t{1} << 28;
constexpr std::int64_t seconds_below = 100'000'000'000;         // 1e11
constexpr std::int64_t millis_below = 100'000'000'000'000;      // 1e14
constexpr std::int64_t micros_below = 100'000'000'000'000'000;  // 1e17

using LocalMillis = date::local_time<std::chrono::milliseconds>;

Result<Timestamp, TimeReplaced> from_integer(std::int64_t x) {
  if (x < least_absolute_s) return fail(TimeReplaced::unset_clock);
  if (x < seconds_below) return from_ms(x * 1000);
  if (x < millis_below) return from_ms(x);
  if (x < micros_below) return from_ms(x / 1000);
  return from_ms(x / 1'000'000);
}

Result<Timestamp, TimeReplaced> from_fraction(double x) {
  constexpr double far_future_ns = 9e21;  // year 287,000: what follows fits an int64 of milliseconds
  if (!std::isfinite(x)) return fail(TimeReplaced::unparsable);
  if (x < static_cast<double>(least_absolute_s)) return fail(TimeReplaced::unset_clock);
  if (x < static_cast<double>(seconds_below)) return from_ms(std::llround(x * 1000.0));
  if (x > far_future_ns) return fail(TimeReplaced::future);
  if (x < static_cast<double>(millis_below)) return from_ms(static_cast<std::int64_t>(x));
  if (x < static_cast<double>(micros_below)) return from_ms(static_cast<std::int64_t>(x / 1e3));
  return from_ms(static_cast<std::int64_t>(x / 1e6));
}

/// Takes digits off a text, strictly.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }
  [[nodiscard]] char peek() const noexcept { return rest_.empty() ? '\0' : rest_.front(); }
  [[nodiscard]] bool digit_ahead() const noexcept { return peek() >= '0' && peek() <= '9'; }
  bool take(std::string_view any_of) noexcept {
    if (rest_.empty() || any_of.find(rest_.front()) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }
  /// Exactly n digits, or ok() turns false.
  int digits(int n) noexcept {
    int v = 0;
    for (int i = 0; i < n; ++i) {
      if (!digit_ahead()) {
        ok_ = false;
        return 0;
      }
      v = v * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    return v;
  }
  [[nodiscard]] bool ok() const noexcept { return ok_; }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

/// Milliseconds of ".123456"; finer digits are cut off.
Millis fraction_of_second(Scanner& in) {
  int ms = 0;
  int weight = 100;
  while (in.digit_ahead()) {
    ms += in.digits(1) * weight;
    weight /= 10;
  }
  return Millis{ms};
}

std::optional<std::chrono::minutes> offset(Scanner& in) {
  const bool west = in.peek() == '-';
  if (!in.take("+-")) return std::nullopt;
  const int hours = in.digits(2);
  in.take(":");
  const int minutes = in.at_end() ? 0 : in.digits(2);
  if (!in.ok() || hours > 23 || minutes > 59) return std::nullopt;
  const std::chrono::minutes value{hours * 60 + minutes};
  return west ? -value : value;
}

/// ISO 8601 in the extended form (2025-11-21T05:40:00) or the basic one (20251121T054000); a date alone is its
/// midnight.
Result<Timestamp, TimeReplaced> from_iso(std::string_view text, const TimeZone& zone) {
  const auto bad = fail(TimeReplaced::unparsable);
  Scanner in(text);
  const int y = in.digits(4);
  const bool extended = in.take("-");
  const int m = in.digits(2);
  if (extended && !in.take("-")) return bad;
  const int d = in.digits(2);
  if (!in.ok()) return bad;
  const date::year_month_day day{date::year{y}, date::month{static_cast<unsigned>(m)},
                                 date::day{static_cast<unsigned>(d)}};
  if (!day.ok()) return bad;
  Millis local = date::sys_days{day}.time_since_epoch();
  if (in.at_end()) return zone.to_utc(local);

  if (!in.take("Tt ")) return bad;
  const int hour = in.digits(2);
  if (extended && !in.take(":")) return bad;
  const int minute = in.digits(2);
  int second = 0;
  if (extended ? in.take(":") : in.digit_ahead()) second = in.digits(2);
  if (!in.ok() || hour > 23 || minute > 59 || second > 60) return bad;  // 60: a leap second, RFC 3339 5.6
  local += std::chrono::hours{hour} + std::chrono::minutes{minute} + std::chrono::seconds{second};
  if (in.take(".,")) {
    if (!in.digit_ahead()) return bad;
    local += fraction_of_second(in);
  }
  if (in.at_end()) return zone.to_utc(local);
  if (in.take("Zz")) return in.at_end() ? Result<Timestamp, TimeReplaced>(Timestamp{local}) : bad;
  const auto east = offset(in);
  if (!east || !in.at_end()) return bad;
  return Timestamp{local - *east};
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view space = " \t\r\n";
  const auto first = text.find_first_not_of(space);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(space) - first + 1);
}

}  // namespace

TimeZone::TimeZone(const std::string& iana_name) {
  if (iana_name == "UTC" || iana_name == "Etc/UTC") return;
  try {
    zone_ = date::locate_zone(iana_name);
    zone_->get_info(date::sys_seconds{});  // reads the zone's file now; later there is no one to tell
  } catch (const std::runtime_error& e) {
    throw ConfigError("unknown time zone '" + iana_name + "': " + e.what());
  }
}

Timestamp TimeZone::to_utc(Millis local_since_1970) const {
  if (!zone_) return Timestamp{local_since_1970};
  return zone_->to_sys(LocalMillis{local_since_1970}, date::choose::earliest);
}

Result<Timestamp, TimeReplaced> timestamp_from_number(std::string_view number) {
  const char* const end = number.data() + number.size();
  std::int64_t whole = 0;
  if (const auto r = std::from_chars(number.data(), end, whole); r.ec == std::errc{} && r.ptr == end) {
    return from_integer(whole);
  }
  double x = 0;
  const auto r = std::from_chars(number.data(), end, x);
  if (r.ec != std::errc{} || r.ptr != end) return fail(TimeReplaced::unparsable);
  return from_fraction(x);
}

Result<Timestamp, TimeReplaced> timestamp_from_text(std::string_view text, const TimeZone& zone) {
  text = trimmed(text);
  const auto number = timestamp_from_number(text);
  if (number || number.error() != TimeReplaced::unparsable) return number;
  return from_iso(text, zone);
}

Result<Timestamp, TimeReplaced> believe(Timestamp ts, Timestamp received, const TimeWindow& window) {
  if (to_ms(ts) < least_absolute_s * 1000) return fail(TimeReplaced::unset_clock);
  if (ts > received + window.max_future) return fail(TimeReplaced::future);
  if (ts < received - window.max_past) return fail(TimeReplaced::past);
  return ts;
}

std::string format_rfc3339(Timestamp ts) {
  std::string text;
  append_rfc3339(text, ts);
  return text;
}

void append_rfc3339(std::string& out, Timestamp ts) {
  const auto day = date::floor<date::days>(ts);
  const date::year_month_day ymd{day};
  const date::hh_mm_ss<std::chrono::milliseconds> time{ts - day};
  const int year = static_cast<int>(ymd.year());
  char text[] = "0000-00-00T00:00:00.000Z";
  // printf costs as much as all the rest of a row in an answer.
  const auto put = [&](int place, int digits, std::int64_t value) {
    for (int at = place + digits; at > place; value /= 10) text[--at] = static_cast<char>('0' + value % 10);
  };
  put(5, 2, static_cast<unsigned>(ymd.month()));
  put(8, 2, static_cast<unsigned>(ymd.day()));
  put(11, 2, time.hours().count());
  put(14, 2, time.minutes().count());
  put(17, 2, time.seconds().count());
  put(20, 3, time.subseconds().count());
  std::string_view written(text, sizeof text - 1);
  if (year >= 0 && year <= 9999) {
    put(0, 4, year);
  } else {
    char other[16];
    out.append(other, static_cast<std::size_t>(std::snprintf(other, sizeof other, "%04d", year)));
    written.remove_prefix(4);
  }
  if (time.subseconds().count() != 0) {
    out += written;
  } else {
    out.append(written.substr(0, written.size() - 5)) += 'Z';
  }
}

}  // namespace telltale::proto
