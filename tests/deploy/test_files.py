#!/usr/bin/env python3
"""What deploy/, compose.yaml and the Dockerfile say: valid, complete, and of one mind about ports, users and paths."""
import configparser
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import tomllib
import unittest

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from service import ROOT  # noqa: E402

PROGRAM = os.environ["TELLTALE"]
DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]


def run(*args, **more):
    return subprocess.run([str(a) for a in args], capture_output=True, text=True, timeout=280, **more)


def dockerfile():
    """stage -> its instructions, continued lines joined."""
    stages, stage = {}, None
    text = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text())
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        word, rest = line.split(None, 1)
        if word == "FROM":
            stage = stages.setdefault(rest.split(" AS ")[1], [])
        else:
            stage.append((word, " ".join(rest.split())))
    return stages


STAGES = dockerfile()


def last(stage, word):
    return [rest for w, rest in STAGES[stage] if w == word][-1]


def unit():
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    parser.read(DEPLOY / "systemd/telltale.service")
    return parser["Service"]


def kubernetes():
    return {d["kind"]: d for d in yaml.safe_load_all((DEPLOY / "kubernetes/telltale.yaml").read_text())}


class Compose(unittest.TestCase):
    def test_it_is_valid(self):
        answer = run("docker-compose", "-f", ROOT / "compose.yaml", "config", "-q")
        self.assertEqual((answer.returncode, answer.stderr), (0, ""))

    def test_the_check_would_find_a_mistake(self):
        with tempfile.TemporaryDirectory() as folder:
            bad = pathlib.Path(folder) / "compose.yaml"
            bad.write_text((ROOT / "compose.yaml").read_text().replace("read_only: true", "read_onyl: true", 1))
            self.assertNotEqual(run("docker-compose", "-f", bad, "config", "-q").returncode, 0)

    def test_whatever_it_mounts_is_there(self):
        for name, service in SERVICES.items():
            for volume in service.get("volumes", []):
                source = volume.split(":")[0]
                with self.subTest(service=name, source=source):
                    if source.startswith("."):
                        self.assertTrue((ROOT / source).exists())
                        self.assertTrue(volume.endswith(":ro"))
                    else:
                        self.assertIn(source, COMPOSE["volumes"])

    def test_no_container_is_privileged_and_every_root_is_read_only(self):
        for name, service in SERVICES.items():
            with self.subTest(name):
                self.assertNotIn("privileged", service)
                self.assertIs(service["read_only"], True)
                self.assertEqual(service["cap_drop"], ["ALL"])
                self.assertEqual(service["security_opt"], ["no-new-privileges:true"])
                self.assertNotIn(service.get("network_mode"), ("host",))
                if name != "secrets":
                    self.assertNotIn("cap_add", service)

    def test_what_people_edit_is_mounted_by_its_folder(self):
        """A single file that an editor replaces stays the old one in the container, whatever SIGHUP says."""
        files = [v for v in SERVICES["telltale"]["volumes"] if v.startswith(".") and not (ROOT / v.split(":")[0]).is_dir()]
        self.assertEqual(files, [])

    def test_logs_do_not_grow_for_ever_and_our_images_are_not_looked_for_elsewhere(self):
        for name, service in SERVICES.items():
            with self.subTest(name):
                self.assertEqual(set(service["logging"]["options"]), {"max-size", "max-file"})
                self.assertTrue("build" in service or service.get("pull_policy") == "never" or not service["image"].startswith("telltale"))

    def test_what_is_not_encrypted_is_published_on_this_machine_only(self):
        for name, service in SERVICES.items():
            for port in service.get("ports", []):
                with self.subTest(service=name, port=port):
                    self.assertTrue(port.startswith("127.0.0.1:") or port == "8883:8883")

    def test_what_runs_on_is_asked_for_its_health_and_nobody_waits_for_the_fleet(self):
        for name, service in SERVICES.items():
            once = service["restart"] in ("no", "on-failure")
            with self.subTest(name):
                self.assertNotIn("fleet", service.get("depends_on", {}))
                self.assertTrue(once or "healthcheck" in service)
                for needed, how in service.get("depends_on", {}).items():
                    ends = SERVICES[needed]["restart"] in ("no", "on-failure")
                    self.assertEqual(how["condition"], "service_completed_successfully" if ends else "service_healthy")

    def test_no_secret_is_written_down(self):
        for name, service in SERVICES.items():
            for key in service.get("environment", {}):
                with self.subTest(service=name, key=key):
                    self.assertFalse(re.search("PASSWORD|SECRET|TOKEN|API_KEY", key) and not key.endswith("FILE"))

    def test_its_own_images_are_stages_of_the_dockerfile(self):
        for service in SERVICES.values():
            if "build" in service:
                self.assertIn(service["build"]["target"], STAGES)


class Dockerfile(unittest.TestCase):
    def test_whatever_it_copies_is_there(self):
        ignored = (ROOT / ".dockerignore").read_text().split()
        for stage in STAGES.values():
            for word, rest in stage:
                if word != "COPY":
                    continue
                *sources, _ = [part for part in rest.split() if not part.startswith("--")]
                for source in sources:
                    with self.subTest(source):
                        self.assertTrue((ROOT / source).exists())
                        self.assertNotIn(source.split("/")[0], ignored)

    def test_it_builds_by_the_scripts_that_people_run(self):
        runs = [rest for word, rest in STAGES["build"] if word == "RUN"]
        self.assertEqual(runs, ["source scripts/packages.sh && need_packages build package", "bash scripts/package.sh /out"])

    def test_nothing_runs_as_root(self):
        for stage in ("telltale", "broker"):
            self.assertRegex(last(stage, "USER"), r"^1\d{4}:1\d{4}$")


class OfOneMind(unittest.TestCase):
    """The same in compose, Dockerfile, systemd, Debian package, Kubernetes and the program."""

    def setUp(self):
        self.defaults = tomllib.loads(run(PROGRAM, "config", "example").stdout)
        self.shipped = tomllib.loads((DEPLOY / "config/telltale.toml").read_text())
        self.objects = kubernetes()
        self.pod = self.objects["StatefulSet"]["spec"]["template"]["spec"]
        self.in_pod = tomllib.loads(self.objects["ConfigMap"]["data"]["telltale.toml"])

    def test_about_the_http_port(self):
        port = int(self.defaults["http"]["listen"].split(":")[1])
        self.assertEqual(self.shipped["http"]["listen"], f"127.0.0.1:{port}")
        self.assertEqual(last("telltale", "EXPOSE"), str(port))
        self.assertEqual(last("telltale", "ENV"), f"TELLTALE_HTTP__LISTEN=0.0.0.0:{port}")
        self.assertEqual(SERVICES["telltale"]["ports"], [f"127.0.0.1:{port}:{port}"])
        self.assertEqual(self.in_pod["http"]["listen"], f"0.0.0.0:{port}")
        self.assertEqual(self.pod["containers"][0]["ports"], [{"name": "http", "containerPort": port}])
        self.assertEqual(self.objects["Service"]["spec"]["ports"][0]["port"], port)
        self.assertEqual(self.objects["NetworkPolicy"]["spec"]["ingress"][0]["ports"][0]["port"], port)
        self.assertIn(f"127.0.0.1:{port}", run(PROGRAM, "healthcheck", "--help").stdout)
        self.assertIn(f"telltale:{port}", (DEPLOY / "prometheus/compose.yml").read_text())

    def test_about_the_broker(self):
        listeners = re.findall(r"^listener (\d+)", (ROOT / "broker/mosquitto-production.conf").read_text(), re.M)
        self.assertEqual(last("broker", "EXPOSE").split(), listeners)
        devices, services = listeners
        self.assertEqual(SERVICES["mosquitto"]["ports"], [f"{devices}:{devices}", f"127.0.0.1:{services}:{services}"])
        url = SERVICES["telltale"]["environment"]["TELLTALE_MQTT__URL"]
        self.assertEqual(url, f"mqtts://mosquitto:{services}")
        self.assertEqual(self.in_pod["mqtt"]["url"], url)
        self.assertEqual(self.objects["NetworkPolicy"]["spec"]["egress"][1]["ports"][0]["port"], int(services))
        self.assertEqual(self.shipped["mqtt"]["url"], self.defaults["mqtt"]["url"])

    def test_about_the_user(self):
        user = last("telltale", "USER")
        number = int(user.split(":")[0])
        self.assertIn(f"--uid {number} --gid telltale", last("telltale", "RUN"))
        self.assertEqual(self.pod["securityContext"]["runAsUser"], number)
        self.assertEqual(self.pod["securityContext"]["fsGroup"], number)
        self.assertIn(f'owned {user} "$telltale"', (DEPLOY / "compose/first-start.sh").read_text())
        self.assertIn(f'owned {last("broker", "USER")} "$broker"', (DEPLOY / "compose/first-start.sh").read_text())
        self.assertEqual((unit()["User"], unit()["Group"]), ("telltale", "telltale"))
        self.assertRegex((DEPLOY / "debian/postinst").read_text(), r"adduser --system .* telltale\n")

    def test_about_the_data_folder(self):
        data = self.shipped["store"]["path"]
        self.assertEqual(data, "/var/lib/telltale")
        self.assertEqual(self.in_pod["store"]["path"], data)
        self.assertEqual("/var/lib/" + unit()["StateDirectory"], data)
        self.assertEqual(last("telltale", "VOLUME"), data)
        self.assertIn(f"data:{data}", SERVICES["telltale"]["volumes"])
        self.assertIn({"name": "data", "mountPath": data}, self.pod["containers"][0]["volumeMounts"])
        for script in ("postinst", "postrm"):
            self.assertIn(data, (DEPLOY / "debian" / script).read_text())

    def test_about_the_configuration_file_and_the_program(self):
        command = unit()["ExecStart"].split()
        program, config = command[0], command[-1]
        self.assertEqual(last("telltale", "ENTRYPOINT"), f'["{program}"]')
        self.assertEqual(last("telltale", "CMD"), '["serve", "--config", "%s"]' % config)
        self.assertEqual(self.pod["containers"][0]["args"], command[1:])
        service = SERVICES["telltale"]
        self.assertEqual((service["command"], service["environment"]["TELLTALE_CONFIG"]), (["serve"], "/etc/telltale/config/telltale.toml"))
        self.assertIn("./deploy/config:/etc/telltale/config:ro", service["volumes"])
        self.assertEqual((DEPLOY / "debian/conffiles").read_text(), config + "\n")
        self.assertEqual(SERVICES["telltale"]["healthcheck"]["test"][1:], [program, "healthcheck"])

    def test_about_how_long_a_stop_may_take(self):
        seconds = int(unit()["TimeoutStopSec"])
        self.assertEqual(SERVICES["telltale"]["stop_grace_period"], f"{seconds}s")
        self.assertEqual(self.pod["terminationGracePeriodSeconds"], seconds)

    def test_about_the_version(self):
        version = run(PROGRAM, "--version").stdout.split()[0]
        self.assertEqual(SERVICES["telltale"]["image"], f"telltale:{version}")
        self.assertEqual(self.pod["containers"][0]["image"], f"telltale:{version}")
        self.assertEqual(SERVICES["mosquitto"]["image"], f"telltale-broker:{version}")

    def test_about_what_prometheus_scrapes(self):
        one, other = (yaml.safe_load((DEPLOY / "prometheus" / name).read_text()) for name in ("prometheus.yml", "compose.yml"))
        one["scrape_configs"][0]["static_configs"] = other["scrape_configs"][0]["static_configs"]
        self.assertEqual(one, other)

    def test_about_which_rules_of_prometheus_there_are(self):
        rules = re.findall(r"- alert: (\w+)", (DEPLOY / "prometheus/telltale.rules.yml").read_text())
        manual = re.findall(r"^\| `(Telltale\w+)` \|", (ROOT / "docs/operations.md").read_text(), re.M)
        self.assertEqual(manual, rules)

    def test_the_program_takes_the_configurations(self):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in (("shipped", (DEPLOY / "config/telltale.toml").read_text()),
                               ("pod", self.objects["ConfigMap"]["data"]["telltale.toml"])):
                file = pathlib.Path(folder) / name
                file.write_text(text)
                answer = run(PROGRAM, "check", file)
                self.assertEqual(answer.returncode, 0, answer.stderr)


class Kubernetes(unittest.TestCase):
    def test_one_hardened_replica_that_is_not_killed_for_its_broker(self):
        spec = kubernetes()["StatefulSet"]["spec"]
        container = spec["template"]["spec"]["containers"][0]
        self.assertEqual(spec["replicas"], 1)
        self.assertEqual(container["securityContext"],
                         {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}})
        self.assertEqual(container["livenessProbe"]["httpGet"]["path"], "/healthz")
        self.assertEqual(container["readinessProbe"]["httpGet"]["path"], "/readyz")
        self.assertEqual(set(kubernetes()["NetworkPolicy"]["spec"]["policyTypes"]), {"Ingress", "Egress"})


class ThreatModel(unittest.TestCase):
    def test_every_test_that_it_names_is_there(self):
        page = (ROOT / "docs/threat-model.md").read_text()
        known = re.findall(r"def (test_\w+)", (ROOT / "tests/integration/test_threats.py").read_text())
        named = re.findall(r"`(test_\w+…?|…\w+)`", page)
        self.assertGreater(len(named), 12)
        for name in named:
            with self.subTest(name):
                self.assertTrue([k for k in known if k == name or "…" in name and name.strip("…") in k])
        for path in re.findall(r"`(tests/[^`]+)`", page):
            with self.subTest(path):
                self.assertTrue((ROOT / path).is_file())
        claims = [name for name in known if not any(name == n or "…" in n and n.strip("…") in name for n in named)]
        self.assertEqual(claims, ["test_a_device_writes_its_own_readings"])  # the one thing it may


class FromHelp(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temp = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.temp.cleanup)
        cls.folder = pathlib.Path(cls.temp.name)
        answer = run(sys.executable, DEPLOY / "from_help.py", PROGRAM, cls.folder)
        assert answer.returncode == 0, answer.stderr
        cls.commands = re.findall(r"^  ([a-z-]+)", run(PROGRAM, "--help").stdout.split("Subcommands:")[1], re.M)

    def complete(self, *words):
        script = f'source {self.folder}/telltale.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _telltale; printf "%s\\n" "${{COMPREPLY[@]}}"'
        return run("bash", "-c", script, "bash", *words, cwd=self.folder).stdout.splitlines()

    def test_the_shell_completes_every_command_and_option(self):
        self.assertGreater(len(self.commands), 15)
        self.assertLessEqual(set(self.commands), set(self.complete("telltale", "")))
        for command in self.commands:
            options = re.findall(r"^ +(?:-h,)?(--[a-z-]+)", run(PROGRAM, command, "--help").stdout, re.M)
            self.assertLessEqual(set(options), set(self.complete("telltale", command, "--")), command)
        self.assertEqual(self.complete("telltale", "query", "--format", ""), ["table", "csv", "json"])
        self.assertIn("create", self.complete("telltale", "key", "c"))
        self.assertIn("telltale.1", self.complete("telltale", "query", "--data", "telltale.1"))
        (self.folder / "my data").mkdir()
        self.assertEqual(self.complete("telltale", "query", "--data", "my"), ["my data"])

    def test_zsh_reads_its_completions(self):
        answer = run("zsh", "-f", "-n", self.folder / "_telltale")
        self.assertEqual((answer.returncode, answer.stderr), (0, ""))

    def test_the_manual_has_every_command_and_every_key(self):
        manual = (self.folder / "telltale.1").read_text().replace("\\-", "-")
        for command in self.commands:
            self.assertIn(f".SS telltale {command}", manual)
        self.assertIn("revoke DIR", (self.folder / "telltale-pki.1").read_text())
        keys = (self.folder / "telltale.toml.5").read_text().replace("\\-", "-").replace("\\e", "\\").replace("\\&", "")
        for line in run(PROGRAM, "config", "example").stdout.splitlines():
            self.assertIn(line, keys)


class DebianPackage(unittest.TestCase):
    def test_it_holds_what_it_should_and_names_what_it_needs(self):
        build = pathlib.Path(PROGRAM).parent
        with tempfile.TemporaryDirectory() as folder:
            answer = run("cpack", "-G", "DEB", "-B", folder, cwd=build)
            self.assertEqual(answer.returncode, 0, answer.stdout + answer.stderr)
            package = next(pathlib.Path(folder).glob("*.deb"))
            files = {line.split()[5].lstrip("."): line.split()[:2] for line in run("dpkg-deb", "-c", package).stdout.splitlines()}
            fields = dict(re.findall(r"^(\S+): (.*)$", run("dpkg-deb", "-f", package).stdout, re.M))
            control = pathlib.Path(folder) / "control"
            run("dpkg-deb", "-e", package, control)
            for script in ("postinst", "prerm", "postrm"):
                self.assertEqual(run("sh", "-n", control / script).returncode, 0)
                self.assertTrue(os.access(control / script, os.X_OK))
            self.assertEqual((control / "conffiles").read_text(), "/etc/telltale/telltale.toml\n")
        for path in ("/usr/bin/telltale", "/usr/bin/telltale-pki", "/usr/lib/telltale/telltale_readings.so", "/etc/telltale/telltale.toml",
                     "/lib/systemd/system/telltale.service", "/usr/share/man/man1/telltale.1.gz", "/usr/share/man/man1/telltale-pki.1.gz", "/usr/share/man/man5/telltale.toml.5.gz",
                     "/usr/share/bash-completion/completions/telltale", "/usr/share/zsh/vendor-completions/_telltale",
                     "/usr/share/doc/telltale/copyright", "/usr/share/doc/telltale/changelog.gz"):
            self.assertIn(path, files)
        self.assertFalse([path for path in files if path.startswith(("/usr/local", "/var", "/home", "/tmp"))])
        self.assertEqual({owner for _, owner in files.values()}, {"root/root"})
        self.assertFalse([path for path, (mode, _) in files.items() if mode[8] == "w" or "s" in mode.lower()])
        for package in ("adduser", "ca-certificates", "tzdata", "libc6", "libsqlite3-0", "libssl3", "libpaho-mqttpp3-1"):
            self.assertRegex(fields["Depends"], rf"(^|, ){re.escape(package)}( |,|$)")
        self.assertEqual(fields["Package"], "telltale")


if __name__ == "__main__":
    unittest.main()
