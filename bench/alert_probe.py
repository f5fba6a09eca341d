#!/usr/bin/python3
"""How long it takes from a reading's publish to its alert at another client: publishes values over the limit of the
rule probe-high and waits for alerts/…, again and again. Prints one line of JSON.

usage: alert_probe.py PORT COUNT
"""
import json
import sys
import threading
import time

import paho.mqtt.client as mqtt

PATIENCE_S = 5


def main():
    port, count = int(sys.argv[1]), int(sys.argv[2])
    subscribed, transition = threading.Event(), threading.Event()
    arrived = [0.0]
    wanted = [""]

    def on_message(_client, _userdata, message):
        alert = json.loads(message.payload)
        if alert["state"] == wanted[0]:
            arrived[0] = time.monotonic()
            transition.set()

    client = mqtt.Client("alert-probe", clean_session=True)
    client.on_connect = lambda c, *_: c.subscribe("alerts/+/probe/+/probe-high/probe", 1)
    client.on_subscribe = lambda *_: subscribed.set()
    client.on_message = on_message
    client.connect("127.0.0.1", port)
    client.loop_start()
    if not subscribed.wait(PATIENCE_S):
        raise SystemExit("not subscribed")
    latencies, missed = [], 0
    for _ in range(count):
        for state, value in (("firing", 90), ("resolved", 20)):
            transition.clear()
            wanted[0] = state
            start = time.monotonic()
            ts = int(time.time() * 1000)
            client.publish("telemetry/probe/probe-1", f'{{"ts":{ts},"probe":{value}}}', 1)
            if not transition.wait(PATIENCE_S):
                missed += 1
                continue
            latencies.append((arrived[0] - start) * 1000)
            time.sleep(0.015)  # a reading with the time of the one before is not newer and would not be judged
    client.disconnect()
    client.loop_stop()
    latencies.sort()
    at = lambda q: round(latencies[int(q * (len(latencies) - 1))], 2) if latencies else -1
    print(json.dumps({"probes": len(latencies), "missed": missed, "p50_ms": at(0.5), "p99_ms": at(0.99)}))


if __name__ == "__main__":
    main()
