#!/usr/bin/env python3
"""docs/threat-model.md, claim by claim: the shipped broker configuration and access rules, certificates by deploy/pki.sh,
mosquitto_pub and mosquitto_sub as the attacker, the real program behind them."""
import datetime
import os
import pathlib
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from service import ROOT, Telltale, eventually, free_port  # noqa: E402

PROGRAM = os.environ["TELLTALE"]
PKI = ROOT / "deploy/pki.sh"


def pki(*args):
    answer = subprocess.run([PKI, *map(str, args)], capture_output=True, text=True, timeout=120)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def listens(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


class Plant:
    """Authorities, a broker with the production configuration, Telltale."""

    def __init__(self, folder, acl, config="", devices=("d1", "d2", "d3")):
        self.folder = pathlib.Path(folder)
        self.pki = self.folder / "pki"
        pki("init", self.pki)
        pki("server", self.pki, "server", "localhost")
        pki("device", self.pki, *devices)
        pki("service", self.pki, "telltale", "operators", "dashboards")
        self.own = self.folder / "broker"
        (self.own / "data").mkdir(parents=True)
        shutil.copy(self.pki / "server/server.crt", self.own)
        shutil.copy(self.pki / "server/server.key", self.own)
        (self.own / "acl").write_text(acl)
        self.hand_out()
        self.ports = {8883: free_port(), 8884: free_port()}
        text = (ROOT / "broker/mosquitto-production.conf").read_text()
        text = text.replace("/etc/mosquitto/telltale", str(self.own))
        text = re.sub(r"^listener (\d+)", lambda m: f"listener {self.ports[int(m.group(1))]} 127.0.0.1", text, flags=re.M)
        (self.own / "conf.d").mkdir()
        (self.own / "conf.d/telltale.conf").write_text(text)
        # What Debian's package has in /etc/mosquitto/mosquitto.conf.
        (self.own / "conf").write_text(f"""pid_file {self.own}/pid
persistence true
persistence_location {self.own}/data/
log_dest file {self.own}/debian.log
include_dir {self.own}/conf.d
""" + ("user root\n" if os.getuid() == 0 else ""))
        self.broker = None
        self.start_broker()
        self.service = Telltale(PROGRAM, self.folder / "telltale", 0, f"""
[store]
path = "{self.folder}/telltale/data"
""" + config)
        text = self.service.config.read_text().replace('url = "mqtt://127.0.0.1:0"', f"""url = "mqtts://localhost:{self.ports[8884]}"
ca = "{self.pki}/telltale/ca.crt"
cert = "{self.pki}/telltale/telltale.crt"
key = "{self.pki}/telltale/telltale.key"
""")
        self.service.config.write_text(text)
        self.service.start().wait_caught_up()

    def hand_out(self):
        for file in (self.pki / "broker").iterdir():
            shutil.copy(file, self.own)

    def start_broker(self):
        if self.broker:
            self.broker.terminate()
            self.broker.wait(30)
        with open(self.own / "log", "ab") as log:
            self.broker = subprocess.Popen([shutil.which("mosquitto") or "/usr/sbin/mosquitto", "-c", self.own / "conf"], stdout=log, stderr=log)
        eventually("the broker listens", lambda: listens(self.ports[8883]) and listens(self.ports[8884]), 60)

    def end(self):
        if self.service.process and self.service.alive():
            self.service.kill()
        self.broker.kill()
        self.broker.wait(20)

    def as_whom(self, name, port=8883):
        own = self.pki / name
        return ["-h", "localhost", "-p", str(self.ports[port]), "--cafile", str(own / "ca.crt"), "--cert", str(own / f"{name}.crt"), "--key", str(own / f"{name}.key")]

    def pub(self, name, topic, payload, *more, port=8883):
        file = self.folder / "payload"
        file.write_bytes(payload if isinstance(payload, bytes) else payload.encode())
        return subprocess.run(["mosquitto_pub", *self.as_whom(name, port), "-V", "5", "-q", "1", "-t", topic, "-f", file, *more],
                              capture_output=True, text=True, timeout=60)

    def subscribe(self, name, *topics, port=8883):
        """A session that the broker keeps until `name` publishes; when this returns it has the subscriptions."""
        filters = [word for topic in topics for word in ("-t", topic)]
        subprocess.run(["mosquitto_sub", *self.as_whom(name, port), "-i", name, "-c", "-q", "1", "-E", *filters], check=True, timeout=60)

    def listening(self, name, topic, port=8883):
        """A subscriber that is there when this returns, also for QoS 0; its lines are on .stdout."""
        process = subprocess.Popen(["stdbuf", "-oL", "mosquitto_sub", *self.as_whom(name, port), "-d", "-v", "-W", "60", "-t", topic], stdout=subprocess.PIPE, text=True)
        assert any(line.startswith("Subscribed ") for line in process.stdout), f"{name} is not subscribed to {topic}"
        return process

    def got(self, name, last, port=8883):
        """What that session has got, up to the message on topic `last`."""
        lines = []
        with subprocess.Popen(["mosquitto_sub", *self.as_whom(name, port), "-i", name, "-c", "-q", "1", "-v", "-W", "60", "-t", last],
                              stdout=subprocess.PIPE, text=True) as process:
            for line in process.stdout:
                lines.append(line.rstrip("\n"))
                if line.startswith(last + " "):
                    break
            process.kill()  # its SIGTERM handler takes locks, and may wait for them for ever
        assert lines and lines[-1].startswith(last + " "), f"{last} did not come, but {lines}"
        return lines


class Threats:
    @classmethod
    def setUpClass(cls):
        temp = tempfile.TemporaryDirectory(prefix="telltale-test-")
        cls.addClassCleanup(temp.cleanup)
        cls.plant = Plant(temp.name, (ROOT / "broker/acl.example").read_text(), cls.config)
        cls.addClassCleanup(cls.plant.end)

    config = "[ingest]\ndevice_messages_per_minute = 30\n"

    def stored(self, device, metric="temperature"):
        return [float(row["value"]) for row in self.plant.service.query(device, metric)]

    def marker(self, device="d1"):
        """Something allowed, behind what was forbidden: once it is stored, the rest has been decided, too."""
        self.markers = getattr(self, "markers", 0) + 1
        self.assertEqual(self.plant.pub(device, f"telemetry/lab/{device}", f'{{"marker":{self.markers}}}').returncode, 0)
        eventually("the marker is stored", lambda: self.stored(device, "marker")[-1:] == [self.markers], 30)

    def connections(self, name):
        return (self.plant.own / "log").read_text().count(f" as {name} ")

    def assertRefused(self, answer):
        """MQTT 5 says so; the message is dropped."""
        self.assertIn("Not authorized", answer.stderr)


class OneTenant(Threats, unittest.TestCase):
    def test_a_device_writes_its_own_readings(self):
        self.assertEqual(self.plant.pub("d1", "telemetry/lab/d1", '{"pressure":1013}').returncode, 0)
        eventually("it is stored", lambda: self.stored("d1", "pressure") == [1013.0], 30)

    def test_a_device_cannot_publish_as_another(self):
        for more in ([], ["-i", "d2"]):
            for topic in ("telemetry/lab/d2", "telemetry/lab/d2/temperature", "status/lab/d2", "ack/lab/d2/reboot"):
                with self.subTest(topic=topic, more=more):
                    self.assertRefused(self.plant.pub("d1", topic, '{"temperature":99,"state":"offline"}', *more))
        self.marker()
        self.assertEqual(self.stored("d2"), [])

    def test_a_device_cannot_put_another_offline_by_its_will(self):
        before = self.connections("d1")
        process = subprocess.Popen(["mosquitto_sub", *self.plant.as_whom("d1"), "-t", "cmd/lab/d1/#", "--will-topic", "status/lab/d2", "--will-payload", "offline", "--will-qos", "1"])
        eventually("it is connected", lambda: self.connections("d1") > before, 30)
        process.kill()
        process.wait(20)
        self.marker()
        devices = self.plant.service.run("sql", "--data", self.plant.service.data, "--format", "csv", "select device from device").stdout
        self.assertNotIn("d2", devices)

    def test_a_device_cannot_write_what_the_service_says(self):
        for topic in ("alerts/critical/lab/d1/too-hot/temperature", "alert-state/lab/d1/too-hot/temperature", "presence/lab/d1", "aggregates/1m/lab/d1/temperature",
                      "rollup/1m/lab/d1", "errors/lab/d1", "live/lab/d1", "service/telltale/status", "service/time", "control-reply/alert/a-1",
                      "cmd/lab/d1/reboot", "config/lab/d1"):
            with self.subTest(topic):
                self.assertRefused(self.plant.pub("d1", topic, '{"state":"firing"}', "-r"))

    def test_a_device_cannot_give_orders(self):
        for topic in ("control/alert/a-1/ack", "control/silence/all", "control/device/lab/d2/remove"):
            with self.subTest(topic):
                self.assertRefused(self.plant.pub("d1", topic, "{}"))

    def test_a_device_cannot_read_others(self):
        self.plant.subscribe("d3", "#", "telemetry/#", "cmd/lab/d2/#", "alerts/#", "$SYS/#")
        self.assertEqual(self.plant.pub("d2", "telemetry/lab/d2", '{"humidity":48}').stderr, "")
        self.assertEqual(self.plant.pub("telltale", "cmd/lab/d2/reboot", '{"id":"c-1"}', port=8884).stderr, "")
        self.assertEqual(self.plant.pub("telltale", "cmd/lab/d3/reboot", '{"id":"c-2"}', port=8884).stderr, "")
        self.assertEqual(self.plant.got("d3", "cmd/lab/d3/reboot"), ['cmd/lab/d3/reboot {"id":"c-2"}'])

    def test_a_device_cannot_take_the_services_session(self):
        before = self.plant.service.metrics()["telltale_mqtt_reconnects_total"]
        for client_id in ("telltale", "telltale-pub"):
            self.plant.pub("d1", "telemetry/lab/d1", '{"temperature":1}', "-i", client_id)
        self.marker()
        self.assertTrue(self.plant.service.ready())
        self.assertEqual(self.plant.service.metrics()["telltale_mqtt_reconnects_total"], before)

    def test_a_device_key_opens_no_other_door(self):
        self.assertNotEqual(self.plant.pub("d1", "telemetry/lab/d1", "{}", port=8884).returncode, 0)
        bare = ["mosquitto_pub", "-h", "localhost", "-p", str(self.plant.ports[8883]), "-t", "telemetry/lab/d1", "-m", "{}"]
        ca = ["--cafile", str(self.plant.pki / "d1/ca.crt")]
        for what, more in (("no TLS", []), ("no certificate", ca), ("a password", [*ca, "-u", "telltale", "-P", "telltale"])):
            with self.subTest(what):
                self.assertNotEqual(subprocess.run(bare + more, capture_output=True, timeout=60).returncode, 0)

    def test_a_device_certificate_is_no_servers_and_names_no_service(self):
        for name in ("telltale", "operators", "acme-operators", "../d1", "d1/#", "+"):
            with self.subTest(name):
                answer = subprocess.run([PKI, "device", self.plant.pki, name], capture_output=True, timeout=60)
                self.assertEqual(answer.returncode, 2)
        own = self.plant.pki / "d1"
        for ca, purpose in ((own / "ca.crt", "sslserver"), (self.plant.pki / "devices/ca.crt", "sslserver")):
            self.assertNotEqual(subprocess.run(["openssl", "verify", "-CAfile", ca, "-purpose", purpose, own / "d1.crt"], capture_output=True).returncode, 0)

    def test_people_acknowledge_but_do_not_speak_as_devices(self):
        self.assertEqual(self.plant.pub("operators", "control/alert/a-1/ack", '{"by":"ana"}', port=8884).stderr, "")
        for topic in ("telemetry/lab/d1", "alerts/critical/lab/d1/x/_", "cmd/lab/d1/reboot", "telemetry/lab/operators", "status/lab/operators", "ack/lab/operators/x"):
            with self.subTest(topic):
                self.assertRefused(self.plant.pub("operators", topic, "{}", port=8884))

    def test_a_dashboard_reads_and_writes_nothing(self):
        self.plant.subscribe("dashboards", "telemetry/lab/d2", port=8884)
        for topic in ("control/silence/all", "telemetry/lab/d1", "telemetry/lab/dashboards", "telemetry/lab/dashboards/temperature", "status/lab/dashboards",
                      "ack/lab/dashboards/x"):
            with self.subTest(topic):
                self.assertRefused(self.plant.pub("dashboards", topic, "{}", port=8884))
        self.assertEqual(self.plant.pub("d2", "telemetry/lab/d2", '{"humidity":48}').stderr, "")
        self.assertEqual(self.plant.got("dashboards", "telemetry/lab/d2", port=8884), ['telemetry/lab/d2 {"humidity":48}'])

    def test_what_is_too_large_ends_the_connection_and_nothing_else(self):
        self.plant.pub("d1", "telemetry/lab/d1", b"x" * 200_000)
        self.plant.pub("d1", "telemetry/lab/d1", b"x" * 200_000, "-V", "311")  # does not ask what may be sent
        eventually("it is thrown out", lambda: "oversize packet" in (self.plant.own / "log").read_text(), 30)
        self.plant.pub("d1", "telemetry/lab/d1", b'{"temperature":"' + b"x" * 100_000 + b'"}')
        self.marker()
        letters = self.plant.service.run("deadletter", "list", "--data", self.plant.service.data, "--format", "json", "--reason", "too_large")
        self.assertEqual(len(letters.stdout.splitlines()), 1, letters.stderr)

    def test_a_device_that_floods_is_held_to_its_rate_and_noticed(self):
        told = self.plant.listening("operators", "errors/lab/d3", port=8884)
        lines = "".join(f'{{"temperature":{i}}}\n' for i in range(400))
        subprocess.run(["mosquitto_pub", *self.plant.as_whom("d3"), "-q", "1", "-l", "-t", "telemetry/lab/d3"], input=lines, text=True, timeout=60, check=True)
        refused = 'telltale_dead_letters_total{reason="device_limit"}'
        eventually("the rest is refused", lambda: self.plant.service.metrics().get(refused, 0) + len(self.stored("d3")) == 400, 30)
        self.assertLess(len(self.stored("d3")), 310)  # ten minutes' worth at once, and what its minute allows
        self.marker()
        self.assertTrue(any("device_limit" in line for line in told.stdout))
        told.kill()
        told.communicate(timeout=30)

    def test_no_secret_is_in_the_log(self):
        log = (self.plant.folder / "telltale/telltale.log").read_text()
        key = (self.plant.pki / "telltale/telltale.key").read_text().splitlines()[1]
        self.assertNotIn(key, log)
        self.assertNotIn("PRIVATE", log)


class Baseline(unittest.TestCase):
    def test_who_shifts_a_baseline_slowly_is_told_by_a_rule_that_does_not_learn_along(self):
        noise = random.Random(1)
        start = datetime.datetime(2025, 11, 1)
        rows = ["timestamp,temperature"]
        for i in range(20 * 144):  # every ten minutes; honest for ten days, then a little more each time
            value = 20 + noise.gauss(0, 0.5) + max(0, i - 1440) * 0.02
            rows.append(f"{(start + datetime.timedelta(minutes=10 * i)).isoformat(sep=' ')},{value:.2f}")
        with tempfile.TemporaryDirectory() as folder:
            readings, rules = pathlib.Path(folder) / "pump.csv", pathlib.Path(folder) / "rules.toml"
            readings.write_text("\n".join(rows) + "\n")
            rules.write_text('''
[unusual]
enabled = false
[[rule]]
name = "learns"
metric = "temperature"
zscore = 5.0
span = 500
[[rule]]
name = "as-commissioned"
metric = "temperature"
frozen = 4.0
learn = 1000
floor = 0.1
''')
            answer = subprocess.run([PROGRAM, "backtest", "--rules", rules, "--csv", readings], capture_output=True, text=True, timeout=60).stdout
        self.assertIn("rule learns: 0 alerts", answer)
        # Two degrees above, on the second day of it.
        self.assertRegex(answer, r"rule as-commissioned: \d+ alerts(.|\n)*?first 2025-11-11")


class Revoked(Threats, unittest.TestCase):
    def test_a_stolen_key_is_of_no_use_once_it_is_revoked(self):
        self.assertEqual(self.plant.pub("d2", "telemetry/lab/d2", '{"temperature":1}').returncode, 0)
        stolen = self.plant.pki / "stolen"
        shutil.copytree(self.plant.pki / "d2", stolen)
        for kind in ("crt", "key"):
            (stolen / f"d2.{kind}").rename(stolen / f"stolen.{kind}")
        pki("renew", self.plant.pki, "d2")  # which makes the older certificate, of the same key, no less good
        self.assertEqual(self.plant.pub("stolen", "telemetry/lab/d2", '{"temperature":1.5}').returncode, 0)
        pki("revoke", self.plant.pki, "device", "d2")
        self.plant.hand_out()
        self.plant.start_broker()
        self.plant.service.wait_ready()
        log = self.plant.own / "log"
        before = log.read_text().count("certificate verify failed")
        self.assertNotEqual(self.plant.pub("stolen", "telemetry/lab/d2", '{"temperature":2}').returncode, 0)
        self.assertEqual(log.read_text().count("certificate verify failed"), before + 1)
        pki("device", self.plant.pki, "d2")  # a new one for the device, beside the old one that stays revoked
        self.assertEqual(self.plant.pub("d2", "telemetry/lab/d2", '{"temperature":3}').returncode, 0)
        eventually("it is stored", lambda: self.stored("d2")[-1:] == [3.0], 30)
        self.assertNotIn(2.0, self.stored("d2"))


class Tenants(unittest.TestCase):
    def test_a_tenant_can_neither_write_to_nor_read_another(self):
        with tempfile.TemporaryDirectory(prefix="telltale-test-") as folder:
            acl = (ROOT / "broker/acl.tenants.example").read_text() + pki("rules", "acme", "d1") + pki("rules", "globex", "d1", "d2")
            acl += "user globex-operators\ntopic read globex/#\ntopic write globex/control/#\n"
            plant = Plant(folder, acl, "[tenants]\nenabled = true\n", devices=("acme.d1", "globex.d1", "globex.d2"))
            try:
                pki("service", plant.pki, "globex-operators")
                plant.subscribe("globex.d2", "#", "acme/#")
                plant.subscribe("globex-operators", "#", port=8884)
                self.assertIn("Not authorized", plant.pub("acme.d1", "globex/telemetry/lab/d1", '{"temperature":99}').stderr)
                self.assertIn("Not authorized", plant.pub("acme.d1", "telemetry/lab/d1", '{"temperature":99}').stderr)
                self.assertIn("Not authorized", plant.pub("globex-operators", "acme/control/device/-/-/remove", "{}", port=8884).stderr)
                self.assertEqual(plant.pub("acme.d1", "acme/telemetry/lab/d1", '{"temperature":20}').stderr, "")
                self.assertEqual(plant.pub("globex.d1", "globex/telemetry/lab/d1", '{"temperature":30}').stderr, "")
                values = lambda tenant: [float(r["value"]) for r in plant.service.query("d1", "temperature", "--tenant", tenant)]  # noqa: E731
                eventually("both are stored", lambda: (values("acme"), values("globex")) == ([20.0], [30.0]), 30)
                self.assertEqual(plant.pub("telltale", "acme/cmd/lab/d1/reboot", "1", port=8884).stderr, "")
                self.assertEqual(plant.pub("telltale", "globex/cmd/lab/d2/reboot", "2", port=8884).stderr, "")
                self.assertEqual(plant.got("globex.d2", "globex/cmd/lab/d2/reboot"), ["globex/cmd/lab/d2/reboot 2"])
                people = plant.got("globex-operators", "globex/cmd/lab/d2/reboot", port=8884)
                self.assertEqual({line.split("/")[0] for line in people}, {"globex"})
                self.assertIn('globex/telemetry/lab/d1 {"temperature":30}', people)
            finally:
                plant.end()


if __name__ == "__main__":
    unittest.main()
