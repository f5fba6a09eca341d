#!/usr/bin/env python3
"""kill_loop.py TELLTALE [--kills N] [--seed N]: acknowledged means stored, and the same log gives the same alerts.

A publisher keeps sending QoS 1 messages while the service is killed with SIGKILL again and again: at seeded random
moments, and at each fail point at least once (inside an append, a rotation, a seal, a checkpoint, an outbox send).
Afterwards every reading whose message the broker acknowledged to the publisher must be there exactly once, the alert
transitions must equal those of an uninterrupted run over the same log (`telltale audit`), and whatever a subscriber
saw twice must be byte-identical and no more than one publisher window per kill.
"""
import argparse
import collections
import json
import pathlib
import random
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from mqtt import Client  # noqa: E402
from service import Mosquitto, Telltale, eventually  # noqa: E402

FAIL_POINTS = ["append-before-sync", "append-after-sync", "rotate", "seal-before-commit", "seal-after-commit",
               "seal-before-unlink", "checkpoint", "outbox-send"]
# How many passes a fail point lets through before it kills; the rarer the place, the fewer.
PASSES = {"append-before-sync": (3, 60), "append-after-sync": (3, 60), "outbox-send": (1, 20)}
PUBLISHER_WINDOW = 200
DEVICES = 60          # a third plain without time, a third plain with time, a third arrays with time
RATE = 3600           # messages a second
ROWS = 5              # readings of an array message

CONFIG = f"""
[store]
path = "@DATA@"
rotate_readings = 12000
archive_log = true
[alerting]
publisher_window = {PUBLISHER_WINDOW}
[analytics]
heartbeat = "1h"
[[rule]]
name = "high"
metric = "level"
above = 100.0
clear = 50.0
"""


class Publisher(threading.Thread):
    """Sends at RATE until told to end. `expected`: device -> values whose message was acknowledged."""

    def __init__(self, port):
        super().__init__()
        self.client = Client(port, "load")
        self.expected = collections.defaultdict(list)
        self.ending = threading.Event()
        self.error = None
        self.sent = 0
        self.rate = 0.0

    def run(self):
        try:
            begin, sequence = time.monotonic(), 0
            start_ms = int(time.time() * 1000)
            while not self.ending.is_set():
                due = int((time.monotonic() - begin) * RATE)
                while self.sent < due:
                    sequence = self._one(sequence, start_ms)
                self.client.pump(0.002)
            self.rate = self.sent / (time.monotonic() - begin)
            end = time.monotonic() + 30
            while self.client.unacked and time.monotonic() < end:
                self.client.pump(0.1)
        except Exception as error:  # reported by the main thread, which fails the run
            self.error = error

    def _one(self, sequence, start_ms):
        device = self.sent % DEVICES
        turn = self.sent // DEVICES
        name = f"d{device:02d}"
        # Every 40 turns of a device its level is high for 20: alerts fire and resolve all the time.
        level = 150 if turn // 20 % 2 else 10
        kind = device % 3
        # Own times advance with the real time, 1 ms apart at least, so that no two readings share one.
        ts = start_ms + turn * (DEVICES * 1000 // RATE)
        if kind == 0:
            body = {"value": sequence, "level": level}
            values = [sequence]
        elif kind == 1:
            body = {"ts": ts, "value": sequence, "level": level}
            values = [sequence]
        else:
            values = list(range(sequence, sequence + ROWS))
            body = [{"ts": ts + i, "value": v, "level": level} for i, v in enumerate(values)]
        self.client.publish(f"telemetry/lab/{name}", json.dumps(body).encode())
        self.expected[name] += values
        self.sent += 1
        return sequence + len(values)


class AlertWatcher(threading.Thread):
    """A persistent QoS 1 subscriber of alerts/#: counts what comes twice and compares the bytes."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.client = Client(port, "watcher", clean=False)
        self.client.subscribe("alerts/#")
        self.ending = threading.Event()
        self.seen, self.repeated, self.differing = {}, 0, []

    def run(self):
        while not self.ending.is_set():
            self.client.pump(0.1)
            for topic, payload in self.client.messages:
                body = json.loads(payload)
                key = (body["id"], body["n"])
                if key not in self.seen:
                    self.seen[key] = (topic, payload)
                else:
                    self.repeated += 1
                    if self.seen[key] != (topic, payload):
                        self.differing.append(key)
            self.client.messages.clear()


def kill_once(service, fail_point, rng):
    """Starts the service, lets it die, and says how."""
    if fail_point:
        count = rng.randint(*PASSES.get(fail_point, (1, 1)))
        service.start(TELLTALE_FAIL_POINT=f"{fail_point}:{count}")
        eventually(f"fail point {fail_point} is reached", lambda: not service.alive(), 60)
        assert service.process.returncode == -9, f"{fail_point}: ended with {service.process.returncode}: {service.log_tail()}"
        return f"{fail_point}:{count}"
    service.start()
    service.wait_ready()
    moment = rng.uniform(0.05, 2.5)
    time.sleep(moment)
    assert service.alive(), f"died by itself: {service.log_tail()}"
    service.kill()
    return f"after {moment:.2f} s"


def check_readings(service, publisher):
    lost = doubled = foreign = 0
    for device, values in sorted(publisher.expected.items()):
        stored = collections.Counter(int(float(row["value"])) for row in service.query(device, "value"))
        expected = set(values)
        lost += sum(1 for v in expected if stored[v] == 0)
        doubled += sum(n - 1 for v, n in stored.items() if v in expected and n > 1)
        foreign += sum(1 for v in stored if v not in expected)
    return lost, doubled, foreign


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("telltale")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    assert options.kills >= len(FAIL_POINTS)
    rng = random.Random(options.seed)
    print(f"seed {options.seed}, {options.kills} kills", flush=True)

    plan = FAIL_POINTS + [None] * (options.kills - len(FAIL_POINTS))
    rng.shuffle(plan)
    with tempfile.TemporaryDirectory(prefix="telltale-kill-") as folder:
        broker = Mosquitto(f"{folder}/broker")
        service = Telltale(options.telltale, f"{folder}/telltale", broker.port,
                           CONFIG.replace("@DATA@", f"{folder}/telltale/data"))
        publisher = watcher = None
        try:
            # The subscription exists before the first message; from then on the broker keeps everything for us.
            service.start().wait_ready()
            watcher = AlertWatcher(broker.port)
            watcher.start()
            publisher = Publisher(broker.port)
            publisher.start()
            service.kill()
            for number, fail_point in enumerate(plan, 1):
                print(f"kill {number:2d}: {kill_once(service, fail_point, rng)}", flush=True)
                assert publisher.error is None, publisher.error
            publisher.ending.set()
            publisher.join(60)
            assert publisher.error is None and not publisher.client.unacked, "the broker did not acknowledge everything"

            service.start().wait_ready()
            publisher.client.publish("telemetry/lab/end", b'{"value":1}')
            eventually("the backlog is stored", lambda: service.query("end", "value"), 120)
            code = service.stop()
            assert code == 0, f"SIGTERM: exit code {code}: {service.log_tail()}"
            publisher.client.close()

            readings = sum(map(len, publisher.expected.values()))
            lost, doubled, foreign = check_readings(service, publisher)
            audit = service.run("audit", "--data", service.data)
            history = set()
            for line in audit.stdout.splitlines():
                if line.startswith("alert "):
                    _, alert, n = line.split()
                    history.add((alert, int(n)))
            eventually("the watcher saw every transition", lambda: history <= set(watcher.seen), 30)
            watcher.ending.set()
            watcher.join(10)
            print(f"{publisher.rate:.0f} messages/s at QoS 1; {publisher.sent} messages with {readings} readings acknowledged by the broker; "
                  f"lost {lost}, doubled {doubled}, foreign {foreign}")
            print(f"{len(history)} alert transitions; seen by the subscriber {len(watcher.seen)}, "
                  f"repeated {watcher.repeated}, differing {len(watcher.differing)}")
            print(audit.stdout.splitlines()[-1] if audit.stdout else audit.stderr)
            assert lost == doubled == foreign == 0
            assert audit.returncode == 0, audit.stdout[-2000:] + audit.stderr
            assert history, "no alert ever fired: the comparison would be empty"
            assert set(watcher.seen) == history, "the subscriber saw other transitions than were decided"
            assert not watcher.differing, "a repetition differed"
            assert watcher.repeated <= (options.kills + 2) * PUBLISHER_WINDOW
        except AssertionError:
            print(service.log_tail(40))
            raise
        finally:
            if publisher:
                publisher.ending.set()
            if watcher:
                watcher.ending.set()
            if service.process and service.alive():
                service.kill()
            broker.end()
    print("kill loop passed")


main()
