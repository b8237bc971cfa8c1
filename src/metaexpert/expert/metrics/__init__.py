"""The expert's own figures: a `meter` takes them, `prometheus` shows them, `process` has the process's."""

from metaexpert.expert.metrics.meter import ExpertMeter, ExpertMetrics, Latency

__all__ = ["ExpertMeter", "ExpertMetrics", "Latency"]
