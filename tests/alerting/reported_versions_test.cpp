#include "alerting/reported_versions.hpp"

#include <catch2/catch.hpp>

using telltale::alerting::ReportedVersions;

TEST_CASE("a device that names another version each time has one write waiting, of the newest", "[alerting]") {
  ReportedVersions versions;
  CHECK(versions.note("config/site1/d", 0));
  for (int version = 1; version <= 1000; ++version) CHECK_FALSE(versions.note("config/site1/d", version));
  CHECK(versions.note("config/site1/e", 1));
  CHECK(versions.take("config/site1/d") == 1000);
  CHECK_FALSE(versions.note("config/site1/d", 1000));
  CHECK(versions.note("config/site1/d", 7));
  CHECK(versions.take("config/site1/d") == 7);
}

TEST_CASE("a version that could not be written is asked for again when the device says it again", "[alerting]") {
  ReportedVersions versions;
  CHECK(versions.note("config/site1/d", 7));
  CHECK(versions.take("config/site1/d") == 7);
  versions.lost("config/site1/d");
  CHECK(versions.note("config/site1/d", 7));
}

TEST_CASE("what a device says while an earlier version is lost is not lost with it", "[alerting]") {
  ReportedVersions versions;
  CHECK(versions.note("config/site1/d", 7));
  CHECK(versions.take("config/site1/d") == 7);
  CHECK(versions.note("config/site1/d", 8));  // before the disk says that it is full
  versions.lost("config/site1/d");
  CHECK(versions.take("config/site1/d") == 8);
}
