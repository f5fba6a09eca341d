// telltale_fuzz --target=NAME [libFuzzer's options]: libFuzzer leaves what begins with two dashes to us.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/fuzz/targets.hpp"

namespace {
std::function<void(std::string_view)> target;
}

extern "C" int LLVMFuzzerInitialize(int* count, char*** arguments) {
  constexpr std::string_view flag = "--target=";
  for (int i = 1; i < *count; ++i) {
    const std::string_view argument = (*arguments)[i];
    if (!argument.starts_with(flag)) continue;
    for (const auto& known : telltale::fuzz::all_targets())
      if (known.name == argument.substr(flag.size())) target = known.run;
  }
  if (target) return 0;
  std::fputs("telltale_fuzz: --target= is none of", stderr);
  for (const auto& known : telltale::fuzz::all_targets()) std::fprintf(stderr, " %s", std::string(known.name).c_str());
  std::fputs("\n", stderr);
  std::exit(2);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  target({reinterpret_cast<const char*>(data), size});
  return 0;
}
