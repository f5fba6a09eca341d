#include "notify/lane.hpp"

#include "notify/message_lane.hpp"
#include "notify/push_lane.hpp"

namespace telltale::notify {

std::unique_ptr<Lane> make_lane(const Channel& channel, const Lane::Surroundings& surroundings) {
  if (channel.kind == ChannelKind::alertmanager) return std::make_unique<PushLane>(channel, surroundings);
  return std::make_unique<MessageLane>(channel, surroundings);
}

}  // namespace telltale::notify
