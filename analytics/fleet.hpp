#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proto/bytes.hpp"
#include "proto/event.hpp"

namespace telltale::analytics {

/// Who is who: sites, devices and series by their dense numbers. Names of metrics and units are kept once.
/// Numbers come from the writer, from 1, dense but for deleted ones; index 0 and gaps are `known == false`.
class Fleet {
 public:
  struct Site {
    std::string tenant, name;
    std::vector<std::uint32_t> devices;  // in order of arrival
  };
  struct Device {
    std::string name;
    std::vector<std::pair<std::string, std::string>> tags;
    std::uint32_t site = 0;
    std::uint32_t first_series = 0;  // newest; 0 = none
    bool known = false;
  };
  struct Series {
    std::uint32_t device = 0;
    std::uint32_t metric = 0;
    std::uint32_t unit = 0;
    std::uint32_t next_of_device = 0;
    bool known = false;
  };

  /// False when the number is taken or absurd (not dense by a million), or the device of a series is not known.
  bool add(const proto::NewDevice& device);
  bool add(const proto::NewSeries& series);
  /// The numbers stay taken. Precondition: knows_device(device).
  void remove(std::uint32_t device);
  void set_unit(std::uint32_t series, std::string_view unit);
  void set_tags(std::uint32_t device, std::vector<std::pair<std::string, std::string>> tags);

  [[nodiscard]] bool knows_device(std::uint64_t key) const { return key < devices_.size() && devices_[key].known; }
  [[nodiscard]] bool knows_series(std::uint64_t id) const { return id < series_.size() && series_[id].known; }
  [[nodiscard]] std::size_t device_slots() const { return devices_.size(); }
  [[nodiscard]] std::size_t series_slots() const { return series_.size(); }
  [[nodiscard]] std::size_t series_count() const { return series_count_; }

  [[nodiscard]] const Device& device(std::uint32_t key) const { return devices_[key]; }
  [[nodiscard]] const Series& series(std::uint32_t id) const { return series_[id]; }
  [[nodiscard]] const std::vector<Site>& sites() const { return sites_; }
  [[nodiscard]] const Site& site_of(std::uint32_t device) const { return sites_[devices_[device].site]; }
  [[nodiscard]] const std::string& metric(std::uint32_t series) const { return names_[series_[series].metric]; }
  [[nodiscard]] const std::string& unit(std::uint32_t series) const { return names_[series_[series].unit]; }

  void encode(proto::ByteWriter& out) const;
  [[nodiscard]] bool decode(proto::ByteReader& in);

 private:
  [[nodiscard]] std::uint32_t name(std::string_view text);

  std::vector<Site> sites_;
  std::map<std::pair<std::string, std::string>, std::uint32_t> site_index_;
  std::vector<Device> devices_ = std::vector<Device>(1);
  std::vector<Series> series_ = std::vector<Series>(1);
  std::size_t series_count_ = 0;
  std::vector<std::string> names_;
  std::map<std::string, std::uint32_t, std::less<>> name_index_;
};

}  // namespace telltale::analytics
