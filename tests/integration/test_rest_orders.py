#!/usr/bin/env python3
"""What is ordered over HTTP of the real program: alerts are acknowledged and silenced, and others see nothing of it."""
import http.client
import json
import unittest

from scene import Scene, eventually

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


if __name__ == "__main__":
    unittest.main()
