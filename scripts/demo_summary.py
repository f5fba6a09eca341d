#!/usr/bin/env python3
"""demo_summary.py WORK PORT HTTP_URL fleet|replay SECONDS: what happened, from the outside; exit 1 when it should not have.

Reads what mosquitto_sub printed (WORK/events.txt), /metrics, and the data folder's size.
"""
import collections
import json
import os
import sys
import urllib.request

work, port, url, kind, seconds = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5])

metrics = {}
for line in urllib.request.urlopen(url + "/metrics", timeout=5).read().decode().splitlines():
    if line and not line.startswith("#"):
        name, value = line.rsplit(" ", 1)
        metrics[name] = float(value)

alerts, presence = collections.defaultdict(collections.Counter), collections.defaultdict(list)
with open(os.path.join(work, "events.txt"), encoding="utf-8") as lines:
    for line in lines:
        topic, _, payload = line.strip().partition(" ")
        body = json.loads(payload)
        if topic.startswith("alerts/"):
            alerts[body["rule"]][body["state"]] += 1
        else:
            presence[(body["site"], body["device"])].append((body["state"], body["source"]))

outcomes = {n.split('"')[1]: int(v) for n, v in metrics.items() if n.startswith("telltale_messages_total{")}
received = int(metrics["telltale_messages_received_total"])
in_flight = int(metrics["telltale_messages_in_flight"])
stored_bytes = sum(os.path.getsize(os.path.join(folder, f)) for folder, _, files in os.walk(os.path.join(work, "data")) for f in files)
samples = int(sum(v for n, v in metrics.items() if n.startswith("telltale_samples_ingested_total")))

print("\n---- summary ----")
print(f"messages   {received} received = " + " + ".join(f"{v} {n}" for n, v in outcomes.items() if v) + f" + {in_flight} in flight")
print(f"readings   {samples}, {stored_bytes} bytes in the data folder (the open log segment is preallocated)")
for rule, states in sorted(alerts.items()):
    print(f"alert      {rule}: " + ", ".join(f"{n} {s}" for s, n in sorted(states.items())))
print(f"presence   {sum(len(c) for c in presence.values())} changes of {len(presence)} devices")

problems = []
if received != sum(outcomes.values()) + in_flight:
    problems.append("the outcomes do not add up to what was received")
if samples == 0:
    problems.append("no reading was stored")
if kind == "fleet" and seconds >= 60:
    def came_back(cause):
        return [d for d, c in presence.items() if ("offline", cause) in c and any(s == "online" for s, _ in c[c.index(("offline", cause)):])]
    will, silence = came_back("will"), came_back("timeout")
    print("offline    by will and back: " + (", ".join("/".join(d) for d in will) or "none"))
    print("           by silence and back: " + (", ".join("/".join(d) for d in silence) or "none"))
    if not alerts["too-hot"]["firing"] or not alerts["too-hot"]["resolved"]:
        problems.append("no threshold alert fired and resolved")
    if not alerts["odd-humidity"]["firing"]:
        problems.append("no z-score alert fired")
    if not will:
        problems.append("no device went offline by its will and came back")
    if not silence:
        problems.append("no device went offline by silence and came back")
if kind == "replay" and not any(s["firing"] for s in alerts.values()):
    problems.append("nothing was found in the recorded data")
for p in problems:
    print("PROBLEM    " + p)
print("ok" if not problems else "not ok")
sys.exit(1 if problems else 0)
