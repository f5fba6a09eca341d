#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace telltale::api {

/// Where the next page of a list begins: behind `position`. `question` is what was asked; a cursor is good for the same
/// question only. A cursor is no secret and grants nothing: whose list it walks is decided by the key.
[[nodiscard]] std::string make_cursor(std::string_view question, std::string_view position);
/// The position; nothing when it was not made for this question.
[[nodiscard]] std::optional<std::string> read_cursor(std::string_view question, std::string_view cursor);

}  // namespace telltale::api
