#include "store/retained_reader.hpp"

#include "store/sqlite.hpp"

namespace telltale::store {

struct RetainedReader::Impl {
  explicit Impl(const std::filesystem::path& file) : database(file, Database::Mode::read_only) {}
  Database database;
  Statement select{database, "SELECT payload FROM topic WHERE topic = ?"};
};

RetainedReader::RetainedReader(const std::filesystem::path& state_db) : impl_(std::make_unique<Impl>(state_db)) {}
RetainedReader::~RetainedReader() = default;

std::optional<std::string> RetainedReader::payload(std::string_view topic) const {
  auto row = impl_->select.query(topic);
  if (!row.next()) return std::nullopt;
  return std::string(row.text(0));
}

}  // namespace telltale::store
