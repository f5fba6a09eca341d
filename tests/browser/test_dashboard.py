#!/usr/bin/env python3
"""The dashboard of the real program in a real browser: what happens on MQTT is seen, what is ordered there is found by REST."""
import datetime
import json
import math
import random
import subprocess
import time
import unittest
import urllib.error
import urllib.request

from browser import Browser, eventually
from scene import PROGRAM
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

HOUR_MS = 3_600_000
UNITS = {"temperature": "Cel", "humidity": "%", "pressure": "hPa"}
MARKUP = "<img src=x onerror='window.hacked=1'><b>bold</b>"
RULES = """
[analytics]
windows = ["10s"]
[[rule]]
name = "too-hot"
metric = "temperature"
above = 80.0
clear = 75.0
severity = "critical"
[[rule]]
name = "humid"
metric = "humidity"
above = 90.0
severity = "warning"
"""


class Dashboard(Browser):
    config = RULES

    def rest(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.service.http}/api/v1{path}", timeout=30) as answer:
            return json.load(answer)

    def status(self, path):
        try:
            self.rest(path)
        except urllib.error.HTTPError as refused:
            return refused.code
        return 200

    def fleet(self, devices):
        process = subprocess.Popen([PROGRAM, "fleet", "--url", f"mqtt://127.0.0.1:{self.broker.port}", "--devices", str(devices),
                                    "--rate", "1/s", "--heartbeat", "10s", "--seed", "7"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        def end():
            process.terminate()
            process.wait(20)
        self.addCleanup(end)

    def say(self, device, temperature, **more):
        payload = {"values": {"temperature": temperature, **more}, "units": UNITS}
        self.publish(f"telemetry/plant/{device}", json.dumps(payload))

    def history(self, device, hours, every_s, base=58.0):
        """Hours that swing, for charts that have something to show; all of it before the live readings begin."""
        noise = random.Random(device)
        now = round(time.time() * 1000)
        times = range(now - round(hours * HOUR_MS), now - 10_000, every_s * 1000)
        rows = [{"ts": t, "values": {"temperature": round(base + 9 * math.sin(t / HOUR_MS * 1.3) + noise.gauss(0, 0.9), 2),
                                     "humidity": round(46 - 7 * math.sin(t / HOUR_MS * 1.3 + 0.6) + noise.gauss(0, 0.7), 1),
                                     "pressure": round(1013 + 4 * math.sin(t / HOUR_MS / 3) + noise.gauss(0, 0.12), 2)}, "units": UNITS} for t in times]
        for i in range(0, len(rows), 300):
            self.publish(f"telemetry/plant/{device}", json.dumps(rows[i:i + 300]))
        self.flush()
        return len(rows)

    def test_from_an_empty_page_to_an_acknowledged_alert_and_a_silence(self):
        self.open()
        self.sees("No device has spoken yet")
        self.picture("empty")
        self.fleet(24)
        rows = self.history("boiler-1", 6, 5)
        self.publish("status/plant/boiler-1", '{"state":"online","heartbeat_s":60,"fw":"1.4.2"}', retain=True)
        for name, base in (("boiler-2", 55.0), ("boiler-3", 61.0), ("dryer-1", 41.0), ("dryer-2", 43.5), ("oven-1", 66.0), ("press-1", 31.0), ("press-2", 29.0)):
            self.history(name, 0.3, 10, base)
        self.say("boiler-1", 64.2, humidity=47.5, pressure=1016.9)
        self.sees("boiler-1", ".rows")
        self.sees("32 devices", ".found")
        self.sees("64.2 °C", ".rows")
        self.sees("live", "#link-text")

        # An alert arrives while somebody looks at the fleet.
        self.say("boiler-1", 86.2, humidity=47.1, pressure=1016.8)
        self.sees("1 alert", ".rows a[href$='boiler-1'] .badge")
        self.sees("1", "#alert-count")
        self.sees("86.2 °C", ".rows")
        self.picture("fleet")

        self.open("#/alerts")
        self.sees("temperature 86.2 Cel > 80 on boiler-1")
        self.say("dryer-1", 45.1, humidity=93.5)
        self.sees("2 alerts active")
        self.click(".alert[data-severity=critical] .ack")
        self.fill("by", "ana")
        self.fill("comment", "on it")
        self.submit()
        self.find(".alert[data-severity=critical][data-state=acknowledged]")
        self.sees("acknowledged by ana")
        alert = self.rest("/alerts?state=acknowledged")["items"][0]
        self.assertEqual((alert["device"], alert["rule"], alert["by"], alert["comment"]), ("boiler-1", "too-hot", "ana", "on it"))
        self.click(".alert[data-severity=critical] button[aria-expanded]")
        self.sees("its rule was violated", ".story")
        self.picture("alerts")

        self.open("#/alerts/silences")
        self.click("#new-silence")
        self.fill("device", "pump-*")
        self.fill("comment", "new seals")
        self.submit()
        self.sees("device=pump-*", "#silences")
        silence = self.rest("/silences")["items"][0]
        self.assertEqual((silence["device"], silence["state"], silence["by"], silence["comment"]), ("pump-*", "active", "ana", "new seals"))
        self.picture("silences")
        self.say("pump-1", 95.0)
        self.open("#/alerts")
        self.find(".alert[data-state=silenced]")
        self.assertEqual(self.rest("/alerts?state=silenced")["items"][0]["device"], "pump-1")
        self.open("#/alerts/silences")
        self.click("#silences button")
        self.sees("Nothing is silenced")
        self.assertEqual(self.rest("/silences")["items"], [])

        self.open("#/alerts/history")
        self.sees("ordered by a person (ana)", "#history")
        self.sees("a silence ended", "#history")
        self.picture("history")

        # A chart: the band of a long time, drawn closer until each reading is there.
        self.open("#/device/plant/boiler-1")
        self.find("figure[data-metric=temperature] canvas")
        self.click(".segments button:nth-child(4)")
        chart = "figure[data-metric=temperature]"
        self.find(f"{chart}[data-raw=false]")
        self.sees("average of each", f"{chart} figcaption")
        self.sees("1 alert", f"{chart} figcaption")
        self.picture("device")
        plot = self.find(f"{chart} .plot")
        width = plot.size["width"]
        (ActionChains(self.chrome).move_to_element_with_offset(plot, round(width * 0.1), 0).click_and_hold()
         .move_by_offset(round(width * 0.15), 2).release().perform())
        self.find(f"{chart}[data-raw=true]")
        place = dict(part.split("=") for part in self.js("return location.hash").split("?")[1].split("&"))
        near = self.rest(f"/query?site=plant&device=boiler-1&metric=temperature&from={place['from']}&to={place['to']}")
        self.assertTrue(100 < len(near) < rows)
        self.sees(f"{len(near):,} raw reading", f"{chart} figcaption")
        self.picture("zoomed")

        self.open("#/system")
        self.sees("Balanced: nothing is missing")
        self.sees("readings in all", "[data-tile='Bytes per reading']")
        eventually("the rate is known", lambda: "/s" in self.text("[data-tile='Readings stored']") and "–" not in self.text("[data-tile='Readings stored']"), 30)
        self.picture("system")
        self.assertEqual(self.complaints(), [])

    def test_at_midnight_an_axis_names_the_day(self):
        midnight = datetime.datetime.combine(datetime.date.today() - datetime.timedelta(days=1), datetime.time())
        begin = round(midnight.timestamp() * 1000) - 5_400_000
        self.publish("telemetry/plant/boiler-1", json.dumps([{"ts": begin + i * 60_000, "values": {"temperature": 50 + i % 7}} for i in range(180)]))
        self.flush()
        self.open(f"#/device/plant/boiler-1?from={begin}&to={begin + 10_800_000}")
        labels = ".dygraph-axis-label-x"
        eventually("the day is named", lambda: f"{midnight:%d %b}" in self.text(labels).replace("\u00a0", " "), 60)
        self.assertNotIn("&", self.text(labels))
        self.assertEqual(self.complaints(), [])

    def test_a_chart_shows_what_the_detector_expects(self):
        now = round(time.time() * 1000)
        rows = [{"ts": now - 90_000 + i * 1000, "values": {"temperature": 58 + (i % 5) * 0.4, "door": i % 9 == 0}, "units": UNITS} for i in range(80)]
        self.publish("telemetry/plant/boiler-1", json.dumps(rows))
        self.flush()
        eventually("the detector knows the series", lambda: self.status("/devices/plant/boiler-1/temperature/expected") == 200, 60)
        known = eventually("the detector knows this hour", lambda: self.rest("/devices/plant/boiler-1/temperature/expected")["hours"], 60)
        self.assertLess(known[-1]["low"], 58)
        self.assertGreater(known[-1]["high"], 59.6)
        self.open("#/device/plant/boiler-1")
        caption = "figure[data-metric=temperature] figcaption"
        self.sees("80 raw readings", caption)
        self.assertNotIn("expected", self.text(caption))
        self.click(".tools input[type=checkbox]")
        self.sees("expected by the detector", caption)
        self.assertNotIn("expected", self.text("figure[data-metric=door] figcaption"))
        self.picture("expected")
        self.click(".tools input[type=checkbox]")
        eventually("the band is gone", lambda: "expected" not in self.text(caption), 60)
        self.assertEqual(self.complaints(), [])

    def test_a_device_is_shown_by_the_name_that_people_give_it(self):
        self.say("boiler-1", 57.2)
        self.say("boiler-2", 55.1)
        self.open("#/device/plant/boiler-1")
        self.sees("boiler-1", "h1")
        self.click("#describe")
        self.fill("name", "Cellar <b>boiler</b>")
        self.fill("note", "behind the door\nserviced in May")
        self.submit()
        self.sees("Cellar <b>boiler</b>", "h1")
        self.sees("plant/boiler-1", ".title-line")
        self.sees("behind the door\nserviced in May", ".device-note")
        known = self.rest("/devices/plant/boiler-1")
        self.assertEqual((known["name"], known["note"]), ("Cellar <b>boiler</b>", "behind the door\nserviced in May"))
        self.open("#/")
        self.sees("Cellar <b>boiler</b>", ".rows a[href$='boiler-1'] .device-name")
        self.sees("plant/boiler-1", ".rows a[href$='boiler-1'] .site")
        self.find("#search").send_keys("cellar")
        self.sees("1 of 2 devices", ".found")
        self.picture("named")
        self.open("#/device/plant/boiler-1")
        self.click("#describe")
        self.fill("name", "")
        self.submit()
        eventually("the id is shown again", lambda: self.text("h1") == "boiler-1", 60)
        self.sees("behind the door", ".device-note")
        self.assertNotIn("name", self.rest("/devices/plant/boiler-1"))
        self.assertEqual(self.complaints(), [])

    def test_what_devices_say_is_text_and_never_markup(self):
        self.publish("telemetry/plant/evil", json.dumps({"values": {"temperature": 21.5, "mode": MARKUP}, "units": {"temperature": "<i>C</i>"},
                                                         "tags": {"fw": MARKUP}}))
        self.say("boiler-1", 90.0)
        self.open("#/device/plant/evil")
        self.sees(MARKUP)
        self.sees("21.5 <i>C</i>", ".chart-now")
        # A name the service itself would refuse; the page must not depend on that.
        self.open("#/")
        self.sees("evil", ".rows")
        self.js("""const name = arguments[0];
                   return import('/assets/live.js').then((live) => {
                     live.devices.set('x/' + name, {site: 'x', device: name, state: 'online', tags: {}, series: 1});
                     live.alerts.set('a-1', {id: 'a-1', n: 1, state: 'firing', active: 1, severity: 'critical', site: 'x', device: name, rule: name, metric: name,
                       summary: name, by: name, comment: name, runbook: 'javascript:alert(1)', started_ts: Date.now(), ts: Date.now()});
                     live.events.dispatchEvent(new CustomEvent('devices'));
                   });""", MARKUP)
        self.sees(MARKUP, ".rows")
        self.open("#/alerts")
        self.sees(MARKUP, ".alert-summary")
        self.assertEqual(self.js("return document.querySelectorAll('#main img, #main script, #main i:not(.swatch), a[href^=javascript]').length"), 0)
        self.assertIsNone(self.js("return window.hacked ?? null"))
        # Not even a script of our own could make markup of it.
        self.js("document.getElementById('toasts').innerHTML = arguments[0]", MARKUP)
        self.assertEqual(self.js("return document.getElementById('toasts').children.length"), 0)

    def test_ten_thousand_devices_are_a_list_of_a_few_rows(self):
        for i in range(10_000):
            self.publish(f"telemetry/big/d{i:05}", '{"t":20.5}')
        self.flush()
        self.settled(10_000)
        self.open()
        self.sees("10,000 devices", ".found")
        self.assertLess(len(self.all(".rows .row")), 60)
        self.js("const rows = document.querySelector('.rows'); rows.scrollTop = rows.scrollHeight")
        self.sees("d09999", ".rows")
        self.assertLess(len(self.all(".rows .row")), 60)
        self.sees("20.5", ".rows .value")
        self.find("#search").send_keys("d0123")
        self.sees("10 of 10,000 devices", ".found")
        self.find("#search").send_keys(Keys.ARROW_DOWN, Keys.NULL)
        self.chrome.switch_to.active_element.send_keys(Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.ENTER)
        self.sees("d01231", "h1")
        self.assertEqual(self.complaints(), [])

    def test_by_keyboard_and_on_a_phone(self):
        self.say("boiler-1", 57.2)
        self.open()
        self.sees("boiler-1", ".rows")
        self.js("document.activeElement.blur()")
        ActionChains(self.chrome).send_keys(Keys.TAB).perform()
        self.assertEqual(self.js("return document.activeElement.id"), "skip")
        ActionChains(self.chrome).send_keys(Keys.ENTER).perform()
        self.assertEqual(self.js("return document.activeElement.id"), "main")
        ActionChains(self.chrome).send_keys("ga").perform()
        self.sees("All quiet")
        ActionChains(self.chrome).send_keys("?").perform()
        self.sees("Keyboard", "dialog")
        ActionChains(self.chrome).send_keys(Keys.ESCAPE).perform()
        eventually("the dialog is closed", lambda: not self.all("dialog"), 30)
        ActionChains(self.chrome).send_keys("tt").perform()
        self.assertEqual(self.js("return document.documentElement.dataset.theme"), "dark")
        ActionChains(self.chrome).send_keys("t").perform()
        self.phone()
        for place, wanted in (("#/", "57.2 °C"), ("#/device/plant/boiler-1", "temperature"), ("#/alerts", "All quiet"), ("#/system", "Balanced")):
            self.open(place)
            self.sees(wanted)
            self.assertLessEqual(self.js("return document.documentElement.scrollWidth"), 390, place)
            self.picture("phone-" + (place.split("/")[1] or "fleet"))

    def test_a_lost_service_is_said_and_found_again(self):
        self.say("boiler-1", 57.2)
        self.open()
        self.sees("boiler-1", ".rows")
        self.sees("live", "#link-text")
        self.service.kill()
        self.sees("no connection", "#link-text")
        self.service.start().wait_caught_up()
        self.sees("live", "#link-text")


class WithKeys(Browser):
    start_service = False

    def test_a_key_is_asked_for_and_kept_in_this_tab_only(self):
        config = self.service.config.read_text()
        self.service.config.write_text(config.replace("allow_anonymous_loopback = true", "allow_anonymous_loopback = false"))
        self.service.start().wait_caught_up()
        self.publish("telemetry/plant/boiler-1", '{"temperature":21.5}')
        made = self.service.run("key", "create", "--data", self.service.data, "--name", "dashboard", "--scope", "read,write")
        self.assertEqual(made.returncode, 0, made.stderr)
        self.open()
        self.fill("key", "tt_wrong")
        self.click("dialog button[type=submit]")
        self.sees("This key is not known", "dialog")
        self.picture("key")
        self.fill("key", made.stdout.split()[-1])
        self.submit()
        self.sees("boiler-1", ".rows")
        self.sees("live", "#link-text")
        self.assertEqual(self.js("return [localStorage.length, Object.values({...localStorage}).some((v) => v.startsWith('tt_')), document.cookie]")[1:], [False, ""])


if __name__ == "__main__":
    unittest.main()
