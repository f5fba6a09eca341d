"""What the integration tests share: one broker and one service per test, and the balance every test ends with."""
import collections
import json
import os
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from mqtt import Client  # noqa: E402
from service import Mosquitto, Telltale, eventually  # noqa: E402

PROGRAM = os.environ["TELLTALE"]


class Scene(unittest.TestCase):
    config = ""          # added to the smallest configuration; @DATA@ is the data folder
    start_service = True
    broker_lines = ()    # added to the broker's configuration; @FOLDER@ is the test's folder

    def setUp(self):
        self.temp = tempfile.TemporaryDirectory(prefix="telltale-test-")
        self.addCleanup(self.temp.cleanup)
        self.folder = pathlib.Path(self.temp.name)
        self.prepare()
        self.broker = Mosquitto(self.folder / "broker",
                                [line.replace("@FOLDER@", str(self.folder)) for line in self.broker_lines])
        self.addCleanup(self._end_broker)
        self.service = self.new_service("telltale")
        if self.start_service:
            self.service.start().wait_caught_up()
        self.client = Client(self.broker.port, "tester")
        self.addCleanup(lambda: self.client.socket.close())

    def prepare(self):
        """Before the broker starts."""

    def new_service(self, name, **changes):
        folder = self.folder / name
        config = changes.get("config", self.config)
        if "[store]" not in config:
            config = '[store]\npath = "@DATA@"\n' + config
        service = Telltale(PROGRAM, folder, self.broker.port,
                           config.replace("@DATA@", str(changes.get("data", folder / "data"))))
        self.addCleanup(lambda: service.kill() if service.process and service.alive() else None)
        return service

    def _end_broker(self):
        if self.broker.process.poll() is None:
            self.broker.process.kill()
            self.broker.process.wait(20)

    def publish(self, topic, payload, retain=False):
        self.client.publish(topic, payload if isinstance(payload, bytes) else payload.encode(), retain)

    def flush(self):
        """Everything published is acknowledged by the broker."""
        eventually("the broker acknowledges", lambda: self.client.pump(0.02) or not self.client.unacked)

    def values(self, device, metric="value", *more):
        return [row["value"] for row in self.service.query(device, metric, *more)]

    def outcomes(self, metrics=None):
        return {n.split('"')[1]: int(v) for n, v in (metrics or self.service.metrics()).items()
                if n.startswith("telltale_messages_total{") and v}

    def settled(self, messages):
        """That many messages have their outcome, nothing is in flight, and the balance holds (design promise 2)."""
        def balanced():
            m = self.service.metrics()
            known = sum(self.outcomes(m).values())
            return (m["telltale_messages_in_flight"] == 0 and known >= messages
                    and m["telltale_messages_received_total"] == known)
        eventually(f"{messages} messages have their outcome", balanced)
        return self.outcomes()

    def dead_letters(self):
        """reason -> count, by the command line."""
        answer = self.service.run("deadletter", "list", "--data", self.service.data, "--format", "json", "--limit", "100000")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        return dict(collections.Counter(letter["reason"] for letter in map(json.loads, answer.stdout.splitlines())))
