#!/usr/bin/env python3
"""/api/v1 of the real program: what is published is found, keys come and go beside the live service."""
import concurrent.futures
import gzip
import http.client
import json
import re
import unittest
import urllib.request

from scene import Scene, eventually

DEVICES = "/api/v1/devices"


class Rest(Scene):
    def get(self, path, key=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.service.http, timeout=30)
        self.addCleanup(connection.close)
        if key:
            headers["Authorization"] = f"Bearer {key}"
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        if answer.getheader("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        return answer, body.decode()

    def ask(self, path, key=None):
        answer, body = self.get(path, key)
        self.assertEqual(answer.status, 200, body)
        return json.loads(body)

    def status(self, path, key=None, **headers):
        return self.get(path, key, **headers)[0].status

    def key(self, *more):
        answer = self.service.run("key", "create", "--data", self.service.data, "--name", "test", *more)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertRegex(answer.stdout, r"\Att_[0-9a-f]{12}_[0-9a-f]{64}\n\Z")
        return answer.stdout.strip()


class WithoutKeys(Rest):
    def test_what_a_device_publishes_is_found_at_once(self):
        self.publish("status/site1/esp32-7", '{"state":"online","heartbeat_s":60}', retain=True)
        for i in range(120):
            self.publish("telemetry/site1/esp32-7", json.dumps({"age_ms": 1000 * (120 - i), "temperature": 20 + i % 10, "on": True}))
        self.flush()
        self.settled(121)
        eventually("the device is online", lambda: self.ask(DEVICES)["items"][0]["state"] == "online")
        device = self.ask(DEVICES + "/site1/esp32-7")
        self.assertEqual([s["metric"] for s in device["series"]], ["on", "temperature"])
        self.assertEqual(device["heartbeat_s"], 60)
        rows = self.ask("/api/v1/query?device=esp32-7&metric=temperature")
        self.assertEqual(len(rows), 120)
        self.assertEqual(set(rows[0]), {"time", "ts", "site", "device", "metric", "value"})
        self.assertEqual([float(v) for v in self.values("esp32-7", "temperature")], [r["value"] for r in rows])
        statistics = self.ask("/api/v1/statistics?metric=temperature")["items"][0]
        self.assertEqual((statistics["count"], statistics["min"], statistics["max"], statistics["avg"]), (120, 20, 29, 24.5))
        self.assertEqual(self.ask("/api/v1/latest?metric=temperature")[0]["value"], 29)
        answer, body = self.get("/api/v1/query", **{"Accept-Encoding": "gzip"})
        self.assertEqual(answer.getheader("Content-Encoding"), "gzip")
        self.assertEqual(len(json.loads(body)), 240)
        self.assertEqual(self.service.stop(), 0)

    def test_many_clients_at_once_are_answered_beside_ingest_and_health(self):
        for i in range(200):
            self.publish(f"telemetry/site1/d{i % 20}", json.dumps({"t": i}))
        self.flush()
        self.settled(200)
        paths = [DEVICES, "/api/v1/query?step=1s", "/api/v1/latest", "/api/v1/statistics?by=tenant", "/healthz", "/readyz"] * 20
        with concurrent.futures.ThreadPoolExecutor(12) as clients:
            statuses = list(clients.map(self.status, paths))
        self.assertEqual(set(statuses), {200})
        self.assertEqual(self.ask("/api/v1/statistics?by=tenant")["items"][0]["count"], 200)


class WithKeys(Rest):
    config = "[tenants]\nenabled = true\n"

    def new_service(self, name, **changes):
        service = super().new_service(name, **changes)
        service.config.write_text(service.config.read_text().replace("allow_anonymous_loopback = true\n", ""))
        return service

    def test_a_key_lives_from_its_making_to_its_revocation_beside_the_service(self):
        self.assertEqual(self.status(DEVICES), 401)
        key = self.key("--tenant", "acme")
        self.assertEqual(self.ask(DEVICES, key), {"items": []})
        self.assertEqual(self.status(DEVICES, **{"X-API-Key": key}), 200)
        self.assertEqual(self.status(DEVICES, self.key("--tenant", "acme", "--scope", "write,admin")), 403)
        listed = self.service.run("key", "list", "--data", self.service.data).stdout
        self.assertIn(key.split("_")[1], listed)
        self.assertNotIn(key.split("_")[2], listed)
        revoked = self.service.run("key", "revoke", "--data", self.service.data, key.split("_")[1])
        self.assertEqual(revoked.returncode, 0, revoked.stderr)
        self.assertEqual(self.status(DEVICES, key), 401)
        again = self.service.run("key", "revoke", "--data", self.service.data, key.split("_")[1])
        self.assertEqual(again.returncode, 1)
        self.assertNotIn(key.split("_")[2], (self.service.folder / "telltale.log").read_text())

    def test_a_tenant_is_made_given_a_key_and_removed_over_http(self):
        def order(method, path, key, body=None):
            request = urllib.request.Request(f"http://127.0.0.1:{self.service.http}/api/v1{path}", method=method, headers={"X-API-Key": key},
                                             data=json.dumps(body).encode() if body else None)
            if body:
                request.add_header("Content-Type", "application/json")
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.loads(answer.read() or b"null")
        chief = self.key("--scope", "admin")
        order("POST", "/tenants", chief, {"name": "acme"})
        made = order("POST", "/tenants/acme/keys", chief, {"name": "hall", "scopes": ["read", "write"]})
        self.assertEqual(order("POST", "/telemetry/site1/pump", made["key"], {"t": 1}), {"accepted": 1, "rejected": 0})
        eventually("its device is there", lambda: self.ask(DEVICES, made["key"])["items"])
        self.assertIn(made["id"], self.service.run("key", "list", "--data", self.service.data).stdout)
        self.assertEqual(self.ask("/api/v1/tenants/acme", chief)["devices"], 1)
        order("DELETE", "/tenants/acme", chief)
        self.assertEqual(self.status(DEVICES, made["key"]), 401)
        self.assertEqual(self.ask(DEVICES, self.key("--tenant", "acme")), {"items": []})
        self.assertNotIn(made["key"], (self.service.folder / "telltale.log").read_text())

    def test_keys_survive_a_kill(self):
        key = self.key()
        self.service.kill()
        self.service.start().wait_ready()
        self.assertEqual(self.status(DEVICES, key), 200)

    def test_bad_arguments_are_named(self):
        for more, part in ((["--scope", "root"], "'root' is none of"), (["--tenant", "Telemetry"], "is no tenant"),
                           (["--name", ""], "--name")):
            answer = self.service.run("key", "create", "--data", self.service.data, *(["--name", "x"] if "--name" not in more else []),
                                      *more)
            self.assertEqual(answer.returncode, 2)
            self.assertIn(part, answer.stderr)
        nowhere = self.service.run("key", "list", "--data", self.folder / "nowhere")
        self.assertEqual(nowhere.returncode, 1)
        self.assertIn("is no data folder", nowhere.stderr)

    def test_a_tenant_sees_its_own(self):
        for tenant in ("acme", "rival"):
            self.publish(f"{tenant}/telemetry/plant-{tenant}/pump", f'{{"{tenant}":1}}')
        self.flush()
        self.settled(2)
        acme, rival = (self.key("--tenant", tenant, "--scope", "read,admin") for tenant in ("acme", "rival"))
        self.assertEqual(self.ask("/api/v1/metrics", acme)["items"], [{"site": "plant-acme", "device": "pump", "metric": "acme"}])
        described = json.loads(self.get("/api/v1/openapi.json")[1])["paths"]
        self.assertGreater(len(described), 9)
        for path, operations in described.items():
            if path.endswith("openapi.json") or "get" not in operations or path.endswith(("/{id}", "/{rule}", "/config", "/stream")):
                continue  # test_rest_orders.py, test_rest_stream.py
            own = path.replace("{site}", "plant-acme").replace("{device}", "pump").replace("{metric}", "acme").replace("{tenant}", "acme")
            with self.subTest(path):
                self.assertEqual(self.status(own, acme), 200)
                self.assertEqual(self.status(own), 401)
                answer, body = self.get(own, rival)
                self.assertEqual(answer.status, 404 if own != path else 200)
                self.assertNotIn("acme", re.sub(r'"instance":"[^"]*"', "", body))


if __name__ == "__main__":
    unittest.main()
