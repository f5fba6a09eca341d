"""What can be done to a service, its broker, its disk, its clock, its configuration and its HTTP port, and undone."""
import concurrent.futures
import json
import signal
import socket
import time
import urllib.error
import urllib.parse
import urllib.request

from service import eventually

QUESTIONS = [
    "/api/v1/devices?limit=100",
    "/api/v1/query?device=d00&metric=value&from=now-10m&step=5s&agg=max",
    "/api/v1/query?device=d02&from=now-1m&shape=wide",
    "/api/v1/statistics?metric=value&from=now-1h",
    "/api/v1/alerts",
    "/prom/api/v1/query?" + urllib.parse.urlencode({"query": "max by (device) (avg_over_time(value[5m]))"}),
    "/prom/api/v1/query?" + urllib.parse.urlencode({"query": "count(rate(level[2m]))"}),
    "/metrics",
]
# Too many requests, or degraded: an answer all the same.
ANSWERS = {200, 429, 503}
CLIENTS = 8
SLOW_CLIENTS = 30
LONGEST_STEP_S = 3600


class Skipped(Exception):
    """This fault cannot be made here; the text says why."""


class Faults:
    """`disk` and `clock`: None and the reason in `missing`, where this machine has none."""

    def __init__(self, broker, service, disk, clock, missing):
        self.broker, self.service, self.disk, self.clock, self.missing = broker, service, disk, clock, missing
        self.good_config = service.config.read_text()
        self.answers = 0

    def make(self, fault):
        """Makes it, waits, undoes it. AssertionError when the service does not bear it."""
        getattr(self, fault.kind.replace("-", "_"))(fault.seconds, fault.draw)

    def start_service(self):
        self.service.start(**(self.clock.environment if self.clock else {})).wait_ready()

    def broker_restart(self, seconds, _):
        self.broker.end(signal.SIGTERM)  # a kill would lose what it has acknowledged: nothing that we could keep
        time.sleep(seconds)
        self.broker.start()

    def broker_pause(self, seconds, _):
        self._pause(self.broker.process, seconds)

    def service_pause(self, seconds, _):
        self._pause(self.service.process, seconds)

    def service_kill(self, seconds, _):
        self.service.kill()
        time.sleep(seconds)
        self.start_service()

    def service_restart(self, seconds, _):
        self._stop_service()
        time.sleep(seconds)
        self.start_service()

    def broker_restart_without_service(self, seconds, _):
        self.service.kill()
        self.broker_restart(seconds, _)
        self.start_service()

    def disk_full(self, seconds, _):
        self._need(self.disk, "disk")
        self.disk.fill(leave_bytes=1 << 20)
        try:
            time.sleep(seconds)
            assert self.service.alive(), "the service ended on a full disk"
        finally:
            self.disk.clear()

    def kill_on_full_disk(self, seconds, _):
        self._need(self.disk, "disk")
        self.disk.fill(leave_bytes=1 << 20)
        try:
            time.sleep(seconds)
            self.service.kill()
        finally:
            self.disk.clear()
        self.start_service()

    def clock_step(self, seconds, draw):
        self._need(self.clock, "clock")
        self.clock.step_to(round((2 * draw - 1) ** 3 * LONGEST_STEP_S))  # half of them within 8 minutes: into the run itself
        time.sleep(seconds)
        self.clock.step_to(0)

    def reload(self, seconds, draw):
        """A rule comes, and goes."""
        rule = f'[[rule]]\nname = "added"\nmetric = "value"\nabove = {1e9 + draw}\n'
        self._reload(self.good_config + rule, successful=1)
        time.sleep(seconds)
        self._reload(self.good_config, successful=1)

    def bad_reload(self, seconds, draw):
        bad = ['[[rule]]\nname = "bad"\nmetric = 7\n', "no_such_key = 1\n", "[[rule]\n"][int(draw * 3)]
        self._reload(self.good_config + bad, successful=0)
        time.sleep(seconds)
        self._reload(self.good_config, successful=1)

    def queries(self, seconds, _):
        end = time.monotonic() + seconds

        def ask(first):
            number = first
            while time.monotonic() < end:
                path = QUESTIONS[number % len(QUESTIONS)]
                status = self._status_of(path)
                assert status in ANSWERS, f"{path}: {status}"
                number += 1
            return number - first
        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as clients:
            self.answers += sum(clients.map(ask, range(CLIENTS)))

    def slow_clients(self, seconds, _):
        """Half requests that go on byte by byte, streams and long answers that nobody reads."""
        requests = [b"GET /api/v1/devices HTTP/1.1\r\nHost: x\r\nX-Slow: ",
                    b"GET /api/v1/stream?topics=alerts,presence,readings HTTP/1.1\r\nHost: x\r\n\r\n",
                    b"GET /api/v1/query?device=d02&metric=value&from=now-1h HTTP/1.1\r\nHost: x\r\n\r\n"]
        connections = []
        try:
            for i in range(SLOW_CLIENTS):
                client = socket.socket()
                connections.append(client)
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                client.settimeout(30)
                client.connect(("127.0.0.1", self.service.http))
                client.sendall(requests[i % len(requests)])
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                for client in connections[::len(requests)]:
                    self._send_a_byte(client)
                status = self._status_of("/healthz")
                assert status == 200, f"beside slow clients /healthz says {status}"
                time.sleep(0.2)
        finally:
            for client in connections:
                client.close()

    @staticmethod
    def _send_a_byte(client):
        try:
            client.send(b"x")
        except ConnectionError:
            pass  # thrown out for being slow, as it should be

    def _need(self, part, name):
        if part is None:
            raise Skipped(self.missing[name])

    def _stop_service(self):
        code = self.service.stop()
        assert code == 0, f"SIGTERM: exit code {code}"

    @staticmethod
    def _pause(process, seconds):
        process.send_signal(signal.SIGSTOP)
        try:
            time.sleep(seconds)
        finally:
            process.send_signal(signal.SIGCONT)

    def _reload(self, text, successful):
        self.service.config.write_text(text)
        before = self._good_reloads()
        self.service.process.send_signal(signal.SIGHUP)
        if successful:
            eventually("the log says that the reload went well", lambda: self._good_reloads() > before, 60)
        eventually("the metric says how the reload went",
                   lambda: self.service.metrics()["telltale_config_last_reload_successful"] == successful, 60)

    def _good_reloads(self):
        return (self.service.folder / "telltale.log").read_text().count("configuration reloaded")

    def _status_of(self, path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.service.http}{path}", timeout=60) as answer:
                body = answer.read()
                if answer.headers.get_content_type() == "application/json":
                    json.loads(body)
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
