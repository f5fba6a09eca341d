#!/usr/bin/env python3
"""The unit: hardened, understood by systemd; and what the program tells a service manager that started it."""
import ctypes
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from service import ROOT, eventually, free_port  # noqa: E402

UNIT = ROOT / "deploy/systemd/telltale.service"
PROGRAM = os.environ["TELLTALE"]
PTRACE_SEIZE, PTRACE_INTERRUPT = 0x4206, 0x4207
WAIT_ALL = 0x40000000  # __WALL: also for threads


def stand_still(thread):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long] * 4
    for request in (PTRACE_SEIZE, PTRACE_INTERRUPT):
        if libc.ptrace(request, thread, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), f"ptrace {request:#x} of {thread}")
    os.waitpid(thread, WAIT_ALL)


class Unit(unittest.TestCase):
    def test_its_exposure_is_in_the_good_range(self):
        answer = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", UNIT],
                                capture_output=True, text=True, timeout=60)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        level = float(re.search(r"Overall exposure level for \S+: ([\d.]+)", answer.stdout).group(1))
        self.assertLessEqual(level, 1.5)

    def test_systemd_knows_every_directive(self):
        with tempfile.TemporaryDirectory() as folder:
            copy = pathlib.Path(folder) / "telltale.service"
            copy.write_text(UNIT.read_text().replace("/usr/bin/telltale", PROGRAM))
            answer = subprocess.run(["systemd-analyze", "verify", "--man=no", copy], capture_output=True, text=True, timeout=60)
        self.assertEqual((answer.returncode, answer.stderr), (0, ""))

    def test_it_leaves_the_program_what_it_needs(self):
        unit = UNIT.read_text()
        self.assertNotRegex(unit, r"(?m)^ProcSubset=pid")  # process_start_time_seconds, by /proc/stat
        self.assertRegex(unit, r"(?m)^SystemCallFilter=setpriority$")  # behind the line that forbids it
        self.assertGreater(unit.index("SystemCallFilter=setpriority"), unit.index("SystemCallFilter=~"))

    def test_the_program_has_stopped_before_systemd_loses_patience(self):
        seconds = int(re.search(r"^TimeoutStopSec=(\d+)$", UNIT.read_text(), re.M).group(1))
        self.assertGreater(seconds, 10)


class Notify(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="telltale-test-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.manager.close)
        self.manager.bind(str(self.folder / "notify"))
        self.manager.setblocking(False)
        self.told = []
        self.still = []
        self.config = self.folder / "telltale.toml"
        self.config.write_text(f'[mqtt]\nurl = "mqtt://127.0.0.1:{free_port()}"\n[store]\npath = "{self.folder}/data"\n'
                               f'[http]\nlisten = "127.0.0.1:{free_port()}"\n')
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "serve", "--config", self.config], stderr=log,
                env={**os.environ, "NOTIFY_SOCKET": str(self.folder / "notify"), "WATCHDOG_USEC": "2000000"})
        self.addCleanup(self.end)
        eventually("it is ready, though there is no broker", lambda: self.count("READY=1") == 1)

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        for thread in self.still:  # whoever traces a thread has to see it end
            os.waitpid(thread, WAIT_ALL)
        self.process.wait(20)

    def count(self, start):
        try:
            while True:
                self.told.append(self.manager.recv(4096).decode())
        except BlockingIOError:
            return sum(message.startswith(start) for message in self.told)

    def test_a_service_manager_is_told_of_start_reload_and_stop(self):
        eventually("the watchdog is fed", lambda: self.count("WATCHDOG=1") >= 3)
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self.process.send_signal(signal.SIGHUP)
        eventually("it is ready again", lambda: self.count("READY=1") == 2)
        reload = next(message for message in self.told if message.startswith("RELOADING=1\n"))
        at = int(re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=(\d+)", reload).group(1))
        self.assertTrue(before <= at <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000)
        self.process.terminate()
        self.assertEqual(self.process.wait(30), 0)
        self.assertEqual(self.count("STOPPING=1"), 1)

    def test_the_watchdog_starves_when_everything_but_the_main_thread_hangs(self):
        eventually("the watchdog is fed", lambda: self.count("WATCHDOG=1") >= 2)
        for thread in map(int, os.listdir(f"/proc/{self.process.pid}/task")):
            if thread == self.process.pid:
                continue
            try:
                stand_still(thread)
            except ProcessLookupError:  # it has ended meanwhile: of a connection that failed
                continue
            self.still.append(thread)
        fed = self.count("WATCHDOG=1")
        time.sleep(2)  # a whole period of the watchdog: what must not happen in it
        self.assertLessEqual(self.count("WATCHDOG=1"), fed + 1)


if __name__ == "__main__":
    unittest.main()
