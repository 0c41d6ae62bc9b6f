"""The files in deploy/ are read by parsers; times and options in them fit each other and the program.

No builder and no cluster is asked: what is checked is syntax, and what would go wrong silently.
"""

import re
from pathlib import Path
from typing import Any

import click
import pytest

from alexnet.cli import alexnet as command_line
from alexnet.serving.settings import Limits

DEPLOY = Path(__file__).parents[2] / "deploy"


def documents(name: str) -> list[Any]:
    yaml = pytest.importorskip("yaml")
    return list(yaml.safe_load_all((DEPLOY / name).read_text(encoding="utf-8")))


def value_of(words: list[str], option: str) -> float:
    return float(words[words.index(option) + 1])


def check_command(words: list[str]) -> None:
    """The options are some of the command's, and its arguments are read."""
    command = command_line.get_command(click.Context(command_line), "serve")
    assert command is not None
    context = command.make_context("serve", list(words))
    assert context.params["runs"] == ("small",)


def needed_seconds(words: list[str]) -> float:
    """From SIGTERM to the end at the latest: drain delay, a body that is being sent, and its answer."""
    return value_of(words, "--drain-delay") + value_of(words, "--timeout") + Limits().body_seconds


def test_the_compose_file() -> None:
    (found,) = documents("compose.yaml")
    service = found["services"]["alexnet"]
    check_command(service["command"])
    assert int(service["stop_grace_period"].removesuffix("s")) > needed_seconds(service["command"])
    assert service["read_only"]
    assert service["ports"] == ["127.0.0.1:8000:8000"]
    assert set(service["secrets"]) == set(found["secrets"])


def test_the_kubernetes_manifest() -> None:
    deployment, service, budget = documents("kubernetes.yaml")
    assert [each["kind"] for each in (deployment, service, budget)] == [
        "Deployment",
        "Service",
        "PodDisruptionBudget",
    ]
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    check_command(container["args"])
    assert pod["terminationGracePeriodSeconds"] > needed_seconds(container["args"])
    ready = container["readinessProbe"]
    assert ready["periodSeconds"] * ready["failureThreshold"] < value_of(container["args"], "--drain-delay")
    assert (ready["httpGet"]["path"], container["livenessProbe"]["httpGet"]["path"]) == ("/ready", "/health")
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    for selector in (
        deployment["spec"]["selector"]["matchLabels"],
        service["spec"]["selector"],
        budget["spec"]["selector"]["matchLabels"],
    ):
        assert selector == labels
    assert pod["securityContext"]["runAsNonRoot"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    mode = pod["volumes"][0]["secret"]["defaultMode"]
    assert mode & 0o007 == 0  # or the service refuses the key
    assert {each["name"] for each in container["volumeMounts"]} == {each["name"] for each in pod["volumes"]}


def test_the_dockerfile() -> None:
    """Every instruction is one, the last stage runs as nobody of importance, and what is run is there."""
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in re.sub(r"\\\n", " ", text).splitlines() if line and not line.startswith("#")]
    known = {
        "FROM",
        "RUN",
        "WORKDIR",
        "COPY",
        "ENV",
        "USER",
        "EXPOSE",
        "STOPSIGNAL",
        "HEALTHCHECK",
        "ENTRYPOINT",
        "CMD",
    }
    assert {line.split()[0] for line in lines} <= known
    last = lines[max(number for number, line in enumerate(lines) if line.startswith("FROM")) :]
    assert "USER 10001" in last
    assert last.index("USER 10001") < next(n for n, line in enumerate(last) if line.startswith("ENTRYPOINT"))
    entry = re.findall(r'"([^"]*)"', next(line for line in last if line.startswith("ENTRYPOINT")))
    words = re.findall(r'"([^"]*)"', next(line for line in last if line.startswith("CMD")))
    assert entry[:2] == ["alexnet", "serve"]
    check_command(entry[2:] + words)
    pinned = (DEPLOY.parent / "constraints.txt").read_text(encoding="utf-8")
    assert re.findall(r"torch==([\d.]+)", text) == re.findall(r"^torch==([\d.]+)", pinned, re.MULTILINE)
