#!/usr/bin/env python3
"""kill_loop.py TELLTALE [--kills N] [--seed N]: acknowledged means stored, and the same log gives the same alerts.

A publisher keeps sending QoS 1 messages while the service is killed with SIGKILL again and again: at seeded random
moments, and at each fail point at least once (inside an append, a rotation, a seal, a checkpoint, an outbox send).
Afterwards every reading whose message the broker acknowledged to the publisher must be there exactly once, the alert
transitions must equal those of an uninterrupted run over the same log (`telltale audit`), and whatever a subscriber
saw twice must be byte-identical and no more than one publisher window per kill.
"""
import argparse
import pathlib
import random
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from alert_watcher import AlertWatcher, transitions  # noqa: E402
from exact_load import ExactLoad, compare  # noqa: E402
from service import Mosquitto, Telltale, eventually  # noqa: E402

FAIL_POINTS = ["append-before-sync", "append-after-sync", "rotate", "seal-before-commit", "seal-after-commit",
               "seal-before-unlink", "checkpoint", "outbox-send"]
# How many passes a fail point lets through before it kills; the rarer the place, the fewer.
PASSES = {"append-before-sync": (3, 60), "append-after-sync": (3, 60), "outbox-send": (1, 20)}
PUBLISHER_WINDOW = 200
DEVICES = 60
RATE = 3600           # messages a second

CONFIG = f"""
[store]
path = "@DATA@"
rotate_readings = 12000
archive_log = true
[alerting]
publisher_window = {PUBLISHER_WINDOW}
[analytics]
heartbeat = "1h"
[[rule]]
name = "high"
metric = "level"
above = 100.0
clear = 50.0
"""


def kill_once(service, fail_point, rng):
    """Starts the service, lets it die, and says how."""
    if fail_point:
        count = rng.randint(*PASSES.get(fail_point, (1, 1)))
        service.start(TELLTALE_FAIL_POINT=f"{fail_point}:{count}")
        eventually(f"fail point {fail_point} is reached", lambda: not service.alive(), 60)
        assert service.process.returncode == -9, f"{fail_point}: ended with {service.process.returncode}: {service.log_tail()}"
        return f"{fail_point}:{count}"
    service.start()
    service.wait_ready()
    moment = rng.uniform(0.05, 2.5)
    time.sleep(moment)
    assert service.alive(), f"died by itself: {service.log_tail()}"
    service.kill()
    return f"after {moment:.2f} s"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("telltale")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    assert options.kills >= len(FAIL_POINTS)
    rng = random.Random(options.seed)
    print(f"seed {options.seed}, {options.kills} kills", flush=True)

    plan = FAIL_POINTS + [None] * (options.kills - len(FAIL_POINTS))
    rng.shuffle(plan)
    with tempfile.TemporaryDirectory(prefix="telltale-kill-") as folder:
        broker = Mosquitto(f"{folder}/broker")
        service = Telltale(options.telltale, f"{folder}/telltale", broker.port,
                           CONFIG.replace("@DATA@", f"{folder}/telltale/data"))
        publisher = watcher = None
        try:
            # The subscription exists before the first message; from then on the broker keeps everything for us.
            service.start().wait_ready()
            watcher = AlertWatcher(broker.port)
            watcher.start()
            publisher = ExactLoad(broker.port, DEVICES, RATE)
            publisher.start()
            service.kill()
            for number, fail_point in enumerate(plan, 1):
                print(f"kill {number:2d}: {kill_once(service, fail_point, rng)}", flush=True)
                assert publisher.error is None, publisher.error
            publisher.ending.set()
            publisher.join(60)
            readings, unknown = publisher.counts()
            assert publisher.error is None and not publisher.under_way and not unknown, "the broker did not acknowledge everything"

            service.start().wait_ready()
            publisher.client.publish("telemetry/lab/end", b'{"value":1}')
            eventually("the backlog is stored", lambda: service.query("end", "value"), 120)
            code = service.stop()
            assert code == 0, f"SIGTERM: exit code {code}: {service.log_tail()}"
            publisher.client.close()

            lost, doubled, foreign = compare(service, publisher)
            audit = service.run("audit", "--data", service.data)
            history = set(transitions(audit.stdout))
            eventually("the watcher saw every transition", lambda: history <= set(watcher.seen), 30)
            watcher.ending.set()
            watcher.join(10)
            print(f"{publisher.rate:.0f} messages/s at QoS 1; {publisher.sent} messages with {readings} readings acknowledged by the broker; "
                  f"lost {lost}, doubled {doubled}, foreign {foreign}")
            print(f"{len(history)} alert transitions; seen by the subscriber {len(watcher.seen)}, "
                  f"repeated {watcher.repeated}, differing {len(watcher.differing)}")
            print(audit.stdout.splitlines()[-1] if audit.stdout else audit.stderr)
            assert lost == doubled == foreign == 0
            assert audit.returncode == 0, audit.stdout[-2000:] + audit.stderr
            assert history, "no alert ever fired: the comparison would be empty"
            assert set(watcher.seen) == history, "the subscriber saw other transitions than were decided"
            assert not watcher.differing, "a repetition differed"
            assert watcher.repeated <= (options.kills + 2) * PUBLISHER_WINDOW
        except AssertionError:
            print(service.log_tail(40))
            raise
        finally:
            if publisher:
                publisher.ending.set()
            if watcher:
                watcher.ending.set()
            if service.process and service.alive():
                service.kill()
            broker.end()
    print("kill loop passed")


main()
