"""A load whose every message is known, and how to look for it in the store afterwards."""
import collections
import json
import threading
import time

from mqtt import Client, connect_again

ROWS = 5     # readings of an array message
BURST = 100  # messages between two looks at what was acknowledged, when it is behind its time


class ExactLoad(threading.Thread):
    """Sends `rate` messages/s at QoS 1 until told to end; a third of the devices plain without time, a third plain with
    time, a third arrays with time. Lives through a broker that goes away.

    acknowledged: device -> values whose message the broker acknowledged: each is stored once.
    unknown: device -> values whose PUBACK a lost connection may have taken with it: each is stored once or not at all.
    """

    def __init__(self, port, devices, rate):
        super().__init__()
        self.port, self.devices, self.wanted_rate = port, devices, rate
        self.client = Client(port, "load")
        self.acknowledged = collections.defaultdict(list)
        self.unknown = collections.defaultdict(list)
        self.under_way = {}  # packet id -> (device, values)
        self.ending = threading.Event()
        self.error = None
        self.sent = self.readings = 0
        self.rate = 0.0

    def run(self):
        try:
            begin, start_ms = time.monotonic(), int(time.time() * 1000)
            while not self.ending.is_set():
                try:
                    due = int((time.monotonic() - begin) * self.wanted_rate)
                    for _ in range(min(due - self.sent, BURST)):
                        self._one(start_ms)
                    self.client.pump(0.002 if self.sent >= due else 0)
                    self._note()
                except OSError:
                    self._reconnect()
            self.rate = self.sent / (time.monotonic() - begin)
            end = time.monotonic() + 30
            while self.under_way and time.monotonic() < end:
                self.client.pump(0.1)
                self._note()
        except Exception as error:  # reported by the main thread, which fails the run
            self.error = error

    def counts(self):
        return sum(map(len, self.acknowledged.values())), sum(map(len, self.unknown.values()))

    def _one(self, start_ms):
        device = self.sent % self.devices
        turn = self.sent // self.devices
        name = f"d{device:02d}"
        # Every 40 turns of a device its level is high for 20: alerts fire and resolve all the time.
        level = 150 if turn // 20 % 2 else 10
        kind = device % 3
        # Own times advance with the real time, 1 ms apart at least, so that no two readings share one.
        ts = start_ms + turn * (self.devices * 1000 // self.wanted_rate)
        values = list(range(self.readings, self.readings + (ROWS if kind == 2 else 1)))
        if kind == 0:
            body = {"value": values[0], "level": level}
        elif kind == 1:
            body = {"ts": ts, "value": values[0], "level": level}
        else:
            body = [{"ts": ts + i, "value": v, "level": level} for i, v in enumerate(values)]
        self.sent += 1
        self.readings += len(values)
        try:
            packet_id = self.client.publish(f"telemetry/lab/{name}", json.dumps(body).encode())
        except OSError:
            self.unknown[name] += values
            raise
        assert packet_id not in self.under_way
        self.under_way[packet_id] = (name, values)

    def _note(self):
        for packet_id in [p for p in self.under_way if p not in self.client.unacked]:
            name, values = self.under_way.pop(packet_id)
            self.acknowledged[name] += values

    def _reconnect(self):
        self._note()
        for name, values in self.under_way.values():
            self.unknown[name] += values
        self.under_way.clear()
        self.client.socket.close()
        self.client = connect_again(self.port, "load")


def compare(service, load):
    """How many readings are lost, doubled, and stored though nobody sent them."""
    lost = doubled = foreign = 0
    for device in sorted({*load.acknowledged, *load.unknown}):
        stored = collections.Counter(int(float(row["value"])) for row in service.query(device, "value"))
        certain, sent = set(load.acknowledged[device]), {*load.acknowledged[device], *load.unknown[device]}
        lost += sum(1 for v in certain if stored[v] == 0)
        doubled += sum(n - 1 for v, n in stored.items() if v in sent and n > 1)
        foreign += sum(1 for v in stored if v not in sent)
    return lost, doubled, foreign
