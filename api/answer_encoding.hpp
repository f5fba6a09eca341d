#pragma once

#include <string>
#include <string_view>

#include "api/http_message.hpp"

namespace telltale::api {

/// A good answer to GET gets an ETag, becomes 304 when the client has it already (RFC 9110, 13.1.2), and is compressed
/// when it is longer than 1 KiB and the client takes gzip. Others are left as they are.
[[nodiscard]] Response encoded(const Request& request, Response response);

/// When it is longer than 1 KiB, not compressed yet, and the client takes gzip.
void compress(const Request& request, Response& response);

/// Does an Accept-Encoding header allow gzip (RFC 9110, 12.5.3)?
[[nodiscard]] bool accepts_gzip(std::string_view accept_encoding);

/// RFC 1952. Throws std::bad_alloc.
[[nodiscard]] std::string gzip(std::string_view text);

/// The tag that encoded() gives an answer with this body.
[[nodiscard]] std::string etag_of(std::string_view body);
/// If-Match or If-None-Match names this tag, or any; by weak comparison.
[[nodiscard]] bool has_etag(std::string_view list, std::string_view etag);

}  // namespace telltale::api
