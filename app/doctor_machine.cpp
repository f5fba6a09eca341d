#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "app/config_text.hpp"
#include "app/doctor.hpp"
#include "store/disk.hpp"
#include "store/reserve.hpp"

namespace telltale::app {

namespace {

using Verdict = Diagnosis::Verdict;

Diagnosis clock_diagnosis() {
  timex state{};
  if (adjtimex(&state) < 0) {
    return {Verdict::doubtful, "clock", std::string("cannot be asked: ") + std::strerror(errno), "run it on the host"};
  }
  if ((state.status & STA_UNSYNC) != 0) {
    return {Verdict::doubtful, "clock",
            "is not synchronised: times of receipt, and what is believed of devices' times, may be off",
            "install chrony or systemd-timesyncd"};
  }
  return {Verdict::good, "clock", "is synchronised", ""};
}

/// The folder itself or, before the first start, the nearest one above that we can see.
std::filesystem::path existing(std::filesystem::path folder) {
  folder = std::filesystem::absolute(folder);
  std::error_code unseen;
  while (!std::filesystem::exists(folder, unseen) && folder.has_relative_path()) folder = folder.parent_path();
  return folder;
}

Diagnosis folder_diagnosis(const std::filesystem::path& path) {
  const auto folder = existing(path);
  if (::access(folder.c_str(), R_OK | W_OK | X_OK) != 0) {
    return {Verdict::bad, "data folder", folder.string() + ": " + std::strerror(errno),
            "run as the service's user (sudo -u telltale telltale doctor), or give the folder to it"};
  }
  struct stat status {};
  if (::geteuid() == 0 && ::stat(folder.c_str(), &status) == 0 && status.st_uid != 0) {
    return {Verdict::doubtful, "data folder", folder.string() + " is not root's, and root may write anywhere",
            "run as the service's user (sudo -u telltale telltale doctor)"};
  }
  if (::stat(path.c_str(), &status) == 0 && (status.st_mode & S_IRWXO) != 0) {
    return {Verdict::doubtful, "data folder", path.string() + " can be read by everybody on this machine",
            "chmod o= " + path.string()};
  }
  return {Verdict::good, "data folder", path.string() + " can be written", ""};
}

/// statfs(2); from linux/magic.h, which has no name for CIFS 2.
bool is_remote(long type) {
  constexpr long nfs = 0x6969, smb = 0x517B, cifs = static_cast<long>(0xFF534D42), smb2 = static_cast<long>(0xFE534D42);
  return type == nfs || type == smb || type == cifs || type == smb2;
}

Diagnosis disk_diagnosis(const store::StoreOptions& options) {
  const auto folder = existing(options.path);
  struct statfs system {};
  if (::statfs(folder.c_str(), &system) != 0) {
    return {Verdict::bad, "disk", folder.string() + ": " + std::strerror(errno), "choose another store.path"};
  }
  constexpr long tmpfs = 0x01021994, ramfs = static_cast<long>(0x858458F6);
  if (system.f_type == tmpfs || system.f_type == ramfs) {
    return {Verdict::bad, "disk", folder.string() + " is in memory: all is lost with the power",
            "choose a store.path on a disk"};
  }
  if (is_remote(system.f_type)) {
    return {Verdict::bad, "disk",
            folder.string() + " is on another machine: locks and syncs of SQLite are not safe there",
            "choose a store.path on a disk of this machine"};
  }
  const auto space = std::filesystem::space(folder);
  const auto text = size_text(space.available / (1024 * 1024) * (1024 * 1024)) + " free";
  store::Disk disk;
  auto asked = options;
  asked.path = folder;
  if (store::space_low(disk, asked, asked.rotate_bytes)) {
    return {Verdict::bad, "disk", text + ": ingest stops soon, or has stopped (store.reserve)",
            "free space, or shorten store.raw_retention"};
  }
  return {Verdict::good, "disk", text, ""};
}

Diagnosis files_diagnosis() {
  constexpr rlim_t enough = 1024;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= enough) {
    return {Verdict::good, "open files", "limit " + std::to_string(limit.rlim_cur), ""};
  }
  return {Verdict::doubtful, "open files",
          "limit " + std::to_string(limit.rlim_cur) + ": connections and day files need more", "ulimit -n 4096"};
}

}  // namespace

std::vector<Diagnosis> examine_machine(const Config& config) {
  std::vector<Diagnosis> all{clock_diagnosis(), folder_diagnosis(config.store.path), disk_diagnosis(config.store)};
  if (!config.mqtt.tls && config.mqtt.host != "127.0.0.1" && config.mqtt.host != "localhost" &&
      config.mqtt.host != "::1") {
    all.push_back(
        {Verdict::doubtful, "mqtt.url", "not encrypted, to another machine", "mqtts:// (docs/threat-model.md)"});
  }
  all.push_back(files_diagnosis());
  return all;
}

}  // namespace telltale::app
