#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace telltale::api {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// One HTTP request, complete and within the limits.
struct Request {
  std::string method;  // as sent: "GET". A HEAD request reaches the handler of GET
  std::string path;    // percent-decoded, without the query
  std::string query;   // behind '?', as sent
  Headers headers;
  std::string body;
  std::string id;  // X-Request-Id: the client's when it is usable, else ours

  /// "" when absent. Names are compared without case.
  [[nodiscard]] std::string_view header(std::string_view name) const;
};

/// What a handler answers. The server adds Content-Length, Connection, X-Request-Id, Date and Server.
struct Response {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::string body;
  Headers headers;
};

/// Threads: called on the HTTP thread; must not block longer than a reader's query.
/// Errors:  an exception becomes a 500 problem; its text goes to the log, not to the client.
using Handler = std::function<Response(const Request&)>;

struct Route {
  std::string method;  // GET serves HEAD too
  std::string path;    // exact; also the label `route` of the request metrics
  Handler handler;
};

/// The type part of urn:telltale:problem:… (contracts 7), or about:blank for a plain HTTP error.
struct Problem {
  unsigned status;
  std::string type;  // "not-found"; "" = about:blank
  std::string title;
  std::string detail;
};

/// RFC 9457. `instance` and `request_id` name the request.
[[nodiscard]] Response problem_response(const Problem& problem, std::string_view instance, std::string_view request_id);

/// All routes. Unknown path: 404; known path with another method: 405 with Allow.
class RouteTable {
 public:
  explicit RouteTable(std::vector<Route> routes) : routes_(std::move(routes)) {}

  struct Answer {
    Response response;
    std::string_view route;  // path of the matching route, "" when none; lives as long as the table
  };
  [[nodiscard]] Answer answer(const Request& request) const;

 private:
  std::vector<Route> routes_;
};

/// Undoes percent-encoding. False when it is malformed or hides a NUL byte.
[[nodiscard]] bool percent_decode(std::string_view in, std::string& out);

}  // namespace telltale::api
