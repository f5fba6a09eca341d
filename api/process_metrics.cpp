#include "api/process_metrics.hpp"

#include <prometheus/metric_family.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>

namespace telltale::api {

namespace {

void append(std::vector<prometheus::MetricFamily>& families, const char* name, const char* help,
            prometheus::MetricType type, double value) {
  prometheus::ClientMetric metric;
  (type == prometheus::MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
  families.push_back({name, help, type, {metric}});
}

struct ProcessStat {
  double cpu_seconds = 0;
  double start_seconds = 0;  // after boot
  double virtual_bytes = 0;
  double resident_bytes = 0;
};

/// proc(5), /proc/[pid]/stat. Fields are counted behind the command name, which may hold spaces and brackets.
bool read_stat(ProcessStat& out) {
  std::ifstream file("/proc/self/stat");
  std::string line;
  if (!std::getline(file, line)) return false;
  const auto end_of_name = line.rfind(')');
  if (end_of_name == std::string::npos) return false;
  std::istringstream fields(line.substr(end_of_name + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  double user = 0;
  double system = 0;
  double start = 0;
  double pages = 0;
  fields >> user >> system;
  for (int field = 16; field < 22; ++field) fields >> skipped;
  fields >> start >> out.virtual_bytes >> pages;
  if (!fields) return false;
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  out.cpu_seconds = (user + system) / ticks;
  out.start_seconds = start / ticks;
  out.resident_bytes = pages * static_cast<double>(sysconf(_SC_PAGESIZE));
  return true;
}

double boot_time_seconds() {
  std::ifstream file("/proc/stat");
  for (std::string word; file >> word;) {
    if (word == "btime") {
      double seconds = 0;
      file >> seconds;
      return seconds;
    }
    file.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  }
  return 0;
}

}  // namespace

void append_process_families(std::vector<prometheus::MetricFamily>& families) {
  using prometheus::MetricType;
  if (ProcessStat stat; read_stat(stat)) {
    append(families, "process_cpu_seconds_total", "User and system CPU time of this process.", MetricType::Counter,
           stat.cpu_seconds);
    append(families, "process_resident_memory_bytes", "Memory of this process that is in RAM.", MetricType::Gauge,
           stat.resident_bytes);
    append(families, "process_virtual_memory_bytes", "Address space of this process.", MetricType::Gauge,
           stat.virtual_bytes);
    if (const double boot = boot_time_seconds(); boot > 0) {
      append(families, "process_start_time_seconds", "When this process started, since 1970-01-01 UTC.",
             MetricType::Gauge, boot + stat.start_seconds);
    }
  }
  std::error_code failed;
  std::size_t open = 0;
  for (std::filesystem::directory_iterator entry("/proc/self/fd", failed), end; !failed && entry != end;
       entry.increment(failed)) {
    ++open;
  }
  if (!failed && open > 0) {
    // One of them is the folder being read.
    append(families, "process_open_fds", "Open file descriptors.", MetricType::Gauge, static_cast<double>(open - 1));
  }
  if (rlimit limit{}; getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    append(families, "process_max_fds", "Most file descriptors this process may open.", MetricType::Gauge,
           limit.rlim_cur == RLIM_INFINITY ? std::numeric_limits<double>::infinity()
                                           : static_cast<double>(limit.rlim_cur));
  }
}

}  // namespace telltale::api
