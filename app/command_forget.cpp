#include "app/command_forget.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>
#include <set>

#include "api/registry.hpp"
#include "app/logger.hpp"
#include "app/system_clock.hpp"
#include "proto/topic.hpp"
#include "store/error.hpp"
#include "store/forget.hpp"
#include "store/query.hpp"

namespace telltale::app {

namespace {

enum ExitCode { done = 0, failed = 1, say_more = 2 };

/// A device without its site is found when only one site has it. Nothing: several do, or nobody says what to forget.
std::optional<proto::DevicesRemoved> meant(const ForgetArguments& a, const store::Directory& directory,
                                           std::ostream& err) {
  proto::DevicesRemoved asked;
  asked.tenant = a.tenant.empty() ? std::string(proto::default_tenant) : a.tenant;
  asked.site = a.site.empty() ? "-" : a.site;
  asked.device = a.device.empty() ? "-" : a.device;
  if (a.tenant.empty() && a.site.empty() && a.device.empty()) {
    err << "telltale forget: name a --device, a --site (all of its devices) or a --tenant (everything it has)\n";
    return std::nullopt;
  }
  if (!a.site.empty() || a.device.empty()) return asked;
  std::set<std::string> sites;
  for (const auto& device : directory.devices)
    if (device.tenant == asked.tenant && device.device == asked.device) sites.insert(device.site);
  if (sites.size() == 1) asked.site = *sites.begin();
  if (sites.size() <= 1) return asked;
  err << "telltale forget: several sites have a device '" << a.device << "': name one with --site:\n";
  for (const auto& site : sites) err << "  --site " << site << '\n';
  return std::nullopt;
}

void list(const proto::DevicesRemoved& removal, const store::Directory& directory, std::ostream& out) {
  const std::set<proto::DeviceKey> keys(removal.devices.begin(), removal.devices.end());
  for (const auto& device : directory.devices) {
    if (!keys.contains(device.key)) continue;
    const auto series = std::ranges::count(directory.series, device.key, &store::SeriesEntry::device);
    out << (removal.tenant == proto::default_tenant ? "" : removal.tenant + ": ") << device.site << '/' << device.device
        << ": " << series << " series\n";
  }
}

int forget(const ForgetArguments& a, std::ostream& out, std::ostream& err) {
  const auto directory = store::Reader(a.data).directory();
  const auto asked = meant(a, directory, err);
  if (!asked) return say_more;
  const auto found = store::removal_of(*asked, directory);
  if (found.devices.empty()) {
    err << "telltale forget: nothing of that name is known\n";
    return failed;
  }
  list(found, directory, out);
  if (a.dry_run) return done;
  if (!a.yes) {
    err << "telltale forget: this deletes all of their readings; say --yes to do it\n";
    return say_more;
  }
  const SystemClock clock;
  SpdLogger log({proto::LogLevel::warn, LogFormat::text});
  api::Registry metrics;
  const auto removed = store::forget(a.data, *asked, clock, log, metrics);
  out << "removed: " << removed.devices.size() << (removed.devices.size() == 1 ? " device, " : " devices, ")
      << removed.series.size()
      << " series. Queries know nothing of them from now on; the service takes them out of the files within a day of "
         "its next start.\n";
  return done;
}

}  // namespace

int run_forget(const ForgetArguments& arguments, std::ostream& out, std::ostream& err) {
  try {
    return forget(arguments, out, err);
  } catch (const std::exception& error) {
    err << "telltale forget: " << error.what() << '\n';
    return failed;
  }
}

void add_forget_command(CLI::App& app, int& exit_code) {
  auto* command =
      app.add_subcommand("forget",
                         "Delete the data of a device, a site or a tenant; the service must be stopped (it has "
                         "control/device/{site}/{device}/remove)");
  auto a = std::make_shared<ForgetArguments>();
  command->add_option("--data", a->data, "The data folder")->required();
  command->add_option("--tenant", a->tenant, "With neither site nor device: everything of the tenant");
  command->add_option("--site", a->site, "Without device: all devices of the site");
  command->add_option("--device", a->device, "The device");
  command->add_flag("--dry-run", a->dry_run, "Only print what would be deleted; a running service does not mind");
  command->add_flag("--yes", a->yes, "Do it");
  command->callback([a, &exit_code] { exit_code = run_forget(*a, std::cout, std::cerr); });
}

}  // namespace telltale::app
