#include "api/answer_encoding.hpp"
#include "api/body_json.hpp"
#include "api/device_notes.hpp"
#include "api/rest_question.hpp"

namespace telltale::api {

namespace {

constexpr std::size_t longest_name = 64, longest_note = 1'024;

/// null takes it away (RFC 7396); absent leaves it.
void read(BodyJson& body, std::string_view member, std::size_t most_bytes, std::string& out) {
  if (body.is_null(member)) {
    out.clear();
  } else if (auto text = body.text(member, most_bytes)) {
    out = *std::move(text);
  }
}

}  // namespace

Answer patch_device(const Question& question) {
  const QueryText query(question.request, {});
  if (auto problem = query.problem()) return fail(*std::move(problem));
  auto body = BodyJson::read(question.request, {"name", "note"});
  if (!body) return fail(body.error());
  auto& notes = question.parts.notes;
  const auto changing = notes.change();
  const auto now = one_device(question);
  if (!now) return now;
  const auto expected = question.request.header("If-Match");
  if (!expected.empty() && !has_etag(expected, etag_of(now->body))) {
    return fail(Problem{412, "precondition-failed", "It has changed", "If-Match names another state of the device"});
  }
  const auto key =
      question.archive.fleet()
          .find(question.caller.tenant, question.request.parameter("site"), question.request.parameter("device"))
          ->key;
  auto note = notes.of(key);
  read(*body, "name", longest_name, note.name);
  read(*body, "note", longest_note, note.note);
  if (auto problem = body->problem()) return fail(*std::move(problem));
  notes.set(key, note);
  return one_device(question);
}

}  // namespace telltale::api
