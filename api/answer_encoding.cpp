#include "api/answer_encoding.hpp"

#include <zlib.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <new>
#include <optional>

#include "proto/number_text.hpp"

namespace telltale::api {

namespace {

constexpr std::size_t worth_compressing = 1024;
constexpr const char* content_encoding = "Content-Encoding";

/// Calls see(item) for each part of a list header, without the space around it.
template <class See>
void each_item(std::string_view list, See&& see) {
  while (true) {
    const auto comma = std::min(list.find(','), list.size());
    see(proto::trim(list.substr(0, comma)));
    if (comma == list.size()) return;
    list.remove_prefix(comma + 1);
  }
}

bool refused(std::string_view parameters) {
  const auto q = parameters.find("q=");
  if (q == std::string_view::npos) return false;
  const auto weight = proto::trim(parameters.substr(q + 2));
  return weight == "0" || weight.find_first_not_of("0.") == std::string_view::npos;
}

}  // namespace

bool has_etag(std::string_view list, std::string_view etag) {
  bool found = false;
  each_item(list, [&](std::string_view item) { found = found || item == "*" || item == etag; });
  return found;
}

bool accepts_gzip(std::string_view accept_encoding) {
  std::optional<bool> gzip_said;
  bool any = false;
  each_item(accept_encoding, [&](std::string_view item) {
    const auto semicolon = std::min(item.find(';'), item.size());
    const auto coding = proto::trim(item.substr(0, semicolon));
    const bool yes = !refused(item.substr(semicolon));
    if (proto::equal_ignoring_case(coding, "gzip") || proto::equal_ignoring_case(coding, "x-gzip")) gzip_said = yes;
    if (coding == "*") any = yes;
  });
  return gzip_said.value_or(any);
}

std::string gzip(std::string_view text) {
  z_stream stream{};
  constexpr int window_with_gzip_header = 15 + 16;
  if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, window_with_gzip_header, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc();
  }
  std::string out(deflateBound(&stream, text.size()), '\0');
  std::string in(text);  // zlib's input is not const
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int ended = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  if (ended != Z_STREAM_END) throw std::bad_alloc();
  return out;
}

std::string etag_of(std::string_view body) {
  // 64 bits, which chance does not meet, for If-Match too; a digest would cost as much as writing the body.
  char text[2 * sizeof(std::size_t)];
  const auto end = std::to_chars(text, text + sizeof text, std::hash<std::string_view>()(body), 16).ptr;
  // Weak, because the compressed and the plain answer have the same.
  return "W/\"" + std::string(text, end) + '"';
}

void compress(const Request& request, Response& response) {
  if (response.body.size() <= worth_compressing || !accepts_gzip(request.header("Accept-Encoding"))) return;
  for (const auto& [name, value] : response.headers)
    if (name == content_encoding) return;
  response.body = gzip(response.body);
  response.headers.emplace_back(content_encoding, "gzip");
}

Response encoded(const Request& request, Response response) {
  response.headers.emplace_back("Vary", "Accept-Encoding, Authorization, X-API-Key");
  if (response.stream || response.status != 200 || (request.method != "GET" && request.method != "HEAD")) {
    response.headers.emplace_back("Cache-Control", "no-store");
    return response;
  }
  const auto etag = response.etag.empty() ? etag_of(response.body) : response.etag;
  response.headers.emplace_back("ETag", etag);
  response.headers.emplace_back("Cache-Control", "private, no-cache");
  if (const auto known = request.header("If-None-Match"); !known.empty() && has_etag(known, etag)) {
    response.status = 304;
    response.content_type.clear();
    response.body.clear();
    return response;
  }
  compress(request, response);
  return response;
}

}  // namespace telltale::api
