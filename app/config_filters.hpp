#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace telltale::app {

enum class Tenants { off, on };

/// The filter that brings a mapping's topics: topic_filter_of with the tenant level. Precondition: a valid template.
[[nodiscard]] std::string mapping_filter(std::string_view topic_template, Tenants tenants);

/// What is subscribed to when the file names no filters: our input classes, then the mappings.
[[nodiscard]] std::vector<std::string> derived_filters(const std::vector<std::string>& mapping_filters,
                                                       Tenants tenants);

/// Why a configured filter cannot be used: malformed, or it would bring nothing but our own messages.
[[nodiscard]] std::optional<std::string> filter_problem(std::string_view filter, Tenants tenants);

/// Whether everything that matches `narrow` matches `wide`. Both are valid filters.
[[nodiscard]] bool covers(std::string_view wide, std::string_view narrow) noexcept;

}  // namespace telltale::app
