#include "app/command_query_format.hpp"

#include <cmath>
#include <ostream>

#include "api/json_text.hpp"
#include "proto/timestamp.hpp"

namespace telltale::app {

namespace {

/// Rows are given one type and written by a subclass as time and text.
class Writer : public RowWriter {
 public:
  Writer(SeriesLabel label, std::ostream& out) : label_(std::move(label)), out_(out) {}

  void row(const store::Row& row) override {
    switch (row.type) {
      case proto::ValueType::text:
        return text(row.ts, row.text);
      case proto::ValueType::integer:
        return number(row.ts, std::to_string(row.integer), true);
      case proto::ValueType::number:
      case proto::ValueType::boolean:
        return number(row.ts, number_text(row.number), std::isfinite(row.number));
    }
  }
  void bucket(const store::Bucket& bucket) override {
    number(bucket.start, number_text(bucket.value), std::isfinite(bucket.value));
  }
  void end() override {}

 protected:
  virtual void number(Timestamp ts, const std::string& digits, bool is_finite) = 0;
  virtual void text(Timestamp ts, const std::string& value) = 0;

  SeriesLabel label_;
  std::ostream& out_;
};

class CsvWriter final : public Writer {
 public:
  CsvWriter(SeriesLabel label, std::ostream& out) : Writer(std::move(label), out) {
    middle_ = ',' + csv_field(label_.site) + ',' + csv_field(label_.device) + ',' + csv_field(label_.metric) + ',';
    if (!label_.agg.empty()) middle_ += label_.agg + ',';
  }

 private:
  void number(Timestamp ts, const std::string& digits, bool) override {
    out_ << to_ms(ts) << ',' << proto::format_rfc3339(ts) << middle_ << digits << '\n';
  }
  void text(Timestamp ts, const std::string& value) override { number(ts, csv_field(value), true); }

  std::string middle_;
};

/// Contracts 7, shape long: what JSON cannot say (a value that is not finite) is an absent key. A stored reading says
/// where its time came from (contracts 3).
class JsonWriter final : public Writer {
 public:
  JsonWriter(SeriesLabel label, std::ostream& out) : Writer(std::move(label), out) {
    middle_ = ",\"site\":" + api::json_string(label_.site) + ",\"device\":" + api::json_string(label_.device) +
              ",\"metric\":" + api::json_string(label_.metric);
    if (!label_.agg.empty()) middle_ += ",\"agg\":" + api::json_string(label_.agg);
  }
  void row(const store::Row& row) override {
    source_ = ",\"ts_source\":" + api::json_string(to_string(row.source));
    Writer::row(row);
  }

 private:
  void number(Timestamp ts, const std::string& digits, bool is_finite) override {
    write(ts, is_finite ? ",\"value\":" + digits : "");
  }
  void text(Timestamp ts, const std::string& value) override { write(ts, ",\"value\":" + api::json_string(value)); }
  void write(Timestamp ts, const std::string& value) {
    out_ << (any_ ? ",\n " : "[") << "{\"time\":\"" << proto::format_rfc3339(ts) << "\",\"ts\":" << to_ms(ts) << middle_
         << value << source_ << '}';
    any_ = true;
  }
  void end() override { out_ << (any_ ? "]\n" : "[]\n"); }

  std::string middle_, source_;
  bool any_ = false;
};

/// For people: the series once, then times and values. Control characters are shown as in JSON.
class TableWriter final : public Writer {
 public:
  TableWriter(SeriesLabel label, std::ostream& out) : Writer(std::move(label), out) {
    out_ << label_.site << '/' << label_.device << ' ' << label_.metric
         << (label_.agg.empty() ? "" : " (" + label_.agg + ")") << '\n';
  }

 private:
  void number(Timestamp ts, const std::string& digits, bool) override { write(ts, digits); }
  void text(Timestamp ts, const std::string& value) override { write(ts, api::json_string(value)); }
  void write(Timestamp ts, const std::string& value) {
    auto time = proto::format_rfc3339(ts);
    time.resize(std::max(time.size(), std::size_t{26}), ' ');
    out_ << time << value << '\n';
    ++rows_;
  }
  void end() override { out_ << rows_ << (rows_ == 1 ? " row\n" : " rows\n"); }

  std::size_t rows_ = 0;
};

constexpr std::string_view csv_step_header = "ts,time,site,device,metric,agg,value\n";

}  // namespace

const std::string_view csv_header = "ts,time,site,device,metric,value\n";

std::unique_ptr<RowWriter> make_csv_rows(SeriesLabel label, std::ostream& out) {
  return std::make_unique<CsvWriter>(std::move(label), out);
}

std::unique_ptr<RowWriter> make_row_writer(std::string_view format, SeriesLabel label, std::ostream& out) {
  if (format == "csv") {
    out << (label.agg.empty() ? csv_header : csv_step_header);
    return make_csv_rows(std::move(label), out);
  }
  if (format == "json") return std::make_unique<JsonWriter>(std::move(label), out);
  return std::make_unique<TableWriter>(std::move(label), out);
}

std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

}  // namespace telltale::app
