#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "tests/fuzz/targets.hpp"

namespace telltale::fuzz {
namespace {

struct Sample {
  std::string name, bytes;
};

std::vector<Sample> corpus_of(std::string_view target) {
  std::vector<Sample> samples;
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(CORPUS) / target)) {
    std::ifstream in(entry.path(), std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    samples.push_back({entry.path().filename(), out.str()});
  }
  std::ranges::sort(samples, {}, &Sample::name);
  return samples;
}

/// One to four of what a fuzzer does first: a byte changed, a part left out, repeated, or taken from another sample.
std::string changed(std::string bytes, const std::string& other, std::mt19937& random) {
  const auto up_to = [&](std::size_t n) { return random() % (n + 1); };
  for (auto step = up_to(3) + 1; step > 0; --step) {
    const auto at = up_to(bytes.size());
    const auto length = up_to(std::min<std::size_t>(bytes.size() - at, 16));
    switch (up_to(3)) {
      case 0:
        if (at < bytes.size()) bytes[at] = static_cast<char>(up_to(255));
        break;
      case 1:
        bytes.erase(at, length);
        break;
      case 2:
        bytes.insert(at, bytes.substr(at, length));
        break;
      default:
        bytes.insert(at, other.substr(up_to(other.size()), 16));
    }
  }
  return bytes;
}

TEST_CASE("what was once found by a fuzzer, or starts it, keeps every promise", "[fuzz]") {
  for (const auto& target : all_targets()) {
    CAPTURE(target.name);
    const auto samples = corpus_of(target.name);
    for (const auto& sample : samples) {
      CAPTURE(sample.name);
      CHECK_NOTHROW(target.run(sample.bytes));
    }
    CHECK(samples.size() >= 3);
  }
}

TEST_CASE("a fuzzer's first steps find nothing", "[fuzz]") {
  constexpr int rounds = 100;
  std::mt19937 random(1);
  for (const auto& target : all_targets()) {
    CAPTURE(target.name);
    const auto samples = corpus_of(target.name);
    for (const auto& sample : samples) {
      for (int round = 0; round < rounds; ++round) {
        const auto bytes = changed(sample.bytes, samples[random() % samples.size()].bytes, random);
        CAPTURE(sample.name, round);
        CHECK_NOTHROW(target.run(bytes));
      }
    }
  }
}

}  // namespace
}  // namespace telltale::fuzz
