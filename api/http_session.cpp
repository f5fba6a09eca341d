#include "api/http_session.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

namespace telltale::api {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

namespace {

constexpr std::size_t read_bytes = 4096;
constexpr int send_buffer_bytes = 256 * 1024;
constexpr std::size_t events_write_bytes = 64 * 1024;
constexpr std::size_t linger_bytes = 1 << 20;
constexpr std::chrono::seconds linger_time{1};

std::string_view view(beast::string_view s) { return {s.data(), s.size()}; }

bool usable_request_id(std::string_view id) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  };
  return !id.empty() && id.size() <= 64 && std::ranges::all_of(id, allowed);
}

/// RFC 9112, section 3.2: origin form, or absolute form, of which the authority does not matter here.
bool split_target(std::string_view target, Request& request) {
  if (const auto scheme = target.find("://"); !target.starts_with('/') && scheme != std::string_view::npos) {
    const auto path = target.find('/', scheme + 3);
    target = path == std::string_view::npos ? "/" : target.substr(path);
  }
  if (!target.starts_with('/')) return false;
  const auto question = target.find('?');
  if (question != std::string_view::npos) request.query = target.substr(question + 1);
  return percent_decode(target.substr(0, question), request.path);
}

std::optional<Problem> problem_of(beast::error_code error) {
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return Problem{431, "too-large", "Request header fields too large",
                   "the request line and headers are over the limit"};
  }
  if (error == http::error::body_limit)
    return Problem{413, "too-large", "Content too large", "the body is over the limit"};
  if (error == http::error::end_of_stream || error == http::error::partial_message) return std::nullopt;
  if (error.category() == make_error_code(http::error::bad_method).category()) {
    return Problem{400, "validation", "Bad request", error.message()};
  }
  return std::nullopt;  // the connection is gone or timed out: nobody to answer
}

}  // namespace

HttpSession::HttpSession(asio::ip::tcp::socket&& socket, std::shared_ptr<asio::ssl::context> tls, SessionHost& host)
    : host_(host),
      stream_(std::move(socket), std::move(tls)),
      buffer_(host.options().max_header_bytes + static_cast<std::size_t>(host.options().max_body_bytes) + read_bytes) {
  beast::error_code ignored;
  stream_.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
  // Else the system holds megabytes for a client on a fast link that does not read.
  stream_.socket().set_option(asio::socket_base::send_buffer_size(send_buffer_bytes), ignored);
}

void HttpSession::close() {
  if (ended_) return;
  ended_ = true;
  idle_since_.reset();
  arriving_since_.reset();
  if (events_) events_->end();
  give_back();
  beast::error_code ignored;
  stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
  stream_.close();
  host_.ended(*this);
}

void HttpSession::give_back() {
  if (unsent_bytes_ > 0) host_.gave_back(std::exchange(unsent_bytes_, 0));
}

void HttpSession::give_up(beast::error_code error, const char* when_late) {
  if (error == beast::error::timeout) host_.cut_off(when_late);
  close();
}

void HttpSession::run() {
  if (!stream_.encrypted()) return await_request();
  arriving_since_ = host_.steady_now();
  stream_.expires_after(host_.options().request_timeout);
  stream_.async_handshake([self = shared_from_this()](beast::error_code error) {
    if (self->ended_) return;
    if (error) return self->close();
    self->arriving_since_.reset();
    self->await_request();
  });
}

void HttpSession::await_request() {
  if (host_.stopping()) return close();
  parser_.emplace();
  parser_->header_limit(host_.options().max_header_bytes);
  parser_->body_limit(host_.options().max_body_bytes);
  if (buffer_.size() > 0) return read_request();  // pipelined

  idle_since_ = host_.became_idle();
  stream_.expires_after(host_.options().idle_timeout);
  stream_.async_read_some(buffer_.prepare(read_bytes),
                          [self = shared_from_this()](beast::error_code error, std::size_t n) {
                            self->idle_since_.reset();
                            if (error || self->ended_) return self->close();
                            self->buffer_.commit(n);
                            self->read_request();
                          });
}

void HttpSession::read_request() {
  arriving_since_ = host_.steady_now();
  stream_.expires_after(host_.options().request_timeout);
  http::async_read(stream_, buffer_, *parser_, [self = shared_from_this()](beast::error_code error, std::size_t) {
    if (!self->ended_) self->on_request(error);
  });
}

void HttpSession::on_request(beast::error_code error) {
  arriving_since_.reset();
  if (error) {
    if (const auto problem = problem_of(error)) return refuse(*problem);
    return give_up(error, "request_timeout");
  }
  const auto& message = parser_->get();
  const unsigned version = message.version();
  const bool keep_alive = message.keep_alive();
  const bool head = message.method() == http::verb::head;

  Request request;
  request.method = message.method_string();
  for (const auto& field : message) request.headers.emplace_back(field.name_string(), field.value());
  request.body = message.body();
  const auto id = request.header("X-Request-Id");
  request.id = usable_request_id(id) ? std::string(id) : host_.new_request_id();
  if (version >= 11 && message.count(http::field::host) != 1) {
    return refuse({400, "validation", "Bad request", "one Host header is needed"});
  }
  if (!split_target(view(message.target()), request)) {
    return refuse({400, "validation", "Bad request", "the request target is malformed"});
  }
  boost::system::error_code gone;
  const auto peer = stream_.socket().remote_endpoint(gone).address();
  if (!gone) request.address = peer.to_string();
  request.from_loopback =
      !gone && (peer.is_loopback() || (peer.is_v6() && peer.to_v6().is_v4_mapped() &&
                                       make_address_v4(asio::ip::v4_mapped, peer.to_v6()).is_loopback()));
  const std::string answered_id = request.id;
  host_.answer(std::move(request),
               [self = shared_from_this(), answered_id, version, keep_alive, head](Response response) {
                 if (self->ended_) return;
                 const bool stay = keep_alive && !self->host_.stopping();
                 self->send(std::move(response), answered_id, version, stay, head);
               });
}

void HttpSession::refuse(const Problem& problem) {
  const std::string id = host_.new_request_id();
  send(host_.refuse(problem, id), id, 11, false, false);
}

void HttpSession::send(Response response, std::string_view request_id, unsigned version, bool keep_alive, bool head) {
  const auto prepare = [&](auto message) {
    message->version(version);
    message->result(response.status);
    message->set(http::field::date, host_.date());
    if (!response.content_type.empty()) message->set(http::field::content_type, response.content_type);
    message->set("X-Request-Id", std::string(request_id));
    message->set("X-Content-Type-Options", "nosniff");
    message->set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
    message->set("Cross-Origin-Resource-Policy", "same-origin");
    message->set("Referrer-Policy", "no-referrer");
    for (const auto& [name, value] : response.headers) message->set(name, value);
    message->keep_alive(keep_alive);
    if (response.stream) return message;  // its end is the connection's
    if (response.status != 304 && response.status != 204) message->content_length(response.body.size());
    return message;
  };
  if (response.stream) keep_alive = false;
  if (response.stream && !head) {
    const auto message = prepare(std::make_shared<http::response<http::empty_body>>());
    stream_.expires_after(host_.options().write_timeout);
    http::async_write(
        stream_, *message,
        [self = shared_from_this(), message, events = response.stream](beast::error_code error, std::size_t) {
          if (self->ended_) return events->end();
          if (error) return self->close();
          self->stream(events);
        });
    return;
  }
  if (const auto bytes = response.body.size(); !head && bytes > 0) {
    if (host_.make_room(*this, bytes)) {
      unsent_bytes_ = bytes;
      unsent_since_ = host_.steady_now();
    } else if (response.status != 503) {
      return send(
          host_.refuse({503, "unavailable", "Too busy", "too many answers wait to be taken; ask again"}, request_id),
          request_id, version, keep_alive, head);
    }
  }
  if (head) return write(prepare(std::make_shared<http::response<http::empty_body>>()), keep_alive);
  const auto message = prepare(std::make_shared<http::response<http::string_body>>());
  message->body() = std::move(response.body);
  write(message, keep_alive);
}

template <class Message>
void HttpSession::write(std::shared_ptr<Message> message, bool keep_alive) {
  stream_.expires_after(host_.options().write_timeout);
  http::async_write(stream_, *message,
                    [self = shared_from_this(), message, keep_alive](beast::error_code error, std::size_t) {
                      if (self->ended_) return;
                      self->give_back();
                      if (error) return self->give_up(error, "write_timeout");
                      if (!keep_alive) return self->linger();
                      self->await_request();
                    });
}

void HttpSession::stream(std::shared_ptr<EventStream> events) {
  events_ = std::move(events);
  if (host_.stopping()) return close();
  // Nothing more is expected of this client: what comes is its end.
  stream_.expires_never();
  stream_.async_read_some(buffer_.prepare(read_bytes),
                          [self = shared_from_this()](beast::error_code, std::size_t) { self->close(); });
  events_->on_news([weak = weak_from_this(), executor = stream_.get_executor()] {
    // Kept alive by the pending read, or gone.
    if (weak.expired()) return;
    asio::post(executor, [weak] {
      if (const auto self = weak.lock()) self->send_events();
    });
  });
}

void HttpSession::send_events() {
  if (ended_) return;
  if (events_->ended()) return close();  // also while it takes nothing of what is being written
  if (!outgoing_.empty()) return;
  outgoing_ = events_->take(events_write_bytes);
  if (outgoing_.empty()) return;
  stream_.expires_after(host_.options().write_timeout);
  asio::async_write(stream_, asio::buffer(outgoing_),
                    [self = shared_from_this()](beast::error_code error, std::size_t) {
                      self->outgoing_.clear();
                      if (self->ended_) return;
                      if (error) return self->give_up(error, "write_timeout");
                      self->send_events();
                    });
}

/// Closing with bytes unread makes TCP reset the connection and the client may lose the answer (RFC 9112, 9.6).
void HttpSession::linger() {
  if (stream_.encrypted()) {
    stream_.expires_after(linger_time);
    return stream_.async_shutdown([self = shared_from_this()](beast::error_code) { self->close(); });
  }
  beast::error_code ignored;
  stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  stream_.expires_after(linger_time);
  buffer_.clear();
  const auto drained = std::make_shared<std::size_t>(0);
  const auto step = [self = shared_from_this(), drained](auto&& again) -> void {
    self->stream_.async_read_some(self->buffer_.prepare(read_bytes),
                                  [self, drained, again](beast::error_code error, std::size_t n) {
                                    *drained += n;
                                    if (error || self->ended_ || *drained > linger_bytes) return self->close();
                                    again(again);
                                  });
  };
  step(step);
}

}  // namespace telltale::api
