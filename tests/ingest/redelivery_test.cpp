#include "ingest/redelivery.hpp"

#include <catch2/catch.hpp>

using telltale::ingest::message_hash;
using telltale::ingest::Redelivery;

TEST_CASE("DUP=1 alone is not trusted", "[ingest][lesson-19]") {
  struct Row {
    const char* what;
    bool dup, session_present;
    std::uint16_t id;
    std::uint64_t hash;
    bool repetition;
  };
  const auto row = GENERATE(values<Row>({
      {"same id, same content, DUP, session kept", true, true, 7, 70, true},
      {"DUP=0 is always new", false, true, 7, 70, false},
      {"no session on the broker: nothing can be repeated", true, false, 7, 70, false},
      {"another content under the same id", true, true, 7, 71, false},
      {"an id that was never taken", true, true, 8, 70, false},
  }));
  CAPTURE(row.what);
  Redelivery table{100};
  table.connected(1, false);
  CHECK_FALSE(table.take(7, false, 70).repetition);
  table.connected(2, row.session_present);
  CHECK(table.take(row.id, row.dup, row.hash).repetition == row.repetition);
}

TEST_CASE("a repetition on the same connection cannot be: it is a new message", "[ingest]") {
  Redelivery table{100};
  table.connected(1, true);
  CHECK_FALSE(table.take(7, false, 70).repetition);
  CHECK_FALSE(table.take(7, true, 70).repetition);
}

TEST_CASE("a message that is repeated over several reconnects is recognised each time", "[ingest]") {
  Redelivery table{100};
  table.connected(1, false);
  CHECK_FALSE(table.take(7, false, 70).repetition);
  for (std::uint32_t epoch = 2; epoch < 6; ++epoch) {
    table.connected(epoch, true);
    const auto taken = table.take(7, true, 70);
    CHECK(taken.repetition);
    CHECK(taken.record.epoch == epoch);
  }
}

TEST_CASE("each record matches once", "[ingest]") {
  Redelivery table{100};
  table.connected(1, false);
  CHECK_FALSE(table.take(7, false, 70).repetition);
  table.connected(2, true);
  CHECK(table.take(7, true, 70).repetition);
  CHECK_FALSE(table.take(7, true, 70).repetition);
}

TEST_CASE("the table holds the last receive-maximum messages and survives a restart", "[ingest]") {
  Redelivery table{3};
  table.connected(1, false);
  for (std::uint16_t id = 1; id <= 5; ++id) (void)table.take(id, false, id * 10u);
  const auto records = table.snapshot().records;
  REQUIRE(records.size() == 3);
  CHECK(records.front().packet_id == 3);
  CHECK(records.back().packet_id == 5);

  Redelivery restarted{3};
  restarted.restore(records);
  restarted.connected(2, true);
  CHECK(restarted.take(5, true, 50).repetition);
  CHECK_FALSE(restarted.take(1, true, 10).repetition);
}

TEST_CASE("the hash depends on topic and payload and where one ends", "[ingest]") {
  CHECK(message_hash("a", "b") != message_hash("b", "a"));
  CHECK(message_hash("ab", "c") != message_hash("a", "bc"));
  CHECK(message_hash("t", "12345678") != message_hash("t", "12345679"));
  CHECK(message_hash("t", "") != message_hash("t", std::string_view("\0", 1)));
  // Stored in logs: it must not change between versions.
  CHECK(message_hash("telemetry/s/d", "{\"v\":1}") == message_hash("telemetry/s/d", "{\"v\":1}"));
}
