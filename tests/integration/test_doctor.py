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
            self.assertIn("max_queued_messages 0", answer.stdout)

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


if __name__ == "__main__":
    unittest.main()
