#include "store/retained_reader.hpp"

#include "store/sqlite.hpp"

namespace telltale::store {

struct RetainedReader::Impl {
  explicit Impl(const std::filesystem::path& file) : database(file, Database::Mode::read_only) {}
  Database database;
  Statement version{database, "PRAGMA data_version"};
  Statement select{database, "SELECT payload FROM topic WHERE topic = ?"};
};

RetainedReader::RetainedReader(const std::filesystem::path& state_db) : impl_(std::make_unique<Impl>(state_db)) {}
RetainedReader::~RetainedReader() = default;

std::int64_t RetainedReader::version() const {
  auto row = impl_->version.query();
  return row.next() ? row.integer(0) : 0;
}

std::optional<std::string> RetainedReader::payload(std::string_view topic) const {
  auto row = impl_->select.query(topic);
  if (!row.next()) return std::nullopt;
  return std::string(row.text(0));
}

}  // namespace telltale::store
