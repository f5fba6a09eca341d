#include "alerting/listen.hpp"

#include <string>
#include <utility>

#include "alerting/token.hpp"

namespace telltale::alerting {

void listen(proto::Publisher& publisher, const std::shared_ptr<Mailbox>& mailbox, proto::Tenancy tenancy) {
  publisher.set_handlers({.connected = [mailbox] { mailbox->post(LinkUp{}); },
                          .disconnected = [mailbox] { mailbox->post(LinkLost{}); },
                          .delivered =
                              [mailbox](std::uint64_t token) {
                                if (kind_of(token) != TokenKind::best_effort) mailbox->post(Delivered{token});
                              },
                          .failed =
                              [mailbox](std::uint64_t token) {
                                if (kind_of(token) != TokenKind::best_effort) mailbox->post(NotDelivered{token});
                              },
                          .retained =
                              [mailbox](std::string topic, std::string payload) {
                                mailbox->post(RetainedCopy{std::move(topic), std::move(payload)});
                              },
                          .retained_complete = [mailbox] { mailbox->post(RetainedComplete{}); }});
  const std::string tenant_level = tenancy == proto::Tenancy::multi ? "+/" : "";
  publisher.watch_retained({tenant_level + "alert-state/#", tenant_level + "presence/#", tenant_level + "config/#"});
}

}  // namespace telltale::alerting
