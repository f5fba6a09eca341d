#include "store/read_checkpoint.hpp"

#include <string>

#include "store/error.hpp"
#include "store/sqlite.hpp"

namespace telltale::store {

std::optional<StateDb::Checkpoint> read_checkpoint(const std::filesystem::path& folder) {
  const auto file = folder / "state.db";
  if (!std::filesystem::exists(file)) throw StoreFailure(folder.string() + ": no data folder (it has no state.db)");
  Database database(file, Database::Mode::read_only);
  Statement select(database, "SELECT generation, sequence, value FROM checkpoint");
  auto row = select.query();
  if (!row.next()) return std::nullopt;
  return StateDb::Checkpoint{{static_cast<std::uint64_t>(row.integer(0)), static_cast<std::uint64_t>(row.integer(1))},
                             std::string(row.blob(2))};
}

}  // namespace telltale::store
