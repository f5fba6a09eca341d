#include "api/http_server.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <ctime>
#include <mutex>
#include <random>
#include <set>
#include <stdexcept>
#include <thread>

#include "api/http_session.hpp"
#include "api/worker_pool.hpp"
#include "store/error.hpp"

namespace telltale::api {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;

namespace {

using SteadyTime = std::chrono::steady_clock::time_point;
constexpr std::chrono::milliseconds accept_retry{100};
constexpr std::array<double, 8> duration_bounds = {0.001, 0.005, 0.02, 0.1, 0.5, 1, 5, 10};

/// A closed list: what a client sends must not make new series.
std::string method_label(const std::string& method) {
  for (const auto* known : {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}) {
    if (method == known) return method;
  }
  return "other";
}

}  // namespace

struct HttpServer::Impl final : SessionHost {
  Impl(HttpOptions given, std::vector<Route> table, const Clock& time, proto::Logger& logger, proto::Metrics& registry)
      : settings(std::move(given)), routes(std::move(table)), clock(time), log(logger), metrics(registry) {
    if (!settings.cert_file.empty()) tls = make_server_tls(settings.cert_file, settings.key_file);
    error_code error;
    const auto address = asio::ip::make_address(settings.host, error);
    if (error) throw std::runtime_error("http.listen: not a numeric address: " + settings.host);
    try {
      const tcp::endpoint endpoint(address, settings.port);
      acceptor.open(endpoint.protocol());
      acceptor.set_option(tcp::acceptor::reuse_address(true));
      acceptor.bind(endpoint);
      acceptor.listen();
      acceptor.non_blocking(true);
    } catch (const boost::system::system_error& failure) {
      throw std::runtime_error("http.listen: cannot listen on " + settings.host + ":" + std::to_string(settings.port) +
                               ": " + failure.code().message());
    }
    bound_port = acceptor.local_endpoint().port();
  }

  void await_connection() {
    if (ending || awaiting) return;
    awaiting = true;
    acceptor.async_wait(tcp::acceptor::wait_read, [this](error_code error) {
      awaiting = false;
      if (error || ending) return;
      if (sessions.size() >= settings.max_connections && !close_one())
        return await_later();  // or by ended(), became_idle()
      accept();
    });
  }

  void accept() {
    error_code error;
    tcp::socket socket(io);
    acceptor.accept(socket, error);
    if (!error) {
      sessions.push_back(std::make_shared<HttpSession>(std::move(socket), tls, *this));
      const auto session = sessions.back();
      session->run();
    } else if (error != asio::error::would_block && error != asio::error::connection_aborted) {
      log.warn("http", "cannot accept a connection: " + error.message());
      return await_later();
    }
    await_connection();
  }

  void await_later() {
    retry.expires_after(accept_retry);
    retry.async_wait([this](error_code cancelled) {
      if (!cancelled) await_connection();
    });
  }

  /// The session for which `since(session)` is least; null when it is nothing for all.
  template <class Since>
  HttpSession* longest_by(Since&& since) const {
    HttpSession* longest = nullptr;
    for (const auto& session : sessions) {
      const auto at = since(*session);
      if (at && (!longest || *at < *since(*longest))) longest = session.get();
    }
    return longest;
  }

  /// Who has been taking an answer for longest, above taking_patience.
  HttpSession* slowest_taker(const HttpSession* but = nullptr) const {
    return longest_by([&](const HttpSession& session) {
      const auto since = session.unsent_since();
      const bool slow = since && &session != but && steady_now() - *since >= settings.taking_patience;
      return slow ? since : std::nullopt;
    });
  }

  /// Of those who ask nothing, take long to ask, or take long to take the answer.
  bool close_one() {
    const char* why = "too_many_connections";
    auto* longest = longest_by([](const HttpSession& session) { return session.idle_since(); });
    if (longest == nullptr) {
      longest = longest_by([&](const HttpSession& session) {
        const auto since = session.arriving_since();
        return since && steady_now() - *since >= settings.arriving_patience ? since : std::nullopt;
      });
    }
    if (longest == nullptr) {
      longest = slowest_taker();
      why = "slow";
    }
    if (longest == nullptr) return false;
    longest->close();
    cut_off(why);
    return true;
  }

  void begin_stop() {
    ending = true;
    error_code ignored;
    acceptor.close(ignored);
    retry.cancel();
    const auto open = sessions;  // close() changes the list
    for (const auto& session : open) {
      if (session->idle_since() || session->streams()) session->close();
    }
    if (sessions.empty()) return;
    grace.expires_after(settings.stop_grace);
    grace.async_wait([this](error_code cancelled) {
      if (cancelled) return;
      const auto rest = sessions;
      for (const auto& session : rest) session->close();
      waiting.clear();
    });
  }

  void count(std::string_view route, const Request& request, unsigned status) {
    metrics
        .counter("telltale_http_requests_total", "HTTP requests answered.",
                 {{"route", route.empty() ? "other" : std::string(route)},
                  {"method", method_label(request.method)},
                  {"code", std::to_string(status)}})
        .add();
  }

  // SessionHost
  [[nodiscard]] const HttpOptions& options() const override { return settings; }
  [[nodiscard]] bool stopping() const override { return ending; }

  void answer(Request request, Answered done) override {
    const auto began = clock.steady_now();
    const Route* route = routes.find(request);
    if (route == nullptr) {
      auto [response, known] = routes.refusal(request);
      note(request, known, response, began);
      return done(std::move(response));
    }
    if (route->runs == RunsOn::io_thread) {
      auto response = run(*route, request);
      note(request, route->path, response, began);
      return done(std::move(response));
    }
    if (route->late) return answer_late(*route, std::move(request), std::move(done), began);
    struct Pending {
      Request request;
      Answered done;
      Response response{};
    };
    const auto pending = std::make_shared<Pending>(Pending{std::move(request), std::move(done)});
    // The guard keeps io running until the answer is back.
    const bool taken = workers.submit([this, route, began, pending, guard = asio::make_work_guard(io)] {
      pending->response = run(*route, pending->request);
      asio::post(io, [this, route, began, pending] {
        note(pending->request, route->path, pending->response, began);
        pending->done(std::move(pending->response));
      });
    });
    if (taken) return;
    auto busy = too_busy(pending->request);
    note(pending->request, route->path, busy, began);
    pending->done(std::move(busy));
  }

  static Response too_busy(const Request& request) {
    return problem_response({503, "unavailable", "Too busy", "too many queries wait already; ask again"}, request.path,
                            request.id);
  }

  /// Where late answers come in; who gives them may outlive this server.
  struct Door {
    std::mutex mutex;
    bool open = true;
  };

  /// An answer that somebody else gives. Only `waiting` owns it.
  struct Late {
    Late(asio::io_context& io, const Route& to, Request asked, Answered answered, SteadyTime at)
        : route(to), request(std::move(asked)), done(std::move(answered)), began(at), timer(io) {}
    const Route& route;
    const Request request;
    const Answered done;
    const SteadyTime began;
    asio::steady_timer timer;
  };

  void answer_late(const Route& route, Request request, Answered done, SteadyTime began) {
    const auto late = std::make_shared<Late>(io, route, std::move(request), std::move(done), began);
    waiting.insert(late);
    const std::weak_ptr<Late> weak = late;
    late->timer.expires_after(route.patience > Millis{0} ? route.patience : settings.late_patience);
    late->timer.async_wait([this, weak](error_code cancelled) {
      if (cancelled) return;
      const auto given_up = weak.lock();
      if (!given_up) return;
      finish(given_up, problem_response({503, "unavailable", "Not answered in time", "it may still be done"},
                                        given_up->request.path, given_up->request.id));
    });
    const Respond respond = [this, weak, in = door](Response response) {
      const std::lock_guard lock(in->mutex);
      if (!in->open || weak.expired()) return;
      asio::post(io, [this, weak, answer = std::move(response)]() mutable {
        if (const auto asked = weak.lock()) finish(asked, std::move(answer));
      });
    };
    const bool taken = workers.submit([this, weak, respond] {
      const auto asked = weak.lock();
      if (asked) run_late(*asked, respond);
    });
    if (!taken) finish(late, too_busy(late->request));
  }

  /// On a worker.
  void run_late(const Late& late, const Respond& respond) {
    try {
      late.route.late(late.request, respond);
    } catch (...) {
      respond(failed(late.request));
    }
  }

  void finish(const std::shared_ptr<Late>& late, Response response) {
    if (waiting.erase(late) == 0) return;
    late->timer.cancel();
    note(late->request, late->route.path, response, late->began);
    late->done(std::move(response));
  }

  /// Any thread.
  Response run(const Route& route, const Request& request) const {
    try {
      return route.handler(request);
    } catch (...) {
      return failed(request);
    }
  }

  /// Of the exception that is being handled.
  Response failed(const Request& request) const {
    try {
      throw;
    } catch (const store::Interrupted&) {
      return problem_response({503, "unavailable", "The service is stopping", "ask again in a moment"}, request.path,
                              request.id);
    } catch (const std::exception& failure) {
      log.error("http", request.method + " " + request.path + " (" + request.id + ") failed: " + failure.what());
      return problem_response({500, "internal", "Internal error", "see the log of the service"}, request.path,
                              request.id);
    }
  }

  void note(const Request& request, std::string_view route, const Response& response,
            std::chrono::steady_clock::time_point began) {
    count(route, request, response.status);
    const std::chrono::duration<double> took = clock.steady_now() - began;
    metrics
        .histogram("telltale_http_request_duration_seconds", "Time to make an answer.", duration_bounds,
                   {{"route", route.empty() ? "other" : std::string(route)}})
        .observe(took.count());
  }

  Response refuse(const Problem& problem, std::string_view request_id) override {
    count({}, Request{}, problem.status);
    return problem_response(problem, "", request_id);
  }

  std::string new_request_id() override {
    constexpr std::string_view hex = "0123456789abcdef";
    auto bits = ids();
    std::string id = "r-";
    for (int i = 0; i < 12; ++i, bits >>= 4) id += hex[bits & 15];
    return id;
  }

  [[nodiscard]] std::string date() const override {
    const auto seconds = static_cast<std::time_t>(to_ms(clock.now()) / 1000);
    std::tm utc{};
    gmtime_r(&seconds, &utc);
    char text[40];
    return {text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &utc)};
  }

  std::uint64_t became_idle() override {
    await_connection();
    return ++idle_order;
  }

  bool make_room(const HttpSession& session, std::size_t bytes) override {
    constexpr std::size_t always_sent = 16 * 1024;  // what is wrong, how we are
    const auto fits = [&] {
      return bytes <= always_sent || unsent_bytes == 0 || unsent_bytes + bytes <= settings.max_unsent_bytes;
    };
    while (!fits()) {
      auto* slowest = slowest_taker(&session);
      if (slowest == nullptr) break;
      slowest->close();
      cut_off("slow");
    }
    if (!fits()) return false;
    set_unsent(unsent_bytes + bytes);
    return true;
  }
  void gave_back(std::size_t bytes) override { set_unsent(unsent_bytes - bytes); }
  void set_unsent(std::size_t bytes) {
    unsent_bytes = bytes;
    unsent_gauge.set(static_cast<double>(bytes));
  }
  [[nodiscard]] SteadyTime steady_now() const override { return clock.steady_now(); }
  void cut_off(const char* why) override {
    metrics
        .counter("telltale_http_connections_cut_total", "Connections ended because of what the client did or did not.",
                 {{"reason", why}})
        .add();
  }

  void ended(const HttpSession& session) override {
    std::erase_if(sessions, [&](const auto& s) { return s.get() == &session; });
    if (ending && sessions.empty()) {
      grace.cancel();
      waiting.clear();
    }
    await_connection();
  }

  const HttpOptions settings;
  const RouteTable routes;
  const Clock& clock;
  proto::Logger& log;
  proto::Metrics& metrics;
  std::shared_ptr<asio::ssl::context> tls;  // of the connections to come; null: plain
  asio::io_context io{1};
  tcp::acceptor acceptor{io};
  asio::steady_timer retry{io};
  asio::steady_timer grace{io};
  std::vector<std::shared_ptr<HttpSession>> sessions;
  std::set<std::shared_ptr<Late>> waiting;
  const std::shared_ptr<Door> door = std::make_shared<Door>();
  std::mt19937_64 ids{std::random_device{}()};
  std::uint64_t idle_order = 0;
  std::size_t unsent_bytes = 0;
  proto::Gauge& unsent_gauge =
      metrics.gauge("telltale_http_unsent_bytes", "Of answers that clients have not taken yet.");
  std::uint16_t bound_port = 0;
  bool awaiting = false;
  bool ending = false;
  WorkerPool workers{settings.workers, settings.max_waiting};
  std::jthread thread;
};

HttpServer::HttpServer(HttpOptions options, std::vector<Route> routes, const Clock& clock, proto::Logger& log,
                       proto::Metrics& metrics)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(routes), clock, log, metrics)) {}

HttpServer::~HttpServer() { stop(); }

std::uint16_t HttpServer::port() const noexcept { return impl_->bound_port; }

void HttpServer::reload_certificate() {
  if (impl_->settings.cert_file.empty()) return;
  auto fresh = make_server_tls(impl_->settings.cert_file, impl_->settings.key_file);
  asio::post(impl_->io, [this, fresh = std::move(fresh)]() mutable { impl_->tls = std::move(fresh); });
}

void HttpServer::start() {
  impl_->await_connection();
  impl_->thread = std::jthread([this] { impl_->io.run(); });
}

void HttpServer::stop() {
  if (!impl_->thread.joinable()) return;
  asio::post(impl_->io, [this] { impl_->begin_stop(); });
  impl_->workers.stop();
  impl_->thread.join();
  const std::lock_guard lock(impl_->door->mutex);
  impl_->door->open = false;
}

}  // namespace telltale::api
