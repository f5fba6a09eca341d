#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "analytics/alert_book.hpp"
#include "analytics/workspace.hpp"

namespace telltale::analytics {

/// When ten series of one device raise within 60 s, the device has one problem and not ten: one alert `grouped`
/// (metric `_`, count = series that joined, severity = the highest) speaks for them. Alerts of these series that were
/// shown already are taken back as `removed`; later raises of the device join silently while the group is open; the
/// group resolves when its last member cleared. Silenced alerts neither make nor join a group that is not; when their
/// silence ends they count as raised at that moment, all of them together.
/// Cost: O(raises of the device in the last 60 s) a raise; nothing otherwise.
class SeriesGroups {
 public:
  SeriesGroups(Workspace& ws, AlertBook& book) : ws_(ws), book_(book) {}

  AlertHandle raise(std::uint32_t device, std::uint32_t series, proto::AlertTransition draft, const proto::Rule& rule);
  /// Those of the device's series that fire again: hides what a group speaks for.
  void returning(const std::vector<Returning>& alerts);
  /// `handle` is an alert of `series`: to be said again after decode.
  void own(AlertHandle handle, std::uint32_t series) { book_.set_origin(handle, {series, 0}); }
  /// To be called instead of book.clear / book.remove for alerts of series.
  void clear(std::uint32_t device, AlertHandle handle, const Clearing& reading);
  void remove(std::uint32_t device, AlertHandle handle, std::string_view why);
  /// Another alert is told instead, from now on; this one is forgotten.
  void give_way(std::uint32_t device, AlertHandle handle, std::string_view why);

  /// After its series' alerts were removed.
  void device_removed(std::uint32_t device, std::string_view why);

  void encode(proto::ByteWriter& out) const;
  [[nodiscard]] bool decode(proto::ByteReader& in);

 private:
  struct Raise {
    Instant at;
    std::uint32_t series;
    AlertHandle handle;
  };
  struct Device {
    AlertHandle group = 0;
    std::uint32_t members = 0;
    std::vector<Raise> recent;
  };
  [[nodiscard]] proto::AlertTransition group_draft(std::uint32_t device, proto::Severity severity) const;
  void form_group(std::uint32_t device, Device& group);
  void join(Device& d, proto::Severity severity);
  void come_back(std::uint32_t device, const std::vector<Returning>& alerts);
  /// Takes a member out. Gives the group's alert when that was the last one, else 0.
  [[nodiscard]] AlertHandle leave(std::uint32_t device);
  void left(std::uint32_t device, AlertHandle group);
  void hand_over(AlertHandle handle, std::string_view why);
  [[nodiscard]] std::string part_of(std::uint32_t device) const;
  [[nodiscard]] bool recent(const Raise& raise) const;
  /// Recent, or may be again: an alert in its cooldown may be raised once more.
  [[nodiscard]] bool relevant(const Raise& raise) const;

  Workspace& ws_;
  AlertBook& book_;
  std::map<std::uint32_t, Device> devices_;
};

}  // namespace telltale::analytics
