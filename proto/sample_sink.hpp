#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/decoder.hpp"
#include "proto/json_tape.hpp"
#include "proto/name_arena.hpp"
#include "proto/number_text.hpp"

namespace telltale::proto {

/// Own time of a row, when it has a believable one.
struct RowTime {
  std::optional<Timestamp> ts;
  TsSource source = TsSource::receive;
};

/// Turns JSON values and plain texts into samples, row by row, with the rules of contracts 2 for one metric: what is
/// no reading or has no valid name is dropped alone and counted; limits refuse the message.
/// Threads: one. Cost: no allocation once warm.
class SampleSink {
 public:
  explicit SampleSink(const DecoderOptions& options) : options_(options) {}

  void start(Decoded& out, NameArena& names);
  void begin_row();
  /// One value; objects are flattened below `name` with '_', arrays are dropped.
  void add(std::string_view name, std::string_view unit, JsonTape& tape, std::uint32_t value);
  /// Only numbers and booleans, as `metrics = auto` says; texts are left out without being counted.
  void add_numeric(std::string_view name, JsonTape& tape, std::uint32_t value);
  /// A value that is no JSON (plain codec).
  void add_text(std::string_view name, std::string_view unit, std::string_view text);
  void add_number(std::string_view name, std::string_view unit, const NumberValue& value);
  void add_boolean(std::string_view name, std::string_view unit, bool truth);
  void drop(DropReason reason) { ++out_->dropped[static_cast<std::size_t>(reason)]; }
  void count(TimeReplaced reason) { ++out_->replaced[static_cast<std::size_t>(reason)]; }
  /// The members of an object, without those that a later one of the same key replaces (they are counted).
  template <class F>
  void for_each_member(JsonTape& tape, std::uint32_t object, F&& f) {
    tape.mark_shadowed(object);
    tape.for_each_child(object, [&](std::uint32_t i) {
      if (tape[i].shadowed) {
        drop(DropReason::duplicate_key);
      } else {
        f(i);
      }
    });
  }
  /// Samples of this row so far.
  [[nodiscard]] Sample* row_begin() noexcept { return out_->samples.data() + row_start_; }
  [[nodiscard]] Sample* row_end() noexcept { return out_->samples.data() + out_->samples.size(); }
  [[nodiscard]] NameArena& names() noexcept { return *names_; }
  [[nodiscard]] Decoded& out() noexcept { return *out_; }
  /// The caller spells names itself (selectors), so that two values of this row may have the same.
  void names_may_repeat() noexcept { names_may_repeat_ = true; }
  /// Stamps the row's samples and leaves the last of each name.
  [[nodiscard]] Result<void, Rejection> end_row(const RowTime& time);

 private:
  enum class Texts : std::uint8_t { kept, left_out };
  void value(std::string_view name, std::string_view unit, JsonTape& tape, std::uint32_t index, int depth, Texts texts);
  void number(std::string_view name, std::string_view unit, std::string_view digits);
  Sample* place(std::string_view name, std::string_view unit);
  [[nodiscard]] bool declared_numeric(std::string_view name) const;
  void collapse_names();

  const DecoderOptions& options_;
  Decoded* out_ = nullptr;
  NameArena* names_ = nullptr;
  std::size_t row_start_ = 0;
  std::size_t row_values_ = 0;  // values of the row, dropped ones included
  std::size_t rows_ = 0;
  bool names_may_repeat_ = false;     // flattening and selectors can spell a name twice
  std::vector<std::uint32_t> order_;  // scratch of collapse_names
};

}  // namespace telltale::proto
