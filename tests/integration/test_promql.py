#!/usr/bin/env python3
"""The PromQL subset against Prometheus from Debian's packages: the same samples in both, every query of
tests/api/prom/promql_queries.txt asked of both, the answers equal."""
import json
import math
import random
import re
import time
import unittest

from scene import Scene
from prometheus_peer import Prometheus, call, make_blocks
from service import ROOT, eventually

QUERIES = [line.strip() for line in (ROOT / "tests/api/prom/promql_queries.txt").read_text().splitlines()
           if line.strip() and not line.startswith("#")]
FUNCTIONS = ("avg_over_time min_over_time max_over_time sum_over_time count_over_time last_over_time stddev_over_time "
             "rate increase delta sum avg min max count topk by without offset bool").split()
HOURS = 6


def samples(start_ms):
    """(metric, site, device, unit) -> [(ms, value)]; irregular times, resets, gaps, values that do not add up easily."""
    rng = random.Random(42)
    out = {}
    for number, (site, device) in enumerate([("north", "alpha"), ("north", "beta"), ("south", "gamma"), ("south", "delta-4")]):
        at, rows, damp, count, pulses = start_ms + rng.randrange(9000), [], [], rng.randrange(50), []
        while at < start_ms + HOURS * 3_600_000:
            phase = (at - start_ms) / 3.6e6
            rows.append((at, round(21.5 + number + 6 * math.sin(phase + number) + rng.gauss(0, 0.3), 2)))
            damp.append((at + 1, 50 + number + rng.random() * 10 * (-1) ** rng.randrange(2)))
            count = 0 if rng.random() < 0.01 else count + rng.randrange(6)
            pulses.append((at, count))
            at += rng.choice([9_980, 10_000, 10_017, 30_000])
        out["temperature", site, device, "Cel" if number < 3 else ""] = rows
        out["humidity", site, device, "%RH"] = damp
        out["pulses", site, device, ""] = pulses
    out["air.quality:index", "north", "alpha", ""] = [(start_ms + i * 60_000, rng.randrange(500)) for i in range(HOURS * 60)]
    out["grid", "north", "beta", ""] = [(start_ms + i * 60_000, i % 7) for i in range(HOURS * 60)]
    out["gaps", "south", "gamma", ""] = [(start_ms + i * 60_000 + rng.randrange(60_000), i * i) for i in range(HOURS * 60)
                                         if i % 37 < 20]
    out["extreme", "north", "alpha", ""] = [(start_ms + i * 120_000, rng.choice([1e100, -1e100, 1, 1e-9, 3.7e15]))
                                            for i in range(HOURS * 30)]
    out["offset_value", "north", "alpha", ""] = [(start_ms + i * 45_000, 1e9 + rng.random()) for i in range(HOURS * 80)]
    out["young", "south", "gamma", ""] = [(start_ms + 7_200_000 + i * 20_000, 3 + i) for i in range(60)]
    return out


def equal(a, b):
    a, b = float(a), float(b)
    return (math.isnan(a) and math.isnan(b)) or a == b or math.isclose(a, b, rel_tol=1e-9, abs_tol=0)


def by_labels(result):
    series = {json.dumps(s["metric"], sort_keys=True): s.get("values") or [s["value"]] for s in result}
    assert len(series) == len(result), "a label set came twice"
    return series


class PromQl(Scene):
    @classmethod
    def words_asked(cls):
        text = "\n".join(QUERIES)
        return {word: len(re.findall(rf"\b{word}\b", text)) for word in FUNCTIONS}

    def load(self):
        self.start_ms = int(time.time()) // 3600 * 3_600_000 - 12 * 3_600_000
        families, sent = {}, 0  # a metric's lines stand together, however many series it has
        for (metric, site, device, unit), rows in samples(self.start_ms).items():
            name = re.sub(r"[^a-zA-Z0-9_:]", "_", metric)
            labels = f'site="{site}",device="{device}"' + (f',unit="{unit}"' if unit else "")
            families.setdefault(name, []).extend(f"{name}{{{labels}}} {value!r} {ms / 1000:.3f}\n" for ms, value in rows)
            for i in range(0, len(rows), 400):
                units = {"units": {metric: unit}} if unit else {}
                self.publish(f"telemetry/{site}/{device}", json.dumps(
                    [{"ts": ms, "values": {metric: value}, **units} for ms, value in rows[i:i + 400]]))
                sent += 1
        self.flush()
        self.settled(sent)
        text = "".join(f"# TYPE {name} unknown\n" + "".join(rows) for name, rows in families.items())
        folder = self.folder / "prometheus"
        folder.mkdir()
        make_blocks(folder, text + "# EOF\n")
        (folder / "prometheus.yml").write_text("")  # nothing to scrape
        prometheus = Prometheus(folder)
        self.addCleanup(prometheus.end)
        eventually("prometheus is ready", prometheus.ready)
        self.theirs = prometheus.url
        self.ours = f"http://127.0.0.1:{self.service.http}/prom/api/v1"

    def both(self, path, form, post=False):
        return call(self.theirs, path, form, post), call(self.ours, path, form, post)

    def moments(self):
        hour = self.start_ms // 1000 + 3600
        return [hour, hour + 60, hour + 0.001, hour + 5432.1, hour + 3 * 3600 + 17, hour + 5 * 3600 + 120]

    def ranges(self):
        start = self.start_ms // 1000
        return [(start + 3600, start + 7200, "60"), (start, start + 6 * 3600, "173.5"), (start + 8000.25, start + 8030, "1s"),
                (start + 6 * 3600 - 300, start + 6 * 3600 + 900, "7m")]

    def compare(self, query, theirs, ours):
        """Points that were compared."""
        self.assertEqual(ours["data"]["resultType"], theirs["data"]["resultType"], query)
        kind, expected, got = theirs["data"]["resultType"], theirs["data"]["result"], ours["data"]["result"]
        if kind == "scalar":
            expected, got = [{"metric": {}, "value": expected}], [{"metric": {}, "value": got}]
        if kind == "vector" and query.startswith("topk") and " by " not in query:
            self.assertEqual([s["metric"] for s in got], [s["metric"] for s in expected], query)
        expected, got = by_labels(expected), by_labels(got)
        self.assertEqual(sorted(got), sorted(expected), query)
        points = 0
        for labels, rows in expected.items():
            self.assertEqual([row[0] for row in got[labels]], [row[0] for row in rows], f"{query} {labels}")
            for row, own in zip(rows, got[labels]):
                self.assertTrue(equal(row[1], own[1]), f"{query} {labels} at {row[0]}: {own[1]} is not {row[1]}")
                points += 1
        return points

    def test_every_query_comes_to_what_prometheus_says(self):
        self.load()
        self.assertGreaterEqual(len(QUERIES), 40)
        self.assertIn("1+1", QUERIES)
        for word, times in self.words_asked().items():
            self.assertGreaterEqual(times, 2, f"{word} is in {times} queries")
        total = 0
        for number, query in enumerate(QUERIES):
            with self.subTest(query):
                points = 0
                asked = [("/query", [("query", query), ("time", t)]) for t in self.moments()]
                asked += [("/query_range", [("query", query), ("start", a), ("end", b), ("step", step)])
                          for a, b, step in self.ranges()]
                for path, form in asked:
                    (their_status, theirs), (status, ours) = self.both(path, form, post=number % 2 == 0)
                    self.assertEqual((status, their_status), (200, 200), (query, theirs, ours))
                    points += self.compare(query, theirs, ours)
                self.assertEqual(points == 0, query.endswith("# empty"), f"{points} points")
                total += points
        print(f"{len(QUERIES)} queries, {total} points")
        self.names()
        self.refusals()

    def names(self):
        window = [("start", self.start_ms // 1000), ("end", self.start_ms // 1000 + HOURS * 3600)]
        for path, more in [("/labels", []), ("/labels", [("match[]", "gaps")]), ("/label/__name__/values", []),
                           ("/label/device/values", []), ("/label/unit/values", [("match[]", '{site="south"}')]),
                           ("/label/nothing/values", []), ("/series", [("match[]", "temperature")]),
                           ("/series", [("match[]", '{unit=~".+"}'), ("match[]", "grid"), ("match[]", 'temperature{unit=""}')])]:
            with self.subTest(path, more=more):
                (their_status, theirs), (status, ours) = self.both(path, window + more)
                self.assertEqual((status, their_status), (200, 200))
                order = lambda items: sorted(items, key=lambda item: json.dumps(item, sort_keys=True))  # noqa: E731
                self.assertEqual(order(ours["data"]), order(theirs["data"]))
                self.assertTrue(ours["data"] or "nothing" in path)
        (_, theirs), (_, ours) = self.both("/status/buildinfo", [])
        self.assertEqual(set(ours["data"]), set(theirs["data"]))
        self.assertTrue(theirs["data"]["version"].startswith(ours["data"]["version"]))

    def refusals(self):
        """Wrong for both: the same status and type of error."""
        now = ("time", self.moments()[0])
        for query in ["", "1 +", "(1", "temperature{", 'temperature{a="b', "rate(temperature)", "temperature[5x]", "sum(1)",
                      "temperature[0s]", "1 > 2", "{}", '{a=~".*"}', 'a{__name__="b"}', "topk(temperature)", "temperature + bool 1",
                      "temperature[5m] + 1", '{a=~"("}', '{device="alpha"} + 1', 'avg_over_time({device="alpha"}[5m])',
                      "topk(Inf, temperature)", "-temperature[5m]", "sum(temperature) offset 5m", "foo(temperature)"]:
            with self.subTest(query):
                (their_status, theirs), (status, ours) = self.both("/query", [("query", query), now])
                self.assertEqual((status, ours["status"], ours["errorType"]), (their_status, "error", theirs["errorType"]))
        for form in [[], [("start", 1)], [("start", 2), ("end", 1), ("step", 1)], [("start", 1), ("end", 2), ("step", 0)],
                     [("start", 0), ("end", 11001), ("step", 1)], [("start", "x"), ("end", 2), ("step", 1)]]:
            with self.subTest(form=form):
                (their_status, theirs), (status, ours) = self.both("/query_range", [("query", "1"), *form])
                self.assertEqual((status, ours["errorType"]), (their_status, theirs["errorType"]))
        # Right for Prometheus, but not in the subset: 400, with its name.
        for query, name in [("time()", "time"), ("irate(pulses[5m])", "irate"), ("stddev(temperature)", "stddev"),
                            ("temperature + humidity", "vectors"), ("temperature % 2", "%"), ("temperature and humidity", "and"),
                            ("max_over_time(temperature[1h:5m])", "subquery"), ("temperature @ 5", "@"),
                            ("quantile(0.5, temperature)", "quantile"), ("2 ^ 3", "^")]:
            with self.subTest(query):
                (their_status, _), (status, ours) = self.both("/query", [("query", query), now])
                self.assertEqual((their_status, status, ours["errorType"]), (200, 400, "bad_data"))
                self.assertIn("unsupported", ours["error"])
                self.assertIn(name, ours["error"])


if __name__ == "__main__":
    unittest.main()
