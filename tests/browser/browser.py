"""A headless Chromium that looks at one service: waits for conditions, takes pictures, knows what the console said."""
import os
import pathlib
import sys

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
from scene import Scene, eventually  # noqa: E402

PICTURES = pathlib.Path(os.environ.get("PICTURES", "build/pictures"))
SWITCHES = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
            "--disable-background-networking", "--no-first-run", "--window-size=1280,940")


class Browser(Scene):
    @classmethod
    def setUpClass(cls):
        options = webdriver.ChromeOptions()
        for switch in SWITCHES:
            options.add_argument(switch)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        cls.chrome = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        cls.addClassCleanup(cls.chrome.quit)
        PICTURES.mkdir(parents=True, exist_ok=True)

    def setUp(self):
        super().setUp()
        self.chrome.get("about:blank")
        self.chrome.get_log("browser")

    def open(self, place=""):
        here = f"http://127.0.0.1:{self.service.http}/"
        if self.chrome.current_url.startswith(here):
            self.js("location.hash = arguments[0]", place or "#/")
        else:
            self.chrome.get(here + place)

    def js(self, code, *arguments):
        return self.chrome.execute_script(code, *arguments)

    def all(self, css):
        return self.chrome.find_elements(By.CSS_SELECTOR, css)

    def find(self, css):
        """The first one that is in sight, as soon as there is one."""
        return eventually(f"{css} is in sight", lambda: next((e for e in self.all(css) if e.is_displayed()), None), 60)

    def text(self, css="#main"):
        return self.js("return [...document.querySelectorAll(arguments[0])].map((e) => e.innerText).join('\\n')", css)

    def sees(self, wanted, css="#main"):
        eventually(f"{css} says {wanted!r}", lambda: wanted in self.text(css), 60)

    def click(self, css):
        """Lists may draw themselves anew between finding and clicking."""
        self.find(css)
        self.js("document.querySelector(arguments[0]).click()", css)

    def fill(self, name, text):
        field = self.find(f"dialog [name={name}]")
        field.clear()
        field.send_keys(text)

    def submit(self):
        self.click("dialog button[type=submit]")
        eventually("the dialog is closed", lambda: not self.all("dialog"), 60)

    def theme(self, name):
        self.chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [
            {"name": "prefers-color-scheme", "value": name}, {"name": "prefers-reduced-motion", "value": "reduce"}]})

    def phone(self):
        self.chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": 390, "height": 800, "deviceScaleFactor": 2, "mobile": True})
        self.addCleanup(lambda: self.chrome.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {}))

    def picture(self, name):
        """In light and dark, without notes in a corner, after two frames in which charts take the other colours."""
        eventually("notes are gone", lambda: not self.all(".toast"), 30)
        for theme in ("light", "dark"):
            self.theme(theme)
            self.chrome.execute_async_script("const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done()));")
            self.chrome.save_screenshot(str(PICTURES / f"{name}-{theme}.png"))
        self.theme("light")

    def complaints(self):
        """What the console said, without requests that were answered with an expected status."""
        return [entry["message"] for entry in self.chrome.get_log("browser") if entry["level"] == "SEVERE"]
