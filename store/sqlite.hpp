#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "store/error.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace telltale::store {

/// What SQLite said, with the file's name. disk_full() is the one error that waiting cures.
class DatabaseError : public StoreFailure {
 public:
  DatabaseError(const std::string& what, int code) : StoreFailure(what), code_(code) {}
  [[nodiscard]] bool disk_full() const noexcept;
  [[nodiscard]] bool corrupt() const noexcept;  // damaged, or no database at all
  [[nodiscard]] bool cannot_open() const noexcept;
  [[nodiscard]] int code() const noexcept { return code_; }  // extended result code

 private:
  int code_;
};

/// One connection to one SQLite file. Threads: one at a time. Errors: DatabaseError.
class Database {
 public:
  enum class Mode : std::uint8_t {
    full,       // read and write, made when missing; WAL, synchronous FULL: a commit is on disk
    normal,     // as full, synchronous NORMAL: a power cut may take the last commits back, never the file
    read_only,  // also beside a writer, and on a read-only file system when no WAL is left to read
    immutable,  // a file that nobody changes any more: no locks, no files beside it
    build,      // a new file that nobody else knows yet: no journal and no syncs, the caller syncs it at the end
  };
  Database(const std::filesystem::path& file, Mode mode);
  ~Database();
  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;

  /// One or more statements without parameters and without results that matter.
  void exec(const std::string& sql);
  /// The first column of the first row, 0 when there is none.
  [[nodiscard]] std::int64_t number(const std::string& sql);
  [[nodiscard]] std::int64_t last_insert_rowid() const noexcept;
  [[nodiscard]] std::int64_t changes() const noexcept;  // rows of the last insert, update or delete
  /// Moves what the WAL holds into the file and empties the WAL, as far as readers permit.
  void checkpoint();
  /// What `pragma quick_check` complains of; nothing when the pages are sound.
  [[nodiscard]] std::optional<std::string> quick_check();
  [[nodiscard]] bool in_transaction() const noexcept;
  [[nodiscard]] const std::filesystem::path& file() const noexcept { return file_; }

 private:
  friend class Statement;
  friend class Overwriting;
  struct Close {
    void operator()(sqlite3* db) const noexcept;
  };
  void open(const std::string& uri, int flags);
  [[noreturn]] void fail(std::string_view doing) const;

  std::filesystem::path file_;
  std::unique_ptr<sqlite3, Close> db_;
};

/// Bytes to bind as a BLOB; a std::string_view is bound as TEXT.
struct Blob {
  std::string_view bytes;
};

/// A prepared statement: prepare once, use often. Must not outlive its Database object's connection.
///     insert.run(id, "name", 1.5);
///     for (auto row = select.query(id); row.next();) use(row.integer(0), row.text(1));
class Statement {
 public:
  Statement(Database& database, std::string_view sql);
  ~Statement();
  Statement(Statement&&) noexcept;
  Statement& operator=(Statement&&) noexcept;

  /// The rows of one execution. Resets the statement when it goes, so at most one per statement at a time.
  class Rows {
   public:
    explicit Rows(Statement& statement) : statement_(&statement) {}
    ~Rows() {
      if (statement_ != nullptr) statement_->reset();
    }
    Rows(Rows&& other) noexcept : statement_(other.statement_) { other.statement_ = nullptr; }
    Rows(const Rows&) = delete;
    Rows& operator=(const Rows&) = delete;
    Rows& operator=(Rows&&) = delete;

    [[nodiscard]] bool next() { return statement_->step(); }
    [[nodiscard]] bool null(int column) const;
    [[nodiscard]] std::int64_t integer(int column) const;
    [[nodiscard]] double real(int column) const;
    [[nodiscard]] std::string_view text(int column) const;  // valid until next()
    [[nodiscard]] std::string_view blob(int column) const;  // valid until next()

   private:
    Statement* statement_;
  };

  /// Binds the parameters in order and runs to the end.
  template <class... Args>
  void run(const Args&... args) {
    const Rows guard(*this);
    bind_all(false, args...);
    while (step()) {
    }
  }
  /// Binds the parameters in order; rows are fetched by the caller.
  template <class... Args>
  [[nodiscard]] Rows query(const Args&... args) {
    Rows rows(*this);
    bind_all(true, args...);
    return rows;
  }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept;
  };
  template <class... Args>
  void bind_all([[maybe_unused]] bool copy, const Args&... args) {
    [[maybe_unused]] int index = 0;
    (bind(++index, args, copy), ...);
  }
  template <class T>
  void bind(int index, const T& value, bool copy) {
    if constexpr (std::is_same_v<T, std::nullptr_t> || std::is_same_v<T, std::nullopt_t>) {
      bind_null(index);
    } else if constexpr (std::is_same_v<T, Blob>) {
      bind_blob(index, value.bytes, copy);
    } else if constexpr (std::is_enum_v<T>) {
      bind_integer(index, static_cast<std::int64_t>(value));
    } else if constexpr (std::is_integral_v<T>) {
      bind_integer(index, static_cast<std::int64_t>(value));
    } else if constexpr (std::is_floating_point_v<T>) {
      bind_real(index, static_cast<double>(value));
    } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
      bind_text(index, std::string_view(value), copy);
    } else {
      if (value) {
        bind(index, *value, copy);
      } else {
        bind_null(index);
      }
    }
  }
  void bind_null(int index);
  void bind_integer(int index, std::int64_t value);
  void bind_real(int index, double value);
  void bind_text(int index, std::string_view value, bool copy);
  void bind_blob(int index, std::string_view value, bool copy);
  bool step();
  void reset() noexcept;
  [[noreturn]] void fail(std::string_view doing) const;

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  std::string file_;
};

/// A statement that is prepared when it is first needed, for objects that are asked often. Declare it after its
/// Database.
class KeptStatement {
 public:
  /// Always of the same database and with the same text.
  Statement& of(Database& database, std::string_view sql) {
    return statement_ ? *statement_ : statement_.emplace(database, sql);
  }

 private:
  std::optional<Statement> statement_;
};

/// BEGIN IMMEDIATE, or for reading one consistent state; rolls back unless commit() was reached.
class Transaction {
 public:
  enum class Kind : std::uint8_t { write, read };
  explicit Transaction(Database& database, Kind kind = Kind::write);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Database& database_;
  bool open_ = true;
};

/// One consistent state, and one lock, for what is read until it goes; null in the middle of a transaction.
[[nodiscard]] std::shared_ptr<Transaction> snapshot_if_none(Database& database);

/// While it lives, what is deleted is overwritten on its page and not only taken out of it. (What the WAL has of the
/// page goes with the next checkpoint.)
class Overwriting {
 public:
  explicit Overwriting(Database& database);
  ~Overwriting();
  Overwriting(const Overwriting&) = delete;
  Overwriting& operator=(const Overwriting&) = delete;

 private:
  Database& database_;
};

}  // namespace telltale::store
