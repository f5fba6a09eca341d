#pragma once

#include <memory>

#include "alerting/mailbox.hpp"
#include "alerting/sent.hpp"
#include "proto/publisher.hpp"
#include "proto/topic.hpp"

namespace telltale::alerting {

/// Listens to the publisher as long as it lives: news of the outbox's messages go to the mailbox, outcomes of best
/// effort are counted at once.
class Listener {
 public:
  // Shared, because a handler may be about to run on the publisher's thread when we go.
  Listener(proto::Publisher& publisher, std::shared_ptr<Mailbox> mailbox, std::shared_ptr<SentCounters> sent,
           proto::Tenancy tenancy);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

 private:
  proto::Publisher& publisher_;
};

}  // namespace telltale::alerting
