#!/usr/bin/env bash
# One message that has no UTF-8 costs OpenTelemetry's log exporter the whole batch it is in, and
# `force_flush()` is True.
#
# opentelemetry-sdk and opentelemetry-exporter-otlp-proto-http 1.45.2, CPython 3.11, Linux x86_64.
#
# Python texts may hold half of a surrogate pair: file names decoded with `surrogateescape` do, and so do JSON
# answers with a cut escape. The exporter encodes a batch (512 records by default) as one protobuf message and
# drops all of it if that fails. What it says is one line on its own logger. The program below logs ten
# records, nine of them plain ASCII.
#
# Output seen:
#   all plain: force_flush() True, 10 of 10 records arrived
#   one with half a pair: force_flush() True, 0 of 10 records arrived
#
# What it means here: half a pair is replaced by U+FFFD and nothing else of the record changes
# (tests/integration/test_lone_surrogates.py), and `flush()` is False after any loss
# (tests/integration/test_flush_and_shutdown.py).
set -euo pipefail

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
uv venv --quiet --python 3.11 packages
uv pip install --quiet --python packages/bin/python opentelemetry-sdk==1.45.2 opentelemetry-exporter-otlp-proto-http==1.45.2 \
  opentelemetry-instrumentation-logging==0.66b2

cat >program.py <<'PROGRAM'
import gzip
import http.server
import logging
import sys
import threading

from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor

try:
    from opentelemetry.instrumentation.logging.handler import LoggingHandler
except ImportError:
    from opentelemetry.sdk._logs import LoggingHandler

arrived = 0


class Collector(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        global arrived
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        request = ExportLogsServiceRequest.FromString(body)
        arrived += sum(len(scope.log_records) for each in request.resource_logs for scope in each.scope_logs)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


collector = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
threading.Thread(target=collector.serve_forever, daemon=True).start()
logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)

name, fifth = sys.argv[1:]
provider = LoggerProvider()
exporter = OTLPLogExporter(endpoint=f"http://127.0.0.1:{collector.server_port}/v1/logs")
provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
log = logging.getLogger("bot")
log.setLevel(logging.INFO)
log.propagate = False
log.addHandler(LoggingHandler(logger_provider=provider))
for number in range(10):
    log.info("cannot read %s", fifth.encode().decode("unicode_escape") if number == 4 else number)
is_flushed = provider.force_flush()
provider.shutdown()
print(f"{name}: force_flush() {is_flushed}, {arrived} of 10 records arrived")
PROGRAM
{
  packages/bin/python program.py "all plain" 'x'
  packages/bin/python program.py "one with half a pair" '\ud83d'
} | tee output

cat >expected <<'EXPECTED'
all plain: force_flush() True, 10 of 10 records arrived
one with half a pair: force_flush() True, 0 of 10 records arrived
EXPECTED
if ! diff expected output; then
  echo "the behaviour has changed" >&2
  exit 1
fi
