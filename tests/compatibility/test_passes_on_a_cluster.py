"""An optimisation on the workers of a cluster: dask.distributed, a scheduler and two workers."""

import pytest

from metaexpert.expert.optimise import optimise
from support.optimisations import write_data, write_strategy

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(300)]


def test_passes_of_two_workers_are_those_of_this_machine(tmp_path, monkeypatch):
    """Any executor will do; what died or failed is a row there, too."""
    distributed = pytest.importorskip(
        "distributed", reason="dask.distributed is not installed; `.ci/run drop-in` brings it"
    )
    monkeypatch.chdir(tmp_path)
    here = {"file": write_strategy(tmp_path), "data": write_data(tmp_path, minutes=1_000)}
    parameters = {"EVERY": [5, 10, 20], "FAULT": ["none", "broken"]}
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    )
    with cluster, distributed.Client(cluster) as client:
        far = optimise(**here, parameters=parameters, maximize="net_profit", executor=client.get_executor())
        workers = client.scheduler_info()["workers"]
    near = optimise(**here, parameters=parameters, maximize="net_profit", cores=1)
    assert len(workers) == 2
    assert [(row.parameters, row.value, row.error) for row in far.passes] == [
        (row.parameters, row.value, row.error) for row in near.passes
    ]
    assert len(far.failed) == 3
