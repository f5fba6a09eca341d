#include "api/device_order.hpp"

#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "api/body_json.hpp"
#include "api/rest_question.hpp"

namespace telltale::api {

namespace {

/// A number keeps its digits: 0.50 is not 0.5 to everybody.
struct WriterOfText : rapidjson::Writer<rapidjson::StringBuffer> {
  using Writer::Writer;
  bool RawNumber(const char* digits, rapidjson::SizeType length, bool) {
    return RawValue(digits, length, rapidjson::kNumberType);
  }
};

}  // namespace

Result<std::string, Problem> compact_body(const Request& request) {
  if (request.body.empty()) return std::string();
  if (auto problem = not_json(request)) return fail(*std::move(problem));
  constexpr unsigned flags =
      rapidjson::kParseValidateEncodingFlag | rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag;
  rapidjson::MemoryStream in(request.body.data(), request.body.size());
  rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::MemoryStream> text(in);
  rapidjson::StringBuffer buffer;
  WriterOfText writer(buffer);
  rapidjson::Reader reader;
  if (const auto done = reader.Parse<flags>(text, writer); !done) {
    return fail(Problem{400, "validation", "The body is not valid",
                        "byte " + std::to_string(done.Offset()) + ": " + GetParseError_En(done.Code())});
  }
  return std::string(buffer.GetString(), buffer.GetSize());
}

std::optional<Problem> too_long(std::string_view payload) {
  if (payload.size() <= longest_order_bytes) return std::nullopt;
  const auto detail = "the message has " + std::to_string(payload.size()) + " bytes; devices need to take " +
                      std::to_string(longest_order_bytes) + " only";
  return Problem{422, "validation", "The order is too long", detail};  // the whole body: no pointer names a part
}

std::optional<Problem> no_such_device(ArchiveView& view, const Caller& caller, const Request& request) {
  if (view.fleet().find(caller.tenant, request.parameter("site"), request.parameter("device"))) return std::nullopt;
  return not_found("there is no such device");
}

}  // namespace telltale::api
