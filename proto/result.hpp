#pragma once

#include <tl/expected.hpp>

namespace telltale {

/// A value or the reason why there is none. Has the shape of C++23's std::expected.
template <class T, class E>
using Result = tl::expected<T, E>;

template <class E>
[[nodiscard]] constexpr tl::unexpected<std::decay_t<E>> fail(E&& error) {
  return tl::unexpected<std::decay_t<E>>(std::forward<E>(error));
}

}  // namespace telltale
