"""FR-015, FR-018: a real full disk is seen from outside, and so is its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metaexpert.logger import configure
from support.command_process import FULL, needs_full_device
from support.control_harness import Client, client, eventually, live, own_runtime_directory, serving

if TYPE_CHECKING:
    from support.logs import Logs

__all__ = ["client", "live", "own_runtime_directory"]


@needs_full_device
def test_a_full_disk_makes_unhealthy_until_it_is_over(live: Logs) -> None:
    """`/health` is 503 and names handler and reason; logging to the other files goes on."""
    configure(handlers={"full": {"type": "file", "filename": str(FULL)}})
    with serving() as asking:
        live.logger.warning("no room for this")

        eventually(lambda: asking.get("/health").status == 503, "the trouble is seen")
        answer = asking.get("/health")
        assert answer.document["status"] == "error"
        assert any(reason.startswith("disk full: full: ") for reason in answer.document["reasons"])
        assert "metaexpert_log_healthy 0" in asking.get("/metrics").body.decode()
        assert 'metaexpert_log_sink_up{sink="full"} 0' in asking.get("/metrics").body.decode()

        assert asking.post({"handlers": {"full": None}}).status == 200
        eventually(lambda: '"full"' not in asking.get("/metrics").body.decode(), "the handler is gone")
        reasons = asking.get("/health").document.get("reasons", [])
        assert not any(reason.startswith("disk full") for reason in reasons)


def test_losses_make_unhealthy(live: Logs, client: Client) -> None:
    """Records that found no room are reported by `/health` and counted by `/metrics`."""
    assert client.get("/health").status == 200
    configure(queue={"capacity_bytes": 65536, "protect_level": "CRITICAL", "wait_ms": 0})
    for _ in range(20000):
        live.logger.debug("x" * 1000)

    answer = client.get("/health")

    assert answer.status == 503
    assert "records dropped: " in answer.document["message"]
