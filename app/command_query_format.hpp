#pragma once

#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>

#include "proto/number_text.hpp"
#include "store/query.hpp"

namespace telltale::app {

/// What is the same in every row of one answer.
struct SeriesLabel {
  std::string site, device, metric;
  std::string agg;  // "" = rows as stored
};

/// Writes the rows of one series in one format: header, rows, end.
class RowWriter {
 public:
  virtual ~RowWriter() = default;
  virtual void row(const store::Row& row) = 0;
  virtual void bucket(const store::Bucket& bucket) = 0;
  virtual void end() = 0;
};

/// `format` is "table", "csv" or "json". The stream outlives the writer.
[[nodiscard]] std::unique_ptr<RowWriter> make_row_writer(std::string_view format, SeriesLabel label, std::ostream& out);

/// csv: the header of rows as stored, and the rows of one series without it.
extern const std::string_view csv_header;
[[nodiscard]] std::unique_ptr<RowWriter> make_csv_rows(SeriesLabel label, std::ostream& out);

using proto::number_text;
/// RFC 4180: quoted when it holds a comma, a quote or a line break.
[[nodiscard]] std::string csv_field(std::string_view text);

}  // namespace telltale::app
