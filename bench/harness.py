"""What the benchmarks share: a private broker, Telltale with rules, load tools, figures. Loopback only; every process
that is started is ended by its id."""
import argparse
import json
import mmap
import os
import pathlib
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "support"))
import service  # noqa: E402  (the tests' broker and Telltale)

TICKS = os.sysconf("SC_CLK_TCK")

# 20 rules as people write them: each of the load's three metrics is watched by several; none of them fires on it.
RULES = "".join(
    f'[[rule]]\nname = "{metric}-above-{i}"\nmetric = "{metric}"\nabove = {above + 10 * i}\nfor = "{wait}s"\n'
    for metric, above in (("temperature", 80.0), ("humidity", 90.0), ("pressure", 1100.0))
    for i, wait in enumerate((1, 10)))
RULES += "".join(
    f'[[rule]]\nname = "{metric}-below"\nmetric = "{metric}"\nbelow = {below}\nclear = {below + 1}\n'
    for metric, below in (("temperature", -20.0), ("humidity", 5.0), ("pressure", 900.0)))
RULES += "".join(
    f'[[rule]]\nname = "{metric}-unusual"\nmetric = "{metric}"\nzscore = 8.0\nclear = 3.0\nspan = 500\nfloor = 0.5\n'
    for metric in ("temperature", "humidity", "pressure"))
RULES += "".join(
    f'[[rule]]\nname = "room-{i}"\ndevice = "dev-0{i}*"\nmetric = "temperature"\nabove = 60.0\n' for i in range(7))
RULES += '[[rule]]\nname = "probe-high"\nsite = "probe"\nmetric = "probe"\nabove = 80.0\n'
assert RULES.count("[[rule]]") == 20


def arguments(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--telltale", type=pathlib.Path, default=ROOT / "build/release/telltale", help="binary")
    parser.add_argument("--tools", type=pathlib.Path, default=ROOT / "build/release/bench", help="folder of load tools")
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / "build/bench", help="scratch folder, emptied")
    parser.add_argument("--json", action="store_true", help="one line of JSON per figure")
    parser.add_argument("--keep", action="store_true", help="leave the scratch folder")
    return parser


def fresh(folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


class Counter:
    """Eight bytes in a file that publisher and subscriber both map."""

    def __init__(self, path):
        self.path = path
        path.write_bytes(b"\0" * 8)
        with open(path, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), 8)

    def get(self):
        return struct.unpack_from("<Q", self.memory, 0)[0]

    def set(self, value):
        struct.pack_into("<Q", self.memory, 0, value)


class Usage:
    """CPU seconds and memory of a process, all threads."""

    def __init__(self, pid):
        self.pid = pid

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def rss_mb(self):
        return self._status_mb("VmRSS")

    def peak_mb(self):
        return self._status_mb("VmHWM")

    def _status_mb(self, field):
        for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(field):
                return int(line.split()[1]) / 1024
        raise RuntimeError(f"process {self.pid} has ended")


class Bench:
    """Processes of one run; ended in reverse order."""

    def __init__(self, args, name):
        self.args = args
        self.folder = fresh(args.work / name)
        self.counter = Counter(self.folder / "counter")
        self.started = []
        self.broker = service.Mosquitto(self.folder / "broker")
        self.telltale = None
        self.follower = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.follower:
            self.follower.stop()
        for process in reversed(self.started):
            end(process)
        if self.telltale and self.telltale.process:
            end(self.telltale.process)
        end(self.broker.process)
        if not self.args.keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, *command, **more):
        process = subprocess.Popen([str(c) for c in command], text=True, **more)
        self.started.append(process)
        return process

    def start_and_wait_for_line(self, *command):
        process = self.start(*command, stdout=subprocess.PIPE)
        if not process.stdout.readline():
            raise RuntimeError(f"{command[0]} ended")
        return process

    def bare_subscriber(self):
        return self.start_and_wait_for_line(self.args.tools / "bare_subscriber", "--port", self.broker.port, "--counter",
                                            self.counter.path)

    def tutorial_subscriber(self):
        return self.start_and_wait_for_line("/usr/bin/python3", ROOT / "bench/tutorial_subscriber.py", self.broker.port,
                                            self.folder / "tutorial.db", self.counter.path)

    def service(self, port=None, follow=True, http=""):
        """Telltale with 20 rules and the default windows; the counter follows what it has stored. `http`: more lines
        of that section."""
        data = self.folder / "data"
        self.telltale = service.Telltale(self.args.telltale, self.folder, port or self.broker.port,
                                         f'{http}[store]\npath = "{data}"\n' + RULES)
        self.telltale.start()
        self.telltale.wait_ready()
        if follow:
            self.follower = Follower(self.telltale, self.counter)
        return self.telltale.process

    def publisher(self, *options):
        return self.start(self.args.tools / "load_publisher", "--port", self.broker.port, "--counter",
                          self.counter.path, *options, stdout=subprocess.PIPE)


def end(process, patience=40):
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()


def outcomes(metrics):
    prefix = 'telltale_messages_total{outcome="'
    return {name[len(prefix):-2]: int(value) for name, value in metrics.items() if name.startswith(prefix)}


class Follower:
    """Writes Telltale's count of stored messages into the counter, so that the publisher's distance to it is bounded."""

    PERIOD_S = 0.05

    def __init__(self, telltale, counter):
        self.telltale, self.counter = telltale, counter
        self.base = outcomes(telltale.metrics()).get("stored", 0)
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.ending.wait(self.PERIOD_S):
            try:
                self.counter.set(outcomes(self.telltale.metrics()).get("stored", 0) - self.base)
            except OSError:
                if not self.telltale.alive():
                    return

    def stop(self):
        self.ending.set()
        self.thread.join()


def baseline(bench):
    """Figures of earlier versions that later ones must keep to."""
    return json.loads((ROOT / "bench/baseline.json").read_text())[bench]


class Report:
    """Figures with what is expected of them. `least` or `most`: (accept, floor[, goal]); None: for information."""

    def __init__(self, bench, as_json):
        self.bench, self.as_json, self.rows, self.defects = bench, as_json, [], 0

    def add(self, what, value, unit, least=None, most=None):
        sign, limits = (">=", least) if least else ("<=", most) if most else ("-", None)
        meets = [value >= limit if least else value <= limit for limit in limits or ()]
        mark = "" if not limits else "BELOW" if not meets[1] else "short" if not meets[0] else \
            "goal" if len(meets) > 2 and meets[2] else "ok"
        self.defects += mark == "BELOW"
        row = {"bench": self.bench, "what": what, "value": round(value, 3), "unit": unit,
               "accept": f"{sign} {limits[0]:g}" if limits else sign, "ok": not limits or meets[0]}
        self.rows.append((row, limits, mark))
        if self.as_json:
            print(json.dumps(row), flush=True)
        elif mark == "BELOW":
            print(f"below its floor: {what}", file=sys.stderr, flush=True)

    def finish(self):
        """Exit code: 1 when a figure misses its floor."""
        if not self.as_json:
            print(f"{self.bench:<44}{'value':>14}  {'unit':<10}{'floor':>10}{'accept':>10}{'goal':>10}")
            for row, limits, mark in self.rows:
                accept, floor, *goal = limits or (None, None)
                shown = "".join(f"{limit:>10,g}" for limit in (floor, accept, *goal) if limits)
                print(f"{row['what']:<44}{row['value']:>14,.3f}  {row['unit']:<10}{shown:<30}  {mark}".rstrip())
        return 1 if self.defects else 0


def measure(bench, process, seconds, warm_up):
    """Messages/s, CPU microseconds per message and memory of the subscriber, once it runs evenly."""
    time.sleep(warm_up)
    usage = Usage(process.pid)
    count0, cpu0, time0 = bench.counter.get(), usage.cpu_seconds(), time.monotonic()
    time.sleep(seconds)
    count1, cpu1, time1 = bench.counter.get(), usage.cpu_seconds(), time.monotonic()
    if process.poll() is not None:
        raise RuntimeError("the subscriber ended")
    done = max(count1 - count0, 1)
    return {"rate": done / (time1 - time0), "cpu_us": (cpu1 - cpu0) / done * 1e6, "rss_mb": usage.rss_mb()}


def median(samples, key):
    return statistics.median(sample[key] for sample in samples)
