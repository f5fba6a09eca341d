#!/usr/bin/env python3
"""The host's clock is stepped, or the service was away: readings keep sensible times, and nobody is called offline."""
import json
import time
import unittest

from scene import Scene, eventually
from stepped_clock import SteppedClock

HOUR = 3600
RULE = '[unusual]\nenabled = false\n[[rule]]\nname = "hot"\nmetric = "temperature"\nabove = 80.0\n'


class Clock(Scene):
    config = '[store]\npath = "@DATA@"\narchive_log = true\n' + RULE
    start_service = False

    def setUp(self):
        super().setUp()
        self.clock = SteppedClock(self.folder / "offset")
        self.start()
        self.client.subscribe("presence/#")
        self.client.subscribe("alerts/#")

    def start(self):
        self.service.start(**self.clock.environment).wait_caught_up()

    def now(self):
        """As the service's clock shows it, in ms."""
        return (time.time() + self.clock.offset) * 1000

    def rows(self, device, metric="temperature"):
        answer = self.service.run("query", "--data", self.service.data, "--device", device, "--metric", metric,
                                  "--from", "0", "--format", "json")
        return json.loads(answer.stdout) if answer.returncode == 0 else []

    def seen(self, topic_class):
        self.client.pump(0.02)
        return [(t, json.loads(p)) for t, p in self.client.messages if t.startswith(topic_class + "/")]

    def state_of(self, device):
        return [p["state"] for t, p in self.seen("presence") if t == f"presence/s/{device}"]

    def clock_steps(self):
        """In the log, by `telltale audit`, which also proves that the same log gives the same alerts."""
        answer = self.service.run("audit", "--data", self.service.data)
        self.assertEqual(answer.returncode, 0, answer.stdout + answer.stderr)
        return [int(line.split()[-1]) for line in answer.stdout.splitlines() if line.startswith("clock steps ")]


class ClockSteps(Clock):
    def test_an_hour_forwards_and_two_back_make_neither_alerts_nor_offline_devices(self):
        """[lesson-24] Durations ignore a step, stamps follow it."""
        devices = [f"d{i}" for i in range(5)]
        for device in devices:
            self.publish(f"status/s/{device}", '{"state":"online","session":"a","heartbeat_s":600}', retain=True)
        log = self.service.folder / "telltale.log"
        sent, spans = 0, []
        for steps, offset in enumerate([0, HOUR, 0, -HOUR]):
            self.clock.step_to(offset)
            eventually(f"step {steps} is noticed", lambda: log.read_text().count("wall clock was stepped") == steps)
            spans.append([self.now(), 0])
            for i in range(20):
                for device in devices:
                    self.publish(f"telemetry/s/{device}", f'{{"temperature":{20 + i}}}')
                    self.publish(f"telemetry/s/{device}", f'{{"pressure":{i},"ts":{int(spans[-1][0]) + 50 * i}}}')
                    sent += 2
            self.flush()
            self.assertEqual(self.settled(sent + len(devices))["stored"], sent)
            spans[-1][1] = self.now()
            self.assertTrue(self.service.ready())

        for device in devices:
            rows = self.rows(device)
            self.assertEqual([r["value"] for r in rows], [20 + i for _ in spans for i in range(20)], "in their order")
            self.assertEqual({r["ts_source"] for r in rows}, {"receive"})
            for n, row in enumerate(rows):
                # After a step back receive stamps stay behind the newest one: strictly increasing (contracts 3).
                begin, end = spans[min(n // 20, 1)]
                self.assertTrue(begin - 2000 <= row["ts"] <= end + 5000, (n, row, spans))
            # A device's own time is believed whatever our clock did before.
            own = self.rows(device, "pressure")
            self.assertEqual([r["ts"] for r in own], sorted(int(begin) + 50 * i for begin, _ in spans for i in range(20)))
            self.assertEqual({r["ts_source"] for r in own}, {"device"})
            self.assertEqual(self.state_of(device), ["online"])
        self.assertEqual(self.seen("alerts"), [])

        # And what is really wrong is still told, with the service's time.
        self.publish("telemetry/s/d0", '{"temperature":90}')
        fired = eventually("the alert", lambda: self.seen("alerts"))
        self.assertEqual([(t, p["state"], p["value"]) for t, p in fired],
                         [("alerts/warning/s/d0/hot/temperature", "firing", 90)])
        self.assertGreaterEqual(fired[0][1]["ts"], fired[0][1]["started_ts"])
        self.assertEqual(self.service.stop(), 0)
        self.assertEqual(self.clock_steps(), [3])


class TenMinutesAway(Clock):
    def test_ten_minutes_of_readings_without_time_are_backlog_and_nothing_is_told_about_the_past(self):
        """[lesson-25] [lesson-26] The ten minutes are real to the service's clock."""
        for device, heartbeat_s in (("talks", 300), ("silent", 10), ("dies", 300)):
            self.publish(f"status/s/{device}", f'{{"state":"online","session":"a","heartbeat_s":{heartbeat_s}}}', retain=True)
            self.publish(f"telemetry/s/{device}", '{"temperature":20}')
        eventually("all are online", lambda: len(self.seen("presence")) >= 3)
        self.settled(6)
        self.assertEqual(self.service.stop(), 0)
        self.client.messages.clear()

        for i in range(600):
            self.publish("telemetry/s/talks", f'{{"temperature":{90 if i % 100 == 50 else 21}}}')
        self.publish("status/s/dies", '{"state":"offline","session":"a"}', retain=True)
        self.flush()
        self.clock.step_to(600)
        before = self.now()
        self.start()
        self.assertEqual(self.settled(601), {"stored": 600, "status": 1})
        after = self.now()

        rows = self.rows("talks")
        self.assertEqual([r["ts_source"] for r in rows], ["receive"] + ["backlog"] * 600)
        self.assertEqual(len({r["ts"] for r in rows}), 601)
        self.assertLess(rows[0]["ts"], before - 590_000)
        for row in rows[1:]:
            self.assertTrue(before <= row["ts"] <= after + 1000, row)

        self.publish("telemetry/s/talks", '{"temperature":22}')
        eventually("a live reading has its receive time",
                   lambda: [r["ts_source"] for r in self.rows("talks")[-1:]] == ["receive"])
        eventually("the will counts", lambda: self.state_of("dies") == ["offline"])
        # Silent for ten minutes by the clock, but only from now on while we listen: at last it is told.
        eventually("the silent one is told", lambda: "offline" in self.state_of("silent"))
        told_ms = [p["ts"] for t, p in self.seen("presence") if t == "presence/s/silent" and p["state"] == "offline"]
        self.assertGreaterEqual(told_ms[0], before + 30_000, "not before three of its heartbeats")
        self.assertEqual(self.state_of("talks"), [])
        self.assertEqual([t for t, _ in self.seen("alerts") if "/hot/" in t], [])
        self.assertEqual(self.service.stop(), 0)
        self.assertEqual(self.clock_steps(), [], "a clock that went on while we were away was not stepped")


class KilledForAnHour(Clock):
    def test_nobody_is_silent_in_an_hour_in_which_the_service_was_dead(self):
        """[lesson-25] It could not write that it stopped listening."""
        devices = [f"d{i}" for i in range(4)]
        for device in devices:
            self.publish(f"status/s/{device}", '{"state":"online","session":"a","heartbeat_s":600}', retain=True)
            self.publish(f"telemetry/s/{device}", '{"temperature":90}')
        eventually("all are online", lambda: len(self.seen("presence")) >= 4)
        eventually("all alerts are told", lambda: len(self.seen("alerts")) >= 4)
        self.settled(8)
        self.service.kill()
        self.client.messages.clear()
        self.clock.step_to(HOUR)
        self.start()
        for device in devices:
            self.publish(f"telemetry/s/{device}", '{"temperature":20}')
        eventually("the alerts of before are resolved", lambda: len(
            [a for a in self.seen("alerts") if a[1]["state"] == "resolved"]) >= 4)
        self.assertEqual([p["state"] for _, p in self.seen("alerts")], ["resolved"] * 4)
        self.assertEqual(self.seen("presence"), [])
        self.assertEqual(self.service.stop(), 0)
        self.assertEqual(self.clock_steps(), [])


if __name__ == "__main__":
    unittest.main()
