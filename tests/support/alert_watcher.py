"""Who listens to alerts, and what the service's own history says about them."""
import json
import threading

from mqtt import Client, connect_again


class AlertWatcher(threading.Thread):
    """A persistent QoS 1 subscriber of alerts/#: counts what comes twice and compares the bytes."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port = port
        self.client = Client(port, "watcher", clean=False)
        self.client.subscribe("alerts/#")
        self.ending = threading.Event()
        self.seen, self.repeated, self.differing = {}, 0, []

    def run(self):
        while not self.ending.is_set():
            try:
                self.client.pump(0.1)
            except OSError:
                self.client.socket.close()
                fresh = connect_again(self.port, "watcher", clean=False)
                fresh.messages = self.client.messages
                self.client = fresh
                self.client.subscribe("alerts/#")
            self._take()

    def _take(self):
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


def transitions(audit):
    """(id, n) of each transition in what `telltale audit` printed."""
    return [(alert, int(n)) for _, alert, n in (line.split() for line in audit.splitlines() if line.startswith("alert "))]
