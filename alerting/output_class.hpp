#pragma once

#include <string_view>

#include "proto/topic.hpp"

namespace telltale::alerting {

/// The class of a topic that we built, with or without tenant level. Precondition: it is one of ours.
[[nodiscard]] proto::TopicClass class_of(std::string_view topic) noexcept;

}  // namespace telltale::alerting
