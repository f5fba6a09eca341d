#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace telltale::bench {

/// A number of this process from /proc/self; 0 when it is not there.
inline std::uint64_t own_number(const char* file, const std::string& key) {
  std::ifstream in(std::string("/proc/self/") + file);
  for (std::string word; in >> word;)
    if (word == key) {
      std::uint64_t value = 0;
      in >> value;
      return value;
    }
  return 0;
}

/// Bytes handed to write(), page cache or not: what the program asks of a disk.
inline std::uint64_t bytes_written() { return own_number("io", "wchar:"); }
inline double rss_peak_mb() { return static_cast<double>(own_number("status", "VmHWM:")) / 1024; }

class Stopwatch {
 public:
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// Of all files below the folder; the -wal of an open database counts.
inline std::uint64_t bytes_on_disk(const std::filesystem::path& folder) {
  std::uint64_t total = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    std::error_code gone;
    if (const auto size = entry.is_regular_file(gone) ? entry.file_size(gone) : 0; !gone) total += size;
  }
  return total;
}

/// The share-th value of a sorted copy: 0.5 is the median.
inline double quantile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1, static_cast<std::size_t>(share * static_cast<double>(values.size())))];
}

/// What a run found out: one line of JSON on standard output, for bench_store.py.
class Figures {
 public:
  void add(const std::string& name, double value) {
    char text[64];
    std::snprintf(text, sizeof text, "%.10g", value);
    line_ += (line_.empty() ? "{\"" : ",\"") + name + "\":" + text;
  }
  void print() const {
    std::puts((line_ + "}").c_str());
    std::fflush(stdout);
  }

 private:
  std::string line_;
};

}  // namespace telltale::bench
