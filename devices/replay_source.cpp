#include "devices/replay_source.hpp"

#include <zlib.h>

#include <charconv>
#include <cmath>
#include <filesystem>
#include <stdexcept>

namespace telltale::devices {
namespace {

constexpr Millis reading_period{5'000};
constexpr std::size_t no_topic = static_cast<std::size_t>(-1);

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string sanitise(std::string_view text, std::string_view also, std::size_t length) {
  std::string out;
  for (const char c : text.substr(0, length)) {
    out += is_letter(c) || is_digit(c) || also.find(c) != std::string_view::npos ? c : '-';
  }
  return out;
}

std::vector<std::string_view> cells(std::string_view line) {
  std::vector<std::string_view> out;
  for (;;) {
    const auto comma = line.find(',');
    out.push_back(line.substr(0, comma));
    if (comma == std::string_view::npos) return out;
    line.remove_prefix(comma + 1);
  }
}

std::optional<double> number(std::string_view text) {
  double v = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), v);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(v)) return std::nullopt;
  return v;
}

std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
  int v = 0;
  if (text.size() < at + count) return std::nullopt;
  const char* first = text.data() + at;
  const auto [end, error] = std::from_chars(first, first + count, v);
  if (error != std::errc{} || end != first + count) return std::nullopt;
  return v;
}

/// YYYY-MM-DD HH:MM:SS, with a blank or a T, as UTC.
std::optional<Millis> calendar_time(std::string_view text) {
  const auto y = digits(text, 0, 4), mo = digits(text, 5, 2), d = digits(text, 8, 2);
  const auto h = digits(text, 11, 2), mi = digits(text, 14, 2), s = digits(text, 17, 2);
  if (!y || !mo || !d || !h || !mi || !s) return std::nullopt;
  const std::chrono::year_month_day day{std::chrono::year{*y}, std::chrono::month{static_cast<unsigned>(*mo)},
                                        std::chrono::day{static_cast<unsigned>(*d)}};
  if (!day.ok()) return std::nullopt;
  const auto time =
      std::chrono::sys_days{day} + std::chrono::hours{*h} + std::chrono::minutes{*mi} + std::chrono::seconds{*s};
  return std::chrono::duration_cast<Millis>(time.time_since_epoch());
}

void replace(std::string& text, std::string_view what, const std::string& by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
}

/// Collections keep their sets below a folder "data", some of them in sub-folders: the set's name is the site.
std::string folder_of(const std::filesystem::path& path) {
  const auto folder = std::filesystem::absolute(path).lexically_normal().parent_path();
  std::string found = folder.filename().string();
  bool below_data = false;
  for (const auto& part : folder) {
    if (below_data) found = part.string();
    below_data = part == "data" || part == "sample-data";
  }
  return found;
}

struct CloseFile {
  void operator()(gzFile_s* file) const { gzclose(file); }
};

}  // namespace

std::string as_site(std::string_view text) {
  std::string out = sanitise(text, "_-", 24);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (out.empty() || !(is_letter(out.front()) || is_digit(out.front()))) out = ('s' + out).substr(0, 24);
  return out;
}

std::string as_device(std::string_view text) {
  std::string out = sanitise(text, "_.:-", 48);
  if (out.empty() || !(is_letter(out.front()) || is_digit(out.front()))) out = ('d' + out).substr(0, 48);
  return out;
}

std::string as_metric(std::string_view text) {
  std::string out = sanitise(text, "_.:-", 48);
  if (out.empty() || !(is_letter(out.front()) || out.front() == '_')) out = ('_' + out).substr(0, 48);
  return out;
}

struct ReplaySource::Impl {
  std::string path;
  std::unique_ptr<gzFile_s, CloseFile> file;
  std::size_t line_number = 0;
  bool counted = false;               // first column is `reading`
  std::vector<std::size_t> topic_of;  // by column; no_topic: not read
  std::vector<std::string> topics;
  std::optional<Millis> first;

  [[noreturn]] void refuse(const std::string& why) const {
    throw std::runtime_error(path + ':' + std::to_string(line_number) + ": " + why);
  }

  bool read_line(std::string& line) {
    line.clear();
    char buffer[1024];
    while (gzgets(file.get(), buffer, sizeof buffer) != nullptr) {
      line += buffer;
      if (line.ends_with('\n')) break;
    }
    int error = Z_OK;
    const char* text = gzerror(file.get(), &error);
    if (error != Z_OK && error != Z_STREAM_END) refuse(error == Z_ERRNO ? "cannot be read" : text);
    if (line.empty()) return false;
    ++line_number;
    while (line.ends_with('\n') || line.ends_with('\r')) line.pop_back();
    return true;
  }

  void read_header(std::string_view topic) {
    std::string line;
    if (!read_line(line)) refuse("empty file");
    const auto names = cells(line);
    counted = names[0] == "reading";
    if (!counted && names[0] != "timestamp" && names[0] != "date") {
      refuse("the first column must be timestamp, date or reading");
    }
    std::size_t sensors = 0;
    for (std::size_t i = 1; i < names.size(); ++i) sensors += is_answer(names[i]) ? 0U : 1U;
    std::string pattern(topic);
    if (sensors > 1 && pattern.find("{column}") == std::string::npos) pattern += "/{column}";

    std::filesystem::path stem = std::filesystem::path(path).filename();
    while (stem.has_extension() && (stem.extension() == ".gz" || stem.extension() == ".csv")) stem = stem.stem();
    replace(pattern, "{folder}", as_site(folder_of(path)));
    replace(pattern, "{stem}", as_device(stem.string()));
    topic_of.assign(names.size(), no_topic);
    for (std::size_t i = 1; i < names.size(); ++i) {
      if (is_answer(names[i])) continue;
      topic_of[i] = topics.size();
      topics.push_back(pattern);
      replace(topics.back(), "{column}", as_metric(names[i]));
    }
  }

  static bool is_answer(std::string_view column) { return column == "label" || column == "occupancy"; }
};

ReplaySource::ReplaySource(const std::string& path, std::string_view topic) : impl_(std::make_unique<Impl>()) {
  impl_->path = path;
  impl_->file.reset(gzopen(path.c_str(), "rb"));  // reads plain files, too
  if (!impl_->file) throw std::runtime_error(path + ": cannot be opened");
  impl_->read_header(topic);
}

ReplaySource::~ReplaySource() = default;
ReplaySource::ReplaySource(ReplaySource&&) noexcept = default;
ReplaySource& ReplaySource::operator=(ReplaySource&&) noexcept = default;

const std::vector<std::string>& ReplaySource::topics() const noexcept { return impl_->topics; }

Timestamp ReplaySource::start() const noexcept { return Timestamp{impl_->first.value_or(Millis{0})}; }

std::optional<ReplayRow> ReplaySource::next() {
  std::string line;
  do {
    if (!impl_->read_line(line)) return std::nullopt;
  } while (line.empty());
  const auto columns = cells(line);
  std::optional<Millis> time;
  if (impl_->counted) {
    if (const auto n = number(columns[0])) time = reading_period * static_cast<std::int64_t>(*n);
  } else {
    time = calendar_time(columns[0]);
  }
  if (!time) impl_->refuse("no time in the first column");
  if (columns.size() > impl_->topic_of.size()) impl_->refuse("more columns than the header has");
  if (!impl_->first) impl_->first = *time;

  ReplayRow row{*time - *impl_->first, {}};
  for (std::size_t i = 1; i < columns.size(); ++i) {
    if (impl_->topic_of[i] == no_topic) continue;
    if (const auto v = number(columns[i])) row.values.push_back({impl_->topic_of[i], *v});
  }
  return row;
}

}  // namespace telltale::devices
