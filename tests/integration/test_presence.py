#!/usr/bin/env python3
"""Devices with real connections and wills, and a broker that publishes those wills when it should and when it should not."""
import json
import signal
import time
import unittest

from scene import Client, Scene, eventually


class Presence(Scene):
    config = "[unusual]\nenabled = false\n"
    fleet = [f"d{i}" for i in range(6)]

    def connect(self, device, session, heartbeat_s=600):
        """As contracts 4 wants it: a will with the session, then the birth."""
        status = f"status/s/{device}"
        client = Client(self.broker.port, device, will=(status, json.dumps({"state": "offline", "session": session})))
        self.addCleanup(client.socket.close)
        client.publish(status, json.dumps({"state": "online", "session": session, "heartbeat_s": heartbeat_s}).encode(), True)
        eventually("the birth is acknowledged", lambda: client.pump(0.02) or not client.unacked)
        return client

    def watch(self):
        """Presence and alerts from now on; the broker may have been away."""
        self.client.socket.close()
        self.client = Client(self.broker.port, "tester")
        self.client.subscribe("presence/#")
        self.client.subscribe("alerts/#")

    def seen(self, topic_class):
        self.client.pump(0.02)
        return [json.loads(p) for t, p in self.client.messages if t.startswith(topic_class + "/") and p]

    def states(self):
        """device -> what was said of it."""
        states = {}
        for p in self.seen("presence"):
            states.setdefault(p["device"], []).append(p["state"])
        return states

    def all_online(self, session):
        clients = {device: self.connect(device, session) for device in self.fleet}
        eventually("all are online", lambda: {d: s[-1] for d, s in self.states().items()} == dict.fromkeys(self.fleet, "online"))
        return clients

    def long_enough_for_a_will(self):
        """A will counts after 5 s of log time: another device's will is one, and later. Beside those of a dying broker
        it is none, so it is tried again."""
        for attempt in range(10):
            self.connect("probe", f"p{attempt}").socket.close()
            end = time.monotonic() + 12
            while time.monotonic() < end:
                if self.states().get("probe", [])[-1:] == ["offline"]:
                    return
        self.fail("the probe's will does not count")

    def test_a_device_that_is_cut_off_is_offline_and_one_that_disconnects_is_not(self):
        """[lesson-26]"""
        self.watch()
        clients = self.all_online("a")
        clients["d0"].close()  # DISCONNECT: no will
        clients["d1"].socket.close()
        eventually("the will counts", lambda: self.states()["d1"][-1] == "offline")
        said = [p for p in self.seen("presence") if p["device"] == "d1"][-1]
        self.assertEqual((said["source"], said["online"]), ("will", 0))
        self.assertEqual(self.states(), {d: ["online", "offline"] if d == "d1" else ["online"] for d in self.fleet})
        self.connect("d1", "b")
        eventually("its alert is over", lambda: [a["state"] for a in self.seen("alerts")] == ["firing", "resolved"])

    def test_a_device_that_takes_over_its_own_connection_was_never_away(self):
        """[lesson-26] The broker publishes the old connection's will beside the new birth."""
        self.watch()
        self.all_online("a")
        for session in "bcdef":
            self.connect("d0", session)
        self.long_enough_for_a_will()
        self.assertEqual(self.states()["d0"], ["online"])

    def test_a_broker_that_is_stopped_takes_nobody_offline(self):
        """[lesson-26] On SIGTERM it publishes the will of every client, and drops our link."""
        self.watch()
        self.all_online("a")
        self.broker.end(signal.SIGTERM)
        self.broker.start()
        self.service.wait_caught_up()
        self.watch()
        eventually("the broker's wills are there", lambda: self.retained_states() == ["offline"] * len(self.fleet))
        self.long_enough_for_a_will()
        self.assertEqual({d: s for d, s in self.states().items() if d != "probe" and "offline" in s}, {})
        for device in self.fleet:
            self.connect(device, "b")
        self.assertEqual([a["device"] for a in self.seen("alerts") if a["rule"] in ("offline", "site-silent")], ["probe"])

    def retained_states(self):
        client = Client(self.broker.port, "looker")
        client.subscribe("status/s/+")
        end = time.monotonic() + 5
        while time.monotonic() < end and len(client.messages) < len(self.fleet):
            client.pump(0.05)
        client.close()
        return [json.loads(p)["state"] for _, p in client.messages]

    def test_broker_and_service_go_down_together_and_nobody_is_offline(self):
        """[lesson-25] [lesson-26] As when their host is restarted: the wills are read by the next start."""
        self.watch()
        self.all_online("a")
        self.service.kill()
        self.broker.end(signal.SIGTERM)
        self.broker.start()
        self.watch()
        self.service.start().wait_caught_up()
        self.long_enough_for_a_will()
        self.assertEqual({d: s for d, s in self.states().items() if d != "probe" and "offline" in s}, {})
        self.assertEqual([a["device"] for a in self.seen("alerts")], ["probe"])


if __name__ == "__main__":
    unittest.main()
