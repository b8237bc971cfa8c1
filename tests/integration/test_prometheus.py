"""A real Prometheus reads the figures of a running expert."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.environment import clean_environment

PROMETHEUS = shutil.which("prometheus")
pytestmark = pytest.mark.skipif(PROMETHEUS is None, reason="needs prometheus (Debian package prometheus)")

TOKEN = "a-long-random-text"
TIMEOUT_S = 90

#: Logs a record and goes through bars again and again, until its input ends.
EXPERT = f"""
import sys
from metaexpert.expert import MetaExpert
from metaexpert.expert.market_data import generate_bars
from metaexpert.expert.market_data.feed import feed_of_bars
from metaexpert.expert.run.options import Overrides, overriding
from metaexpert.logger import get_logger, serve

expert = MetaExpert(exchange="binance", log_to_console=False, persist_state=False)

@expert.on_init(strategy_name="Scraped", timeframe="1m")
def init(): pass

@expert.on_bar
def bar(rates): get_logger("scraped").warning("seen")

feed = feed_of_bars(generate_bars(seed=7, count=100), "generated")
with overriding(Overrides(mode="backtest", feed=feed)):
    expert.run()
print(serve(token="{TOKEN}").port, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def expert(tmp_path: Path) -> Iterator[int]:
    """The port of an expert that has made a run and is still there."""
    process = subprocess.Popen(
        [sys.executable, "-c", EXPERT],
        cwd=tmp_path,
        env=clean_environment() | {"XDG_RUNTIME_DIR": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.stdin.close()
        assert process.wait(TIMEOUT_S) == 0
        process.stdout.close()


@pytest.fixture
def prometheus(expert: int, tmp_path: Path) -> Iterator[str]:
    """The address of a Prometheus that scrapes the expert twice a second."""
    configuration = {
        "global": {"scrape_interval": "500ms", "scrape_timeout": "500ms"},
        "scrape_configs": [
            {
                "job_name": "experts",
                "authorization": {"credentials": TOKEN},
                "static_configs": [{"targets": [f"127.0.0.1:{expert}"]}],
            }
        ],
    }
    # JSON is YAML.
    (tmp_path / "prometheus.yml").write_text(json.dumps(configuration))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with (tmp_path / "prometheus.out").open("wb") as output:
        process = subprocess.Popen(
            [
                str(PROMETHEUS),
                f"--config.file={tmp_path}/prometheus.yml",
                f"--storage.tsdb.path={tmp_path}/data",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdout=output,
            stderr=output,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(TIMEOUT_S)


def asked(address: str, path: str, **parameters: str) -> Any:
    """What Prometheus answers to a question, None while it does not answer yet."""
    try:
        with urllib.request.urlopen(
            f"{address}{path}?{urllib.parse.urlencode(parameters)}", timeout=5
        ) as got:
            return json.load(got)["data"]
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return None


def values(address: str, query: str, tmp_path: Path) -> dict[str, float]:
    """The values of a query by their `event` or `level`, as soon as there is one."""
    end = time.monotonic() + TIMEOUT_S
    while True:
        data = asked(address, "/api/v1/query", query=query)
        if data and data["result"]:
            return {
                each["metric"].get("event", each["metric"].get("level", "")): float(each["value"][1])
                for each in data["result"]
            }
        if time.monotonic() > end:
            targets = asked(address, "/api/v1/targets", state="active")
            output = (tmp_path / "prometheus.out").read_text()[-2000:]
            pytest.fail(f"{query} has no value; targets: {targets}; Prometheus says: {output}")
        time.sleep(0.05)


@pytest.mark.timeout(3 * TIMEOUT_S)
def test_prometheus_scrapes_an_expert(prometheus: str, tmp_path: Path) -> None:
    """The target is up, counters and histograms are there, and quantiles can be computed of them."""
    assert values(prometheus, 'up{job="experts"} == 1', tmp_path) == {"": 1}

    logged = values(prometheus, 'metaexpert_log_records_logged_total{level="WARNING"}', tmp_path)
    assert logged == {"WARNING": 100}
    assert values(prometheus, "metaexpert_expert_bars_total{strategy='Scraped'}", tmp_path) == {"": 100}
    assert values(prometheus, "metaexpert_expert_handler_latency_seconds_count", tmp_path)["on_bar"] == 100
    median = "histogram_quantile(0.5, metaexpert_expert_handler_latency_seconds_bucket{event='on_bar'})"
    assert 0 < values(prometheus, median, tmp_path)["on_bar"] < 10


@pytest.mark.timeout(3 * TIMEOUT_S)
def test_prometheus_knows_what_each_metric_is(prometheus: str, tmp_path: Path) -> None:
    """Names, types and help arrive; nothing of ours is without a type."""
    assert values(prometheus, 'up{job="experts"} == 1', tmp_path) == {"": 1}
    metadata = asked(prometheus, "/api/v1/metadata")

    kinds = {name: entry[0]["type"] for name, entry in metadata.items() if name.startswith("metaexpert_")}
    assert kinds["metaexpert_expert_handler_latency_seconds"] == "histogram"
    assert kinds["metaexpert_log_records_logged_total"] == "counter"
    assert kinds["metaexpert_log_queue_bytes"] == "gauge"
    assert all(re.fullmatch("counter|gauge|histogram", kind) for kind in kinds.values())
    assert all(metadata[name][0]["help"] for name in kinds)
