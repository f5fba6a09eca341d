#pragma once

#include <cstddef>

namespace telltale::proto {

/// Rewrites, outside of strings and without moving anything, what is no JSON but what devices send: nan, inf and
/// infinity in any case become RapidJSON's NaN, Inf and Infinity, and so does a number that no double can hold.
/// Returns whether there was a backslash (escapes need a second look at their encoding).
bool rewrite_bare_tokens(char* text, std::size_t size) noexcept;

}  // namespace telltale::proto
