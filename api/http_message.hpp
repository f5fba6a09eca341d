#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proto/clock.hpp"

namespace telltale::api {

class EventStream;

using Headers = std::vector<std::pair<std::string, std::string>>;

/// One HTTP request, complete and within the limits.
struct Request {
  std::string method;  // as sent: "GET". A HEAD request reaches the handler of GET
  std::string path;    // percent-decoded, without the query
  std::string query;   // behind '?', as sent
  Headers headers;
  std::string body;
  std::string id;              // X-Request-Id: the client's when it is usable, else ours
  Headers path_parameters;     // what the route's {placeholders} stand for
  bool from_loopback = false;  // the connection's other end is this machine
  std::string address;         // of the connection's other end

  /// "" when absent. Names are compared without case.
  [[nodiscard]] std::string_view header(std::string_view name) const;
  /// Precondition: the route's path has {name}.
  [[nodiscard]] const std::string& parameter(std::string_view name) const;
};

/// What a handler answers. The server adds Content-Length, Connection, X-Request-Id, Date and Server.
struct Response {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::string body;
  Headers headers;
  std::shared_ptr<EventStream> stream = {};  // instead of a body: sent as it comes, until it ends
  std::string etag = {};                     // of the body as it was before it was compressed; "" = not known yet
};

/// Threads: see Route::runs.
/// Errors:  an exception becomes a 500 problem; its text goes to the log, not to the client.
using Handler = std::function<Response(const Request&)>;

/// Takes an answer, from any thread; the second one is ignored. None within HttpOptions::late_patience: 503.
using Respond = std::function<void(Response)>;
/// Runs on a worker and answers later; the request is gone when it returns.
using LateHandler = std::function<void(const Request&, Respond)>;

enum class RunsOn : std::uint8_t {
  io_thread,    // must not block: nothing else is answered meanwhile
  worker_pool,  // may read files; any of several threads, several at a time
};

struct Route {
  std::string method;  // GET serves HEAD too
  std::string path;    // "/devices/{site}": a placeholder is one level; also the label `route` of the request metrics
  Handler handler;
  RunsOn runs = RunsOn::io_thread;
  LateHandler late = {};  // instead of `handler`
  Millis patience{0};     // for a late answer; 0 = HttpOptions::late_patience
};

/// One thing that is wrong with a request (RFC 9457, extension `errors`).
struct Fault {
  std::string parameter;  // of the query string
  std::string detail;
  std::string pointer = {};  // into the body (RFC 6901); then there is no parameter
};

/// The type part of urn:telltale:problem:… (contracts 7), or about:blank for a plain HTTP error.
struct Problem {
  unsigned status;
  std::string type;  // "not-found"; "" = about:blank
  std::string title;
  std::string detail;
  std::vector<Fault> errors = {};
};

/// RFC 9457. `instance` and `request_id` name the request. 503 carries Retry-After.
[[nodiscard]] Response problem_response(const Problem& problem, std::string_view instance, std::string_view request_id);

/// All routes. Of two that match, the one listed first.
class RouteTable {
 public:
  explicit RouteTable(std::vector<Route> routes);

  /// The route of a request, whose path_parameters it fills in. Nothing: refusal() says why.
  [[nodiscard]] const Route* find(Request& request) const;

  struct Refusal {
    Response response;
    std::string_view route;  // path of the route that has other methods, "" when none; lives as long as the table
  };
  /// Unknown path: 404; known path with another method: 405 with Allow.
  [[nodiscard]] Refusal refusal(const Request& request) const;

 private:
  std::vector<Route> routes_;
};

/// Undoes percent-encoding. False when it is malformed or hides a NUL byte.
[[nodiscard]] bool percent_decode(std::string_view in, std::string& out);

}  // namespace telltale::api
