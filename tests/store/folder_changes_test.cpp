#include "store/folder_changes.hpp"

#include <catch2/catch.hpp>
#include <fstream>

#include "tests/support/temporary_folder.hpp"

using namespace telltale;
using namespace std::chrono_literals;

TEST_CASE("a folder is listed until a listing is sure to have seen its last change, and again after the next",
          "[store]") {
  const test::TemporaryFolder temporary;
  const auto folder = temporary.path() / "log";
  store::FolderChanges changes(folder);
  store::FolderChanges::Moment now{};
  const auto must_list = [&] {
    const bool must = changes.may_have_changed(now);
    if (must) changes.listed();
    return must;
  };
  CHECK(must_list());  // it is not there
  now += 1h;
  CHECK(must_list());

  std::filesystem::create_directory(folder);
  const auto long_ago = std::filesystem::last_write_time(folder) - 1h;
  std::filesystem::last_write_time(folder, long_ago);
  CHECK(must_list());
  now += 2400ms;
  CHECK(must_list());  // something may have come in the tick of the change
  now += 200ms;
  CHECK(changes.may_have_changed(now));
  CHECK(must_list());  // the one before did not succeed
  CHECK_FALSE(must_list());
  now += 1h;
  CHECK_FALSE(must_list());

  std::ofstream(folder / "00000001.log") << "x";
  CHECK(must_list());
  now += 3s;
  CHECK(must_list());
  CHECK_FALSE(must_list());
  std::ofstream(folder / "00000001.log", std::ios::app) << "more";
  CHECK_FALSE(must_list());

  std::filesystem::last_write_time(folder, long_ago);
  CHECK(must_list());
  now += 3s;
  CHECK(must_list());
  CHECK_FALSE(must_list());
  std::filesystem::rename(folder, temporary.path() / "away");
  std::filesystem::create_directory(folder);
  std::filesystem::last_write_time(folder, long_ago);
  CHECK(must_list());  // another folder of the same name and time
}
