#!/usr/bin/python3
"""bench ingest: how fast messages become stored, decoded and judged readings; and how soon.

Messages are 120-byte JSON (a time, three values) at QoS 1 over 1,000 topics from 50 connections. The load keeps its
distance to the subscriber's count (closed loop), so the broker drops nothing. Telltale runs with 20 rules and the
default aggregates; it acknowledges what is on disk. Contenders take turns in every round, each with a fresh broker of
the shipped demo configuration; ratios are made within a round, and the median round counts.
"""
import json
import signal
import socket
import subprocess
import sys
import time

import harness
from harness import Bench, Report, measure, median


def one(args, name, seconds, subscriber, *load):
    with Bench(args, name) as bench:
        process = subscriber(bench)
        bench.publisher("--seconds", int(seconds + args.warm_up + 60), *load)
        return measure(bench, process, seconds, args.warm_up)


def throughput(args, report):
    load = ("--conns", 50, "--topics", 1000)
    rounds = {"bare": [], "telltale": [], "tutorial": [], "arrays": []}
    for i in range(args.rounds):
        rounds["bare"].append(one(args, "bare", args.seconds, Bench.bare_subscriber, *load))
        rounds["telltale"].append(one(args, "telltale", args.seconds, Bench.service, *load))
        rounds["tutorial"].append(one(args, "tutorial", args.seconds, Bench.tutorial_subscriber, "--window", 2000, *load))
        rounds["arrays"].append(one(args, "arrays", args.seconds, Bench.service, "--shape", "arrays", "--batch", 50,
                                    "--metrics", 1, "--window", 4000, *load))
        if not args.json:
            print(f"round {i + 1}: " + ", ".join(f"{k} {v[-1]['rate']:,.0f}/s" for k, v in rounds.items()), flush=True)

    def ratio(name):
        return sorted(a["rate"] / b["rate"] for a, b in zip(rounds["telltale"], rounds[name]))[args.rounds // 2]

    report.add("qos1_messages_per_second", median(rounds["telltale"], "rate"), "1/s")
    report.add("bare_subscriber_messages_per_second", median(rounds["bare"], "rate"), "1/s")
    report.add("tutorial_messages_per_second", median(rounds["tutorial"], "rate"), "1/s")
    report.add("qos1_vs_bare_subscriber", ratio("bare"), "ratio", least=(0.5, 0.4))
    report.add("qos1_vs_bare_subscriber_vs_baseline",
               ratio("bare") / harness.baseline("ingest")["qos1_vs_bare_subscriber"], "ratio", least=(0.9, 0.9))
    report.add("qos1_vs_tutorial", ratio("tutorial"), "ratio", least=(40, 20))
    report.add("cpu_per_message", median(rounds["telltale"], "cpu_us"), "us", most=(12, 20))
    report.add("rss_under_full_load", median(rounds["telltale"], "rss_mb"), "MB")
    report.add("arrays_of_50_readings_per_second", 50 * median(rounds["arrays"], "rate"), "1/s", least=(300e3, 200e3))
    report.add("arrays_of_50_rss", median(rounds["arrays"], "rss_mb"), "MB")


def latency(args, report):
    """At 10,000 messages/s: publish to PUBACK of Telltale, seen by a relay in front of it; publish to alert, seen by
    another client."""
    with Bench(args, "latency") as bench:
        port = harness.service.free_port()
        observer = bench.start(args.tools / "ack_observer", "--port", port, "--broker-port", bench.broker.port,
                               stdout=subprocess.PIPE)
        harness.service.eventually("the relay listens", lambda: listens(port))
        bench.service(port)
        bench.publisher("--rate", 10_000, "--seconds", 120, "--conns", 50, "--topics", 1000)
        time.sleep(args.warm_up)
        observer.send_signal(signal.SIGUSR1)
        probe = bench.start("/usr/bin/python3", harness.ROOT / "bench/alert_probe.py", bench.broker.port, args.probes,
                            stdout=subprocess.PIPE)
        alerts = json.loads(probe.communicate(timeout=110)[0])
        harness.end(observer)
        disk = json.loads(observer.stdout.read())
    report.add("publish_to_disk_p50", disk["p50_ms"], "ms")
    report.add("publish_to_disk_p99", disk["p99_ms"], "ms", most=(80, 120))
    report.add("publish_to_alert_p50", alerts["p50_ms"], "ms")
    report.add("publish_to_alert_p99", alerts["p99_ms"], "ms", most=(120, 200))
    report.add("alerts_missed", alerts["missed"], "count", most=(0, 0))


def listens(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def main():
    parser = harness.arguments(__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8, help="measured, per contender and round")
    parser.add_argument("--warm-up", type=float, default=2, help="seconds before measuring")
    parser.add_argument("--probes", type=int, default=1000, help="alerts to wait for at 10,000 messages/s, 50 a second")
    parser.add_argument("--only", choices=["throughput", "latency"])
    args = parser.parse_args()
    report = Report("ingest", args.json)
    if args.only != "latency":
        throughput(args, report)
    if args.only != "throughput":
        latency(args, report)
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
