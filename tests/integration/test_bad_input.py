#!/usr/bin/env python3
"""Whatever devices send: no crash, exactly one outcome a message, the good part stored, the bad part findable."""
import unittest

from scene import Scene, eventually


class BadInput(Scene):
    def test_only_malformed_payloads_for_a_while_do_not_stop_the_good_ones(self):
        """[lesson-02] Every path releases its slot in the window: 25,000 is more than the window holds."""
        for i in range(25_000):
            self.publish("telemetry/s/bad", b'{"temperature":%d' % i)
        self.publish("telemetry/s/good", '{"value":1}')
        self.flush()
        outcomes = self.settled(25_001)
        self.assertEqual(outcomes["dead_letter"], 25_000)
        self.assertEqual(outcomes["stored"], 1)
        self.assertEqual(self.values("good"), ["1"])
        self.assertEqual(self.service.metrics()['telltale_dead_letters_total{reason="bad_json"}'], 25_000)

    def test_each_kind_of_bad_payload_has_its_outcome(self):
        """[lesson-15] bare nan and null are "no reading"; the other fields of the message survive."""
        many = "{" + ",".join(f'"m{i}":{i}' for i in range(10_000)) + "}"
        deep = "[" * 10_000 + "]" * 10_000
        table = [
            ("d-empty", b"", "empty", None),
            ("d-limit", b'{"value":1,"note":"' + b"x" * (64 * 1024 - 22) + b'"}', "stored", None),
            ("d-over", b'{"value":1,"note":"' + b"x" * (64 * 1024) + b'"}', "dead_letter", "too_large"),
            ("d-huge", b"7" * 600_000, "dead_letter", "too_large"),
            ("d-deep", deep.encode(), "dead_letter", None),
            ("d-utf8", b'{"value":1,"note":"\xff\xfe"}', "dead_letter", "bad_utf8"),
            ("d-nan", b'{"value":1,"temperature":nan,"humidity":-NaN,"x":inf}', "stored", None),
            ("d-null", b'{"value":2,"temperature":null}', "stored", None),
            ("d-allnull", b'{"temperature":null}', "empty", None),
            ("d-dup", b'{"value":1,"value":3}', "stored", None),
            ("d-many", many.encode(), "dead_letter", None),
            ("d-tail", b'{"value":1} x', "dead_letter", "bad_json"),
            ("d-nul", b'{"value":4}\0', "stored", None),
        ]
        expected = {}
        for device, payload, outcome, _ in table:
            self.publish(f"telemetry/s/{device}", payload)
            expected[outcome] = expected.get(outcome, 0) + 1
        self.flush()
        self.assertEqual(self.settled(len(table)), expected)
        for device, value in [("d-limit", "1"), ("d-nan", "1"), ("d-null", "2"), ("d-dup", "3"), ("d-nul", "4")]:
            self.assertEqual(self.values(device), [value], device)
        for device in ("d-nan", "d-null"):
            self.assertEqual(self.service.query(device, "temperature"), [])
        self.assertEqual(self.service.metrics()['telltale_samples_dropped_total{reason="duplicate_key"}'], 1)
        letters = {}
        for _, _, outcome, reason in table:
            if reason:
                letters[reason] = letters.get(reason, 0) + 1
        listed = self.dead_letters()
        for reason, count in letters.items():
            self.assertGreaterEqual(listed.get(reason, 0), count, reason)
        self.assertEqual(sum(listed.values()), expected["dead_letter"])

    def test_topics_outside_the_grammar_are_dead_letters(self):
        bad = ["telemetry/UPPER/d", "telemetry/s", "telemetry/s/d/m/extra", "telemetry/s/" + "d" * 49,
               "telemetry/s//x", "status/s/d/x"]
        for topic in bad:
            self.publish(topic, '{"value":1}')
        self.flush()
        self.assertEqual(self.settled(len(bad)), {"dead_letter": len(bad)})
        self.assertEqual(self.dead_letters(), {"bad_topic": len(bad)})

    def test_the_tutorial_topics_are_stored_through_the_shipped_mapping(self):
        self.publish("sensors/temperature/room1", "23.4")
        self.flush()
        self.settled(1)
        self.assertEqual(self.values("room1", "temperature", "--site", "default"), ["23.4"])

    def test_errors_are_told_to_the_device_and_are_valid_utf8(self):
        self.client.subscribe("errors/#")
        self.publish("telemetry/s/d1", '{"value":1}')
        self.publish("telemetry/s/d1", b'{"value":"\xff\xfe')
        eventually("an error message arrives", lambda: self.client.pump(0.02) or self.client.messages)
        topic, payload = self.client.messages[0]
        self.assertEqual(topic, "errors/s/d1")
        self.assertIn("reason", payload.decode("utf-8"))


if __name__ == "__main__":
    unittest.main()
