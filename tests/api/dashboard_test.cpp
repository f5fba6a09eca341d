#include "api/dashboard.hpp"

#include <catch2/catch.hpp>

#include "api/dashboard_assets.hpp"

namespace telltale::api {
namespace {

std::string_view header(const Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers)
    if (key == name) return value;
  return {};
}

Response ask(std::string path, Headers headers = {}) {
  static const RouteTable routes(dashboard_routes());
  Request request;
  request.method = "GET";
  request.path = std::move(path);
  request.headers = std::move(headers);
  const auto* route = routes.find(request);
  REQUIRE(route != nullptr);
  return route->handler(request);
}

TEST_CASE("the dashboard's page and each of its files are served with a policy that lets nothing else in", "[api]") {
  const auto page = ask("/");
  CHECK(page.status == 200);
  CHECK(page.content_type == "text/html; charset=utf-8");
  CHECK(page.body.starts_with("<!doctype html>"));
  for (const auto& asset : dashboard_assets()) {
    CAPTURE(asset.name);
    const auto response = ask("/assets/" + std::string(asset.name));
    CHECK(response.status == 200);
    CHECK(response.body == asset.bytes);
    CHECK(!asset.bytes.empty());
    CHECK(response.content_type == asset.content_type);
    CHECK(!asset.content_type.empty());
    const auto policy = header(response, "Content-Security-Policy");
    CHECK(policy.starts_with("default-src 'none'"));
    CHECK(policy.find("unsafe") == std::string_view::npos);
    CHECK(policy.find("http") == std::string_view::npos);
  }
}

TEST_CASE("an unchanged file of the dashboard is 304, a long one comes compressed, an unknown one is 404", "[api]") {
  const auto first = ask("/assets/dygraph.min.js", {{"Accept-Encoding", "gzip"}});
  CHECK(header(first, "Content-Encoding") == "gzip");
  CHECK(first.body.size() < 60'000);
  const auto again = ask("/assets/dygraph.min.js", {{"If-None-Match", std::string(header(first, "ETag"))}});
  CHECK(again.status == 304);
  CHECK(again.body.empty());
  CHECK(ask("/assets/nothing.js").status == 404);
  CHECK(ask("/assets/..").status == 404);
}

TEST_CASE("the dashboard names no other host, and no script makes markup of text", "[api]") {
  for (const auto& asset : dashboard_assets()) {
    if (asset.name.starts_with("dygraph")) continue;
    CAPTURE(asset.name);
    for (std::size_t at = 0; (at = asset.bytes.find("//", at)) != std::string_view::npos; at += 2) {
      const auto before = asset.bytes.substr(0, at);
      if (before.ends_with("http:")) CHECK(asset.bytes.substr(at).starts_with("//www.w3.org/"));  // names of XML
      CHECK(!before.ends_with("https:"));
    }
    for (const auto* way : {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("})
      CHECK(asset.bytes.find(way) == std::string_view::npos);
  }
}

}  // namespace
}  // namespace telltale::api
