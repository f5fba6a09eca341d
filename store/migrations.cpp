#include "store/migrations.hpp"

#include <string>

namespace telltale::store {

void migrate(Database& database, std::span<const char* const> steps) {
  auto version = static_cast<std::size_t>(database.number("pragma user_version"));
  if (version > steps.size())
    throw StoreFailure(database.file().string() + ": format " + std::to_string(version) +
                       " was made by a newer telltale; this one knows formats up to " + std::to_string(steps.size()));
  for (; version < steps.size(); ++version) {
    Transaction transaction(database);
    database.exec(steps[version]);
    database.exec("pragma user_version=" + std::to_string(version + 1));
    transaction.commit();
  }
}

}  // namespace telltale::store
