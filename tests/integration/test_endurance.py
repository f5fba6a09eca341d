#!/usr/bin/env python3
"""What has to hold over months, in a minute: a backlog shrinks while new readings arrive, and memory, files and WALs stay flat."""
import re
import subprocess
import unittest

from scene import Scene, eventually
from footprint import footprint
from service import ROOT


class Endurance(Scene):
    def send(self, device, first, count):
        for i in range(first, first + count):
            self.publish(f"telemetry/s/{device}", f'{{"ts":{1_763_700_000 + i},"value":{i}}}')

    def test_a_backlog_drains_while_new_readings_arrive(self):
        """[lesson-23] It shrinks by itself, faster than it grows; caught up means acknowledged."""
        self.assertEqual(self.service.stop(), 0)
        self.send("d", 0, 30_000)
        self.flush()
        self.service.start().wait_ready()
        sent = 30_000

        def caught_up():
            nonlocal sent
            self.send("d", sent, 20)  # arrivals do not pause for it
            self.client.pump(0.001)
            sent += 20
            return [v for n, v in self.service.metrics().items() if n.startswith("telltale_mqtt_caught_up")] == [1]
        eventually("the backlog is gone", caught_up)
        self.flush()
        self.assertEqual(self.settled(sent)["stored"], sent)
        self.assertEqual(self.values("d"), [str(i) for i in range(sent)])

    def test_a_back_up_as_the_manual_says_is_whole_and_can_be_restored(self):
        """The commands are those of docs/operations.md."""
        manual = (ROOT / "docs/operations.md").read_text()
        back_up = re.search(r"^    (PID=.*; kill -STOP \$PID; .*)$", manual, re.M).group(1)
        self.send("d", 0, 2_000)
        self.flush()
        self.settled(2_000)
        shell = lambda command: subprocess.run(["bash", "-euc", command], cwd=self.service.folder, timeout=60, check=True)  # noqa: E731
        shell(back_up)
        copy, = self.service.folder.glob("backup-*")
        self.send("d", 2_000, 10)
        self.flush()
        self.settled(2_010)
        self.assertEqual(self.service.run("verify", "--data", copy).returncode, 0)
        self.assertEqual(self.service.stop(), 0)
        shell(f"mv data damaged; cp -a {copy.name} data")
        self.service.start().wait_ready()
        self.assertEqual(self.values("d"), [str(i) for i in range(2_000)])
        self.send("d", 2_010, 1)
        self.flush()
        eventually("it takes readings again", lambda: self.values("d")[-1] == "2010")

    def test_memory_files_and_wals_stay_flat_under_load(self):
        """[lesson-29] Six rounds of the same: bad ones, repeated ones, alerts that come and go. What the third has grown to is enough."""
        seen = []
        for round_ in range(6):
            for i in range(3_000):
                n = round_ * 3_000 + i
                self.publish(f"telemetry/s/d{i % 50}", f'{{"value":{i % 7},"temperature":{20 + 70 * (i // 500 % 2)}}}')
                if i % 10 == 0:
                    self.publish("telemetry/s/bad", b'{"value":%d' % n)
            self.flush()
            self.settled((round_ + 1) * 3_300)
            seen.append(footprint(self.service))
        rss, files, wal = zip(*seen)
        # Beyond the ring of recent batches, which fills up, 18,000 messages a round would show.
        self.assertLess(rss[5] - rss[2], 16_000, f"kB: {rss}")
        self.assertLess(max(files), files[0] + 40, files)  # connections to databases come and go
        self.assertLess(max(wal), 32 << 20, wal)


if __name__ == "__main__":
    unittest.main()
