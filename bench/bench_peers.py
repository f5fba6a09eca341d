#!/usr/bin/python3
"""bench peers: the same load through Telltale and through what one would otherwise pick.

120-byte JSON messages (a time, three values) at QoS 1 from 50 devices, a fresh broker of the shipped demo configuration for
each peer. First a fixed number of messages as fast as the broker takes them; it keeps what the peer has not taken yet.
Rate: messages over the time from the first publish to the last row, or to --seconds. CPU: of all processes of the peer. Then, on an
empty store, a steady load during which the peer is killed with SIGKILL again and again, at seeded random moments;
lost: messages that the broker acknowledged to the publisher and that are nowhere when the peer has caught up.
"""
import json
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

import harness
from harness import Report, Usage, service
from mqtt_peers import PEERS, PROBE_SITE
from store_peers import Missing

COLUMNS = [("rate", "messages/s", ",.0f"), ("cpu_s", "CPU s / 100k", ",.1f"), ("peak_mb", "peak MB", ",.0f"),
           ("bytes", "bytes/message", ",.0f"), ("kills", "kills", "d"), ("sent", "sent", ",d"), ("lost", "lost", ",d"),
           ("doubled", "doubled", ",d")]
DEVICES = 50


class Setting:
    """A fresh broker and a fresh peer."""

    def __init__(self, args, name):
        self.args = args
        self.folder = harness.fresh(args.work / "peers")
        self.broker = service.Mosquitto(self.folder / "broker")
        self.peer = None
        try:
            store = self.folder / "peer"
            store.mkdir()
            self.peer = PEERS[name](args, store, self.broker.port)
            self.peer.start()
            self.wait_for_probe()
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.peer:
            self.peer.end()
        harness.end(self.broker.process)
        if not self.args.keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    def wait_for_probe(self):
        """Its session is there when something that was sent to it is stored."""
        def stored():
            if not self.peer.alive():
                raise Missing("it ended: " + "; ".join((self.peer.folder / "peer.log").read_text().splitlines()[-2:]))
            self.publisher("--messages", 1, "--site", PROBE_SITE, "--conns", 1).communicate(timeout=60)
            time.sleep(0.5)
            return self.peer.stored()
        service.eventually("a probe is stored", stored, self.args.patience * 4)
        self.wait_for_rest(patience=2)

    def publisher(self, *options):
        return subprocess.Popen([str(part) for part in (
            self.args.tools / "load_publisher", "--port", self.broker.port, "--topics", DEVICES, "--stamps", "device",
            *options)], stdout=subprocess.PIPE, text=True)

    def wait_for_rest(self, most=sys.maxsize, patience=None, seconds=float("inf")):
        """Until `most` are stored, nothing has come for `patience`, or `seconds` are over; (stored, when the last one came)."""
        last, changed = self.peer.stored(), time.monotonic()
        end = changed + seconds
        while last < most and time.monotonic() < min(end, changed + (patience or self.args.patience)):
            time.sleep(0.1)
            now = self.peer.stored()
            if now > last:
                last, changed = now, time.monotonic()
        return last, changed


def fast(args, name):
    with Setting(args, name) as setting:
        peer = setting.peer
        before = peer.stored()
        usages = [Usage(pid) for pid in peer.processes()]
        cpu = sum(usage.cpu_seconds() for usage in usages)
        begin = time.monotonic()
        load = setting.publisher("--messages", args.messages, "--conns", DEVICES)
        stored, end = setting.wait_for_rest(before + args.messages, seconds=args.seconds)
        acknowledged = json.loads(load.communicate(timeout=60)[0])["acknowledged"]
        figures = {"rate": (stored - before) / (end - begin),
                   "cpu_s": (sum(usage.cpu_seconds() for usage in usages) - cpu) / max(1, stored - before) * 1e5,
                   "peak_mb": sum(usage.peak_mb() for usage in usages)}
        peer.stop()
        rows, different = peer.counted()
        figures["bytes"] = peer.bytes_on_disk() / max(1, rows)
        if end - begin < args.seconds - args.patience:
            figures["lost_without_kills"] = acknowledged - different
        return figures


def killed(args, name, kills):
    rng = random.Random(args.seed)
    with Setting(args, name) as setting:
        peer = setting.peer
        load = setting.publisher("--rate", args.kill_rate, "--conns", DEVICES)
        try:
            for _ in range(kills):
                at_start = peer.stored()
                service.eventually("it stores", lambda: peer.stored() > at_start, args.patience * 4)
                time.sleep(rng.uniform(0.2, 2.5))
                peer.kill()
                peer.start()
        finally:
            load.send_signal(signal.SIGTERM)
            sent = json.loads(load.communicate(timeout=60)[0])
        setting.wait_for_rest()
        peer.stop()
        rows, different = peer.counted()
        return {"kills": kills, "sent": sent["acknowledged"], "lost": max(0, sent["acknowledged"] - different),
                "doubled": rows - different}


def measure(args, name):
    try:
        return {**fast(args, name), **(killed(args, name, args.kills) if args.kills else {})}
    except (Missing, AssertionError, OSError, RuntimeError, sqlite3.Error) as why:
        if name == "telltale":
            raise
        return {"missing": str(why)}


def table(results):
    lines = ["| peer | " + " | ".join(title for _, title, _ in COLUMNS) + " |", "|---" * (len(COLUMNS) + 1) + "|"]
    for name, figures in results.items():
        if "missing" in figures:
            lines.append(f"| {name} | not measured: {figures['missing']} |" + " |" * (len(COLUMNS) - 1))
        else:
            cells = [format(figures[key], form) if key in figures else "" for key, _, form in COLUMNS]
            lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main():
    parser = harness.arguments(__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=50_000)
    parser.add_argument("--seconds", type=float, default=180,
                        help="most time for them; a slower peer is measured on what it has done by then")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--kill-rate", type=int, default=50, help="messages/s while it is killed")
    parser.add_argument("--seed", type=int, default=1, help="of the moments of the kills")
    parser.add_argument("--patience", type=float, default=15, help="seconds without progress before what is missing is lost")
    parser.add_argument("--peer", action="append", choices=PEERS, help="only this one; may be repeated")
    parser.add_argument("--peer-tools", type=harness.pathlib.Path, default=harness.ROOT / "build/peers",
                        help="where Node-RED and Telegraf are put")
    parser.add_argument("--install-minutes", type=float, default=45, help="what fetching and building each of them may take")
    args = parser.parse_args()
    report, results = Report("peers", args.json), {}
    for name in args.peer or PEERS:
        results[name] = figures = measure(args, name)
        if "missing" in figures:
            print(f"{name}: not measured: {figures['missing']}", file=sys.stderr, flush=True)
            continue
        print(f"{name}: {figures['rate']:,.0f} messages/s", file=sys.stderr, flush=True)
        # What the others lose is theirs; Telltale loses and doubles nothing.
        none = (0, 0) if name == "telltale" else None
        for key, unit, _ in COLUMNS:
            if key in figures:
                report.add(f"{name}: {key}", figures[key], unit, most=none if key in ("lost", "doubled") else None)
        if "lost_without_kills" in figures:
            report.add(f"{name}: lost_without_kills", figures["lost_without_kills"], "messages", most=none)
    if not args.json:
        print(table(results))
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
