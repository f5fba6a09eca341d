// A salvage that is to be killed: rewrites every day file of the folder that verify() finds damaged. Or, with "aside"
// and a file, only moves that file aside.

#include <string_view>

#include "store/day_close.hpp"
#include "store/folder_lock.hpp"
#include "store/salvage.hpp"
#include "store/verify.hpp"
#include "tests/support/recording.hpp"

int main(int argc, char** argv) {
  using namespace telltale;
  if (argc == 3 && std::string_view(argv[1]) == "aside") {
    store::set_day_file_aside(argv[2]);
    return 0;
  }
  if (argc != 2) return 2;
  const store::FolderLock lock(argv[1]);
  const auto found = store::verify(argv[1], [](const store::Problem&) {});
  auto catalog = store::Catalog::open(argv[1]);
  test::RecordingLogger log;
  for (const auto& file : found.damaged_days) store::salvage_day(argv[1], catalog, file, log);
  return 0;
}
