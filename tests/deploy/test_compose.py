#!/usr/bin/env python3
"""What compose.yaml starts, without containers: its secrets, its broker, Telltale and the fleet find and trust each other."""
import io
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from service import ROOT, eventually, free_port  # noqa: E402

PROGRAM = os.environ["TELLTALE"]
SERVICES = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]


class FirstStart(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        temp = tempfile.TemporaryDirectory(prefix="telltale-test-")
        cls.addClassCleanup(temp.cleanup)
        cls.root = pathlib.Path(temp.name)
        cls.secrets = cls.root / "secrets"
        for volume in SERVICES["secrets"]["volumes"]:
            (cls.root / volume.split(":")[1].lstrip("/")).mkdir(parents=True)
        share = cls.root / "usr/share/telltale"
        share.mkdir(parents=True)
        shutil.copy(ROOT / "broker/acl.example", share)
        shutil.copy(ROOT / "deploy/compose/acl.extra", share)
        (cls.root / "bin").mkdir()
        (cls.root / "bin/telltale-pki").symlink_to(ROOT / "deploy/pki.sh")
        cls.first = cls.first_start()
        cls.started = []
        cls.addClassCleanup(cls.end)
        cls.broker()
        cls.telltale()

    @classmethod
    def first_start(cls, *args, binary=False, root=None, code=0, **more):
        env = {**os.environ, "ROOT": str(root or cls.root), "PATH": f"{cls.root}/bin:{os.environ['PATH']}:/usr/bin", **more}
        answer = subprocess.run([ROOT / "deploy/compose/first-start.sh", *args], capture_output=True, timeout=120, env=env)
        assert answer.returncode == code, answer.stderr
        return answer.stdout if binary else answer.stdout.decode()

    @classmethod
    def start(cls, *command, **env):
        with open(cls.root / "log", "ab") as log:
            process = subprocess.Popen([str(c) for c in command], stdout=log, stderr=log, env={**os.environ, **env})
        cls.started.append(process)
        return process

    @classmethod
    def end(cls):
        for process in reversed(cls.started):
            process.kill()
            process.wait(20)

    @classmethod
    def broker(cls):
        """Its two files as the Dockerfile puts them, with other paths and ports."""
        cls.ports = {port: free_port() for port in ("8883", "8884", "1883")}
        folder = cls.root / "mosquitto"
        (folder / "telltale.d").mkdir(parents=True)
        (folder / "data").mkdir()
        for source, target in (("broker/mosquitto-production.conf", "telltale.d/production.conf"), ("deploy/compose/mosquitto.conf", "compose.conf")):
            text = (ROOT / source).read_text().replace("/etc/mosquitto/telltale.d", str(folder / "telltale.d"))
            text = text.replace("/etc/mosquitto/telltale", str(cls.secrets / "broker")).replace("/var/lib/mosquitto/", f"{folder}/data/")
            text = re.sub(r"^listener (\d+)", lambda m: f"listener {cls.ports[m.group(1)]} 127.0.0.1", text, flags=re.M)
            (folder / target).write_text(text + ("user root\n" if os.getuid() == 0 and target == "compose.conf" else ""))
        cls.start(shutil.which("mosquitto") or "/usr/sbin/mosquitto", "-c", folder / "compose.conf")

    @classmethod
    def telltale(cls):
        cls.http = free_port()
        environment = {key: value.replace("/etc/telltale/tls", str(cls.secrets / "telltale")).replace("mosquitto:8884", f"localhost:{cls.ports['8884']}")
                       .replace("/etc/telltale/config", str(ROOT / "deploy/config")) for key, value in SERVICES["telltale"]["environment"].items()}
        cls.service = cls.start(PROGRAM, *SERVICES["telltale"]["command"], **environment,
                                TELLTALE_STORE__PATH=str(cls.root / "data"), TELLTALE_HTTP__LISTEN=f"127.0.0.1:{cls.http}")
        ready = lambda: subprocess.run([PROGRAM, "healthcheck", "--url", f"http://127.0.0.1:{cls.http}"], capture_output=True).returncode == 0  # noqa: E731
        eventually("telltale is healthy", ready, 60)

    def query(self, device):
        return subprocess.run([PROGRAM, "query", "--data", self.root / "data", "--device", device, "--metric", "temperature", "--from", "0", "--format", "csv"],
                              capture_output=True, text=True).stdout.splitlines()[1:]

    def test_secrets_are_shown_once_and_differ(self):
        password = (self.secrets / "grafana/admin_password").read_text().strip()
        self.assertIn(password, self.first)
        again = self.first_start()
        self.assertNotIn(password, again)
        self.assertEqual((self.secrets / "grafana/admin_password").read_text().strip(), password)
        all_of_them = [(self.secrets / name).read_text() for name in ("grafana/admin_password", "grafana/mqtt_password", "fleet/password")]
        self.assertEqual(len(set(all_of_them)), 3)
        for text in all_of_them:
            self.assertGreaterEqual(len(text.strip()), 32)
        self.assertNotIn((self.secrets / "fleet/password").read_text().strip(), (self.secrets / "broker/passwd").read_text())

    def test_certificates_are_renewed_before_they_end_and_the_broker_gets_new_names(self):
        root = self.root / "again"
        shutil.copytree(self.secrets, root / "secrets", copy_function=shutil.copy)
        shutil.copytree(self.root / "usr", root / "usr")
        certificate = root / "secrets/broker/server.crt"
        shown = lambda *what: subprocess.run(["openssl", "x509", "-in", certificate, "-noout", *what], capture_output=True, text=True, check=True).stdout  # noqa: E731
        before = shown("-serial")
        self.first_start(root=root)
        self.assertEqual(shown("-serial"), before)
        self.first_start("renew", root=root, BROKER_HOSTS="plant.example 192.0.2.7")
        self.assertNotEqual(shown("-serial"), before)
        self.assertRegex(shown("-ext", "subjectAltName"), r"DNS:mosquitto, .*DNS:plant\.example, IP Address:192\.0\.2\.7")
        verified = subprocess.run(["openssl", "verify", "-CAfile", root / "secrets/telltale/ca.crt", certificate, root / "secrets/telltale/telltale.crt"], capture_output=True)
        self.assertEqual(verified.returncode, 0, verified.stderr)

        # Thirty days are left.
        script = root / "short"
        script.write_text((ROOT / "deploy/pki.sh").read_text().replace("server_days=825", "server_days=30"))
        subprocess.run(["bash", script, "renew", root / "secrets/pki", "mosquitto"], check=True, capture_output=True)
        self.assertIn("renewed", self.first_start(root=root))
        self.assertIn("DNS:plant.example", shown("-ext", "subjectAltName"))
        subprocess.run(["openssl", "x509", "-in", certificate, "-noout", "-checkend", str(700 * 24 * 3600)], check=True, capture_output=True)

    def test_authorities_that_were_lost_are_not_made_anew(self):
        root = self.root / "lost"
        shutil.copytree(self.secrets, root / "secrets", copy_function=shutil.copy)
        shutil.copytree(self.root / "usr", root / "usr")
        shutil.rmtree(root / "secrets/pki")
        (root / "secrets/pki").mkdir()
        before = (root / "secrets/broker/server.crt").read_bytes()
        self.first_start(root=root, code=1)
        self.assertEqual((root / "secrets/broker/server.crt").read_bytes(), before)

    def test_nobody_but_its_reader_may_read_a_secret(self):
        for file in self.secrets.rglob("*"):
            if file.is_file() and "pki" not in file.parts:
                self.assertEqual(file.stat().st_mode & 0o077, 0, file)

    def test_the_simulated_fleet_arrives(self):
        words = [word.replace("mosquitto:1883", f"127.0.0.1:{self.ports['1883']}").replace("/run/fleet", str(self.secrets / "fleet"))
                 for word in SERVICES["fleet"]["command"]]
        fleet = self.start(PROGRAM, *words)
        eventually("its readings are stored", lambda: len(self.query("sim-000")) > 2, 60)
        fleet.terminate()
        fleet.wait(20)

    def test_a_device_gets_a_certificate_and_speaks(self):
        names = tarfile.open(fileobj=io.BytesIO(self.first_start("device", "esp32-7", binary=True))).getnames()
        self.assertEqual(set(names), {"esp32-7", "esp32-7/ca.crt", "esp32-7/esp32-7.crt", "esp32-7/esp32-7.key"})
        own = self.secrets / "pki/esp32-7"
        answer = subprocess.run(["mosquitto_pub", "-h", "localhost", "-p", str(self.ports["8883"]), "--cafile", own / "ca.crt", "--cert", own / "esp32-7.crt",
                                 "--key", own / "esp32-7.key", "-q", "1", "-t", "telemetry/lab/esp32-7", "-m", '{"temperature":21.5}'], timeout=30)
        self.assertEqual(answer.returncode, 0)
        eventually("its reading is stored", lambda: len(self.query("esp32-7")) == 1, 30)

    def test_grafana_gets_a_key_once(self):
        command = SERVICES["key"]["command"][0]
        grafana = self.root / "grafana-key"
        grafana.mkdir()
        command = command.replace("/run/grafana", str(grafana)).replace("/var/lib/telltale", str(self.root / "data")).replace("telltale key", f"{PROGRAM} key")
        keys = []
        for _ in range(2):
            self.assertEqual(subprocess.run([*SERVICES["key"]["entrypoint"], command], capture_output=True).returncode, 0)
            keys.append((grafana / "api_key").read_text())
        self.assertEqual(keys[0], keys[1])
        self.assertRegex(keys[0], r"^tt_\S+\n$")


if __name__ == "__main__":
    unittest.main()
