#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/fuzz/targets.hpp"

namespace telltale::fuzz {
namespace {

TEST_CASE("what was once found by a fuzzer, or starts it, keeps every promise", "[fuzz]") {
  for (const auto& target : all_targets()) {
    CAPTURE(target.name);
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(CORPUS) / target.name)) {
      std::ifstream in(entry.path(), std::ios::binary);
      std::ostringstream out;
      out << in.rdbuf();
      CAPTURE(entry.path());
      CHECK_NOTHROW(target.run(out.str()));
      ++files;
    }
    CHECK(files >= 3);
  }
}

}  // namespace
}  // namespace telltale::fuzz
