#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "bench/store_runs.hpp"

namespace telltale::bench {

namespace {

double cpu_seconds(int who) {
  rusage usage{};
  ::getrusage(who, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// Without what only waits to be sealed.
std::uint64_t sealed_bytes(const std::filesystem::path& folder) {
  return bytes_on_disk(folder) - bytes_on_disk(folder / "log");
}

/// Rates of the first and the last tenth, in whole segments, since the writer waits for the seal where one ends. The
/// first begins three segments in: before, the seal has nothing to do and the rate is not one that lasts.
class Windows {
 public:
  Windows(std::uint64_t readings, std::uint64_t rotate) {
    const auto segments = readings / rotate;
    const bool enough = segments >= 5;
    size_ = enough ? (segments + 9) / 10 * rotate : readings / 10;
    warm_up_ = enough ? 3 * rotate : 0;
    last_ = (enough ? segments * rotate : readings) - size_;
    rest_ = readings - last_ - size_;
  }

  void run(StoreLoad& load) {
    load.append(warm_up_);
    first_rate_ = window(load);
    load.append(last_ - load.readings());
    last_rate_ = window(load);
    load.append(rest_);
  }
  [[nodiscard]] double first_rate() const noexcept { return first_rate_; }
  [[nodiscard]] double last_rate() const noexcept { return last_rate_; }

 private:
  double window(StoreLoad& load) const {
    const Stopwatch watch;
    load.append(size_);
    return static_cast<double>(size_) / watch.seconds();
  }
  std::uint64_t size_, warm_up_, last_, rest_;
  double first_rate_ = 0, last_rate_ = 0;
};

}  // namespace

void run_ingest(const StoreLoad::Options& options, std::uint64_t readings) {
  Figures figures;
  const auto count = static_cast<double>(readings);
  {
    StoreLoad load(options);
    const auto written_before = bytes_written();
    const auto writer_cpu = cpu_seconds(RUSAGE_THREAD);
    const auto all_cpu = cpu_seconds(RUSAGE_SELF);
    Windows windows(readings, options.rotate);
    const Stopwatch watch;
    windows.run(load);
    const double appended = watch.seconds();
    load.seal_all();
    const double sealed = watch.seconds();
    const double writer = cpu_seconds(RUSAGE_THREAD) - writer_cpu;
    figures.add("readings", count);
    figures.add("rate", count / sealed);
    figures.add("append_rate", count / appended);
    figures.add("first_tenth_rate", windows.first_rate());
    figures.add("last_tenth_rate", windows.last_rate());
    figures.add("append_p50_ms", quantile(load.append_seconds(), 0.5) * 1e3);
    figures.add("append_p99_ms", quantile(load.append_seconds(), 0.99) * 1e3);
    figures.add("waited_for_seal_s", load.waited_seconds());
    figures.add("writer_cpu_ns", writer / count * 1e9);
    figures.add("other_cpu_ns", (cpu_seconds(RUSAGE_SELF) - all_cpu - writer) / count * 1e9);
    figures.add("sealed_written_bytes", static_cast<double>(bytes_written() - written_before) / count);
    figures.add("rss_peak_mb", rss_peak_mb());
  }
  figures.add("sealed_bytes", static_cast<double>(sealed_bytes(options.folder)) / count);
  const auto written_before = bytes_written();
  {
    auto later = options;
    later.shape.start_ms = StoreLoad::end_ms(options.shape, readings);
    StoreLoad load(later);
    figures.add("close_seconds", load.close_days());
  }
  figures.add("close_written_bytes", static_cast<double>(bytes_written() - written_before) / count);
  figures.add("closed_bytes", static_cast<double>(sealed_bytes(options.folder)) / count);
  figures.add("rss_peak_with_close_mb", rss_peak_mb());
  figures.print();
}

void run_fill(const StoreLoad::Options& options, std::uint64_t readings) {
  const Stopwatch watch;
  StoreLoad load(options);
  load.append(readings);
  load.seal_all();
  load.close_past_days();
  Figures figures;
  figures.add("seconds", watch.seconds());
  figures.print();
}

void run_restart(const StoreLoad::Options& options, std::uint64_t readings) {
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("fork failed");
  if (child == 0) {
    auto whole = options;
    whole.rotate = readings + 1;  // one full generation that nobody sealed
    StoreLoad load(whole);
    load.append(readings);
    (void)::raise(SIGKILL);
    std::_Exit(1);
  }
  int status = 0;
  if (::waitpid(child, &status, 0) != child || !WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
    throw std::runtime_error("the child that fills the log did not end as it should");

  auto later = options;
  later.shape.start_ms = StoreLoad::end_ms(options.shape, readings);
  const Stopwatch watch;
  StoreLoad load(later);
  const double opened = watch.seconds();
  load.append(1);
  const double first = watch.seconds();
  load.seal_all();
  Figures figures;
  figures.add("readings", static_cast<double>(readings));
  figures.add("open_s", opened);
  figures.add("first_acknowledgement_s", first);
  figures.add("sealed_s", watch.seconds());
  figures.add("rss_peak_mb", rss_peak_mb());
  figures.print();
}

void run_generator(const TelemetryShape& shape, std::uint64_t readings) {
  Telemetry telemetry(shape);
  double sum = 0;
  const Stopwatch watch;
  for (std::uint64_t i = 0; i < readings; ++i) sum += telemetry.next().value;
  Figures figures;
  figures.add("ns", watch.seconds() / static_cast<double>(readings) * 1e9);
  figures.add("mean", sum / static_cast<double>(readings));
  figures.print();
}

void print_rows(const TelemetryShape& shape, std::uint64_t readings, RowFormat format, std::uint32_t batch) {
  Telemetry telemetry(shape);
  std::string out;
  const auto number = [&out](auto value) {
    char digits[32];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
  };
  const auto flush = [&out] {
    if (std::fwrite(out.data(), 1, out.size(), stdout) != out.size()) throw std::runtime_error("output has ended");
    out.clear();
  };
  for (std::uint64_t i = 0; i < readings; ++i) {
    const auto sample = telemetry.next();
    if (format == RowFormat::copy) {
      if (i % batch == 0) out += i == 0 ? "copy reading from stdin;\n" : "\\.\ncopy reading from stdin;\n";
      number(sample.series + 1);
      out += '\t';
      number(sample.ts_ms);
      out += '\t';
      number(sample.value);
    } else {
      out += "reading,sensor=";
      number(sample.series + 1);
      out += " value=";
      number(sample.value);
      out += ' ';
      number(sample.ts_ms);
    }
    out += '\n';
    if (out.size() > (1U << 20)) flush();
  }
  if (format == RowFormat::copy && readings > 0) out += "\\.\n";
  flush();
}

}  // namespace telltale::bench
