#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <vector>

#include "store/chunk_codec.hpp"
#include "tests/store/chunk_csv.hpp"

using namespace telltale;
using namespace telltale::test;
namespace fs = std::filesystem;

namespace {

std::vector<fs::path> golden_csvs() {
  std::vector<fs::path> out;
  for (const auto& entry : fs::directory_iterator(TELLTALE_GOLDEN))
    if (entry.path().extension() == ".csv") out.push_back(entry.path());
  std::sort(out.begin(), out.end());
  return out;
}

fs::path chunk_beside(fs::path csv) { return csv.replace_extension(".chunk"); }
bool of_version_1(const fs::path& csv) { return csv.filename().string().starts_with("v1-"); }

}  // namespace

TEST_CASE("chunks written earlier, also by version 1, are read to the last bit", "[store]") {
  const auto csv = GENERATE(from_range(golden_csvs()));
  CAPTURE(csv.filename().string());
  store::ChunkPoints points;
  REQUIRE(store::decode_chunk(read_bytes(chunk_beside(csv)), points));
  CHECK(to_csv(points) == read_bytes(csv));
}

TEST_CASE("the same readings give the same bytes as ever", "[store]") {
  const auto csv = GENERATE(from_range(golden_csvs()));
  if (of_version_1(csv)) return;
  CAPTURE(csv.filename().string());
  const auto bytes = store::encode_chunk(from_csv(read_bytes(csv)));
  store::ChunkPoints back;
  REQUIRE(store::decode_chunk(bytes, back));
  CHECK(to_csv(back) == read_bytes(csv));
  // What zstd writes may change with its version.
  if (csv.stem() != "text-zstd") CHECK(bytes == read_bytes(chunk_beside(csv)));
}

TEST_CASE("write the golden chunks anew after a change of the format", "[.golden-write]") {
  for (const auto& csv : golden_csvs())
    if (!of_version_1(csv)) write_bytes(chunk_beside(csv), store::encode_chunk(from_csv(read_bytes(csv))));
}
