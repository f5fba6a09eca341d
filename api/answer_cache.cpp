#include "api/answer_cache.hpp"

#include "api/answer_encoding.hpp"
#include "api/api_key.hpp"

namespace telltale::api {

AnswerCache::Answer AnswerCache::answer(const Request& request, std::string_view question,
                                        const std::function<std::string()>& revise,
                                        const std::function<Answer()>& make) {
  auto key = sha256(question);
  if (accepts_gzip(request.header("Accept-Encoding"))) key += 'z';
  auto revision = revise();
  if (const auto kept = kept_.find(key, [&](const KeptAnswer& answer) { return answer.revision == revision; })) {
    const bool asks_whether_changed = request.method == "GET" || request.method == "HEAD";  // RFC 9110, 13.1.2
    if (!asks_whether_changed || !has_etag(request.header("If-None-Match"), kept->response.etag)) return kept->response;
    Response unchanged;  // its body is not needed: encoded() makes it a 304
    unchanged.etag = kept->response.etag;
    return unchanged;
  }
  auto made = make();
  if (!made || made->status != 200) return made;
  made->etag = etag_of(made->body);
  compress(request, *made);
  // Else a file went meanwhile, and the answer is made of two states.
  if (revise() == revision) {
    const auto bytes = sizeof(KeptAnswer) + revision.size() + made->body.size();
    kept_.keep(key, std::make_shared<const KeptAnswer>(KeptAnswer{std::move(revision), *made}), bytes);
  }
  return made;
}

}  // namespace telltale::api
