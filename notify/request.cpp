#include "notify/request.hpp"

#include <utility>

#include "notify/signature.hpp"

namespace telltale::notify {

namespace {

std::string url_of(const Channel& channel) {
  if (channel.kind != ChannelKind::alertmanager) return channel.url;
  std::string url = channel.url;
  while (url.ends_with('/')) url.pop_back();
  return url + "/api/v2/alerts";
}

}  // namespace

Request make_request(const Channel& channel, const std::string& user_agent, const std::string& delivery,
                     std::string body, Timestamp now) {
  Request request{.url = url_of(channel),
                  .body = std::move(body),
                  .username = channel.username,
                  .password = channel.password,
                  .ca_file = channel.ca_file,
                  .insecure = channel.insecure};
  if (channel.kind == ChannelKind::email) {
    request.kind = Request::Kind::mail;
    request.from = channel.from;
    request.to = channel.to;
    return request;
  }
  request.headers = {"Content-Type: application/json", "User-Agent: " + user_agent, "X-Telltale-Delivery: " + delivery};
  if (!channel.secret.empty()) {
    request.headers.push_back("X-Telltale-Signature: " + sign(request.body, channel.secret, now));
  }
  if (!channel.token.empty()) request.headers.push_back("Authorization: Bearer " + channel.token);
  return request;
}

}  // namespace telltale::notify
