#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proto/outcome.hpp"
#include "proto/result.hpp"

namespace telltale::proto {

/// One JSON value. Views point into the payload (in situ).
struct JsonNode {
  enum class Kind : std::uint8_t { null, boolean, number, text, object, array };
  std::string_view key;   // of a member
  std::string_view text;  // of a text, unescaped; of a number, its digits; of a boolean, "true" or "false"
  std::uint32_t end = 0;  // index behind the value and everything in it
  std::uint32_t key_hash = 0;
  Kind kind = Kind::null;  // bare nan and inf are null: "no reading"
  bool shadowed = false;   // a later member of the same object has the same key
  bool skipped = false;    // named by a mapping's `ignore`

  [[nodiscard]] bool container() const noexcept { return kind == Kind::object || kind == Kind::array; }
};

struct JsonFault {
  DeadLetterReason reason;  // bad_json, bad_utf8, too_deep
  std::string detail;       // "byte 17: Invalid value."
};

/// A JSON document as a flat list of values in document order, read in place by RapidJSON. Reused from payload to
/// payload. Threads: one. Cost: one pass plus a scan for what printf writes on a failed sensor (nan, inf); no
/// allocation once warm; no recursion, whatever the nesting.
class JsonTape {
 public:
  /// Deeper documents are refused: nothing that contracts 2 or 6 can take is nested like that.
  static constexpr int max_nesting = 64;

  JsonTape();
  ~JsonTape();
  JsonTape(JsonTape&&) noexcept;
  JsonTape& operator=(JsonTape&&) noexcept;

  /// `payload[size]` must be writable; it is put back. The payload is changed.
  [[nodiscard]] Result<void, JsonFault> parse(char* payload, std::size_t size);

  [[nodiscard]] const JsonNode& operator[](std::size_t i) const noexcept { return nodes_[i]; }
  [[nodiscard]] JsonNode& operator[](std::size_t i) noexcept { return nodes_[i]; }
  static constexpr std::uint32_t root = 0;

  /// for_each_child(container, f): f(index) for each member or element, in order.
  template <class F>
  void for_each_child(std::uint32_t container, F&& f) const {
    for (std::uint32_t i = container + 1; i < nodes_[container].end; i = nodes_[i].end) f(i);
  }
  /// Finds the members of an object that a later member of the same key replaces, and marks them.
  void mark_shadowed(std::uint32_t object);

 private:
  struct Handler;
  struct Reader;
  std::vector<JsonNode> nodes_;
  std::vector<std::uint32_t> open_;      // containers being read
  std::vector<std::uint32_t> siblings_;  // scratch of mark_shadowed
  std::unique_ptr<Reader> reader_;
};

}  // namespace telltale::proto
