#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace telltale::store {

/// zstd, level 1. Threads: any (contexts are per thread).
[[nodiscard]] std::string compress(std::string_view bytes);

/// Any bytes are safe; false when they are not what compress() gave or unpack to more than `most_bytes`.
[[nodiscard]] bool decompress(std::string_view bytes, std::size_t most_bytes, std::string& out);

}  // namespace telltale::store
