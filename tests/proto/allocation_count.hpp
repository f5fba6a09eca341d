#pragma once

#include <cstddef>

namespace telltale::test {

/// Calls of malloc and realloc in this program so far, operator new and RapidJSON included.
/// The program is linked with --wrap=malloc,--wrap=realloc.
[[nodiscard]] std::size_t allocation_count() noexcept;

}  // namespace telltale::test
