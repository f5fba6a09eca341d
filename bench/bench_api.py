#!/usr/bin/python3
"""bench api: how soon questions over HTTP are answered beside ingest, as ratios to /healthz of the same round.

30 days of a reading a minute are stored for --readings / 43,200 series, the last day still open, and 10,000 devices in
all; then 10,000 messages a second come through a Mosquitto while wrk asks over 4 connections. Cache off, cache on.
Ratios are of p99 within a round, and the median round counts.
"""
import re
import socket
import statistics
import subprocess
import sys
import threading
import time
import urllib.request

import harness
from harness import Bench, Report, Usage, outcomes

DAY_S, DAYS, DEVICES = 86_400, 30, 10_000
PER_SERIES = DAYS * DAY_S // 60
METRICS_PER_DEVICE = 10
RATE = 10_000
SLOW_CLIENTS = 200
ONE = "site=bench&device=dev-000001&metric=m0"
LIVE = "site=load&device=dev-00001"
QUESTIONS = {  # name: path, most p99 ÷ that of /healthz
    "latest_of_one_device": ("/api/v1/latest?site=load&device=dev-00001", 2),
    "24_h_of_one_series_at_1440_points": (f"/api/v1/query?{ONE}&from=now-24h&step=1m", 6),
    "30_d_hourly": (f"/api/v1/query?{ONE}&from=now-30d&step=1h", 4),
    "100_of_10000_devices": ("/api/v1/devices?limit=100", 5),
}


def fill(args, folder):
    """In two goes: what is asked for, and the devices that are many."""
    series = max(METRICS_PER_DEVICE, args.readings // PER_SERIES)
    begin = (int(time.time()) // 60 - DAYS * DAY_S // 60) * 60_000
    rest = (DEVICES - 1 - series // METRICS_PER_DEVICE) * METRICS_PER_DEVICE
    for options in (["--series", series, "--readings", series * PER_SERIES, "--start", begin],
                    ["--series", rest, "--readings", rest, "--first-series", series + 1, "--start", begin + DAYS * DAY_S * 1000]):
        command = [args.tools / "store_bench", "fill", "--data", folder, "--period", 60_000, *options]
        subprocess.run([str(c) for c in command], check=True, stdout=subprocess.DEVNULL, timeout=1800)
    return series * PER_SERIES + rest


def milliseconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()
    return float(number) * {"us": 1e-3, "ms": 1, "s": 1e3, "m": 60e3}[unit]


def wrk(port, path, seconds):
    """p50, p99 in ms and answers a second. Whatever is not answered well ends the benchmark."""
    done = subprocess.run(["wrk", "-t1", "-c4", f"-d{seconds}s", "--latency", f"http://127.0.0.1:{port}{path}"],
                          stdout=subprocess.PIPE, text=True, check=True, timeout=seconds + 60)
    if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise RuntimeError(f"{path}: {done.stdout}")
    quantiles = dict(re.findall(r"^\s+(50|99)%\s+(\S+)$", done.stdout, re.MULTILINE))
    return {"p50": milliseconds(quantiles["50"]), "p99": milliseconds(quantiles["99"]),
            "rate": float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout).group(1))}


class Ingest:
    """Messages stored a second since the last look."""

    def __init__(self, bench):
        self.telltale = bench.telltale
        self.rate()

    def rate(self):
        at, stored = time.monotonic(), outcomes(self.telltale.metrics()).get("stored", 0)
        before = getattr(self, "last", (at - 1, stored))
        self.last = (at, stored)
        return (stored - before[1]) / (at - before[0])


def ask(args, bench, report, label):
    port, closed_day = bench.telltale.http, int(time.time()) // DAY_S * DAY_S - 3 * DAY_S
    paths = {"healthz": "/healthz", **{name: path for name, (path, _) in QUESTIONS.items()},
             "a_closed_day_at_1440_points": f"/api/v1/query?{ONE}&from={closed_day}&to={closed_day + DAY_S}&step=1m",
             "24_h_of_a_series_that_readings_come_for": f"/api/v1/query?{LIVE}&from=now-24h&step=1m"}
    ingest = Ingest(bench)
    time.sleep(args.seconds)
    alone = ingest.rate()
    rounds = [{name: wrk(port, path, args.seconds) for name, path in paths.items()} for _ in range(args.rounds)]
    beside = ingest.rate()
    for name in paths:
        for quantile in ("p50", "p99"):
            report.add(f"{name}_{quantile}_{label}", statistics.median(r[name][quantile] for r in rounds), "ms")
        report.add(f"{name}_answers_{label}", statistics.median(r[name]["rate"] for r in rounds), "1/s")
    for name in list(paths)[1:]:
        most = QUESTIONS.get(name, (None, None))[1]
        report.add(f"{name}_p99_vs_healthz_{label}", statistics.median(r[name]["p99"] / r["healthz"]["p99"] for r in rounds),
                   "ratio", most=most and (most, most))
    report.add(f"ingest_alone_{label}", alone, "1/s")
    report.add(f"ingest_beside_queries_vs_alone_{label}", beside / alone, "ratio", least=(0.9, 0.9))


def begins_with_200(client):
    try:
        return client.recv(12, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b"HTTP/1.1 200"
    except OSError:
        return False


def slow_clients(args, bench, report):
    """Memory that clients cost who ask for 2 MB and take it slowly, or not at all."""
    usage = Usage(bench.telltale.process.pid)
    path = "/api/v1/query?site=bench&device=dev-000001&from=now-24h"
    before = most = usage.rss_mb()
    clients, ending = [], threading.Event()

    def trickle():
        while not ending.wait(0.1):
            for client in clients[::2]:
                try:
                    client.recv(64, socket.MSG_DONTWAIT)
                except OSError:
                    pass

    thread = threading.Thread(target=trickle)
    thread.start()
    try:
        for _ in range(SLOW_CLIENTS):
            client = socket.socket()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(("127.0.0.1", bench.telltale.http))
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            clients.append(client)
            time.sleep(0.03)  # about as fast as they are answered: more than 64 that wait are told 503
            most = max(most, usage.rss_mb())
        end = time.monotonic() + args.slow_seconds
        while time.monotonic() < end:
            most = max(most, usage.rss_mb())
            urllib.request.urlopen(f"http://127.0.0.1:{bench.telltale.http}/healthz", timeout=30).read()
            time.sleep(0.1)
        answered = sum(begins_with_200(client) for client in clients[1::2]) * 2  # of those that read nothing
    finally:
        ending.set()
        thread.join()
        for client in clients:
            client.close()
    report.add("slow_clients_answered", answered, "count")
    report.add(f"rss_of_{SLOW_CLIENTS}_slow_clients", most - before, "MB", most=(50, 50))
    report.add("rss", most, "MB")


def main():
    parser = harness.arguments(__doc__.splitlines()[0])
    parser.add_argument("--readings", type=int, default=10_000_000, help="stored before; 100000000 takes minutes more")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4, help="of each question in each round")
    parser.add_argument("--slow-seconds", type=float, default=10)
    args = parser.parse_args()
    report = Report("api", args.json)
    with Bench(args, "api") as bench:
        report.add("readings_stored", fill(args, bench.folder / "data"), "count")
        for label, cache in (("cache_off", "0B"), ("cache_on", "64MiB")):
            bench.service(http=f'query_cache = "{cache}"\n')
            seconds = 30 + args.seconds * (2 + args.rounds * (len(QUESTIONS) + 3))
            publisher = bench.publisher("--rate", RATE, "--seconds", seconds, "--conns", 50, "--topics", 1000)
            time.sleep(3)
            ask(args, bench, report, label)
            if label == "cache_on":
                metrics = bench.telltale.metrics()
                for name in ("answers", "days"):
                    known, made = (metrics.get(f'telltale_query_cache_requests_total{{cache="{name}",result="{r}"}}', 0)
                                   for r in ("hit", "miss"))
                    report.add(f"hit_rate_of_{name}", known / max(known + made, 1), "ratio")
                slow_clients(args, bench, report)
            harness.end(publisher)
            bench.follower.stop()
            bench.follower = None
            harness.end(bench.telltale.process)
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
