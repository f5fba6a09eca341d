#pragma once

#include <memory>

#include "alerting/mailbox.hpp"
#include "proto/publisher.hpp"
#include "proto/topic.hpp"

namespace telltale::alerting {

/// Has the publisher's news posted to the mailbox, and the retained copies of our table topics read after each
/// connect. Before the publisher starts. The handlers share the mailbox because they outlive whoever reads it.
void listen(proto::Publisher& publisher, const std::shared_ptr<Mailbox>& mailbox, proto::Tenancy tenancy);

}  // namespace telltale::alerting
