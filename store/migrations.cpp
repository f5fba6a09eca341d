#include "store/migrations.hpp"

#include <string>

namespace telltale::store {

namespace {

std::size_t format_of(Database& database) { return static_cast<std::size_t>(database.number("pragma user_version")); }

}  // namespace

void refuse_older(Database& database, std::size_t newest) {
  const auto version = format_of(database);
  if (version < newest)
    throw StoreFailure(database.file().string() + ": has format " + std::to_string(version) +
                       "; 'telltale serve' of this version brings it to format " + std::to_string(newest) + " first");
}

void refuse_newer(Database& database, std::size_t newest) {
  const auto version = format_of(database);
  if (version > newest)
    throw StoreFailure(database.file().string() + ": format " + std::to_string(version) +
                       " was made by a newer telltale; this one knows formats up to " + std::to_string(newest));
}

void migrate(Database& database, std::span<const char* const> steps) {
  refuse_newer(database, steps.size());
  auto version = format_of(database);
  for (; version < steps.size(); ++version) {
    Transaction transaction(database);
    database.exec(steps[version]);
    database.exec("pragma user_version=" + std::to_string(version + 1));
    transaction.commit();
  }
}

}  // namespace telltale::store
