#include "app/command_sql.hpp"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <iostream>
#include <memory>
#include <vector>

#include "api/json_text.hpp"
#include "app/command_query_format.hpp"
#include "store/sql_session.hpp"

namespace telltale::app {

namespace {

using Cell = store::SqlSession::Cell;
using Kind = Cell::Kind;

std::string hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += digits[byte >> 4U];
    out += digits[byte & 15U];
  }
  return out;
}

std::string plain(const Cell& cell) {
  switch (cell.kind) {
    case Kind::null:
      return "";
    case Kind::integer:
      return std::to_string(cell.integer);
    case Kind::real:
      return number_text(cell.real);
    case Kind::text:
      return std::string(cell.bytes);
    case Kind::blob:
      return hex(cell.bytes);
  }
  return "";
}

store::SqlSession::Output csv(std::ostream& out) {
  return {[&out](const std::vector<std::string>& names) {
            for (std::size_t i = 0; i < names.size(); ++i) out << (i == 0 ? "" : ",") << csv_field(names[i]);
            out << '\n';
          },
          [&out](const std::vector<Cell>& cells) {
            for (std::size_t i = 0; i < cells.size(); ++i) out << (i == 0 ? "" : ",") << csv_field(plain(cells[i]));
            out << '\n';
          },
          [] {}};
}

/// An array of objects for each statement.
store::SqlSession::Output json(std::ostream& out) {
  struct State {
    std::vector<std::string> names;
    bool any = false;
  };
  const auto state = std::make_shared<State>();
  return {[state](const std::vector<std::string>& names) {
            *state = {};
            for (const auto& name : names) state->names.push_back(api::json_string(name));
          },
          [state, &out](const std::vector<Cell>& cells) {
            out << (state->any ? ",\n " : "[");
            state->any = true;
            for (std::size_t i = 0; i < cells.size(); ++i) {
              const auto& cell = cells[i];
              out << (i == 0 ? "{" : ",") << state->names[i] << ':';
              if (cell.kind == Kind::null || (cell.kind == Kind::real && !std::isfinite(cell.real))) {
                out << "null";
              } else if (cell.kind == Kind::text || cell.kind == Kind::blob) {
                out << api::json_string(plain(cell));
              } else {
                out << plain(cell);
              }
            }
            out << '}';
          },
          [state, &out] { out << (state->any ? "]\n" : "[]\n"); }};
}

/// Columns as wide as the first rows want them; text with control characters as in JSON.
store::SqlSession::Output table(std::ostream& out) {
  struct State {
    std::vector<std::vector<std::string>> waiting;
    std::vector<std::size_t> widths;
    std::size_t rows = 0;
  };
  constexpr std::size_t rows_measured = 200;
  const auto state = std::make_shared<State>();
  const auto print = [state, &out](const std::vector<std::string>& line) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      out << line[i];
      if (i + 1 == line.size()) break;
      out << std::string(std::max(state->widths[i], line[i].size()) - line[i].size() + 2, ' ');
    }
    out << '\n';
  };
  const auto flush = [state, print] {
    for (const auto& line : state->waiting)
      for (std::size_t i = 0; i < line.size(); ++i) state->widths[i] = std::max(state->widths[i], line[i].size());
    for (const auto& line : state->waiting) print(line);
    state->waiting.clear();
  };
  return {[state](const std::vector<std::string>& names) {
            *state = {};
            state->waiting.push_back(names);
            state->widths.resize(names.size());
          },
          [state, print, flush](const std::vector<Cell>& cells) {
            std::vector<std::string> line;
            for (const auto& cell : cells) {
              auto text = plain(cell);
              const bool control =
                  std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; });
              line.push_back(control ? api::json_string(text) : std::move(text));
            }
            if (state->rows++ < rows_measured) {
              state->waiting.push_back(std::move(line));
            } else {
              flush();
              print(line);
            }
          },
          [state, flush, &out] {
            flush();
            out << state->rows << (state->rows == 1 ? " row\n" : " rows\n");
          }};
}

/// False when it failed.
bool run(store::SqlSession& session, const std::string& sql, const store::SqlSession::Output& output,
         std::ostream& err) {
  try {
    session.run(sql, output);
    return true;
  } catch (const std::exception& error) {
    err << "telltale sql: " << error.what() << '\n';
    return false;
  }
}

}  // namespace

int run_sql(const SqlArguments& arguments, std::istream& in, std::ostream& out, std::ostream& err) {
  try {
    store::SqlSession session(arguments.data);
    const auto output = arguments.format == "csv" ? csv(out) : arguments.format == "json" ? json(out) : table(out);
    if (!arguments.statements.empty()) return run(session, arguments.statements, output, err) ? 0 : 1;
    bool good = true;
    std::string sql;
    for (std::string line; std::getline(in, line);) {
      sql += line + '\n';
      if (!store::SqlSession::complete(sql)) continue;
      good = run(session, sql, output, err) && good;
      out.flush();
      sql.clear();
    }
    return run(session, sql, output, err) && good ? 0 : 1;
  } catch (const std::exception& error) {
    err << "telltale sql: " << error.what() << '\n';
    return 1;
  }
}

void add_sql_command(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("sql", "Ask the data folder in SQL; a running service does not mind");
  auto a = std::make_shared<SqlArguments>();
  command->add_option("--data", a->data, "The data folder")->required();
  command->add_option("statements", a->statements, "SQL, such as \"select * from readings\" [from standard input]");
  command->add_option("--format", a->format, "table, csv or json")
      ->check(CLI::IsMember({"table", "csv", "json"}))
      ->capture_default_str();
  command->callback([a, &exit_code] {
    std::ios::sync_with_stdio(false);
    if (a->statements.empty() && ::isatty(STDIN_FILENO) == 1)
      std::cerr << "tables: readings, hour, day, device, series, latest; statements end with ; and the input with ^D\n";
    exit_code = run_sql(*a, std::cin, std::cout, std::cerr);
    if (!std::cout.flush()) exit_code = 1;
  });
}

}  // namespace telltale::app
