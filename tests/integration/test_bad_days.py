#!/usr/bin/env python3
"""Brokers that die or stall, disks that fill up, logs that are damaged: nothing acknowledged is lost."""
import collections
import json
import os
import pathlib
import re
import signal
import time
import unittest

from scene import Client, Scene, eventually
from small_disk import SmallDisk


class ShortKeepalive(Scene):
    def new_service(self, name, **changes):
        service = super().new_service(name, **changes)
        service.config.write_text(service.config.read_text().replace("[mqtt]\n", '[mqtt]\nkeepalive = "3s"\n'))
        return service

    def reconnect_client(self):
        self.client.socket.close()
        self.client = Client(self.broker.port, "tester")


class BadDays(ShortKeepalive):
    def test_the_broker_is_restarted_mid_stream(self):
        """[lesson-07] With its snapshot: every message that it acknowledged is stored once, and new ones arrive."""
        for i in range(500):
            self.publish("telemetry/s/d", f'{{"value":{i}}}')
        self.flush()
        self.broker.end(signal.SIGTERM)
        self.broker.start()
        self.reconnect_client()
        for i in range(500, 1000):
            self.publish("telemetry/s/d", f'{{"value":{i}}}')
        self.flush()
        eventually("all is stored", lambda: len(self.values("d")) >= 1000)
        self.assertEqual(self.values("d"), [str(i) for i in range(1000)])

    def test_the_broker_is_killed_and_comes_back_without_its_session(self):
        """[lesson-07] Without a snapshot the session is gone: the service subscribes again by itself."""
        for i in range(200):
            self.publish("telemetry/s/d", f'{{"value":{i}}}')
        self.flush()
        self.settled(200)
        self.broker.end(signal.SIGKILL)
        for file in (self.folder / "broker").glob("*.db*"):
            file.unlink()
        self.broker.start()
        self.reconnect_client()
        eventually("the service is back", self.service.ready)
        self.publish("telemetry/s/d", '{"value":200}')
        self.flush()
        eventually("the new reading is stored", lambda: len(self.values("d")) >= 201)
        self.assertEqual(self.values("d"), [str(i) for i in range(201)])

    def test_the_broker_is_absent_at_start(self):
        """[lesson-09] Start degraded, keep trying, say so in readyz."""
        self.assertEqual(self.service.stop(), 0)
        self.broker.end(signal.SIGTERM)
        self.service.start()
        eventually("health answers", lambda: self.service.metrics() is not None if self.listening() else False)
        self.assertTrue(self.service.alive())
        self.assertFalse(self.service.ready())
        self.broker.start()
        self.service.wait_caught_up()

    def listening(self):
        try:
            return bool(self.service.metrics())
        except OSError:
            return False

    def test_a_stalled_broker_is_noticed_and_nobody_is_offline(self):
        """[lesson-24] [lesson-26] The link is down, not the devices."""
        self.client.subscribe("presence/#")
        self.client.subscribe("alerts/#")
        for d in range(5):
            self.publish(f"status/s/d{d}", '{"state":"online","heartbeat_s":10}', retain=True)
        eventually("all are online", lambda: self.client.pump(0.02) or len(self.client.messages) >= 5)
        silent_since = time.monotonic()
        self.broker.process.send_signal(signal.SIGSTOP)
        try:
            eventually("the service notices", lambda: not self.service.ready())
            # Three heartbeats of 10 s: long enough for every device to be offline, were it their silence.
            eventually("the stall outlasts the devices' deadline", lambda: time.monotonic() - silent_since > 32)
        finally:
            went_on_ms = time.time() * 1000
            self.broker.process.send_signal(signal.SIGCONT)
        self.service.wait_caught_up()
        seen = eventually("link-down is told after the reconnect", lambda: self.client.pump(0.05) or [
            t for t, _ in self.client.messages if "/link-down/" in t])
        self.assertTrue(seen)
        # On a slow machine they may be silent for three heartbeats again by now.
        presence = [json.loads(p) for t, p in self.client.messages if t.startswith("presence/")]
        self.assertEqual([p for p in presence if p["state"] == "offline" and p["ts"] < went_on_ms + 30_000], [])

    def test_a_stop_beside_a_stalled_broker_ends_in_its_time_and_loses_nothing(self):
        """[lesson-10] Every part gives up waiting for a broker that says nothing; what it has is in the log."""
        for i in range(100):
            self.publish("telemetry/s/d", f'{{"value":{i}}}')
        self.flush()
        self.settled(100)
        self.broker.process.send_signal(signal.SIGSTOP)
        try:
            begin = time.monotonic()
            self.assertEqual(self.service.stop(), 0)
            self.assertLess(time.monotonic() - begin, 20)  # 10 s by itself
        finally:
            self.broker.process.send_signal(signal.SIGCONT)
        lines = [line for line in (self.service.folder / "telltale.log").read_text().splitlines() if "service" in line]
        self.assertIn("stopping", lines[-2])
        self.assertIn("stopped", lines[-1])
        self.service.start().wait_caught_up()
        self.publish("telemetry/s/d", '{"value":100}')
        self.flush()
        eventually("ingest goes on", lambda: "100" in self.values("d"))
        self.assertEqual(self.values("d"), [str(i) for i in range(101)])

    def test_a_torn_log_is_cut_and_a_flipped_bit_is_set_aside(self):
        for i in range(50):
            self.publish("telemetry/s/d", f'{{"value":{i}}}')
            self.flush()
            self.settled(i + 1)
        self.service.kill()
        segment = max((self.service.data / "log").glob("*.log"))
        data = bytearray(segment.read_bytes())
        end = len(data.rstrip(b"\0"))
        data[end // 2] ^= 0x10
        segment.write_bytes(data[:end] + b"torn tail of a record")
        self.service.start().wait_caught_up()
        stored = [int(v) for v in self.values("d")]
        self.assertGreaterEqual(len(stored), 40, "one flipped bit costs one record, not what follows it")
        self.assertEqual(stored, sorted(set(stored)))
        self.publish("telemetry/s/d", '{"value":1000}')
        self.flush()
        eventually("ingest goes on", lambda: self.values("d")[-1:] == ["1000"])
        client = Client(self.broker.port, "late")
        client.subscribe("alert-state/#")
        eventually("the damage is an alert", lambda: client.pump(0.05) or any(
            "/log-damage/" in t for t, _ in client.messages))


class OldSnapshot(ShortKeepalive):
    broker_lines = ("log_type all",)

    def acknowledged(self):
        """The values that the service has acknowledged to the broker's first run, by the broker's own log: the n-th
        new PUBLISH to it carries value n."""
        sent, acknowledged, published = {}, set(), 0
        for line in (self.folder / "broker/mosquitto.log").read_text().split(" running\n")[1].splitlines():
            if publish := re.search(r"Sending PUBLISH to telltale \(d(.), q1, r0, m(\d+), 'telemetry/s/d'", line):
                self.assertEqual(publish[1], "0", "nothing is repeated while the connection lasts")
                sent[publish[2]] = published
                published += 1
            elif puback := re.search(r"Received PUBACK from telltale \(Mid: (\d+)", line):
                if puback[1] in sent:
                    acknowledged.add(sent[puback[1]])
        return acknowledged

    def test_the_broker_is_killed_mid_stream_and_comes_back_with_an_old_snapshot(self):
        """[lesson-07] [lesson-19] It repeats what the service has long stored, and has forgotten what came since: what
        the service acknowledged is stored, once, with and without a time of its own."""
        an_hour_ago = int(time.time() * 1000) - 3_600_000

        def publish(values):
            for i in values:
                self.publish("telemetry/s/d", f'{{"value":{i}' + (f',"ts":{an_hour_ago + i}}}' if i % 2 else "}"))

        publish(range(200))
        self.flush()
        self.settled(200)
        # What the service is too slow to acknowledge is in the snapshot.
        self.service.process.send_signal(signal.SIGSTOP)
        publish(range(200, 300))
        self.flush()
        snapshot = self.folder / "broker/mosquitto.db"
        self.broker.process.send_signal(signal.SIGUSR1)
        eventually("the snapshot is written", lambda: snapshot.exists() and "Saving in-memory database" in (
            self.folder / "broker/mosquitto.log").read_text())
        old = snapshot.read_bytes()
        self.service.process.send_signal(signal.SIGCONT)
        self.settled(300)

        sent = 300
        while len(self.acknowledged()) < 1000:
            publish(range(sent, sent + 200))
            sent += 200
            eventually("the broker follows", lambda: self.client.pump(0.01) or len(self.client.unacked) < 400)
        publish(range(sent, sent + 200))
        self.broker.end(signal.SIGKILL)
        snapshot.write_bytes(old)
        taken = self.acknowledged()
        self.broker.start()
        self.reconnect_client()
        publish(range(200_000, 200_500))
        self.flush()
        self.service.wait_caught_up()
        eventually("the new ones are stored", lambda: "200499" in self.values("d"))
        outcomes = self.settled(900)
        self.assertTrue(self.service.alive())
        stored = collections.Counter(int(v) for v in self.values("d"))
        self.assertEqual(taken - stored.keys(), set(), "acknowledged, and not stored")
        self.assertEqual({v for v in range(200_000, 200_500)} - stored.keys(), set())
        self.assertEqual([v for v, n in stored.items() if n > 1], [], "stored twice")
        self.assertGreaterEqual(outcomes["duplicate"], 100)


@unittest.skipUnless(os.getuid() == 0, "mounting a small tmpfs needs root")
class DiskFull(Scene):
    start_service = False

    def test_a_full_disk_stops_acknowledging_and_loses_nothing(self):
        """[lesson-22] When space returns, everything is stored; meanwhile health says what is wrong."""
        try:
            disk = SmallDisk(self.folder / "small", mib=48)
        except OSError as error:
            self.skipTest(str(error))
        self.addCleanup(disk.end)
        service = self.service = self.new_service(
            "small-disk", config=f'[store]\npath = "{disk.folder}/data"\nreserve = "4MiB"\nrotate_bytes = "8MiB"\n')
        service.data = pathlib.Path(f"{disk.folder}/data")
        service.start().wait_caught_up()
        self.publish("telemetry/s/d", '{"value":0}')
        self.flush()
        self.settled(1)
        disk.fill(leave_bytes=1 << 20)
        for i in range(1, 3001):
            self.publish("telemetry/s/d", f'{{"value":{i}}}')
        self.flush()
        eventually("readyz says it", lambda: not service.ready())
        self.assertTrue(service.alive())
        disk.clear()
        eventually("everything is stored", lambda: len(self.values("d")) >= 3001)
        self.assertEqual(self.values("d"), [str(i) for i in range(3001)])


if __name__ == "__main__":
    unittest.main()
