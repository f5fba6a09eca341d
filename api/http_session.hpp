#pragma once

// Inside api only: pulls in Boost.Beast.
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "api/event_stream.hpp"
#include "api/http_message.hpp"
#include "api/http_server.hpp"
#include "api/http_stream.hpp"

namespace telltale::api {

class HttpSession;

/// What a connection needs from its server. Everything happens on the io thread.
class SessionHost {
 public:
  virtual ~SessionHost() = default;
  [[nodiscard]] virtual const HttpOptions& options() const = 0;
  [[nodiscard]] virtual bool stopping() const = 0;
  using Answered = std::function<void(Response)>;
  /// Calls `done` with the answer to a complete request, at once or later. Dropped without a call when the server
  /// stops.
  virtual void answer(Request request, Answered done) = 0;
  /// The answer to bytes that are no acceptable request.
  virtual Response refuse(const Problem& problem, std::string_view request_id) = 0;
  [[nodiscard]] virtual std::string new_request_id() = 0;
  [[nodiscard]] virtual std::string date() const = 0;
  /// Gives an ascending number: the order in which connections became idle.
  virtual std::uint64_t became_idle() = 0;
  virtual void ended(const HttpSession& session) = 0;
  /// There is room for an answer of so many bytes, or it was made. Otherwise it must not be sent.
  virtual bool make_room(const HttpSession& session, std::size_t bytes) = 0;
  /// As many have left this program, or never will.
  virtual void gave_back(std::size_t bytes) = 0;
  [[nodiscard]] virtual std::chrono::steady_clock::time_point steady_now() const = 0;
  /// A connection was ended by us; `why` is a label.
  virtual void cut_off(const char* why) = 0;
};

/// One connection: waits for a request, reads it, writes the answer, and again.
/// Lives as long as an operation is under way; the host forgets it at ended().
class HttpSession : public std::enable_shared_from_this<HttpSession> {
 public:
  /// With a context the client has to speak TLS.
  HttpSession(boost::asio::ip::tcp::socket&& socket, std::shared_ptr<boost::asio::ssl::context> tls, SessionHost& host);

  void run();
  void close();
  /// Sends what happens until it is closed.
  [[nodiscard]] bool streams() const noexcept { return events_ != nullptr; }
  /// What became_idle() gave; nothing while a request is under way.
  [[nodiscard]] std::optional<std::uint64_t> idle_since() const noexcept { return idle_since_; }
  /// Since when a request, or TLS before the first, has been arriving.
  [[nodiscard]] std::optional<std::chrono::steady_clock::time_point> arriving_since() const noexcept {
    return arriving_since_;
  }
  /// Since when the client has been given an answer that it has not taken.
  [[nodiscard]] std::optional<std::chrono::steady_clock::time_point> unsent_since() const noexcept {
    return unsent_bytes_ > 0 ? std::optional(unsent_since_) : std::nullopt;
  }

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  void await_request();
  void read_request();
  void on_request(boost::beast::error_code error);
  void refuse(const Problem& problem);
  void send(Response response, std::string_view request_id, unsigned version, bool keep_alive, bool head);
  template <class Message>
  void write(std::shared_ptr<Message> message, bool keep_alive);
  void give_back();
  /// `when_late`: the reason to count when it took too long.
  void give_up(boost::beast::error_code error, const char* when_late);
  void linger();
  void stream(std::shared_ptr<EventStream> events);
  void send_events();

  SessionHost& host_;
  HttpStream stream_;
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  std::optional<std::uint64_t> idle_since_;
  std::optional<std::chrono::steady_clock::time_point> arriving_since_;
  std::shared_ptr<EventStream> events_;  // this connection is for them alone
  std::string outgoing_;                 // events that are being written
  std::size_t unsent_bytes_ = 0;         // of the answer's body
  std::chrono::steady_clock::time_point unsent_since_;
  bool ended_ = false;
};

}  // namespace telltale::api
