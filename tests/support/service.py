"""A private Mosquitto and a Telltale for tests in Python: free loopback ports, own folders, ended by their ids."""
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]


def free_port():
    """Below the ports that the system gives to outgoing connections, any of which may be taken a moment later."""
    while True:
        with socket.socket() as s:
            port = random.randrange(20_000, 32_000)
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def eventually(what, condition, seconds=120):
    """Asks again until it is true; fails by name after the deadline."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds} s: {what}")


class Mosquitto:
    def __init__(self, folder, extra_lines=()):
        self.port = free_port()
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        lines = []
        for line in (ROOT / "broker/mosquitto-demo.conf").read_text().splitlines():
            word = line.split(" ")[0]
            if word in ("listener", "persistence_location", "user", "log_dest"):
                continue
            lines.append(line)
        lines += [f"listener {self.port} 127.0.0.1", f"persistence_location {self.folder}/", "log_dest stderr"]
        lines += extra_lines
        if os.getuid() == 0:
            lines.append("user root")
        (self.folder / "mosquitto.conf").write_text("\n".join(lines) + "\n")
        self.process = None
        self.start()

    def start(self):
        program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        with open(self.folder / "mosquitto.log", "ab") as log:
            self.process = subprocess.Popen([program, "-c", self.folder / "mosquitto.conf"], stdout=log, stderr=log)
        eventually("the broker listens", self._listens)

    def _listens(self):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.port)) == 0

    def end(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.wait(60)


class Telltale:
    def __init__(self, program, folder, broker_port, config=""):
        self.program, self.folder = str(program), pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.data = self.folder / "data"
        self.http = free_port()
        self.config = self.folder / "telltale.toml"
        self.config.write_text(
            f'[mqtt]\nurl = "mqtt://127.0.0.1:{broker_port}"\n[http]\nlisten = "127.0.0.1:{self.http}"\n'
            f"allow_anonymous_loopback = true\n{config}")
        self.process = None

    def start(self, **environment):
        with open(self.folder / "telltale.log", "ab") as log:
            self.process = subprocess.Popen([self.program, "serve", "--config", self.config], stderr=log, stdout=log,
                                            env={**os.environ, **environment})
        return self

    def alive(self):
        return self.process.poll() is None

    def ready(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http}/readyz", timeout=30) as answer:
                return answer.status == 200
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def wait_ready(self, seconds=120):
        def ready_or_dead():
            assert self.alive(), f"telltale ended: {self.log_tail()}"
            return self.ready()
        eventually("telltale is ready", ready_or_dead, seconds)
        return self

    def wait_caught_up(self, seconds=120):
        """What is published from now on is no backlog."""
        def caught_up():
            assert self.alive(), f"telltale ended: {self.log_tail()}"
            return [v for n, v in self.metrics().items() if n.startswith("telltale_mqtt_caught_up")] == [1]
        self.wait_ready(seconds)
        eventually("telltale has caught up", caught_up, seconds)
        return self

    def kill(self):
        self.process.kill()
        self.process.wait(20)

    def stop(self):
        """SIGTERM; its exit code."""
        self.process.terminate()
        return self.process.wait(60)

    def metrics(self):
        values = {}
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http}/metrics", timeout=30) as answer:
            for line in answer.read().decode().splitlines():
                if line and not line.startswith("#"):
                    name, value = line.rsplit(" ", 1)
                    values[name] = float(value)
        return values

    def run(self, *args, seconds=120):
        return subprocess.run([self.program, *map(str, args)], capture_output=True, text=True, timeout=seconds)

    def query(self, device, metric, *more):
        """Rows of the csv as dicts; [] when there is no such device yet."""
        answer = self.run("query", "--data", self.data, "--device", device, "--metric", metric, "--from", "0",
                          "--format", "csv", *more)
        if answer.returncode == 1:
            return []
        assert answer.returncode == 0, answer.stderr
        header, *rows = answer.stdout.splitlines()
        names = header.split(",")
        return [dict(zip(names, row.split(","))) for row in rows]

    def log_tail(self, lines=20):
        return "\n".join((self.folder / "telltale.log").read_text().splitlines()[-lines:])
