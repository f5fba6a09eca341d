#include <cstdio>
#include <cstdlib>

#include "tests/fuzz/targets.hpp"

namespace telltale::fuzz {

void promise(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken promise: %s\n", what);
  std::abort();
}

}  // namespace telltale::fuzz
