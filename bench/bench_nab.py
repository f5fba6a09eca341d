#!/usr/bin/python3
"""bench nab: the default detector on the Numenta Anomaly Benchmark (the given half: 30 of 58 files, 55 windows).

Scored by nab/score.py, at the threshold that is best on the files given; beside it the published scores, which are over
all 58 files, each at its own best threshold. Cross-validation: each category at the threshold that is best on the
others. Ablation: the same readings without the gate, without the divisors by usual peaks, without both.
"""
import csv
import gzip
import importlib.util
import io
import json
import math
import pathlib
import subprocess
import sys

import harness
from harness import Report

# https://github.com/numenta/NAB, README, "Scoreboard": standard, reward low FP, reward low FN; all 58 files. HTM has a range; its middle.
PUBLISHED = (("Numenta HTM", 70.1, 62.2, 74.7), ("CAD OSE", 69.9, 67.0, 73.2), ("NumentaTM HTM", 64.6, 56.7, 69.2),
             ("earthgecko Skyline", 58.2, 46.2, 63.9), ("KNN CAD", 58.0, 43.4, 64.8),
             ("Random Cut Forest", 51.7, 38.4, 59.7), ("Twitter ADVec", 47.1, 33.6, 53.5),
             ("Windowed Gaussian", 39.6, 20.9, 47.4), ("Random", 11.0, 1.2, 19.5))
TARGETS = {"standard": (71, 68, 74), "low_fp": (59, 56), "low_fn": (77, 73)}
VARIANTS = ("full", "no_gate", "no_divisors", "neither")
ALERTS_FROM = 4.0  # unusual.limit


def load_scorer(path):
    spec = importlib.util.spec_from_file_location("nab_score", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(command, text):
    done = subprocess.run(command, input=text, stdout=subprocess.PIPE, text=True, timeout=120)
    if done.returncode != 0:
        raise RuntimeError(f"{command} ended with {done.returncode}")
    return list(csv.DictReader(io.StringIO(done.stdout)))


class Nab:
    """Readings of all files with their scores by variant, and the scorer's view of them."""

    def __init__(self, args, scorer):
        self.scorer = scorer
        self.windows = json.loads((args.data / "windows.json").read_text())
        self.rows = {variant: {} for variant in VARIANTS}
        for name in sorted(self.windows):
            with gzip.open(args.data / (name + ".gz"), "rt") as file:
                text = file.read()
            scored = run([str(args.telltale), "score"], text)
            parts = run([str(args.tools / "detector_variants")], text)
            points = scorer.file_points([scorer.norm_ts(r["timestamp"]) for r in scored], self.windows[name])
            for variant in VARIANTS:
                source = ((float(r["anomaly_score"]) for r in scored) if variant == "full" else
                          (float(r[variant]) for r in parts))
                self.rows[variant][name] = [(u, p[0], p[1]) for u, p in zip(source, points) if p is not None]

    def best(self, variant):
        return self.scorer.score(self.rows[variant], self.windows)

    def at(self, threshold):
        return self.scorer.score(self.rows["full"], self.windows, dict.fromkeys(self.scorer.PROFILES, threshold))

    def cross_validated(self, profile):
        """Every category judged at the threshold of the others."""
        a_fp, a_fn = self.scorer.PROFILES[profile]
        rows, raw = self.rows["full"], 0.0
        for category in {name.split("/")[0] for name in rows}:
            inside = {n: r for n, r in rows.items() if n.startswith(category + "/")}
            threshold = self.scorer.best_threshold({n: r for n, r in rows.items() if n not in inside}, a_fp, a_fn)
            raw += sum(p[0] for p in self.scorer.total(inside, a_fp, a_fn, threshold, self.windows).values())
        return self.scorer.normalised(raw, sum(len(w) for w in self.windows.values()), a_fn)


def show(nab, full):
    line = "  {:34} {:>8} {:>8} {:>8}"
    row = lambda name, values: print(line.format(name, *(f"{v:.1f}" for v in values)))  # noqa: E731
    scores = lambda result: [result[p]["score"] for p in nab.scorer.PROFILES]  # noqa: E731
    print("\n" + line.format("", "standard", "low FP", "low FN"))
    row("telltale, this half, best threshold", scores(full))
    row(f"telltale, alerts as shipped ({ALERTS_FROM:g})", scores(nab.at(ALERTS_FROM)))
    row("telltale, cross-validated", [nab.cross_validated(p) for p in nab.scorer.PROFILES])
    for variant, name in (("no_gate", "without the gate"), ("no_divisors", "without usual peaks"),
                          ("neither", "without both")):
        row("telltale " + name, scores(nab.best(variant)))
    for name, *values in PUBLISHED:
        row(name + " (all files)", values)
    print("\n  standard, by category              score     hit  false readings")
    for name, c in full["standard"]["categories"].items():
        score = "" if c["score"] is None else f"{c['score']:.1f}"
        print(f"  {name:32} {score:>7} {c['hit']:>4}/{c['windows']:<2} {c['fp']:>6}")


def main():
    parser = harness.arguments(__doc__)
    shared = harness.ROOT.parent / "shared"
    parser.add_argument("--data", type=pathlib.Path, default=shared / "data/nab", help="folder with windows.json")
    parser.add_argument("--scorer", type=pathlib.Path, default=shared / "nab/score.py", help="score.py")
    args = parser.parse_args()
    if not args.scorer.is_file() or not (args.data / "windows.json").is_file():
        print(f"bench nab: needs {args.data} and {args.scorer}", file=sys.stderr)
        return 2
    nab = Nab(args, load_scorer(args.scorer))
    full = nab.best("full")
    report = Report("nab", args.json)
    for profile, least in TARGETS.items():
        score = full[profile]["score"]
        report.add(profile, score, "points", least=least)
        if math.isfinite(full[profile]["threshold"]):
            report.add(f"{profile} threshold", full[profile]["threshold"], "")
    status = report.finish()
    if not args.json:
        show(nab, full)
    return status


if __name__ == "__main__":
    sys.exit(main())
