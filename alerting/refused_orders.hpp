#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "proto/alert.hpp"
#include "proto/batch.hpp"
#include "proto/topic.hpp"

namespace telltale::alerting {

/// The topic's tenant, when the topic is one of control/…: its message was an order, whatever was wrong with it.
[[nodiscard]] std::optional<std::string_view> tenant_of_order(std::string_view topic, proto::Tenancy tenancy);

/// Answers the batch's orders that are dead letters (misspelt key, no JSON, unknown verb …) where an order that cannot
/// be followed is answered, too. The detail names the topic and what is wrong in it. A topic that is none of
/// control/… in its further levels names nobody who could be answered: errors/… tells of it.
void answer_refused_orders(const proto::Batch& batch, proto::Tenancy tenancy, std::vector<proto::Finding>& findings);

}  // namespace telltale::alerting
