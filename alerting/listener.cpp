#include "alerting/listener.hpp"

#include <string>
#include <utility>

#include "alerting/best_effort.hpp"

namespace telltale::alerting {

Listener::Listener(proto::Publisher& publisher, std::shared_ptr<Mailbox> mailbox, std::shared_ptr<SentCounters> sent,
                   proto::Tenancy tenancy)
    : publisher_(publisher) {
  const auto outcome = [mailbox, sent](std::uint64_t token, SendResult result) {
    if (kind_of(token) == TokenKind::best_effort) return BestEffort::outcome(token, result, *sent);
    if (result == SendResult::delivered) return mailbox->post(Delivered{token});
    mailbox->post(NotDelivered{token});
  };
  publisher_.set_handlers({.connected = [mailbox] { mailbox->post(LinkUp{}); },
                           .disconnected = [mailbox] { mailbox->post(LinkLost{}); },
                           .delivered = [outcome](std::uint64_t token) { outcome(token, SendResult::delivered); },
                           .failed = [outcome](std::uint64_t token) { outcome(token, SendResult::failed); },
                           .retained =
                               [mailbox](std::string topic, std::string payload) {
                                 mailbox->post(RetainedCopy{std::move(topic), std::move(payload)});
                               },
                           .retained_complete = [mailbox] { mailbox->post(RetainedComplete{}); }});
  const std::string tenant_level = tenancy == proto::Tenancy::multi ? "+/" : "";
  publisher_.watch_retained({tenant_level + "alert-state/#", tenant_level + "presence/#"});
}

Listener::~Listener() { publisher_.set_handlers({}); }

}  // namespace telltale::alerting
