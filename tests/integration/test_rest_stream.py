#!/usr/bin/env python3
"""Readings posted over HTTP and the live stream of the real program: on disk when accepted, told while it happens."""
import concurrent.futures
import http.client
import json
import signal
import unittest

from scene import Scene, eventually

TELEMETRY, STREAM = "/api/v1/telemetry/", "/api/v1/stream"


class Events:
    """What a stream says, from a connection of its own."""

    def __init__(self, port, query=""):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.connection.request("GET", STREAM + query)
        self.answer = self.connection.getresponse()
        assert self.answer.status == 200, self.answer.read()
        assert self.answer.getheader("Content-Type") == "text/event-stream"
        self.until(lambda name, data: True, lines_only=True)

    def until(self, wanted, lines_only=False):
        """The data of the first event that is wanted."""
        name = data = None
        while True:
            line = self.answer.readline().decode()
            if not line:
                raise AssertionError("the stream ended")
            line = line.rstrip("\n")
            if lines_only and line.startswith("retry:"):
                self.answer.readline()
                return None
            if line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data: "):
                data = json.loads(line[6:])
            elif not line and name:
                if wanted(name, data):
                    return data
                name = data = None

    def close(self):
        self.answer.close()
        self.connection.close()


class Live(Scene):
    config = '[unusual]\nenabled = false\n[[rule]]\nname = "too-hot"\nmetric = "t"\nabove = 80.0\n'

    def request(self, method, path, body=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.service.http, timeout=60)
        try:
            if body is not None and not isinstance(body, (str, bytes)):
                body = json.dumps(body)
            given = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, {"Content-Type": "application/json"} | given)
            answer = connection.getresponse()
            text = answer.read().decode()
            return answer.status, json.loads(text) if text else None
        finally:
            connection.close()

    def post(self, device, body, **headers):
        return self.request("POST", TELEMETRY + "site1/" + device, body, **headers)

    def events(self, query=""):
        events = Events(self.service.http, query)
        self.addCleanup(events.close)
        return events

    def test_what_is_accepted_is_on_disk_whatever_happens_next(self):
        with concurrent.futures.ThreadPoolExecutor(8) as clients:
            answers = list(clients.map(lambda i: self.post(f"d{i % 8}", [{"value": i}, {"value": i + 0.5}]), range(160)))
        self.service.kill()
        self.assertEqual(set(map(json.dumps, answers)), {json.dumps((202, {"accepted": 2, "rejected": 0}))})
        self.service.start().wait_ready()
        found = sorted(float(v) for d in range(8) for v in self.values(f"d{d}"))
        self.assertEqual(found, [i / 2 for i in range(320)])

    def test_bad_messages_are_dead_letters_with_the_reason_in_the_answer(self):
        for body, status, reason in (("{", 400, "bad_json"), (b'{"t":"\xff"}', 400, "bad_utf8"), ("7", 422, "wrong_shape"),
                                     ([{"t": 1}] * 1001, 422, "too_many_rows")):
            answer = self.post("d", body)
            self.assertEqual(answer[0], status, answer)
            self.assertIn(reason, answer[1]["detail"])
        self.assertEqual(self.dead_letters(), {"bad_json": 1, "bad_utf8": 1, "wrong_shape": 1, "too_many_rows": 1})
        self.assertEqual(self.post("d", " " * 70_000)[0], 413)
        self.assertEqual(self.post("d", "t=1", Content_Type="application/x-www-form-urlencoded")[0], 415)
        self.settled(4)

    def test_a_repetition_with_its_key_is_not_stored_twice(self):
        for _ in range(3):
            self.assertEqual(self.post("d", {"value": 1}, Idempotency_Key="k")[0], 202)
        self.assertEqual(self.values("d"), ["1"])

    def test_the_tutorials_client_needs_only_another_url(self):
        for value in (23.4, 23.5, 24.1):
            self.assertEqual(self.post("room1", {"temperature": value}), (202, {"accepted": 1, "rejected": 0}))
        status, recent = self.request("GET", "/api/v1/query?device=room1&metric=temperature&to=now%2B1m")
        self.assertEqual([r["value"] for r in recent], [23.4, 23.5, 24.1])
        status, statistics = self.request("GET", "/api/v1/statistics?device=room1&to=now%2B1m")
        row = statistics["items"][0]
        self.assertEqual((row["count"], row["min"], row["max"], round(row["avg"], 3)), (3, 23.4, 24.1, 23.667))

    def test_alerts_presence_and_readings_are_told_while_they_happen(self):
        events, readings = self.events(), self.events("?topics=readings&device=pump")
        self.post("pump", {"t": 90})
        online = events.until(lambda name, data: name == "presence")
        self.assertEqual((online["device"], online["state"], online["online"]), ("pump", "online", 1))
        fired = events.until(lambda name, data: name == "alert")
        self.assertEqual((fired["state"], fired["reason"], fired["value"]), ("firing", "violated", 90))
        self.assertEqual(readings.until(lambda name, data: name == "readings")[0]["value"], 90)
        self.assertEqual(self.request("POST", f"/api/v1/alerts/{fired['id']}/ack", {"by": "ana"})[0], 204)
        self.assertEqual(events.until(lambda name, data: name == "alert")["state"], "acknowledged")
        self.publish("telemetry/site1/pump", '{"t":20}')
        self.assertEqual(events.until(lambda name, data: name == "alert")["state"], "resolved")
        self.assertEqual(readings.until(lambda name, data: name == "readings")[-1]["value"], 20)

    def test_a_stop_ends_streams(self):
        events = [self.events() for _ in range(20)]
        self.service.process.send_signal(signal.SIGTERM)
        for one in events:
            self.assertEqual(one.answer.read(), b"")
        self.assertEqual(self.service.process.wait(60), 0)

    def test_a_deleted_device_is_gone_at_once_and_may_come_back(self):
        self.post("pump", {"t": 1})
        device = "/api/v1/devices/site1/pump"
        self.assertEqual(self.request("GET", device)[0], 200)
        self.assertEqual(self.request("DELETE", device)[0], 204)
        self.assertEqual(self.request("GET", device)[0], 404)
        self.assertEqual(self.request("DELETE", device)[0], 404)
        self.post("pump", {"t": 2})
        self.assertEqual([r["value"] for r in self.request("GET", "/api/v1/query?device=pump&to=now%2B1m")[1]], [2])

    def test_rules_are_those_in_force(self):
        self.assertEqual(self.request("GET", "/api/v1/rules/too-hot")[1]["check"], {"type": "threshold", "above": 80})
        self.service.config.write_text(self.service.config.read_text().replace("above = 80.0", "above = 70.0"))
        self.service.process.send_signal(signal.SIGHUP)
        eventually("the new rule", lambda: self.request("GET", "/api/v1/rules/too-hot")[1]["check"]["above"] == 70)


if __name__ == "__main__":
    unittest.main()
