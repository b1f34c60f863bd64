"""Two pages in a real browser chat through the real host."""

import shutil
import time

import pytest
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from test_examples import configuration

FLAGS = """--headless --no-sandbox --disable-gpu --disable-quic --disable-dev-shm-usage
    --no-first-run --disable-background-networking --disable-component-update
    --disable-sync --disable-background-timer-throttling --disable-renderer-backgrounding
    --disable-backgrounding-occluded-windows --window-size=420,800"""
PATIENCE = 30


@pytest.fixture
def browser(tmp_path_factory):
    assert shutil.which("chromium") and shutil.which("chromedriver"), "chromium is missing"
    options = Options()
    options.binary_location = shutil.which("chromium")
    for flag in FLAGS.split():
        options.add_argument(flag)
    options.add_argument(f"--user-data-dir={tmp_path_factory.mktemp('chromium')}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
    driver.set_page_load_timeout(PATIENCE)
    yield driver
    driver.quit()


class Page:
    """One browser window in the room."""

    def __init__(self, driver, url, new):
        self.driver = driver
        if new:
            driver.switch_to.new_window("window")
        self.window = driver.current_window_handle
        driver.get(url)

    def __enter__(self):
        self.driver.switch_to.window(self.window)
        return self

    def __exit__(self, *_):
        pass

    def text(self):
        with self:
            return self.driver.find_element(By.TAG_NAME, "body").text

    def state(self):
        """What the page says of its connection."""
        with self:
            found = self.driver.find_elements(
                By.CSS_SELECTOR,
                "[data-state], #state, #status, .state, .status, [role=status]",
            )
            assert found, "the page shows no connection state"
            return found[0].get_attribute("data-state") or found[0].text

    def say(self, text):
        with self:
            fields = self.driver.find_elements(
                By.CSS_SELECTOR, "form input, form textarea, textarea"
            )
            field = [f for f in fields if f.is_displayed() and f.is_enabled()][-1]
            field.send_keys(text)
            field.send_keys(Keys.ENTER)

    def wait(self, check):
        deadline = time.monotonic() + PATIENCE
        while not check(self):
            assert time.monotonic() < deadline, self.text()
            time.sleep(0.1)

    def hears(self, text):
        self.wait(lambda page: text in page.text())

    def errors(self):
        with self:
            try:
                lines = self.driver.get_log("browser")
            except WebDriverException:
                return []
        return [line["message"] for line in lines if line["level"] == "SEVERE"]


def write(host, plugin, port):
    config = configuration("chat", plugin)
    config["listen"]["port"] = port
    return host.write(config)


def test_two_pages_chat_and_find_back_after_a_restart(host, plugin, browser):
    served = host.run("run", "-c", write(host, plugin, 0)).ready()
    url = f"http://127.0.0.1:{served.port}/"
    a, b = Page(browser, url, False), Page(browser, url, True)
    connected = []

    def open_again(page):
        return page.state() in connected

    for page in (a, b):
        page.wait(
            lambda p: any(w in p.state().lower() for w in ("open", "connected", "online"))
        )
        page.wait(lambda p: "dis" not in p.state().lower())
        connected.append(page.state())

    a.say("hello from the left")
    a.hears("hello from the left")
    b.hears("hello from the left")
    b.say("<b>hello</b> & from the right")
    a.hears("<b>hello</b> & from the right")
    assert not a.errors() + b.errors()

    served.stop()
    for page in (a, b):
        page.wait(lambda p: not open_again(p))

    again = host.run("run", "-c", write(host, plugin, served.port)).ready()
    assert again.port == served.port
    for page in (a, b):
        page.wait(open_again)
    b.say("back again")
    a.hears("back again")
