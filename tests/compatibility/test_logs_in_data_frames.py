"""A log of ours read by DuckDB, Polars and pandas as docs/data-model.md says keeps what was logged.

Found with polars 2.1.0, duckdb 2.0.0 and pandas 3.1.1; `findings/` has a program for each.
"""

import json
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from support.logs import Logs

#: More digits than a float has.
ORDER_ID = 9_007_199_254_740_993
LARGE_ID = 2**64
PRICE = "0.10000000000000000001"


@pytest.fixture
def log(logs: "Logs") -> Path:
    """A log whose first lines do not have what comes later."""
    logs.configure()
    for _ in range(300):
        logs.logger.info("2026-01-01")
    logs.logger.info("order filled", order_id=ORDER_ID, id=LARGE_ID, client_id="00012", price=PRICE)
    logs.logger.error("refused", exc_info=ValueError("bad"))
    assert len(logs.records()) == 302
    return logs.directory / "expert.log"


def filled_and_refused(rows: list[dict[str, Any]]) -> None:
    """Check what the last two records have."""
    filled, refused = rows[-2:]
    assert (filled["order_id"], filled["client_id"], filled["price"]) == (ORDER_ID, "00012", PRICE)
    assert int(filled["id"]) == LARGE_ID
    assert refused["exception"]["type"] == "ValueError"


def test_polars_sees_fields_that_come_late(log: Path) -> None:
    """With every line looked at."""
    polars = pytest.importorskip("polars")
    frame = polars.read_ndjson(log, infer_schema_length=None)

    assert frame.height == 302
    filled_and_refused(frame.sort("seq").to_dicts())


def test_pandas_keeps_order_ids(log: Path) -> None:
    """In a frame of objects."""
    pandas = pytest.importorskip("pandas")
    with log.open() as lines:
        frame = pandas.DataFrame([json.loads(line) for line in lines], dtype=object)

    assert len(frame) == 302
    filled_and_refused(frame.sort_values("seq").to_dict("records"))


def test_duckdb_keeps_order_and_what_types_are_given_for(log: Path) -> None:
    """Sorted by `seq`, with the types of what must stay exact."""
    duckdb = pytest.importorskip("duckdb")
    types = (
        "{timestamp: 'TIMESTAMP_NS', seq: 'BIGINT', message: 'VARCHAR', order_id: 'BIGINT', id: 'HUGEINT'}"
    )
    rows = duckdb.sql(
        f"select * from read_json('{log}', format = 'newline_delimited', columns = {types}) order by seq"
    ).fetchall()

    assert rows == sorted(rows, key=lambda row: row[1])
    assert len({row[0] for row in rows}) > 1
    assert (rows[0][2], rows[-2][3:]) == ("2026-01-01", (ORDER_ID, LARGE_ID))


def test_products_of_decimals_are_exact_in_polars(logs: "Logs") -> None:
    """Decimals are texts with their own scale; multiplied with the scale of the product, they are exact."""
    polars = pytest.importorskip("polars")
    fills = [(Decimal(text), Decimal("0.0004")) for text in ("12.50", "0.05", "7.77")]
    logs.configure()
    for notional, rate in fills:
        logs.logger.info("order filled", notional=notional, rate=rate)
    assert len(logs.records()) == len(fills)
    frame = polars.read_ndjson(logs.directory / "expert.log", infer_schema_length=None)

    exact = frame.select(polars.col("notional", "rate").cast(polars.Decimal(38, 12)))
    fees = exact.select(polars.col("notional") * polars.col("rate")).to_series().to_list()
    assert frame["notional"].to_list() == [str(notional) for notional, _ in fills]
    assert fees == [notional * rate for notional, rate in fills]
