#include "proto/status.hpp"

#include <algorithm>
#include <span>

#include "proto/number_text.hpp"

namespace telltale::proto {

namespace {

constexpr std::string_view online_words[] = {"online", "on",   "up",    "true",  "1",
                                             "ready",  "init", "alert", "alive", "connected"};
constexpr std::string_view offline_words[] = {"offline", "off", "down", "false", "0", "lost", "dead", "disconnected"};
constexpr std::string_view sleeping_words[] = {"sleeping", "sleep", "asleep"};

bool one_of(std::span<const std::string_view> words, std::string_view word) noexcept {
  return std::any_of(words.begin(), words.end(), [&](std::string_view w) { return equal_ignoring_case(w, word); });
}

}  // namespace

std::optional<DeviceState> device_state(std::string_view word) noexcept {
  if (one_of(online_words, word)) return DeviceState::online;
  if (one_of(offline_words, word)) return DeviceState::offline;
  if (one_of(sleeping_words, word)) return DeviceState::sleeping;
  return std::nullopt;
}

}  // namespace telltale::proto
