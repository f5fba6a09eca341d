#!/usr/bin/env python3
"""What is ordered over HTTP of the real program: alerts are acknowledged and silenced, and others see nothing of it."""
import http.client
import json
import threading
import unittest

from scene import Client, Scene, eventually

ALERTS, SILENCES = "/api/v1/alerts", "/api/v1/silences"


class Orders(Scene):
    config = '[tenants]\nenabled = true\n[unusual]\nenabled = false\n[[rule]]\nname = "too-hot"\nmetric = "t"\nabove = 80.0\n'

    def setUp(self):
        super().setUp()
        self.ana = self.key("acme", "ana")
        self.foreign = self.key("rival", "eve")

    def key(self, tenant, name):
        answer = self.service.run("key", "create", "--data", self.service.data, "--name", name, "--tenant", tenant,
                                  "--scope", "read,write")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        return answer.stdout.strip()

    def ask(self, method, path, key, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.service.http, timeout=30)
        try:
            headers = {"X-API-Key": key} | ({"Content-Type": "application/json"} if body is not None else {})
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read().decode()
            return answer.status, json.loads(text) if text else None
        finally:
            connection.close()

    def items(self, path, key=None):
        status, body = self.ask("GET", path, key or self.ana)
        self.assertEqual(status, 200, body)
        return body["items"]

    def hot(self, device="pump"):
        self.publish(f"acme/telemetry/site1/{device}", '{"t":90}')
        return eventually("an alert", lambda: self.items(f"{ALERTS}?device={device}"))[0]

    def test_an_alert_is_found_acknowledged_and_its_end_is_told_with_reasons(self):
        alert = self.hot()
        self.assertEqual((alert["state"], alert["rule"], alert["value"], alert["reason"]), ("firing", "too-hot", 90, "violated"))
        one = f"{ALERTS}/{alert['id']}"
        self.assertEqual(self.ask("POST", one + "/ack", self.ana, {"comment": "on it"}), (204, None))
        acknowledged = self.ask("GET", one, self.ana)[1]
        self.assertEqual([acknowledged[k] for k in ("state", "by", "comment")], ["acknowledged", "ana", "on it"])
        self.publish("acme/telemetry/site1/pump", '{"t":20}')
        eventually("it is over", lambda: not self.items(ALERTS))
        self.assertEqual(self.ask("POST", one + "/ack", self.ana)[0], 409)
        self.assertEqual([(h["n"], h["state"], h["reason"]) for h in self.ask("GET", one, self.ana)[1]["history"]],
                         [(1, "firing", "violated"), (2, "acknowledged", "ordered"), (3, "resolved", "recovered")])
        self.assertEqual([a["id"] for a in self.items(ALERTS + "?state=resolved")], [alert["id"]])
        self.service.kill()
        self.service.start().wait_ready()
        self.assertEqual(len(self.items(ALERTS + "/history")), 3)
        self.assertEqual(self.ask("POST", one + "/ack", self.ana)[0], 409)

    def test_a_silence_keeps_quiet_what_matches_until_it_is_ended(self):
        status, made = self.ask("POST", SILENCES, self.ana, {"name": "works", "device": "pump*", "until": "now+1h"})
        self.assertEqual((status, made), (201, {"name": "works", "state": "active"}))
        alert = self.hot("pump-1")
        self.assertEqual((alert["state"], alert["by"]), ("silenced", "ana"))
        self.assertEqual([s["device"] for s in self.items(SILENCES)], ["pump*"])
        self.assertEqual(self.ask("DELETE", SILENCES + "/works", self.ana), (204, None))
        self.assertEqual(self.items(SILENCES), [])
        self.assertEqual(self.items(ALERTS)[0]["state"], "firing")
        self.assertEqual(self.ask("POST", f"{ALERTS}/{alert['id']}/silence", self.ana, {"until": "now+1h"})[0], 204)
        self.assertEqual(self.items(ALERTS)[0]["state"], "silenced")

    def test_another_tenant_finds_and_changes_nothing(self):
        alert = self.hot()
        self.ask("POST", SILENCES, self.ana, {"name": "works", "rule": "x", "until": "now+1h"})
        one = f"{ALERTS}/{alert['id']}"
        for path in (ALERTS, ALERTS + "?state=all", ALERTS + "/history", SILENCES):
            self.assertEqual(self.items(path, self.foreign), [])
        for method, path in (("GET", one), ("POST", one + "/ack"), ("POST", one + "/silence"), ("DELETE", SILENCES + "/works")):
            self.assertEqual(self.ask(method, path, self.foreign)[0], 404, path)
        self.assertEqual(self.items(ALERTS)[0]["n"], 1)
        self.assertEqual(len(self.items(SILENCES)), 1)
        # The same words in another tenant are another silence.
        self.ask("POST", SILENCES, self.foreign, {"name": "works", "site": "*", "until": "now+1h"})
        self.assertEqual(self.items(ALERTS)[0]["state"], "firing")

    def test_a_device_answers_commands_and_follows_its_configuration(self):
        device = Device(self.broker.port, "acme", "site1", "valve")
        self.addCleanup(device.end)
        eventually("the device is known", lambda: self.ask("GET", VALVE, self.ana)[0] == 200)
        self.assertEqual(self.ask("POST", VALVE + "/commands/open?wait=30", self.ana, {"by": 0.5})[1]["msg"], "done 0.5")
        status, sent = self.ask("POST", VALVE + "/commands/open", self.ana)
        self.assertEqual((status, list(sent)), (202, ["id"]))
        status, problem = self.ask("POST", VALVE + "/commands/sulk?wait=1", self.ana, {})
        self.assertEqual((status, problem["title"]), (504, "The device has not answered"))
        for path in ("/commands/open", "/config"):
            method = "PUT" if path == "/config" else "POST"
            self.assertEqual(self.ask(method, VALVE + path, self.foreign, {})[0], 404)

        self.assertEqual(self.ask("PUT", VALVE + "/config?wait=30", self.ana, {"interval_s": 30}),
                         (200, {"version": 1, "applied": True}))
        followed = {"version": 1, "reported_version": 1, "applied": True, "config": {"interval_s": 30}}
        eventually("the version is noted", lambda: self.ask("GET", VALVE + "/config", self.ana) == (200, followed))
        device.end()
        self.assertEqual(self.ask("PUT", VALVE + "/config", self.ana, {"interval_s": 60}), (200, {"version": 2, "applied": False}))
        # What is stored reaches the device whatever falls over.
        self.service.kill()
        self.service.start().wait_caught_up()
        shown = self.ask("GET", VALVE + "/config", self.ana)[1]
        self.assertEqual([shown[k] for k in ("version", "reported_version", "applied")], [2, 1, False])
        again = Device(self.broker.port, "acme", "site1", "valve")
        self.addCleanup(again.end)
        eventually("the device follows", lambda: self.ask("GET", VALVE + "/config", self.ana)[1]["applied"])
        self.assertEqual(self.ask("DELETE", VALVE + "/config", self.ana), (204, None))
        eventually("the broker keeps none", lambda: again.config == "")
        self.assertEqual(self.ask("GET", VALVE + "/config", self.ana)[0], 404)
        self.assertEqual(self.ask("PUT", VALVE + "/config?wait=30", self.ana, {}), (200, {"version": 3, "applied": True}))
        self.dry_runs()

    def dry_runs(self):
        """Mappings and rules are tested by the real program as they would be in force."""
        status, decoded = self.ask("POST", "/api/v1/mappings/test", self.ana, {"topic": "acme/sensors/t/room1", "payload": "23.4"})
        self.assertEqual((status, decoded["mapping"], decoded["samples"][0]["value"]), (200, "tutorial", 23.4))
        self.publish("acme/telemetry/site1/pump", '{"t":90}')
        eventually("it is stored", lambda: self.ask("GET", "/api/v1/devices/site1/pump", self.ana)[0] == 200)
        rule = {"name": "tried", "metric": "t", "above": 85}
        report = self.ask("POST", "/api/v1/rules/test", self.ana, {"rule": rule, "from": "now-1h", "to": "now+1m"})[1]
        self.assertEqual([(a["device"], a["value"], a["state"]) for a in report["alerts"]], [("pump", 90, "firing")])
        status, problem = self.ask("POST", "/api/v1/rules/test", self.ana, {"rule": rule | {"above": "hot"}})
        self.assertEqual((status, problem["errors"][0]["pointer"]), (422, "/rule/above"))
        self.assertEqual(self.items("/api/v1/channels"), [])


VALVE = "/api/v1/devices/site1/valve"


class Device:
    """Acknowledges commands but `sulk`, and follows its configuration, on a thread of its own."""

    def __init__(self, port, tenant, site, name):
        self.prefix, self.place, self.config = f"{tenant}/", f"{site}/{name}", None
        self.client = Client(port, name)
        self.client.subscribe(f"{tenant}/cmd/{self.place}/#")
        self.client.subscribe(f"{tenant}/config/{self.place}")
        self.say("status", {"state": "online"})
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def say(self, topic_class, payload, *more):
        self.client.publish("/".join((self.prefix + topic_class, self.place, *more)), json.dumps(payload).encode())

    def run(self):
        while not self.ending.is_set():
            self.client.pump(0.05)
            while self.client.messages:
                topic, payload = self.client.messages.pop(0)
                kind, name = topic.removeprefix(self.prefix).split("/")[0], topic.rsplit("/", 1)[1]
                if kind == "config":
                    self.config = payload.decode()
                    if payload:
                        self.say("status", {"state": "online", "config_version": json.loads(payload)["version"]})
                elif name != "sulk":
                    amount = payload.decode().partition('"by":')[2].rstrip("}")
                    self.say("ack", {"id": json.loads(payload)["id"], "ok": True, "code": 0, "msg": f"done {amount}"}, name)

    def end(self):
        self.ending.set()
        self.thread.join(30)
        self.client.socket.close()


if __name__ == "__main__":
    unittest.main()
