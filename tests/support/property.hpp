#pragma once

#include <rapidcheck.h>

#include <cstdio>
#include <utility>

namespace telltale::test {

/// rc::check for a property whose failure may depend on threads: what failed first is said at once, for neither
/// shrinking nor a second run need meet it again.
template <class Property>
bool holds(Property property) {
  return rc::check([property = std::move(property)] {
    try {
      property();
    } catch (const rc::detail::CaseResult& result) {
      if (result.type == rc::detail::CaseResult::Type::Failure)
        std::fprintf(stderr, "first failure: %s\n", result.description.c_str());
      throw;
    }
  });
}

}  // namespace telltale::test
