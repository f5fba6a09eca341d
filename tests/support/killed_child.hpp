#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <string>

namespace telltale::test {

/// Runs live() in a child with this fail point; "" is none. True: the child was killed by it. live() does not return:
/// it ends in order with exit code 0.
template <class Live>
bool killed_at(const std::string& fail_point, Live&& live) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    if (fail_point.empty()) {
      ::unsetenv("TELLTALE_FAIL_POINT");
    } else {
      ::setenv("TELLTALE_FAIL_POINT", fail_point.c_str(), 1);
    }
    live();
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  if (WIFSIGNALED(status)) {
    REQUIRE(WTERMSIG(status) == SIGKILL);
    return true;
  }
  REQUIRE(WIFEXITED(status));
  REQUIRE(WEXITSTATUS(status) == 0);
  return false;
}

}  // namespace telltale::test
