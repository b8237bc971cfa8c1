"""Lines of the format `otel`, read with the messages that OpenTelemetry publishes."""

from typing import TYPE_CHECKING

import pytest

from metaexpert.logger import flush

if TYPE_CHECKING:
    from support.logs import Logs


def test_otlp_lines_are_requests_that_protobuf_reads(logs: "Logs") -> None:
    """The published messages take each line, and refuse names that they do not have."""
    service = pytest.importorskip("opentelemetry.proto.collector.logs.v1.logs_service_pb2")
    json_format = pytest.importorskip("google.protobuf.json_format")
    logs.configure(handlers={"file": {"format": "otel"}})
    logs.logger.info("first\nsecond", n=2**80, small=-5, ratio=float("nan"), book={"bid": [1.5, None, 2**60]})
    logs.logger.log(25, "Between two levels", exc_info=ValueError("no room"))
    assert flush(20)

    for line in (logs.directory / "expert.log").read_text("utf-8").splitlines():
        request = json_format.Parse(line, service.ExportLogsServiceRequest())
        (record,) = request.resource_logs[0].scope_logs[0].log_records
        assert record.severity_number > 0
        assert record.time_unix_nano > 0
