#include "notify/compose.hpp"

#include "notify/mail.hpp"

namespace telltale::notify {

std::string compose(const Message& message, const Channel& channel, const std::string& delivery,
                    const std::vector<std::string>& roots, Timestamp now) {
  switch (channel.kind) {
    case ChannelKind::alertmanager:
      return push_body(message, now);
    case ChannelKind::ntfy:
      return ntfy_body(message, channel.topic);
    case ChannelKind::slack:
      return slack_body(message);
    case ChannelKind::email:
      return mail(message, channel, delivery, roots, now);
    case ChannelKind::webhook:
      break;
  }
  return channel.format == BodyFormat::flat ? message.alerts.front().alert->payload : webhook_body(message);
}

}  // namespace telltale::notify
