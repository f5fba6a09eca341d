#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/http_message.hpp"
#include "proto/clock.hpp"
#include "proto/result.hpp"

namespace telltale::api {

/// The JSON object in the body of one request, read strictly: a member that the route does not know, one that is given
/// twice and a value that cannot be read are faults. They are collected, so that the client hears of all at once, and
/// counted from the 33rd on.
/// null is the same as absent.
class BodyJson {
 public:
  enum class MayBeEmpty : std::uint8_t { no, yes };
  /// Errors: 415 when it is not called JSON, 400 when it is none, or no object.
  [[nodiscard]] static Result<BodyJson, Problem> read(const Request& request,
                                                      std::initializer_list<std::string_view> known,
                                                      MayBeEmpty empty = MayBeEmpty::no);
  ~BodyJson();
  BodyJson(BodyJson&&) noexcept;
  BodyJson& operator=(BodyJson&&) noexcept;

  using Check = bool (*)(std::string_view);
  static constexpr std::size_t usual_text_bytes = 1024;
  [[nodiscard]] std::optional<std::string> text(std::string_view member, std::size_t most_bytes = usual_text_bytes);
  /// An array of texts, at most `most` of them.
  [[nodiscard]] std::optional<std::vector<std::string>> texts(std::string_view member, std::size_t most);
  /// A number or a text, as contracts 3, or now+15m.
  [[nodiscard]] std::optional<Timestamp> time(std::string_view member, Timestamp now);

  [[nodiscard]] std::optional<std::uint64_t> count(std::string_view member, std::uint64_t least, std::uint64_t most);
  /// It is there, as null.
  [[nodiscard]] bool is_null(std::string_view member) const;
  /// The value as JSON text, whatever it is.
  [[nodiscard]] std::optional<std::string> json(std::string_view member) const;

  void fault(std::string_view member, std::string detail);
  /// What is wrong, after everything was asked for.
  [[nodiscard]] std::optional<Problem> problem() const;

 private:
  struct Document;
  explicit BodyJson(std::unique_ptr<Document> document);
  std::unique_ptr<Document> document_;
  std::vector<Fault> faults_;
  std::size_t more_faults_ = 0;
};

/// "/member", with the escapes of RFC 6901.
[[nodiscard]] std::string json_pointer(std::string_view member);

/// What is wrong with the content type of a request with a body; JSON only (contracts 7).
[[nodiscard]] std::optional<Problem> not_json(const Request& request);

}  // namespace telltale::api
