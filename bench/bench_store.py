#!/usr/bin/python3
"""bench store: what the store does with readings handed over in memory, no network; and what others do with the same.

Synced, everything sealed, days closed at the end. Each run is a process of its own on an empty folder: 1,000 series x
100,000 readings are 11.6 days of data, 100,000 x 1,000 are 2.8 hours; the calendar follows the data, so that days close
during the run. The writer waits when two finished segments are unsealed. Rates contain the generator (its cost is given).
Queries are asked in process of a warm page cache. Peers get fewer readings; their rates are per second, their
mean and stddev per row.
"""
import json
import shutil
import signal
import subprocess
import sys
import time

import harness
import store_peers
from harness import Report

FULL, QUICK = 100_000_000, 24_000_000  # readings of each big run
SEGMENT = 4_000_000  # readings; what the service has, too
RATE = {"1k": (3e6, 2e6, 6e6), "100k": (2e6, 1.5e6, 4e6)}
SERIES = {"1k": 1_000, "100k": 100_000}
DAY_READINGS = 8_640  # of one series
QUESTION_SERIES = 100
DAYS = 30


class Runs:
    """Runs of store_bench in folders of their own."""

    def __init__(self, args):
        self.args = args
        self.folder = harness.fresh(args.work / "store")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if not self.args.keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, command, data=None, **options):
        """Its figures. Whoever asks for a folder removes it with forget()."""
        line = [str(self.args.tools / "store_bench"), command]
        if data:
            line += ["--data", str(self.folder / data)]
        for name, value in options.items():
            line += [f"--{name.replace('_', '-')}"] + ([] if value is True else [str(value)])
        start = time.monotonic()
        done = subprocess.run(line, stdout=subprocess.PIPE, text=True, timeout=900)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(line)} ended with {done.returncode}")
        figures = json.loads(done.stdout)
        if self.args.verbose:
            print(f"{' '.join(line[1:])}: {time.monotonic() - start:.1f} s\n   " +
                  ", ".join(f"{k} {v:,.4g}" for k, v in figures.items()), file=sys.stderr, flush=True)
        return figures

    def forget(self, data):
        if not self.args.keep:
            shutil.rmtree(self.folder / data, ignore_errors=True)


def ingest(runs, report, readings):
    """Both big runs, and the questions that need all of their readings. Returns the run of 1,000 series with its
    answers, for the peers."""
    ours = {}
    for name, series in SERIES.items():
        run = runs.run("ingest", name, series=series, readings=readings)
        asked = runs.run("query", name, about="all" if name == "1k" else "latest", series=series, readings=readings)
        runs.forget(name)
        report.add(f"readings_per_second_{name}_series", run["rate"], "1/s", least=RATE[name])
        report.add(f"last_tenth_vs_first_{name}_series", run["last_tenth_rate"] / run["first_tenth_rate"], "ratio",
                   least=(0.8, 0.7, 0.9) if readings >= FULL else None)
        report.add(f"bytes_after_day_close_{name}_series", run["closed_bytes"], "B", most=(2.5, 3, 2))
        report.add(f"bytes_written_{name}_series", run["sealed_written_bytes"] + run["close_written_bytes"], "B",
                   most=(60, 80, 40))
        report.add(f"append_p99_{name}_series", run["append_p99_ms"], "ms")
        report.add(f"writer_cpu_per_reading_{name}_series", run["writer_cpu_ns"], "ns")
        report.add(f"seal_cpu_per_reading_{name}_series", run["other_cpu_ns"], "ns")
        if name == "1k":
            report.add("mean_and_stddev_of_all", asked["mean_and_stddev_of_all_p50_ms"], "ms", most=(60, 120, 20) if readings >= FULL else None)
            ours = {**run, "bytes": run["closed_bytes"], "mean_and_stddev_of_all_ns": asked["mean_and_stddev_of_all_p50_ms"] * 1e6 / readings}
        else:
            report.add("bytes_sealed_100k_series", run["sealed_bytes"], "B", most=(4.5, 6, 3))
            report.add("rss_100k_series", run["rss_peak_with_close_mb"], "MB", most=(400, 600, 250))
            report.add(f"latest_of_{asked['devices']:,.0f}_devices", asked["latest_of_each_device_p50_ms"], "ms",
                       most=(2, 5, 0.5))
    return ours


def smaller_runs(runs, report, readings):
    run = runs.run("ingest", "held", series=1000, readings=readings // 5, hold_clock=True)
    report.add("bytes_sealed_1k_series", run["sealed_bytes"], "B", most=(4.5, 6, 3))
    report.add("day_close_readings_per_second", run["readings"] / run["close_seconds"], "1/s")
    runs.forget("held")
    run = runs.run("ingest", "small", series=1000, readings=readings // 10, batch=1000)
    report.add("readings_per_second_synced_every_1k", run["rate"], "1/s", least=(1e6, 0.7e6, 2e6))
    runs.forget("small")
    # An hour at 2,000 messages a second: segments rotate by age as they would, but it is not paced.
    run = runs.run("ingest", "paced", series=10_000, readings=min(7_200_000, readings), batch=1000, pace=2000)
    report.add("rss_10k_series_an_hour_at_2k_per_second", run["rss_peak_with_close_mb"], "MB", most=(100, 150, 60))
    runs.forget("paced")
    run = runs.run("restart", "restart", series=1000, readings=SEGMENT)
    report.add("restart_to_first_acknowledgement", run["first_acknowledgement_s"], "s", most=(3, 6, 1))
    runs.forget("restart")


def questions(runs, report, days):
    """24 h and all days by the hour, of 100 series; then the same beside ingest. Returns the quiet answers."""
    shape = {"series": QUESTION_SERIES, "readings": QUESTION_SERIES * DAY_READINGS * days}
    runs.run("ingest", "days", **shape)
    quiet = runs.run("query", "days", about="days", **shape)
    full = days == DAYS
    report.add("24_h_of_one_series", quiet["day_of_one_p50_ms"], "ms", most=(1, 2, 0.3))
    report.add(f"{days}_d_hourly_of_one_series", quiet["hourly_of_one_p50_ms"], "ms", most=(2, 5, 0.5) if full else None)
    report.add(f"{days}_d_hourly_of_100_series", quiet["hourly_of_100_p50_ms"], "ms",
               most=(60, 120, 30) if full else None)
    beside = runs.run("beside", "days", repeat=5000, **shape)
    for kind, name in (("day_of_one", "24_h_of_one_series"), ("hourly_of_one", f"{days}_d_hourly_of_one_series")):
        report.add(f"p99_beside_ingest_vs_quiet_{name}",
                   beside[f"{kind}_p99_ms_beside_ingest"] / beside[f"{kind}_p99_ms_quiet"], "ratio", most=(5, 8, 2))
    report.add("ingest_beside_queries", beside["ingest_rate_beside"], "1/s")
    runs.forget("days")
    return quiet


COLUMNS = (("readings", 12, ",.0f"), ("rate", 12, ",.0f"), ("bytes", 8, ".1f"), ("day_of_one_p50_ms", 10, ",.2f"),
           ("hourly_of_one_p50_ms", 12, ",.2f"), ("mean_and_stddev_of_all_ns", 13, ",.2f"))


def print_columns(name, figures):
    print(f"{name:<24}" + "".join(f"{figures[key]:>{width}{form}}" if key in figures else f"{'-':>{width}}"
                                  for key, width, form in COLUMNS), flush=True)


def peers(args, report, ours, scale):
    """Their figures, and how many times better ours are."""
    if not args.json:
        print(f"{'':<24}{'rows':>12}{'rows/s':>12}{'B/row':>8}{'24 h, ms':>10}{'hourly, ms':>12}{'all, ns/row':>13}")
        print_columns("telltale", ours)
    for name in store_peers.PEERS:
        peer = store_peers.measure(args, name, scale)
        if "missing" in peer:
            print(f"{name:<24} not measured: {peer['missing']}", file=sys.stderr if args.json else sys.stdout, flush=True)
            continue
        if not args.json:
            print_columns(name, peer)
        report.add(f"{name}_rows_per_second", peer["rate"], "1/s")
        report.add(f"{name}_bytes_per_row", peer["bytes"], "B")
        for key in [key for key, *_ in COLUMNS[1:] if key in peer and ours.get(key)]:
            better = ours[key] / peer[key] if key == "rate" else peer[key] / ours[key]
            report.add(f"{key.removesuffix('_p50_ms').removesuffix('_ns')}_vs_{name}", better, "times")


def main():
    parser = harness.arguments(__doc__.splitlines()[0])
    parser.add_argument("--readings", type=int, default=FULL, help="of each of the two big runs")
    parser.add_argument("--quick", action="store_true", help="fewer readings: figures are rough")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--only", choices=["ingest", "smaller", "questions", "peers"])
    parser.add_argument("--verbose", action="store_true", help="everything each run found out, on standard error")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by a signal"))  # so that folders go and processes end
    readings = QUICK if args.quick and args.readings == FULL else args.readings
    report = Report("store", args.json)
    ours = {}
    wanted = lambda part: args.only in (None, part)  # noqa: E731
    with Runs(args) as runs:
        report.add("generator_per_reading", runs.run("generator", series=1000, readings=20_000_000)["ns"], "ns")
        if wanted("ingest"):
            ours.update(ingest(runs, report, readings))
        if wanted("smaller"):
            smaller_runs(runs, report, readings)
        if wanted("questions"):
            ours.update(questions(runs, report, 5 if args.quick else DAYS))
        if wanted("peers") and not args.no_peers:
            peers(args, report, ours, 0.1 if args.quick else 1)
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
