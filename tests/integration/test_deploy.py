#!/usr/bin/env python3
"""What deploy/ ships: a real Prometheus scrapes the real program and evaluates the rules; every metric that rules and
dashboards name is there; every query of the history dashboard is answered the way Grafana asks it."""
import json
import re
import subprocess
import time
import unittest
import urllib.request

from scene import Scene
from grafana_mqtt import Broken, Panel
from prometheus_peer import Prometheus, call
from mqtt import Client
from service import ROOT, eventually

DEPLOY = ROOT / "deploy"


def dashboard(name):
    return json.loads((DEPLOY / f"grafana/dashboards/{name}.json").read_text())


def queries(board):
    return [target["expr"] for panel in board["panels"] for target in panel["targets"]]


def metric_names(text):
    return set(re.findall(r"\b(?:telltale|process)_[a-z0-9_]+\b", text))


class Deploy(Scene):
    config = '''
[[rule]]
name = "too-hot"
metric = "temperature"
above = 80
[[channel]]
name = "ops"
kind = "webhook"
url = "http://127.0.0.1:9/"
'''

    def promtool(self, *args):
        answer = subprocess.run(["promtool", *map(str, args)], capture_output=True, text=True, timeout=60, cwd=DEPLOY / "prometheus")
        self.assertEqual(answer.returncode, 0, answer.stdout + answer.stderr)

    def test_promtool_finds_nothing_wrong(self):
        self.promtool("check", "config", "prometheus.yml")
        self.promtool("check", "rules", "telltale.rules.yml")
        self.promtool("test", "rules", "telltale.rules.test.yml")

    def test_every_metric_that_is_named_is_there(self):
        self.publish("telemetry/site1/esp32-7", '{"temperature":20}')
        self.publish("telemetry/site1/esp32-7", "no json")
        self.flush()
        self.settled(2)
        with urllib.request.urlopen(f"http://127.0.0.1:{self.service.http}/metrics", timeout=30) as answer:
            there = set(re.findall(r"^# TYPE (\S+)", answer.read().decode(), re.M))
        named = metric_names(" ".join(queries(dashboard("operation"))))
        named |= metric_names("\n".join(re.findall(r"expr:(.*?)\n      +(?:for|labels):", (DEPLOY / "prometheus/telltale.rules.yml").read_text(), re.S)))
        self.assertGreater(len(named), 15)
        self.assertEqual({name.removesuffix("_bucket") for name in named} - there, set())

    def test_prometheus_scrapes_and_judges(self):
        folder = self.folder / "prometheus"
        folder.mkdir()
        config = (DEPLOY / "prometheus/prometheus.yml").read_text()
        self.assertIn('"127.0.0.1:8080"', config)
        (folder / "prometheus.yml").write_text(config.replace("127.0.0.1:8080", f"127.0.0.1:{self.service.http}").replace("15s", "1s"))
        (folder / "telltale.rules.yml").write_text((DEPLOY / "prometheus/telltale.rules.yml").read_text())
        peer = Prometheus(folder)
        self.addCleanup(peer.end)
        eventually("prometheus is ready", peer.ready)

        def value(query):
            result = call(peer.url, "/query", [("query", query)])[1]["data"]["result"]
            return result[0]["value"][1] if result else None
        eventually("telltale is scraped", lambda: value("telltale_mqtt_connected") == "1")
        rules = lambda: call(peer.url, "/rules")[1]["data"]["groups"][0]["rules"]  # noqa: E731
        eventually("every rule was evaluated", lambda: {rule["health"] for rule in rules()} == {"ok"})
        # TelltaleBehind may be pending for a moment after the start.
        self.assertEqual([rule["name"] for rule in rules() if rule["state"] == "firing"], [])
        self.assertEqual(self.service.stop(), 0)
        eventually("its end is noticed", lambda: [r["name"] for r in rules() if r["name"] == "TelltaleDown"
                                                  and r["state"] in ("pending", "firing")])

    def test_every_history_query_is_answered_as_grafana_asks_it(self):
        now = int(time.time())
        for device in ("esp32-7", "esp32-8"):
            self.publish(f"telemetry/site1/{device}",
                         json.dumps([{"ts": now - 900 + i * 10, "temperature": 20 + i % 7} for i in range(88)]))
        self.flush()
        self.settled(2)
        base = f"http://127.0.0.1:{self.service.http}/prom/api/v1"
        board = dashboard("history")
        variables = {"$metric": "temperature", "$site": ".+", "$device": "(esp32-7|esp32-8)", "$__interval": "1m"}

        def filled(text):
            for name, by in sorted(variables.items(), key=lambda item: -len(item[0])):
                text = text.replace(name, by)
            return text
        self.assertEqual(call(base, "/query", [("query", "1+1"), ("time", now)], post=True)[1]["data"]["result"], [now, "2"])
        self.assertEqual(call(base, "/status/buildinfo")[0], 200)
        self.assertEqual(call(base, "/metadata")[0], 200)
        for query in queries(board):
            with self.subTest(query):
                status, answer = call(base, "/query_range", [("query", filled(query)), ("start", now - 3600), ("end", now), ("step", 60)],
                                      post=True)
                self.assertEqual(status, 200, answer)
                self.assertTrue(answer["data"]["result"])
        for variable in board["templating"]["list"]:
            match = re.fullmatch(r"label_values\((?:(.+), )?(\w+)\)", variable["query"]["query"])
            status, answer = call(base, f"/label/{match[2]}/values", [("match[]", filled(match[1]))] if match[1] else [])
            self.assertEqual((status, bool(answer["data"])), (200, True), variable)

    def test_every_query_of_the_rest_dashboard_has_the_columns_that_it_shows(self):
        now = int(time.time())
        self.publish("telemetry/site1/esp32-7", json.dumps([{"ts": now - 300 + i, "temperature": 20} for i in range(200)]))
        self.publish("telemetry/site1/esp32-7", '{"temperature":99}')
        self.flush()
        self.settled(2)
        base = f"http://127.0.0.1:{self.service.http}/api/v1"
        board = dashboard("rest")
        targets = [panel["targets"][0] for panel in board["panels"]] + [note["target"] for note in board["annotations"]["list"]]
        for target in targets:
            url = target["url"].replace("${site}", "site1").replace("${__from}", str((now - 3600) * 1000)).replace("${__to}", str((now + 60) * 1000))
            with self.subTest(url):
                def rows():
                    with urllib.request.urlopen(base + url, timeout=30) as answer:
                        answer = json.loads(answer.read())
                    return answer[target["root_selector"]] if target["root_selector"] else answer
                eventually("rows", rows)
                # timeEnd is there when an alert is over.
                self.assertGreaterEqual(set(rows()[0]) | {"timeEnd"}, {column["selector"] for column in target["columns"]})
                for row in rows():
                    self.assertFalse([key for key, value in row.items() if value is None or isinstance(value, (dict, list))])

    def test_the_live_dashboard_watches_topics_that_telltale_publishes(self):
        board = dashboard("live")
        self.assertEqual((board["refresh"], board["liveNow"]), ("", True))
        topics = [target["topic"] for panel in board["panels"] for target in panel["targets"]]
        self.assertGreaterEqual({topic.split("/")[0] for topic in topics}, {"rollup", "aggregates", "alerts"})


class LiveTopics(Scene):
    config = '''
[analytics]
windows = ["10s"]
rollup_windows = ["10s"]
lateness = "0s"
[[rule]]
name = "too-hot"
severity = "critical"
metric = "temperature"
above = 80
[[rule]]
name = "no-humidity"
metric = "humidity"
missing = "2s"
'''

    def test_a_panel_can_draw_everything_that_is_published(self):
        panel, states = Panel(), set()
        watcher = Client(self.broker.port, "panel")
        self.addCleanup(watcher.socket.close)
        for topics in ("aggregates", "rollup", "alerts", "alert-state", "presence", "errors", "control-reply", "service"):
            watcher.subscribe(topics + "/#")

        def told(until, what):
            def look():
                watcher.pump(0.05)
                for topic, payload in watcher.messages:
                    panel.take(topic, payload)
                    if topic.startswith(("alerts/", "presence/")):
                        state = json.loads(payload)
                        states.update((state["state"], f"{state.get('severity')}/{state.get('rule')}"))
                watcher.messages.clear()
                return until()
            eventually(what, look)

        self.publish("status/site1/esp32-7", '{"state":"online","session":"a","heartbeat_s":60}', retain=True)
        self.publish("telemetry/site1/esp32-7", '{"temperature":{"v":20.5,"u":"Cel"},"humidity":48,"on":true,"word":"a \\"b\\""}')
        self.publish("telemetry/site1/esp32-8", '{"temperature":21,"count":9007199254740993}')
        self.publish("telemetry/site1/esp32-7", "no json \x00\xff".encode("latin-1"))
        told(lambda: "online" in states, "a device is online")
        self.publish("telemetry/site1/esp32-7", '{"temperature":90}')
        told(lambda: "critical/too-hot" in states, "an alert")
        alert = json.loads(urllib.request.urlopen(f"http://127.0.0.1:{self.service.http}/api/v1/alerts?rule=too-hot",
                                                  timeout=30).read())["items"][0]["id"]
        self.publish(f"control/alert/{alert}/ack", '{"by":"ana","comment":"on it"}')
        self.publish(f"control/alert/{alert}/paint", "{}")
        told(lambda: "acknowledged" in states and panel.count.get("control-reply", 0) > 1, "its acknowledgement")
        self.publish("telemetry/site1/esp32-7", '{"temperature":20}')
        self.publish("status/site1/esp32-8", "offline", retain=True)
        told(lambda: {"resolved", "offline"} <= states, "both are over")
        told(lambda: panel.count.get("aggregates", 0) >= 4 and panel.count.get("rollup", 0) >= 2, "the windows of both devices are closed")
        self.publish("control/device/site1/esp32-8/remove", '{"by":"ana"}')
        told(lambda: "removed" in states, "a device is removed")
        self.assertGreaterEqual(set(panel.count), {"aggregates", "rollup", "alerts", "alert-state", "presence", "errors", "control-reply", "service"})

    def test_what_a_panel_cannot_draw_is_noticed(self):
        good = '{"ts":1,"site":"s","device":"d","state":"online"}'
        for bad, why in (('', "empty"), ('[1]', "no object"), ('{"ts":1', "no JSON"), ('{"ts":NaN}', "no number"), ('{"ts":1e999}', "finite"),
                         ('{"ts":null}', "null"), ('{"ts":1,"tags":{}}', "tags"), ('{"ts":1,"ts":2}', "twice"), ('{"":1}', "''"),
                         ('{"Time":1}', "'Time'"), ('{"ts":"1","site":"s","device":"d"}', "was a number and is a string"),
                         ('{"site":"s","ts":1,"device":"d"}', "now comes before"), ('{"ts":1,"site":"x","device":"d"}', "site of the topic"),
                         ('{"ts":1,"device":"d"}', "site of the topic")):
            panel = Panel()
            panel.take("presence/s/d", good.encode())
            with self.subTest(bad), self.assertRaisesRegex(Broken, why):
                panel.take("presence/s/d", bad.encode())


if __name__ == "__main__":
    unittest.main()
