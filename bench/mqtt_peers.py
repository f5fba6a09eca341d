"""Programs that take telemetry/# at QoS 1 and store it, each as its users would set it up; with a session that the broker
keeps wherever it has one. Each says how much it has stored, and can be killed and started again.

A message is known by its topic and its time: the load never gives two of a device the same one.
"""
import contextlib
import json
import pathlib
import shutil
import sqlite3
import subprocess

import harness
import peer_tools
from store_peers import Influx, Missing

PROBE_SITE = "probe"


class Peer:
    """One subscriber with an empty folder. `run` gives its processes, those that are killed first."""

    def __init__(self, args, folder, port):
        self.args, self.folder, self.port = args, folder, port
        self.process = None
        self.prepare()

    def prepare(self):
        """Once, before the first start."""

    def start(self):
        with open(self.folder / "peer.log", "ab") as log:
            self.process = subprocess.Popen([str(part) for part in self.command()], stdout=log, stderr=log, cwd=self.folder)

    def alive(self):
        return self.process.poll() is None

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        harness.end(self.process)

    def processes(self):
        return [self.process.pid]

    def bytes_on_disk(self):
        """Blocks, since some files have room that is not used yet."""
        return sum(f.stat().st_blocks * 512 for part in self.stores() for f in pathlib.Path(self.folder).glob(part)
                   if f.is_file())

    def end(self):
        if self.process:
            harness.end(self.process)


class SqlitePeer(Peer):
    """`stored` is asked without locks, which would disturb a writer; `counted` when the peer has stopped."""
    table = "readings"
    key = "topic || ts"
    wal = False

    def database(self):
        return self.folder / "peer.db"

    def stores(self):
        return ["peer.db*"]

    def ask(self, question, how):
        with contextlib.closing(sqlite3.connect(f"file:{self.database()}?mode={how}", uri=True)) as db:
            return db.execute(question).fetchone()

    def stored(self):
        try:
            return self.ask(f"SELECT max(rowid) FROM {self.table}", "ro" if self.wal else "ro&immutable=1")[0] or 0
        except sqlite3.DatabaseError:  # not there yet, or caught in the middle of a commit
            return 0

    def counted(self):
        return self.ask(f"SELECT count(*), count(DISTINCT {self.key}) FROM {self.table} "
                        f"WHERE topic NOT LIKE 'telemetry/{PROBE_SITE}/%'", "rw")  # an ended writer may have left a journal


class Tutorial(SqlitePeer):
    def prepare(self):
        (self.folder / "counter").write_bytes(b"\0" * 8)

    def command(self):
        return ["/usr/bin/python3", harness.ROOT / "bench/tutorial_subscriber.py", self.port, self.database(), "counter"]


class Batching(SqlitePeer):
    wal = True

    def command(self):
        return ["/usr/bin/python3", harness.ROOT / "bench/batching_subscriber.py", self.port, self.database()]


class NodeRed(SqlitePeer):
    def prepare(self):
        self.program = peer_tools.node_red(self.args.peer_tools, self.args.install_minutes)
        with contextlib.closing(sqlite3.connect(self.database())) as db:
            db.execute("CREATE TABLE readings (topic TEXT, ts INTEGER, temperature REAL, humidity REAL, pressure REAL)")
        shape = ("const r = msg.payload; msg.params = {$topic: msg.topic, $ts: r.ts, $temperature: r.temperature, "
                 "$humidity: r.humidity, $pressure: r.pressure}; return msg;")
        (self.folder / "flows.json").write_text(json.dumps([
            {"id": "tab", "type": "tab", "label": "readings"},
            {"id": "broker", "type": "mqtt-broker", "broker": "127.0.0.1", "port": str(self.port), "clientid": "node-red",
             "autoConnect": True, "usetls": False, "protocolVersion": "4", "keepalive": "60", "cleansession": False},
            {"id": "db", "type": "sqlitedb", "db": str(self.database()), "mode": "RWC"},
            {"id": "in", "type": "mqtt in", "z": "tab", "topic": "telemetry/#", "qos": "1", "datatype": "json",
             "broker": "broker", "inputs": 0, "wires": [["shape"]]},
            {"id": "shape", "type": "function", "z": "tab", "func": shape, "outputs": 1, "wires": [["insert"]]},
            {"id": "insert", "type": "sqlite", "z": "tab", "mydb": "db", "sqlquery": "prepared",
             "sql": "INSERT INTO readings VALUES ($topic, $ts, $temperature, $humidity, $pressure)", "wires": [[]]}]))
        (self.folder / "settings.js").write_text(
            f'module.exports = {{flowFile: "flows.json", uiHost: "127.0.0.1", uiPort: {harness.service.free_port()}, '
            "telemetry: {enabled: false, updateNotification: false}};\n")

    def command(self):
        return ["node", self.program, "--userDir", self.folder, "--settings", self.folder / "settings.js"]


class Telegraf(Peer):
    def prepare(self):
        self.program = peer_tools.telegraf(self.args.peer_tools, self.args.install_minutes)
        (self.folder / "telegraf.conf").write_text(
            '[agent]\ninterval = "1s"\nflush_interval = "1s"\nmetric_batch_size = 1000\nmetric_buffer_limit = 100000\n'
            "omit_hostname = true\n"
            f'[[inputs.mqtt_consumer]]\nservers = ["tcp://127.0.0.1:{self.port}"]\ntopics = ["telemetry/#"]\nqos = 1\n'
            'client_id = "telegraf"\npersistent_session = true\ndata_format = "json"\njson_time_key = "ts"\n'
            f'json_time_format = "unix_ms"\n{self.output()}')

    def command(self):
        return [self.program, "--config", self.folder / "telegraf.conf"]


class TelegrafSqlite(Telegraf, SqlitePeer):
    table = "mqtt_consumer"
    key = "topic || timestamp"

    def output(self):
        return f'[[outputs.sql]]\ndriver = "sqlite"\ndata_source_name = "{self.database()}"\nbatch_transactions = true\n'


class TelegrafInflux(Telegraf):
    def prepare(self):
        if not shutil.which("influxd"):
            raise Missing("package influxdb is not installed")
        self.influx = Influx(self.folder)
        super().prepare()

    def output(self):
        return f'[[outputs.influxdb]]\nurls = ["http://127.0.0.1:{self.influx.port}"]\ndatabase = "peer"\n'

    def processes(self):
        return [self.process.pid, self.influx.process.pid]

    def stores(self):
        return ["data/peer/**/*", "wal/peer/**/*"]

    def stored(self, where=""):
        answer = json.loads(self.influx.query(f"SELECT count(temperature) FROM mqtt_consumer{where}", "peer"))
        series = answer["results"][0].get("series")
        return series[0]["values"][0][1] if series else 0

    def counted(self):
        """The same series and time is the same point: nothing is ever twice."""
        n = self.stored(f" WHERE topic !~ /telemetry.{PROBE_SITE}/")
        return n, n

    def end(self):
        super().end()
        self.influx.connection.close()
        harness.end(self.influx.process)


class Telltale(Peer):
    """With 20 rules, the default windows and the default detector: the work that the others do not do."""

    def prepare(self):
        self.service = harness.service.Telltale(self.args.telltale, self.folder, self.port,
                                                f'[store]\npath = "{self.folder / "data"}"\n' + harness.RULES)

    def start(self):
        self.process = self.service.start().process

    def stores(self):
        return ["data/**/*"]

    def stored(self):
        try:
            return harness.outcomes(self.service.metrics()).get("stored", 0)
        except OSError:
            return 0

    def counted(self):
        answer = self.service.run("sql", "--data", self.service.data, "--format", "csv",
                                  "select count(*), count(distinct device || ts) from readings where metric = 'temperature' "
                                  f"and site <> '{PROBE_SITE}'")
        if answer.returncode != 0:
            raise RuntimeError(f"telltale sql: {answer.stderr}")
        return tuple(int(n) for n in answer.stdout.splitlines()[-1].split(","))


PEERS = {
    "telltale": Telltale,
    "tutorial": Tutorial,
    "batching": Batching,
    "node-red": NodeRed,
    "telegraf-sqlite": TelegrafSqlite,
    "telegraf-influxdb": TelegrafInflux,
}
