#!/usr/bin/env python3
"""The session with the broker: nothing lost or doubled through stops, restarts, overlaps and retained copies."""
import json
import signal
import time
import unittest

from scene import Client, Scene, eventually


class Session(Scene):
    def test_messages_that_arrive_while_the_service_is_down_are_stored_afterwards(self):
        """[lesson-01] [lesson-10] [lesson-11] An orderly stop keeps the session: the broker keeps what comes."""
        self.publish("telemetry/s/d", '{"value":0}')
        self.flush()
        self.settled(1)
        self.assertEqual(self.service.stop(), 0)
        for i in range(1, 2001):
            self.publish("telemetry/s/d", f'{{"value":{i}}}')
        self.flush()
        self.service.start().wait_caught_up()
        eventually("all is stored", lambda: len(self.values("d")) >= 2001)
        self.assertEqual(self.values("d"), [str(i) for i in range(2001)])

    def test_backlog_without_own_time_is_marked_and_silent(self):
        """[lesson-25] Ten minutes' worth of readings above the limit, then normal again: no alert for the past."""
        self.service.stop()
        for i in range(600):
            self.publish("telemetry/s/d", '{"temperature":99}')
        self.publish("telemetry/s/d", '{"temperature":20}')
        self.flush()
        self.client.subscribe("alerts/#")
        self.service.config.write_text(self.service.config.read_text() + RULE)
        self.service.start().wait_caught_up()
        eventually("all is stored", lambda: len(self.values("d", "temperature")) == 601)
        self.publish("telemetry/s/d", '{"temperature":95}')
        eventually("the live reading fires", lambda: self.client.pump(0.02) or self.client.messages)
        self.assertEqual([json.loads(p)["value"] for _, p in self.client.messages], [95])

    def test_a_stop_is_quick_and_says_offline(self):
        self.client.subscribe("service/#")
        eventually("the birth is there", lambda: self.client.pump(0.02) or self.client.messages)
        self.assertEqual(json.loads(self.client.messages[0][1])["state"], "online")
        self.client.messages.clear()
        begin = time.monotonic()
        self.assertEqual(self.service.stop(), 0)
        self.assertLess(time.monotonic() - begin, 20)
        eventually("offline is published", lambda: self.client.pump(0.02) or any(
            json.loads(p).get("state") == "offline" for t, p in self.client.messages if t.endswith("/status")))

    def test_retained_telemetry_is_last_value_only(self):
        """[lesson-12] [lesson-13] A retained copy at subscribe is no reading, no heartbeat and no alert."""
        self.service.stop()
        self.publish("telemetry/s/old", '{"temperature":99}', retain=True)
        self.flush()
        other = self.new_service("fresh", config=self.config + RULE)
        other.config.write_text(other.config.read_text().replace("[mqtt]\n", '[mqtt]\nclient_id = "fresh"\n'))
        other.start().wait_caught_up()
        self.service = other
        outcomes = self.settled(1)
        self.assertEqual(outcomes, {"retained": 1})
        self.assertEqual(self.values("old", "temperature"), [])

    def test_a_live_birth_with_the_retain_flag_is_a_birth(self):
        self.client.subscribe("presence/#")
        self.publish("status/s/dev", '{"state":"online","session":"a1","heartbeat_s":60}', retain=True)
        eventually("presence is published", lambda: self.client.pump(0.02) or self.client.messages)
        topic, payload = self.client.messages[0]
        self.assertEqual((topic, json.loads(payload)["state"], json.loads(payload)["source"]),
                         ("presence/s/dev", "online", "birth"))

    def test_a_will_makes_a_device_offline_unless_its_session_is_stale(self):
        """[lesson-26] A will of an earlier session says nothing about the present one."""
        self.client.subscribe("presence/#")
        self.publish("status/s/dev", '{"state":"online","session":"new"}', retain=True)
        self.publish("status/s/dev", '{"state":"offline","session":"old"}', retain=True)
        self.publish("status/s/gone", '{"state":"online","session":"x"}', retain=True)
        self.publish("status/s/gone", '{"state":"offline","session":"x"}', retain=True)
        eventually("the will with the present session counts", lambda: self.client.pump(0.02) or any(
            json.loads(p)["state"] == "offline" for t, p in self.client.messages if t == "presence/s/gone"))
        self.assertEqual([json.loads(p)["state"] for t, p in self.client.messages if t == "presence/s/dev"], ["online"])

    def test_a_second_service_with_the_same_client_id_is_told_apart(self):
        """[lesson-06] The one that was pushed out says so and does not fight."""
        other = self.new_service("second")
        other.start()
        eventually("the first says that it was taken over",
                   lambda: "taken over" in (self.service.folder / "telltale.log").read_text())
        self.assertTrue(self.service.alive())
        self.assertFalse(self.service.ready())
        other.wait_caught_up()
        self.client.subscribe("service/telltale/status")
        eventually("the newcomer keeps its name", lambda: self.client.pump(0.02) or self.client.messages)
        self.assertEqual(json.loads(self.client.messages[-1][1])["state"], "online")
        self.assertEqual(self.service.stop(), 0)
        self.client.pump(0.5)
        self.assertEqual(json.loads(self.client.messages[-1][1])["state"], "online", "the old one says nothing any more")

    def test_a_second_service_on_the_same_folder_is_refused(self):
        other = self.new_service("second", data=self.service.data)
        other.start()
        self.assertNotEqual(other.process.wait(120), 0)
        self.assertIn("in use by another telltale", (other.folder / "telltale.log").read_text().lower())
        self.assertTrue(self.service.ready())


class Overlap(Scene):
    def new_service(self, name, **changes):
        service = super().new_service(name, **changes)
        service.config.write_text(service.config.read_text().replace(
            "[mqtt]\n", '[mqtt]\nfilters = ["telemetry/+/a", "telemetry/#"]\n'))
        return service

    def test_overlapping_filters_store_a_message_once(self):
        """[lesson-19] The broker sends one copy per filter; the first configured filter's copy counts."""
        for i in range(100):
            self.publish("telemetry/s/a", f'{{"value":{i}}}')
            self.publish("telemetry/s/b", f'{{"value":{i}}}')
        self.flush()
        outcomes = self.settled(300)
        self.assertEqual(outcomes, {"stored": 200, "overlap": 100})
        self.assertEqual(self.values("a"), [str(i) for i in range(100)])
        self.assertEqual(self.values("b"), [str(i) for i in range(100)])

    def test_a_filter_that_is_added_while_messages_wait_loses_none_of_them(self):
        """[lesson-05] [lesson-19] What was queued under the old filter alone has no copy for the new, overlapping one."""
        both = self.service.config.read_text()
        self.assertEqual(self.service.stop(), 0)
        self.service.config.write_text(both.replace('"telemetry/+/a", "telemetry/#"', '"telemetry/#"'))
        self.service.start().wait_caught_up()
        self.assertEqual(self.service.stop(), 0)
        for i in range(100):
            self.publish("telemetry/s/a", f'{{"value":{i}}}')
        self.flush()
        self.service.config.write_text(both)
        self.service.start().wait_caught_up()
        self.settled(100)
        self.publish("telemetry/s/a", '{"value":100}')
        self.flush()
        self.assertEqual(self.settled(102), {"stored": 101, "overlap": 1})
        self.assertEqual(self.values("a"), [str(i) for i in range(101)])

    def test_an_overlapping_filter_that_is_removed_while_messages_wait_doubles_none_of_them(self):
        """[lesson-05] [lesson-19] The copies that wait for the old filter are still copies."""
        self.assertEqual(self.service.stop(), 0)
        for i in range(100):
            self.publish("telemetry/s/a", f'{{"value":{i}}}')
        self.flush()
        text = self.service.config.read_text()
        self.service.config.write_text(text.replace('"telemetry/+/a", "telemetry/#"', '"telemetry/#"'))
        self.service.start().wait_caught_up()
        self.assertEqual(self.settled(200), {"stored": 100, "overlap": 100})
        self.assertEqual(self.values("a"), [str(i) for i in range(100)])

    def test_filters_that_come_and_go_while_messages_flow_lose_and_double_none(self):
        """[lesson-05] [lesson-19] SIGHUP between overlapping filters, in the middle of a stream."""
        text = self.service.config.read_text()
        forms = ['"telemetry/#"', '"telemetry/+/a", "telemetry/#"', '"telemetry/s/+", "telemetry/+/a"', '"telemetry/+/a"']
        log = self.service.folder / "telltale.log"
        sent = 0
        for round in range(12):
            self.service.config.write_text(text.replace('"telemetry/+/a", "telemetry/#"', forms[round % len(forms)]))
            self.service.process.send_signal(signal.SIGHUP)
            while log.read_text().count("configuration reloaded") <= round or sent < 200 * (round + 1):
                self.publish("telemetry/s/a", f'{{"value":{sent}}}')
                sent += 1
        self.flush()
        self.assertEqual(self.settled(sent)["stored"], sent)
        self.assertEqual(self.values("a"), [str(i) for i in range(sent)])
        self.assertEqual(self.service.metrics()["telltale_mqtt_reconnects_total"], 0)

    def test_a_mapping_that_is_added_brings_its_topics_at_once(self):
        mapping = '[[mapping]]\nname = "new"\ntopic = "plant/{device}/{metric}"\ncodec = "plain"\nset = { site = "works" }\n'
        text = self.service.config.read_text()
        self.service.config.write_text(text.replace("filters =", "# filters ="))
        self.service.process.send_signal(signal.SIGHUP)
        self.service.config.write_text(text.replace("filters =", "# filters =") + mapping)
        self.service.process.send_signal(signal.SIGHUP)
        def stored():
            self.publish("plant/press/force", "7")
            return self.values("press", "force")
        self.assertEqual(set(eventually("the mapping's readings are stored", stored)), {"7"})

    def test_filters_that_left_the_configuration_are_unsubscribed(self):
        """[lesson-05] A durable session does not pin old subscriptions."""
        self.assertEqual(self.service.stop(), 0)
        text = self.service.config.read_text()
        self.service.config.write_text(text.replace('"telemetry/+/a", "telemetry/#"', '"telemetry/+/a"'))
        self.service.start().wait_caught_up()
        self.publish("telemetry/s/b", '{"value":1}')
        self.publish("telemetry/s/a", '{"value":1}')
        self.flush()
        self.assertEqual(self.settled(1), {"stored": 1})


class DeadOutput(Scene):
    config = '[[rule]]\nname = "hot"\nmetric = "temperature"\nabove = 80.0\n'
    broker_lines = ("acl_file @FOLDER@/acl",)

    def prepare(self):
        self.acl = self.folder / "acl"
        self.acl.write_text("topic read #\ntopic write telemetry/#\ntopic write service/#\n")

    def test_a_broker_that_refuses_our_alerts_does_not_hold_up_the_readings(self):
        """[lesson-03] Only the log decides about acknowledgements; what cannot be delivered waits in the outbox."""
        for i in range(2000):
            self.publish("telemetry/s/d", f'{{"temperature":{90 if i % 2 else 10}}}')
        self.flush()
        self.assertEqual(self.settled(2000), {"stored": 2000})
        self.assertEqual(len(self.values("d", "temperature")), 2000)
        eventually("alerts wait in the outbox", lambda: self.service.metrics()['telltale_queue_depth{queue="outbox"}'] > 100)
        self.client.subscribe("alerts/#")
        self.client.pump(0.2)
        self.assertEqual(self.client.messages, [])

        self.acl.write_text("topic readwrite #\n")
        self.broker.process.send_signal(signal.SIGHUP)
        eventually("all of them arrive once it may", lambda: self.client.pump(0.05) or len(
            {(m["id"], m["n"]) for m in (json.loads(p) for _, p in self.client.messages)}) >= 1999)


RULE = """
[[rule]]
name = "hot"
metric = "temperature"
above = 80.0
"""


if __name__ == "__main__":
    unittest.main()
