#!/usr/bin/env python3
"""`telltale doctor` beside real brokers: it finds what loses readings, and says what to change."""
import os
import pathlib
import subprocess
import tempfile
import unittest

from scene import PROGRAM
from service import Mosquitto, free_port


class Doctor(unittest.TestCase):
    def setUp(self):
        temp = tempfile.TemporaryDirectory(prefix="telltale-test-", dir="/var/tmp")  # on a disk, also where /tmp is memory
        self.addCleanup(temp.cleanup)
        self.folder = pathlib.Path(temp.name)

    def broker(self, *lines):
        broker = Mosquitto(self.folder / "broker", lines)
        self.addCleanup(lambda: broker.process.kill() or broker.process.wait(20))
        return broker

    def doctor(self, port, more=""):
        config = self.folder / "telltale.toml"
        config.write_text(f'[mqtt]\nurl = "mqtt://127.0.0.1:{port}"\n{more}\n[store]\npath = "{self.folder}/data"\nreserve = "1MiB"\nrotate_bytes = "1MiB"\n')
        return subprocess.run([PROGRAM, "doctor", "--config", config], capture_output=True, text=True, timeout=120)

    def test_a_broker_as_we_ship_it_is_well(self):
        answer = self.doctor(self.broker().port)
        self.assertEqual(answer.returncode, 0, answer.stdout + answer.stderr)
        self.assertIn("1200 messages were kept", answer.stdout)
        self.assertNotIn("BAD", answer.stdout)

    def test_a_broker_that_drops_what_waits_is_found_out(self):
        """[lesson-31] Mosquitto's own default, 1,000 messages."""
        broker = self.broker("max_queued_messages 1000")
        for _ in range(2):  # a second time, too: nothing of the first is left behind
            answer = self.doctor(broker.port)
            self.assertEqual(answer.returncode, 1, answer.stdout + answer.stderr)
            self.assertIn("were dropped", answer.stdout)
            self.assertIn("max_queued_messages 9000000", answer.stdout)

    def test_a_broker_whose_access_rules_do_not_know_us_is_named(self):
        rules = self.folder / "acl"
        rules.write_text("user somebody\ntopic readwrite #\n")
        rules.chmod(0o644)
        answer = self.doctor(self.broker(f"acl_file {rules}").port)
        self.assertEqual(answer.returncode, 1)
        self.assertRegex(answer.stdout, r"BAD    broker: .*not authorized.*\n +-> .*access rules.*acl\.example")

    def test_with_the_queue_as_we_ship_it_who_publishes_what_is_forbidden_stays_connected(self):
        """Mosquitto 2.0.11 with max_queued_messages 0 ends the connection."""
        rules = self.folder / "acl"
        rules.write_text("topic read #\n")
        rules.chmod(0o644)
        broker = self.broker(f"acl_file {rules}")
        subprocess.run(["mosquitto_pub", "-p", str(broker.port), "-i", "d1", "-q", "1", "-t", "telemetry/lab/d1", "-l"],
                       input="1\n2\n3\n", text=True, capture_output=True, timeout=60)
        self.assertEqual((self.folder / "broker/mosquitto.log").read_text().count(" as d1 "), 1)
        shipped = pathlib.Path(__file__).parents[2] / "broker"
        for name in ("mosquitto-demo.conf", "mosquitto-production.conf"):
            self.assertRegex((shipped / name).read_text(), r"\nmax_queued_messages [1-9]\d{6}\n")

    def test_no_broker_and_a_wrong_file_are_named(self):
        answer = self.doctor(free_port())
        self.assertEqual(answer.returncode, 1)
        self.assertRegex(answer.stdout, r"BAD    broker: mqtt://127\.0\.0\.1:\d+: .*refused")
        answer = self.doctor(1883, "usrname = 'x'")
        self.assertEqual(answer.returncode, 2)
        self.assertIn("did you mean 'username'", answer.stdout)

    def test_a_key_that_everybody_may_read_and_a_folder_in_memory_are_named(self):
        key = self.folder / "key.pem"
        key.write_text("not looked into\n")
        key.chmod(0o644)
        config = self.folder / "telltale.toml"
        config.write_text(f'[mqtt]\nurl = "mqtts://127.0.0.1:{free_port()}"\ncert = "{key}"\nkey = "{key}"\n[store]\npath = "/dev/shm/telltale-doctor"\n')
        answer = subprocess.run([PROGRAM, "doctor", "--config", config], capture_output=True, text=True, timeout=120).stdout
        self.assertIn(f"chmod 600 {key}", answer)
        self.assertIn("is in memory", answer)
        self.assertFalse(os.path.exists("/dev/shm/telltale-doctor"))

    def test_certificates_that_end_and_a_key_of_http_are_named(self):
        def certificate(name, days):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=localhost", "-days", str(days),
                            "-keyout", self.folder / f"{name}.key", "-out", self.folder / f"{name}.crt"], check=True, capture_output=True)
            (self.folder / f"{name}.key").chmod(0o600)
        certificate("long", 400)
        certificate("short", 10)
        (self.folder / "short.key").chmod(0o644)
        config = self.folder / "telltale.toml"
        config.write_text(f'[mqtt]\nurl = "mqtts://127.0.0.1:{free_port()}"\nca = "{self.folder}/long.crt"\ncert = "{self.folder}/none.crt"\nkey = "{self.folder}/long.key"\n'
                          f'[store]\npath = "{self.folder}/data"\n[http]\ncert = "{self.folder}/short.crt"\nkey = "{self.folder}/short.key"\n')
        answer = subprocess.run([PROGRAM, "doctor", "--config", config], capture_output=True, text=True, timeout=120).stdout
        self.assertRegex(answer, r"ok     mqtt\.ca: .*long\.crt ends in (400|399) days")
        self.assertRegex(answer, r"BAD    mqtt\.cert: .*none\.crt cannot be read")
        self.assertRegex(answer, r"ok     mqtt\.key: ")
        self.assertRegex(answer, r"doubt  http\.cert: .*short\.crt ends in (10|9) days")
        self.assertRegex(answer, r"doubt  http\.key: .*short\.key can be read by everybody")

    def test_a_folder_that_may_not_be_looked_into_is_said_and_no_crash(self):
        closed = self.folder / "closed"
        (closed / "data").mkdir(parents=True)
        config = self.folder / "telltale.toml"
        config.write_text(f'[mqtt]\nurl = "mqtt://127.0.0.1:{free_port()}"\n[store]\npath = "{closed}/data"\n')
        closed.chmod(0)
        self.addCleanup(closed.chmod, 0o700)
        bound = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.getuid() == 0 else []
        run = lambda *args: subprocess.run([*bound, PROGRAM, *args], capture_output=True, text=True, timeout=120)  # noqa: E731
        doctor = run("doctor", "--config", config)
        self.assertEqual(doctor.returncode, 1, doctor.stderr)
        self.assertRegex(doctor.stdout, rf"BAD    data folder: {closed}: Permission denied\n +-> run as the service's user")
        query = run("query", "--data", closed / "data", "--device", "d", "--metric", "m")
        self.assertEqual(query.returncode, 1)
        self.assertRegex(query.stderr, r"\Atelltale.*Permission denied.*\n\Z")


if __name__ == "__main__":
    unittest.main()
