#!/usr/bin/python3
"""bench analytics: what the engine costs on one core, batches handed over in memory, no I/O (CPU time).

Readings in turn from 1,000 series, and from 100,000 (past the caches). 20 rules: 15 thresholds, 5 z-scores, none fires;
an evaluation is one rule on one reading, all of the engine included. Memory: by the allocator, 20,000 series with the
default detector less the same without.
"""
import json
import subprocess
import sys

import harness
from harness import Report


def main():
    args = harness.arguments(__doc__).parse_args()
    done = subprocess.run([str(args.tools / "analytics_bench")], stdout=subprocess.PIPE, text=True, timeout=600)
    if done.returncode != 0:
        raise RuntimeError(f"analytics_bench ended with {done.returncode}")
    figures = json.loads(done.stdout)
    report = Report("analytics", args.json)
    report.add("default detector", figures["model_ns"], "ns/reading", most=(100, 200))
    report.add("default detector, 100,000 series", figures["model_many_ns"], "ns/reading")
    report.add("default detector within the engine", figures["unusual_ns"], "ns/reading")
    report.add("engine without rules", figures["engine_ns"], "ns/reading")
    report.add("memory of the default detector", figures["bytes"], "B/series", most=(512, 512))
    report.add("evaluations with 20 rules", figures["evaluations"], "1/s", least=(1e6, 1e6))
    report.add("100,000 quiet devices", 100 * figures["quiet"], "% of a core", most=(1, 1))
    report.add("100,000 devices heard once a minute", 100 * figures["heard"], "% of a core")
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
