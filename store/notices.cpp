#include "store/notices.hpp"

#include "store/sqlite.hpp"

namespace telltale::store {

struct NoticeReader::Impl {
  explicit Impl(const std::filesystem::path& file) : database(file, Database::Mode::read_only) {}
  Database database;
  Statement get_epoch{database, "SELECT value FROM meta WHERE key = 'notice.epoch'"};
  Statement select{database, "SELECT row, tenant, payload FROM notice WHERE row > ? ORDER BY row LIMIT ?"};
  // The class is the first level of the topic, or the second behind the tenant.
  Statement select_active{database,
                          "SELECT row, coalesce(json_extract(payload, '$.tenant'), ''), payload FROM topic "
                          "WHERE (topic GLOB 'alert-state/*' OR topic GLOB '*/alert-state/*') "
                          "AND json_extract(payload, '$.active') = 1 ORDER BY row"};

  static std::vector<Notice> all(Statement::Rows found) {
    std::vector<Notice> notices;
    while (found.next()) {
      notices.push_back(
          {static_cast<std::uint64_t>(found.integer(0)), std::string(found.text(1)), std::string(found.text(2))});
    }
    return notices;
  }
};

NoticeReader::NoticeReader(const std::filesystem::path& state_db) : impl_(std::make_unique<Impl>(state_db)) {}
NoticeReader::~NoticeReader() = default;

std::string NoticeReader::epoch() const {
  auto row = impl_->get_epoch.query();
  return row.next() ? std::string(row.text(0)) : std::string();
}

std::vector<Notice> NoticeReader::after(std::uint64_t row, std::size_t limit) const {
  return Impl::all(impl_->select.query(row, limit));
}

std::vector<Notice> NoticeReader::active() const { return Impl::all(impl_->select_active.query()); }

}  // namespace telltale::store
