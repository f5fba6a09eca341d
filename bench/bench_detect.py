#!/usr/bin/python3
"""bench detect: how often the default detector is wrong on real sensors, as shipped, by the data's own time.

motes: two motes with an introduced event (columns of each: temperature, humidity), two undisturbed neighbours.
office: five sensors of a room for eight days, with sharp level changes and one gap of seven hours.
transformer: seven hourly series over two years.
"""
import collections
import csv
import datetime
import gzip
import pathlib
import subprocess
import sys

import harness
from harness import Report

SKIPPED = {"label", "occupancy"}
DAY_MS = 86_400_000
MOTES_START = datetime.datetime(2010, 7, 10, 12, tzinfo=datetime.timezone.utc)
AFTER_EVENT_MS = 600_000  # what is said so soon after an event still belongs to it


def milliseconds(text):
    try:
        return int(MOTES_START.timestamp() * 1000) + 5000 * int(text)
    except ValueError:
        time = datetime.datetime.strptime(text[:19].ljust(19, "0"), "%Y-%m-%d %H:%M:%S")
        return int(time.replace(tzinfo=datetime.timezone.utc).timestamp() * 1000)


class File:
    """Readings of a file, what is known of them, and the alerts that they raise."""

    def __init__(self, tool, path):
        with gzip.open(path, "rt") as file:
            head, *rows = list(csv.reader(file))
        columns = [i for i, name in enumerate(head) if i > 0 and name not in SKIPPED]
        self.series = [head[i] for i in columns]
        times = [milliseconds(row[0]) for row in rows]
        self.days = max((times[-1] - times[0]) / DAY_MS, 1e-9)
        label = head.index("label") if "label" in head else None
        self.events = [t for t, row in zip(times, rows) if label is not None and row[label] == "1"]
        text = ["ts_ms," + ",".join(self.series)]
        text += [f"{t}," + ",".join(row[i] for i in columns) for t, row in zip(times, rows)]
        done = subprocess.run([str(tool)], input="\n".join(text) + "\n", stdout=subprocess.PIPE, text=True, timeout=300)
        if done.returncode != 0:
            raise RuntimeError(f"{tool} ended with {done.returncode}")
        self.alerts = collections.defaultdict(list)  # (rule, series) -> times
        for line in done.stdout.splitlines():
            ts, rule, series, state = line.split(",")
            if state in ("firing", "flapping"):
                self.alerts[rule, series].append(int(ts))

    def unusual(self, series):
        return self.alerts["unusual", series]

    def in_event(self, ts):
        return bool(self.events) and self.events[0] <= ts <= self.events[-1] + AFTER_EVENT_MS


def main():
    parser = harness.arguments(__doc__)
    parser.add_argument("--data", type=pathlib.Path, default=harness.ROOT.parent / "shared/data", help="folder of data sets")
    args = parser.parse_args()
    if not (args.data / "motes").is_dir():
        print(f"bench detect: needs {args.data}", file=sys.stderr)
        return 2
    load = lambda pattern: {p.name.split(".")[0]: File(args.tools / "detector_replay", p)  # noqa: E731
                            for p in sorted(args.data.glob(pattern))}
    report, table = Report("detect", args.json), []

    motes = load("motes/*.csv.gz")
    for name, file in motes.items():
        for series in file.series:
            said = file.unusual(series)
            right = sum(file.in_event(t) for t in said)
            table.append((name, series, len(file.events), right, len(said) - right, (len(said) - right) / file.days))
    disturbed = [row for row in table if row[2]]
    report.add("motes: event series found", sum(row[3] > 0 for row in disturbed) / max(len(disturbed), 1), "of all",
               least=(1, 1))
    report.add("motes: false alerts, worst undisturbed series", max(row[4] for row in table if not row[2]), "alerts",
               most=(1, 1))

    office = next(iter(load("office/*.csv.gz").values()))
    worst = 0
    for series in office.series:
        said = office.unusual(series)
        worst = max(worst, max(collections.Counter(t // DAY_MS for t in said).values(), default=0))
        table.append(("office", series, 0, 0, len(said), len(said) / office.days))
    report.add("office: alerts on the worst day of a series", worst, "alerts", most=(3, 3))
    report.add("office: missing-data alerts per series",
               sum(len(office.alerts["missing", s]) for s in office.series) / len(office.series), "alerts",
               least=(1, 1))

    transformer = next(iter(load("transformer/*.csv.gz").values()))
    for series in transformer.series:
        said = transformer.unusual(series)
        table.append(("transformer", series, 0, 0, len(said), len(said) / transformer.days))
    report.add("transformer: alerts per day, worst series", max(row[5] for row in table if row[0] == "transformer"),
               "per day", most=(0.15, 0.15))
    status = report.finish()
    if not args.json:
        print(f"\n  {'':16}{'series':18}{'in events':>10}{'other':>8}{'other a day':>13}")
        for name, series, _, right, other, daily in table:
            print(f"  {name:16}{series:18}{right:>10}{other:>8}{daily:>13.3f}")
    return status


if __name__ == "__main__":
    sys.exit(main())
