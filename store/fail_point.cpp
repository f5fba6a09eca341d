#include "store/fail_point.hpp"

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <string>

namespace telltale::store {

namespace {

struct Armed {
  std::string name;
  std::atomic<long> passes_left{1};

  Armed() {
    const char* setting = std::getenv("TELLTALE_FAIL_POINT");
    if (setting == nullptr) return;
    name = setting;
    if (const auto colon = name.find(':'); colon != std::string::npos) {
      passes_left = std::strtol(name.c_str() + colon + 1, nullptr, 10);
      name.resize(colon);
    }
  }
};

}  // namespace

void fail_point(std::string_view name) noexcept {
  static Armed armed;
  if (armed.name.empty() || armed.name != name) return;
  if (armed.passes_left.fetch_sub(1) == 1) std::raise(SIGKILL);
}

}  // namespace telltale::store
