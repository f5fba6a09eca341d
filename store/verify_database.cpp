#include <algorithm>
#include <string>

#include "store/sqlite.hpp"
#include "store/sqlite_pages.hpp"
#include "store/verify_parts.hpp"

namespace telltale::store {

namespace fs = std::filesystem;

bool verify_database(Verification& v, const fs::path& file, const std::string& price) {
  ++v.result.files;
  std::string complaint;
  try {
    Database database(file, Database::Mode::read_only);
    Statement check(database, "pragma integrity_check(1)");
    auto row = check.query();
    if (row.next() && row.text(0) != "ok") complaint = row.text(0);
  } catch (const DatabaseError& error) {
    if (!error.corrupt() && !error.cannot_open()) throw;
    complaint = error.what();
  }
  std::replace(complaint.begin(), complaint.end(), '\n', ' ');
  if (!complaint.empty()) v.report(file, "", "damaged (" + complaint + "); " + price);
  return verify_wal(v, file) && complaint.empty();
}

bool verify_wal(Verification& v, const fs::path& database) {
  const fs::path wal = database.string() + "-wal";
  std::error_code absent;
  if (const auto size = fs::file_size(wal, absent); absent || size == 0) return true;
  ++v.result.files;
  const auto frames = read_wal(wal);
  if (frames.header_damaged) {
    // Beside a service the header may be half written; then it is whole a moment later.
    if (!read_wal(wal).header_damaged) return true;
    v.report(wal, "bytes 0 to 32", "the header is damaged: SQLite drops the commits that are not in the database yet");
    return false;
  }
  const auto damaged = frames.first_damaged();
  if (!damaged) return true;
  std::size_t commits = 0;
  for (auto i = *damaged; i < frames.frames.size(); ++i) commits += frames.frames[i].commit ? 1U : 0U;
  v.report(wal, "frame " + std::to_string(*damaged + 1) + " of " + std::to_string(frames.frames.size()),
           "is damaged: SQLite drops the " + std::to_string(commits) + " commits from there on");
  return false;
}

}  // namespace telltale::store
