#!/usr/bin/python3
"""bench drain: Telltale is stopped while messages queue at the broker, then started: how fast the backlog is stored,
and whether all of it is."""
import json
import subprocess
import sys
import time

import harness
from harness import Bench, Report, Usage, outcomes


def drain(args, report):
    with Bench(args, "drain") as bench:
        bench.service(follow=False)   # makes the session that the broker keeps
        code = bench.telltale.stop()
        if code != 0:
            raise RuntimeError(f"telltale stopped with {code}")
        load = bench.start(args.tools / "load_publisher", "--port", bench.broker.port, "--messages", args.messages,
                           "--conns", 50, "--topics", 1000, stdout=subprocess.PIPE)
        sent = json.loads(load.communicate(timeout=1800)[0])
        acknowledged = sent["acknowledged"]
        if not args.json:
            print(f"{acknowledged:,} messages wait at the broker ({Usage(bench.broker.process.pid).rss_mb():,.0f} MB)",
                  flush=True)

        telltale = bench.telltale.start()
        start = time.monotonic()
        first = None
        last_count, last_change = -1, start
        while time.monotonic() - last_change < args.patience:
            time.sleep(0.1)
            try:
                count = outcomes(telltale.metrics()).get("stored", 0)
            except OSError:
                if not telltale.alive():
                    raise RuntimeError(f"telltale ended: {telltale.log_tail()}") from None
                continue
            if first is None and count > 0:
                first = (time.monotonic(), count)
            if count != last_count:
                last_count, last_change = count, time.monotonic()
            if count >= acknowledged:
                break
        counts = outcomes(telltale.metrics())
        rss = Usage(telltale.process.pid).rss_mb()
        seconds = last_change - start
    report.add("backlog_messages", acknowledged, "count")
    report.add("drain_rate_from_process_start", last_count / max(seconds, 1e-9), "1/s", least=(40e3, 20e3))
    if first and last_change > first[0]:
        report.add("drain_rate_once_flowing", (last_count - first[1]) / (last_change - first[0]), "1/s")
    report.add("lost", max(0, acknowledged - counts.get("stored", 0)), "count", most=(0, 0))
    report.add("repeated", counts.get("duplicate", 0), "count")
    report.add("rss_after_drain", rss, "MB")


def main():
    parser = harness.arguments(__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--patience", type=float, default=30, help="seconds without progress before giving up")
    args = parser.parse_args()
    report = Report("drain", args.json)
    drain(args, report)
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
