#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "proto/batch.hpp"

namespace telltale::test {

/// A made-up stretch of log: devices with temperatures that get too hot and cool down, fall silent, say good-bye, and
/// an operator who acknowledges; and what analytics says about it in one run without interruption.
struct Story {
  std::vector<proto::Batch> batches;  // without positions

  struct Said {
    std::string id;
    std::uint32_t n;
    std::string topic, payload;
  };
  std::vector<Said> transitions;             // in order
  std::map<std::string, std::string> table;  // alert-state/… and presence/…: the last payload
};

[[nodiscard]] Story make_story(std::uint32_t seed, std::size_t batches);

/// "" when both are the same, else where they part.
[[nodiscard]] std::string first_difference(const std::vector<std::string>& got,
                                           const std::vector<std::string>& expected);

}  // namespace telltale::test
