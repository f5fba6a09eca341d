// A salvage that is to be killed: rewrites every day file of the folder that verify() finds damaged.

#include "store/folder_lock.hpp"
#include "store/salvage.hpp"
#include "store/verify.hpp"
#include "tests/support/recording.hpp"

int main(int argc, char** argv) {
  using namespace telltale;
  if (argc != 2) return 2;
  const store::FolderLock lock(argv[1]);
  const auto found = store::verify(argv[1], [](const store::Problem&) {});
  auto catalog = store::Catalog::open(argv[1]);
  test::RecordingLogger log;
  for (const auto& file : found.damaged_days) store::salvage_day(argv[1], catalog, file, log);
  return 0;
}
