#include <catch2/catch.hpp>
#include <sstream>

#include "app/command_forget.hpp"
#include "tests/app/stored_data.hpp"

namespace telltale::app {
namespace {

struct Forget {
  int exit_code;
  std::string out, err;

  Forget(const test::StoredData& data, ForgetArguments a) {
    a.data = data.path();
    std::ostringstream o, e;
    exit_code = run_forget(a, o, e);
    out = o.str();
    err = e.str();
  }
};

ForgetArguments of(std::string site, std::string device) {
  ForgetArguments a;
  a.site = std::move(site);
  a.device = std::move(device);
  return a;
}

}  // namespace

TEST_CASE("forget says what would go and waits for --yes", "[app]") {
  const test::StoredData data;
  const Forget asked(data, of("site1", "esp32-7"));
  CHECK(asked.exit_code == 2);
  CHECK(asked.out.find("site1/esp32-7: ") == 0);
  CHECK(asked.err.find("--yes") != std::string::npos);
  auto dry = of("site1", "esp32-7");
  dry.dry_run = true;
  const Forget looked(data, dry);
  CHECK(looked.exit_code == 0);
  CHECK(looked.out == asked.out);
}

TEST_CASE("forget names what is wrong", "[app]") {
  const test::StoredData data;
  const auto [site, device, exit_code, part] = GENERATE(table<std::string, std::string, int, std::string>({
      {"", "", 2, "name a --device"},
      {"", "door", 2, "--site cellar"},
      {"site1", "nobody", 1, "nothing of that name"},
      {"nowhere", "", 1, "nothing of that name"},
  }));
  CAPTURE(site, device);
  const Forget asked(data, of(site, device));
  CHECK(asked.exit_code == exit_code);
  CHECK(asked.err.find(part) != std::string::npos);
}

TEST_CASE("forget leaves the folder of a running service alone", "[app]") {
  const test::StoredData data;
  auto sure = of("site1", "");
  sure.yes = true;
  const Forget asked(data, sure);
  CHECK(asked.exit_code == 1);
  CHECK(asked.err.find("in use by another telltale") != std::string::npos);
}

}  // namespace telltale::app
