#!/usr/bin/env python3
"""soak.py TELLTALE [--minutes N] [--seed N] [--plan]: everything goes wrong, again and again, and nothing is lost.

A real Mosquitto, the service on a small disk with a clock that can be moved, a simulated fleet with faults of its own, and a
load whose every message is known. Meanwhile, by a plan that the seed decides, the broker is restarted and stopped, the
service stopped, killed and restarted, its disk filled, its clock stepped, its configuration reloaded, good and bad, and
slow HTTP clients and queries lean on it. Afterwards: every reading whose message was acknowledged is stored exactly
once, the balance of the counters holds, each alert transition (id, n) happened once and is what `telltale audit`
recomputes from the log, `telltale verify` finds nothing, and memory, open files and WALs have stayed flat. [lesson-29]
"""
import argparse
import collections
import pathlib
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from typing import NamedTuple

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from alert_watcher import AlertWatcher, transitions  # noqa: E402
from exact_load import ExactLoad, compare  # noqa: E402
from faults import Faults, Skipped  # noqa: E402
from footprint import footprint  # noqa: E402
from plan import plan  # noqa: E402
from service import Mosquitto, Telltale, eventually  # noqa: E402
from small_disk import SmallDisk  # noqa: E402
from stepped_clock import LIBRARY, SteppedClock  # noqa: E402

RATE, DEVICES = 400, 60
LONGEST_CHECK_S = 1800  # of an hour's log
FLEET = ["--devices", "30", "--rate", "2/s", "--faults", "spike,jump,drift,stuck,drop,flap,skew,unset,badjson,dupid"]
# Of the last process, from the end of its warm-up (a third of its life) to the end of the run.
MOST_RSS_GROWTH = (1.5, 32 << 10)  # times, and kB more
MOST_MORE_FILES = 40               # connections to databases come and go
MOST_WAL_BYTES = 64 << 20          # of all databases together

CONFIG = """
[store]
path = "@DATA@"
reserve = "4MiB"
rotate_readings = 20000
rotate_bytes = "8MiB"
archive_log = true
[[rule]]
name = "high"
metric = "level"
above = 100.0
clear = 50.0
"""


class Sampler(threading.Thread):
    """Looks at the service's footprint every second: pid -> samples. A process that is just ending has none."""

    def __init__(self, service):
        super().__init__(daemon=True)
        self.service = service
        self.samples = collections.defaultdict(list)
        self.ending = threading.Event()

    def run(self):
        while not self.ending.wait(1):
            self.look()

    def look(self):
        pid = self.service.process.pid
        try:
            self.samples[pid].append(footprint(self.service))
        except OSError:
            pass

    def verdict(self):
        """What grew, as text, and whether that is too much."""
        last = self.samples[self.service.process.pid]
        warm, late = last[len(last) // 3:][:max(3, len(last) // 6)], last[-3:]
        rss = [statistics.median(s.rss_kb for s in part) for part in (warm, late)]
        files = [statistics.median(s.files for s in part) for part in (warm, late)]
        wal = max(s.wal_bytes for samples in self.samples.values() for s in samples)
        flat = (rss[1] <= rss[0] * MOST_RSS_GROWTH[0] + MOST_RSS_GROWTH[1] and files[1] <= files[0] + MOST_MORE_FILES
                and wal <= MOST_WAL_BYTES)
        return (f"RSS {rss[0] / 1024:.0f} -> {rss[1] / 1024:.0f} MiB, files {files[0]:.0f} -> {files[1]:.0f}, "
                f"WALs at most {wal / (1 << 20):.1f} MiB"), flat


class Balance(NamedTuple):
    """Of one process, at one moment."""
    received: int
    outcomes: int
    in_flight: int

    def holds(self):
        return self.received == self.outcomes + self.in_flight

    def __str__(self):
        return f"received {self.received} = outcomes {self.outcomes} + in flight {self.in_flight}"


def balance(service):
    metrics = service.metrics()
    return Balance(int(metrics["telltale_messages_received_total"]),
                   int(sum(v for n, v in metrics.items() if n.startswith("telltale_messages_total{"))),
                   int(metrics["telltale_messages_in_flight"]))


class Soak:
    def __init__(self, options, folder):
        self.folder = pathlib.Path(folder)
        self.seconds, self.plan, self.telltale = options.minutes * 60, plan(options.seed, options.minutes * 60), options.telltale
        missing = {}
        self.disk = self.clock = None
        try:
            self.disk = SmallDisk(self.folder / "disk", mib=192 + 8 * round(options.minutes))
        except OSError as error:
            missing["disk"] = str(error)
        if LIBRARY:
            self.clock = SteppedClock(self.folder / "offset")
        else:
            missing["clock"] = "Debian's libfaketime is not installed"
        self.broker = Mosquitto(self.folder / "broker")
        self.service = Telltale(options.telltale, self.folder / "telltale", self.broker.port)
        self.service.data = (self.disk.folder if self.disk else self.service.folder) / "data"
        text = self.service.config.read_text().replace("[mqtt]\n", '[mqtt]\nkeepalive = "3s"\n')
        self.service.config.write_text(text + CONFIG.replace("@DATA@", str(self.service.data)))
        self.faults = Faults(self.broker, self.service, self.disk, self.clock, missing)
        self.load = self.watcher = self.fleet = self.sampler = None
        self.made, self.skipped = collections.Counter(), collections.Counter()

    def run(self):
        """Load and faults; ends when everything that was sent has its outcome and the service has stopped."""
        self.faults.start_service()
        self.watcher = AlertWatcher(self.broker.port)
        self.watcher.start()
        self.sampler = Sampler(self.service)
        self.sampler.start()
        self.load = ExactLoad(self.broker.port, DEVICES, RATE)
        self.load.start()
        with open(self.folder / "fleet.log", "ab") as log:
            self.fleet = subprocess.Popen([self.telltale, "fleet", "--url", f"mqtt://127.0.0.1:{self.broker.port}", *FLEET],
                                          stdout=log, stderr=log)
        begin = time.monotonic()
        for fault in self.plan:
            time.sleep(max(0, begin + fault.at - time.monotonic()))
            self.one(fault)
        time.sleep(max(0, begin + self.seconds - time.monotonic()))
        self.load.ending.set()
        self.load.join(120)
        assert self.load.error is None and not self.load.under_way, f"the load did not end well: {self.load.error}"
        self.fleet.terminate()
        assert self.fleet.wait(60) == 0, f"the fleet ended with {self.fleet.returncode}"
        self.load.client.publish("telemetry/lab/end", b'{"value":1}')
        eventually("the backlog is stored", lambda: self.service.query("end", "value"), 120)
        eventually("nothing is in flight", lambda: balance(self.service).in_flight == 0, 60)
        counted = balance(self.service)
        self.sampler.look()
        code = self.service.stop()
        assert code == 0, f"SIGTERM: exit code {code}"
        return counted

    def one(self, fault):
        try:
            self.faults.make(fault)
        except Skipped as why:
            self.skipped[fault.kind] += 1
            print(f"{fault}  skipped: {why}", flush=True)
            return
        except AssertionError as error:
            raise AssertionError(f"{fault}: {error}") from error
        assert self.service.alive(), f"{fault}: the service ended"
        assert self.fleet.poll() is None, f"{fault}: the fleet ended"
        assert self.load.error is None, f"{fault}: {self.load.error}"
        counted = balance(self.service)
        assert counted.holds(), f"{fault}: not so: {counted}"
        self.made[fault.kind] += 1
        print(fault, flush=True)

    def judge(self, counted):
        """Prints what was found; the problems."""
        problems = []

        def claim(holds, text):
            if not holds:
                problems.append(text)
        acknowledged, unknown = self.load.counts()
        lost, doubled, foreign = compare(self.service, self.load)
        print(f"load: {self.load.sent} messages, {acknowledged} readings acknowledged by the broker, {unknown} unknown to the "
              f"sender; lost {lost}, doubled {doubled}, foreign {foreign}")
        claim(lost == doubled == foreign == 0, f"lost {lost}, doubled {doubled}, foreign {foreign}")

        audit = self.service.run("audit", "--data", self.service.data, seconds=LONGEST_CHECK_S)
        history = transitions(audit.stdout)
        print("audit: " + (audit.stdout.splitlines() or audit.stderr.splitlines())[-1])
        claim(audit.returncode == 0, "audit: the log gives other alerts than the history has")
        claim(len(history) == len(set(history)), "a transition (id, n) is twice in the history")
        claim(history, "no alert ever fired")
        missing = set(history) - set(self.watcher.seen)
        end = time.monotonic() + 60
        while missing and time.monotonic() < end:
            time.sleep(0.1)
            missing = set(history) - set(self.watcher.seen)
        claim(not missing, f"the subscriber never saw {len(missing)} transitions")
        foreign_alerts = set(self.watcher.seen) - set(history)
        claim(not foreign_alerts, f"the subscriber saw {len(foreign_alerts)} transitions that were never decided")
        claim(not self.watcher.differing, f"{len(self.watcher.differing)} repetitions of (id, n) differ")
        print(f"alerts: {len(history)} transitions, seen {len(self.watcher.seen)}, repeated {self.watcher.repeated}, "
              f"differing {len(self.watcher.differing)}")

        verify = self.service.run("verify", "--data", self.service.data, seconds=LONGEST_CHECK_S)
        print("verify: " + (verify.stdout.splitlines() or verify.stderr.splitlines())[-1])
        claim(verify.returncode == 0, "verify found damage")
        claim(counted.holds() and counted.in_flight == 0, f"the counters: not so: {counted}")
        grown, flat = self.sampler.verdict()
        claim(flat, f"not flat: {grown}")
        print(f"counters of the last process: {counted}\ngrowth of the last process: {grown} "
              f"(bounds: x {MOST_RSS_GROWTH[0]} + {MOST_RSS_GROWTH[1] >> 10} MiB, + {MOST_MORE_FILES}, {MOST_WAL_BYTES >> 20} MiB)")
        return problems

    def end(self):
        for thread in (self.load, self.watcher, self.sampler):
            if thread:
                thread.ending.set()
        processes = [self.service.process, self.broker.process, self.fleet]
        for process in processes:
            if process and process.poll() is None:
                process.kill()
                process.wait(20)
        if self.disk:
            self.disk.end()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("telltale", type=pathlib.Path)
    parser.add_argument("--minutes", type=float, default=2)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--plan", action="store_true", help="print the faults and end")
    options = parser.parse_args()
    print(f"soak: seed {options.seed}, {options.minutes:g} min", flush=True)
    if options.plan:
        print("\n".join(map(str, plan(options.seed, options.minutes * 60))))
        return 0
    with tempfile.TemporaryDirectory(prefix="telltale-soak-") as folder:
        soak = Soak(options, folder)
        try:
            problems = soak.judge(soak.run())
        except AssertionError as error:
            problems = [str(error)]
        finally:
            soak.end()
        if problems:
            print(soak.service.log_tail(40))
    faults = ", ".join(f"{kind} {count}" for kind, count in sorted(soak.made.items()))
    skipped = ", ".join(f"{kind} {count}" for kind, count in sorted(soak.skipped.items()))
    print(f"{sum(soak.made.values())} faults: {faults}" + (f"; skipped: {skipped}" if skipped else ""))
    print(f"soak {'FAILED: ' + '; '.join(problems) if problems else 'passed'}: seed {options.seed}, {options.minutes:g} min")
    return 1 if problems else 0


sys.exit(main())
