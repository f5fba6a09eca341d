#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analytics/alert_book.hpp"
#include "analytics/device_voice.hpp"
#include "analytics/workspace.hpp"

namespace telltale::analytics {

/// Alerts about absent devices: `offline` (metric `_`) per device; and when more than half of a site's devices, and at
/// least three, fell silent within one minute (or one period of theirs, if that is longer), one `site-silent` (device
/// `-`) instead of theirs. Devices whose `offline` is silenced (maintenance) count for neither,
/// unless the site alert would be silenced, too. The site alert resolves when no more than half of them are silent; who
/// is still offline a minute later gets an alert of its own. When a silence ends, all who are told as offline then fell
/// silent together, whenever that was. Each of them, raised again within 15 minutes, goes on as
/// flapping (field lesson 27). Cost: O(1) a change of presence; a look at the whole site only when so many devices are
/// silent that it may be worth
///       it, and then not again before a further 64th of the site changed.
class SiteWatch {
 public:
  using PeriodOf = std::function<Millis(std::uint32_t device)>;
  SiteWatch(Workspace& ws, AlertBook& book, PeriodOf period) : ws_(ws), book_(book), period_(std::move(period)) {}

  void device_added(std::uint32_t device);
  /// To be called while the fleet still knows it. A site alert counts without it; with the last device it ends, too.
  void device_removed(std::uint32_t device, std::string_view why);
  /// More quiet or less quiet: `silent_since` is when the device was heard last (or when listening began, if later).
  void stale(std::uint32_t device, Instant silent_since);
  /// A will came and may be taken back: counts for the site like a stale device until offline() or trust().
  void doubt(std::uint32_t device, Instant since);
  void trust(std::uint32_t device);
  void offline(std::uint32_t device, Instant silent_since, std::string summary);
  /// Known to be gone without an alert (a retained copy said so).
  void absent(std::uint32_t device);
  void back(std::uint32_t device, std::string summary);
  void severities_changed();
  /// Devices whose `offline` fires again: hides what the site's alert speaks for.
  void returning(const std::vector<Returning>& alerts);
  [[nodiscard]] DeviceVoice voice(std::uint32_t device) const;
  /// What it will be once the device is offline.
  [[nodiscard]] DeviceVoice voice_when_offline(std::uint32_t device) const;

  void on_deadline(const Timer& timer);
  [[nodiscard]] std::optional<Instant> due(const Timer& timer) const;

  void encode(proto::ByteWriter& out) const;
  [[nodiscard]] bool decode(proto::ByteReader& in);

 private:
  enum class Voice : std::uint8_t { present, stale, offline, absent };
  struct Device {
    Voice voice = Voice::present;
    bool counted = false;  // among the silent ones of an open site alert
    Instant silent_since = never;
    AlertHandle alert = 0;
  };
  struct Site {
    AlertHandle alert = 0;
    std::uint32_t quiet = 0;      // stale or offline devices
    std::uint32_t looked_at = 0;  // changes since the last look
    std::uint32_t members = 0;    // devices that counted when the alert fired
    std::uint32_t silent = 0;     // of them and later ones, silent now
    Instant release = never;      // when inhibited alerts show themselves
  };
  /// The devices may have fallen silent together: no more than a minute, or what the earlier one is silent anyhow.
  [[nodiscard]] bool together(std::uint32_t a, std::uint32_t b) const;
  void look(std::uint32_t site, std::uint32_t device);
  void come_back(std::uint32_t site, const std::set<std::uint32_t>& devices);
  struct Strength {
    std::vector<std::uint32_t> silent;
    std::size_t members = 0;
    [[nodiscard]] bool most_silent() const;
  };
  /// `with_it`: a quiet device fell silent together with those in question.
  template <class WithIt>
  [[nodiscard]] Strength strength(std::uint32_t site, WithIt&& with_it) const;
  void raise_offline(std::uint32_t device, std::string summary, bool inhibited);
  void fire(std::uint32_t site, const Strength& strength, std::string_view how);
  [[nodiscard]] proto::AlertTransition site_draft(std::uint32_t site) const;
  void count_out(std::uint32_t device);
  [[nodiscard]] std::string part_of(std::uint32_t site) const;
  /// A silence covers this device being offline.
  [[nodiscard]] bool expected(std::uint32_t device) const;
  [[nodiscard]] proto::AlertTransition draft(std::uint32_t site, std::string_view rule) const;

  Workspace& ws_;
  AlertBook& book_;
  PeriodOf period_;
  std::vector<Device> devices_ = std::vector<Device>(1);
  std::vector<Site> sites_;
};

}  // namespace telltale::analytics
