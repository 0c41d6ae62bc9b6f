"""Metrics in Prometheus's text format, and those of several processes as one."""

import re

import numpy as np

from alexnet.serving.metrics import WIDTH, Metrics

_LINE = re.compile(r'alexnet_\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? [0-9.e+-]+')


def test_every_line_is_one_that_prometheus_reads() -> None:
    metrics = Metrics()
    metrics.add("requests_total", protocol="v1", outcome="answered")
    lines = metrics.text().splitlines()
    assert all(_LINE.fullmatch(line) for line in lines if not line.startswith("#"))
    assert 'alexnet_requests_total{protocol="v1",outcome="answered"} 1' in lines
    assert len({line for line in lines if line.startswith("# TYPE")}) == 11


def test_a_histogram_counts_what_lies_below_each_bound() -> None:
    metrics = Metrics()
    for value in (1, 2, 3, 4, 500):
        metrics.observe("batch_size", value)
    text = metrics.text()
    for bound, count in (("1", 1), ("2", 2), ("4", 4), ("128", 4), ("+Inf", 5)):
        assert f'alexnet_batch_size_bucket{{le="{bound}"}} {count}\n' in text
    assert "alexnet_batch_size_sum 510\n" in text
    assert "alexnet_batch_size_count 5\n" in text


def test_processes_are_told_as_one() -> None:
    rows = np.zeros((2, WIDTH))
    first, second = Metrics(rows, 0), Metrics(rows, 1)
    first.add("images_total", 3, outcome="answered")
    second.add("images_total", 4, outcome="answered")
    second.set("pending_images", 2)
    assert 'alexnet_images_total{outcome="answered"} 7\n' in first.text()
    assert first.text() == second.text()
    assert first.total("pending_images") == 2
