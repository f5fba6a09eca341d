#!/usr/bin/python3
"""How long it takes from a reading's publish to its alert at another client. Probe devices take turns at crossing the
limit of the rule probe-high up and down, at a fixed pace whether alerts arrive or not, so that a stall counts for every
reading that falls into it. Prints one line of JSON.

usage: alert_probe.py PORT COUNT
"""
import collections
import json
import sys
import threading
import time

import paho.mqtt.client as mqtt

PACE_S = 0.02
DEVICES = 50
PATIENCE_S = 5


def main():
    port, count = int(sys.argv[1]), int(sys.argv[2])
    subscribed = threading.Event()
    under_way = [collections.deque() for _ in range(DEVICES)]  # publish times, oldest first; filled before sending
    latencies = []

    def on_message(_client, _userdata, message):
        now = time.monotonic()
        waiting = under_way[int(message.topic.split("/")[3].removeprefix("probe-"))]
        if waiting:
            latencies.append((now - waiting.popleft()) * 1000)

    client = mqtt.Client("alert-probe", clean_session=True)
    client.on_connect = lambda c, *_: c.subscribe("alerts/+/probe/+/probe-high/probe", 1)
    client.on_subscribe = lambda *_: subscribed.set()
    client.on_message = on_message
    client.connect("127.0.0.1", port)
    client.loop_start()
    if not subscribed.wait(PATIENCE_S):
        raise SystemExit("not subscribed")
    start = time.monotonic()
    for i in range(count):
        time.sleep(max(0, start + i * PACE_S - time.monotonic()))
        device, value = i % DEVICES, 20 if i // DEVICES % 2 else 90
        under_way[device].append(time.monotonic())
        ts = int(time.time() * 1000)
        client.publish(f"telemetry/probe/probe-{device}", f'{{"ts":{ts},"probe":{value}}}', 1)
    deadline = time.monotonic() + PATIENCE_S
    while len(latencies) < count and time.monotonic() < deadline:
        time.sleep(0.01)
    client.disconnect()
    client.loop_stop()
    latencies.sort()
    at = lambda q: round(latencies[int(q * (len(latencies) - 1))], 2) if latencies else -1
    print(json.dumps({"probes": len(latencies), "missed": count - len(latencies), "p50_ms": at(0.5), "p99_ms": at(0.99)}))


if __name__ == "__main__":
    main()
