"""What people would use instead of the store, on the same readings: SQLite, PostgreSQL, InfluxDB. Each peer has its own
temporary folder, listens on the loopback or a socket in it at most, and is ended by its process id.

A peer gives {"rate", "readings", "bytes", "day_of_one_p50_ms", "hourly_of_one_p50_ms", "mean_and_stddev_of_all_ns"} (the
last per row), or {"missing": why}. Rates are of SERIES_OF_RATE series; questions are asked of a second load with few
series over 30 days, as long as the store's.
"""
import http.client
import itertools
import json
import os
import pathlib
import pwd
import re
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.parse

import harness

SERIES_OF_RATE = 1000
SERIES_OF_QUESTIONS = 4
PERIOD_MS = 10_000
START_MS = 1_767_225_600_000
DAY_MS = 86_400_000
REPEAT = 20


class Missing(Exception):
    """This peer cannot run here; the text says why."""


def output_of(command, **more):
    done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)
    if done.returncode != 0:
        raise Missing((done.stderr or done.stdout).strip().splitlines()[-1] if done.stderr or done.stdout else
                      f"{command[0]} ended with {done.returncode}")
    return done.stdout


class Unprivileged:
    """How to start a server that refuses to be root, and a folder that it may use."""

    def __init__(self, folder):
        self.temporary = None
        self.options = {}
        self.folder = folder
        if os.geteuid() != 0:
            return
        names = {entry.pw_name: entry for entry in pwd.getpwall()}
        user = names.get("postgres") or names["nobody"]
        self.options = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        if not all(parent.stat().st_mode & 0o001 for parent in folder.resolve().parents):
            self.temporary = self.folder = pathlib.Path(tempfile.mkdtemp(prefix="telltale-bench-"))
        self.folder.chmod(0o700)
        os.chown(self.folder, user.pw_uid, user.pw_gid)

    def clean_up(self):
        if self.temporary:
            shutil.rmtree(self.temporary, ignore_errors=True)


class Load:
    """How many readings a load has; --quick makes them fewer."""

    def __init__(self, scale):
        self.rate_readings = int(1_000_000 * scale)
        self.days = max(2, int(30 * scale))
        self.question_readings = SERIES_OF_QUESTIONS * self.days * DAY_MS // PERIOD_MS
        self.from_ms = START_MS + (self.days - 1) * DAY_MS
        self.to_ms = START_MS + self.days * DAY_MS


def rows(args, series, readings, form, batch=10_000):
    return subprocess.Popen([str(args.tools / "store_bench"), "rows", "--series", str(series), "--readings",
                             str(readings), "--format", form, "--batch", str(batch)], stdout=subprocess.PIPE)


def sqlite(args, folder, load, layout, commit):
    tool = [args.tools / "sqlite_peer", "--file", folder / "peer.db", "--layout", layout, "--commit", commit]
    figures = json.loads(output_of([*tool, "--series", SERIES_OF_RATE, "--readings", load.rate_readings, "--seconds",
                                    3 if commit == 1 else 15, "--repeat", 0]))
    if commit > 1:
        asked = json.loads(output_of([*tool, "--series", SERIES_OF_QUESTIONS, "--readings", load.question_readings,
                                      "--seconds", 30, "--repeat", REPEAT]))
        figures["mean_and_stddev_of_all_ns"] = asked["mean_and_stddev_of_all_p50_ms"] * 1e6 / asked["readings"]
        figures.update({key: asked[key] for key in ("day_of_one_p50_ms", "hourly_of_one_p50_ms")})
    return figures


def postgres(args, folder, load):
    binaries = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if not binaries:
        raise Missing("package postgresql-15 is not installed")
    home = Unprivileged(folder)
    server = None
    try:
        tools, data = binaries[-1].parent, home.folder / "data"
        output_of([tools / "initdb", "-D", data, "-A", "trust", "-U", "bench", "--locale=C", "-E", "UTF8"],
                  cwd=home.folder, **home.options)
        with open(folder / "server.log", "w") as log:
            server = subprocess.Popen([str(tools / "postgres"), "-D", str(data), "-k", str(home.folder), "-c",
                                       "listen_addresses="], cwd=home.folder, stdout=log, stderr=log, **home.options)
        psql = [str(tools / "psql"), "-X", "-q", "-h", str(home.folder), "-U", "bench", "-d", "postgres", "-v",
                "ON_ERROR_STOP=1", "-At"]
        harness.service.eventually("PostgreSQL is ready", lambda: server.poll() is not None or subprocess.run(
            [*psql, "-c", "select 1"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0)
        if server.poll() is not None:
            raise Missing("PostgreSQL ended: " + (folder / "server.log").read_text()[-200:])

        def fill(series, readings):
            output_of([*psql, "-c", "drop table if exists reading", "-c", "create table reading(series_id integer, "
                       "ts bigint, value double precision, primary key(series_id, ts))"])
            source = rows(args, series, readings, "copy")
            start = time.monotonic()
            output_of(psql, stdin=source.stdout)
            source.stdout.close()
            source.wait()
            return time.monotonic() - start

        seconds = fill(SERIES_OF_RATE, load.rate_readings)
        size = int(output_of([*psql, "-c", "select pg_total_relation_size('reading')"]))
        fill(SERIES_OF_QUESTIONS, load.question_readings)
        output_of([*psql, "-c", "vacuum analyze reading"])

        def ask(question, repeat):
            script = "\\timing on\n\\o /dev/null\n" + (question + ";\n") * (repeat + 1)
            times = re.findall(r"Time: ([\d.]+) ms", output_of(psql, input=script))
            return statistics.median(float(ms) for ms in times[1:])

        one = f"from reading where series_id=1 and ts>={{}} and ts<{load.to_ms}"
        return {
            "readings": load.rate_readings, "rate": load.rate_readings / seconds, "bytes": size / load.rate_readings,
            "day_of_one_p50_ms": ask("select ts, value " + one.format(load.from_ms) + " order by ts", REPEAT),
            "hourly_of_one_p50_ms": ask("select ts/3600000, avg(value) " + one.format(START_MS) + " group by 1", REPEAT),
            "mean_and_stddev_of_all_ns": ask("select avg(value), stddev_pop(value) from reading", 3) * 1e6 /
            load.question_readings}
    finally:
        if server:
            harness.end(server)
        home.clean_up()


class Influx:
    def __init__(self, folder):
        self.port = harness.service.free_port()
        config = folder / "influxdb.conf"
        config.write_text(
            f'reporting-disabled = true\nbind-address = "127.0.0.1:{harness.service.free_port()}"\n'
            f'[meta]\ndir = "{folder}/meta"\n[data]\ndir = "{folder}/data"\nwal-dir = "{folder}/wal"\n'
            f'query-log-enabled = false\n[http]\nbind-address = "127.0.0.1:{self.port}"\nlog-enabled = false\n'
            '[monitor]\nstore-enabled = false\n[logging]\nlevel = "error"\n')
        with open(folder / "server.log", "w") as log:
            self.process = subprocess.Popen(["influxd", "-config", str(config)], stdout=log, stderr=log,
                                            env={**os.environ, "HOME": str(folder)})
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        harness.service.eventually("InfluxDB is ready", lambda: self.process.poll() is not None or self.listens())
        if self.process.poll() is not None:
            raise Missing("InfluxDB ended: " + (folder / "server.log").read_text()[-200:])

    def listens(self):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.port)) == 0

    def request(self, method, path, body=None):
        self.connection.request(method, path, body)
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise Missing(f"InfluxDB answered {answer.status}: {text[:200]!r}")
        return text

    def query(self, question, database="rate"):
        return self.request("POST", "/query?" + urllib.parse.urlencode({"q": question, "db": database, "epoch": "ms"}))

    def fill(self, args, database, series, readings):
        self.query(f"create database {database}")
        source = rows(args, series, readings, "influx")
        start = time.monotonic()
        while batch := b"".join(itertools.islice(source.stdout, 5000)):
            self.request("POST", f"/write?db={database}&precision=ms", batch)
        source.wait()
        return time.monotonic() - start


def influx(args, folder, load):
    if not shutil.which("influxd"):
        raise Missing("package influxdb is not installed")
    server = Influx(folder)
    try:
        seconds = server.fill(args, "rate", SERIES_OF_RATE, load.rate_readings)
        # Blocks, since some of its files have room that is not used yet.
        size = sum(file.stat().st_blocks * 512 for part in ("data/rate", "wal/rate") for file in (folder / part).rglob("*")
                   if file.is_file())
        server.fill(args, "questions", SERIES_OF_QUESTIONS, load.question_readings)

        def ask(question, repeat):
            times = []
            for _ in range(repeat + 1):
                start = time.monotonic()
                if b'"values"' not in server.query(question, "questions"):
                    raise Missing("InfluxDB found nothing")
                times.append((time.monotonic() - start) * 1e3)
            return statistics.median(times[1:])

        one = f"from reading where sensor='1' and time>={{}}ms and time<{load.to_ms}ms"
        return {
            "readings": load.rate_readings, "rate": load.rate_readings / seconds, "bytes": size / load.rate_readings,
            "day_of_one_p50_ms": ask("select value " + one.format(load.from_ms), REPEAT),
            "hourly_of_one_p50_ms": ask("select mean(value) " + one.format(START_MS) + " group by time(1h)", REPEAT),
            "mean_and_stddev_of_all_ns": ask("select mean(value), stddev(value) from reading", 3) * 1e6 /
            load.question_readings}
    finally:
        server.connection.close()
        harness.end(server.process)


PEERS = {
    "sqlite_text_row_by_row": lambda *a: sqlite(*a, "text", 1),
    "sqlite_text_batched": lambda *a: sqlite(*a, "text", 10_000),
    "sqlite_series_ts": lambda *a: sqlite(*a, "narrow", 10_000),
    "postgresql_copy": postgres,
    "influxdb": influx,
}


def measure(args, name, scale):
    folder = harness.fresh(args.work / name)
    try:
        return PEERS[name](args, folder, Load(scale))
    except (Missing, OSError, http.client.HTTPException, subprocess.SubprocessError, AssertionError) as why:
        return {"missing": f"{why}"}
    finally:
        if not args.keep:
            shutil.rmtree(folder, ignore_errors=True)
