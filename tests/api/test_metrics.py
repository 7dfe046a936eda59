"""Metrics, logs and traces of real servers and workers, over a real database and an LLM server with faults."""

import json
import re
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import ROOT, new_database, system_server
from tests.jobs.grid import QUESTIONS, Watcher, a_job
from tests.patience import PATIENCE_SECONDS, wait_until
from tests.processes import columnist, contracts_in, environment_of, served, simulator, start, wait_for_line

DOCUMENTS = 6
UUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")
FAST = {"prompt_rate": 10**6, "decode_rate": 10**5}

Sample = tuple[str, frozenset[tuple[str, str]]]


def scraped(url: str) -> dict[Sample, float]:
    """The values of a scrape: (name, labels) → value."""
    answer = httpx.get(f"{url}/metrics")
    assert answer.status_code == 200
    assert not UUID.search(answer.text)
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def value(metrics: dict[Sample, float], name: str, **labels: str) -> float:
    return metrics[f"columnist_{name}", frozenset(labels.items())]


def until_ended(url: str) -> None:
    Watcher(url).until("select count(*) from tabular_jobs where completed_at is null", (0,))


def test_after_a_job_the_counters_say_what_happened(url: str, tmp_path: Path) -> None:
    files = contracts_in(tmp_path / "files", DOCUMENTS)
    (files / "broken.pdf").write_bytes(b"%PDF-1.7\nbroken")
    with (
        simulator(**FAST, rate_limit=0.5, server_error=1, left=4) as llm,
        served(**environment_of(url, tmp_path / "home", llm)) as server,
    ):
        job = a_job(url, tmp_path / "home", files)
        until_ended(url)
        path = f"{server.url}/api/tabular/jobs/{job.job_id}"
        counted = httpx.get(path).json()
        httpx.get(path.replace(str(job.job_id), "no-id"))
        httpx.get(f"{server.url}/nobody/knows-{job.job_id}")
        metrics = scraped(server.url)
    causes = {
        dict(labels)["cause"]: count for (name, labels), count in metrics.items() if name == "columnist_retries_total"
    }
    failed = value(metrics, "llm_call_seconds_count", outcome="failed")
    assert 0 < failed <= 4  # a probe that distinguishes a failed call from an outage may meet one of the faults
    assert causes.pop("rate_limited") + causes.pop("server_error") == failed
    assert set(causes.values()) == {0}
    assert value(metrics, "llm_call_seconds_count", outcome="answered") == DOCUMENTS
    for kind in ("prompt", "cached", "completion"):
        assert value(metrics, "llm_tokens_total", kind=kind) == counted[f"{kind}_tokens"]
    assert counted["prompt_tokens"] > 0
    assert value(metrics, "items_ended_total", outcome="completed") == DOCUMENTS
    assert value(metrics, "items_ended_total", outcome="error") == 1
    assert value(metrics, "cells_written_total", status="done") == DOCUMENTS * QUESTIONS
    assert value(metrics, "claim_seconds_count") > 0
    assert value(metrics, "leases_lost_total") == 0
    assert value(metrics, "pool_running") == 0
    assert 10 <= value(metrics, "pool_concurrency") <= 256  # as many as the LLM server takes
    assert value(metrics, "llm_in_flight") == 0
    assert value(metrics, "items", state="completed") == 0  # items of live jobs, of which none is left
    assert value(metrics, "database_up") == 1
    route = "/tabular/jobs/{job_id}"
    assert value(metrics, "http_request_seconds_count", method="GET", route=route, status="2xx") == 1
    assert value(metrics, "http_request_seconds_count", method="GET", route=route, status="4xx") == 1
    assert value(metrics, "http_request_seconds_count", method="GET", route="none", status="4xx") == 1
    assert metrics["process_resident_memory_bytes", frozenset()] > 0


def test_malformed_answers_and_stored_ones_are_counted(url: str, tmp_path: Path) -> None:
    files = contracts_in(tmp_path / "files", 1)
    with (
        simulator(**FAST, malformed=1, left=1) as llm,
        served(**environment_of(url, tmp_path / "home", llm)) as server,
    ):
        job = a_job(url, tmp_path / "home", files)
        until_ended(url)
        metrics = scraped(server.url)
        assert value(metrics, "retries_total", cause="malformed") == 1
        assert value(metrics, "answers_reused_total") == 0
        api = f"{server.url}/api/tabular"
        first = httpx.get(f"{api}/jobs/{job.job_id}").json()["review_id"]
        columns = httpx.get(f"{api}/reviews/{first}/columns").json()["columns"]
        asked = [{key: column[key] for key in ("name", "prompt")} for column in columns]
        second = httpx.post(f"{api}/reviews", json={"name": "The same", "columns": asked}).json()["id"]
        with Watcher(url)._connection as connection:
            connection.execute("insert into review_documents select %s, id, 1 from documents", [second])
        assert httpx.post(f"{api}/reviews/{second}/generate").status_code == 202
        until_ended(url)
        metrics = scraped(server.url)
        assert value(metrics, "answers_reused_total") == QUESTIONS
        assert value(metrics, "llm_call_seconds_count", outcome="answered") == 2


def test_a_worker_shows_what_it_holds_and_what_waits(url: str, tmp_path: Path) -> None:
    a_job(url, tmp_path / "home", contracts_in(tmp_path / "files", DOCUMENTS))
    with simulator(stall=1) as llm:
        variables = environment_of(url, tmp_path / "home", llm, TABULAR_GENERATE_CONCURRENCY=2)
        worker = start("worker", **variables, COLUMNIST_METRICS_PORT=0, TABULAR_WORKER_GRACE_SECONDS=0)
        try:
            base = json.loads(wait_for_line(worker.stderr, '"serving"'))["url"]
            assert httpx.get(f"{base}/healthz").text == "ok\n"
            wait_until(lambda: value(scraped(base), "llm_in_flight") == 2)
            metrics = scraped(base)
            assert (value(metrics, "pool_running"), value(metrics, "pool_concurrency")) == (2, 2)
            assert value(metrics, "llm_limit") == 32
            assert value(metrics, "jobs", state="running") == 1
            assert value(metrics, "items", state="running") == 2
            assert value(metrics, "items", state="pending") == DOCUMENTS - 2
            assert value(metrics, "queue_items") == DOCUMENTS - 2
            assert value(metrics, "queue_oldest_seconds") > 0
            with Watcher(url)._connection as connection:
                connection.execute("update tabular_jobs set paused_at = now(), pause_reason = 'budget'")
            metrics = scraped(base)
            assert value(metrics, "jobs", state="paused") == 1
            assert (value(metrics, "queue_items"), value(metrics, "queue_oldest_seconds")) == (0, 0)
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(PATIENCE_SECONDS) == 0
        finally:
            worker.kill()
            worker.communicate()


def test_without_a_database_a_scrape_says_so_and_still_answers(tmp_path: Path) -> None:
    with (
        system_server() as database,
        served("--no-worker", DATABASE_URL=new_database(database.url, "away"), COLUMNIST_DATA_DIR=tmp_path) as server,
    ):
        assert value(scraped(server.url), "database_up") == 1
        database.control("-m", "immediate", "stop")
        metrics = scraped(server.url)
        database.control("start")
        assert value(metrics, "database_up") == 0
        assert not any(name in ("columnist_items", "columnist_queue_items") for name, _ in metrics)
        assert metrics["process_cpu_seconds_total", frozenset()] > 0


def test_the_docs_name_every_metric_and_every_metric_that_they_name_exists(url: str, tmp_path: Path) -> None:
    with served("--no-worker", DATABASE_URL=url, COLUMNIST_DATA_DIR=tmp_path) as server:
        text = httpx.get(f"{server.url}/metrics").text
    existing = set(re.findall(r"^# TYPE (columnist_\w+) ", text, re.MULTILINE))
    docs = (ROOT / "docs" / "watching.md").read_text()
    rows = [line for line in docs.splitlines() if line.startswith("| `columnist")]
    assert {name for row in rows for name in re.findall(r"`(columnist_\w+)`", row)} == existing


def test_the_log_says_which_item_and_which_request_a_line_is_about(url: str, tmp_path: Path) -> None:
    files = contracts_in(tmp_path / "files", DOCUMENTS)
    with (
        simulator(**FAST, server_error=1, left=3 * DOCUMENTS) as llm,
        served(**environment_of(url, tmp_path / "home", llm)) as server,
    ):
        job = a_job(url, tmp_path / "home", files)
        until_ended(url)
        response = httpx.get(f"{server.url}/api/tabular/jobs/{job.job_id}")
        proxied = {"X-Request-ID": "of-the-proxy.7", "X-Forwarded-For": "192.0.2.7"}
        assert httpx.get(f"{server.url}/api/me", headers=proxied).headers["X-Request-ID"] == "of-the-proxy.7"
        odd = httpx.get(f"{server.url}/api/me", headers={"X-Request-ID": "of a proxy"}).headers["X-Request-ID"]
        address = urlsplit(server.url)
        with socket.create_connection((address.hostname, address.port)) as connection:
            connection.sendall(b"this is no HTTP\r\n\r\n")
            assert connection.recv(1000).startswith(b"HTTP/1.1 400")
    lines = [json.loads(line) for line in server.log]
    (trouble,) = [line for line in lines if line["event"] == "the LLM server is in trouble"]
    assert (trouble["job"], trouble["attempt"], trouble["level"]) == (str(job.job_id), 1, "warning")
    assert isinstance(trouble["item"], int)
    request, of_proxy, of_odd = (line for line in lines if line["event"] == "request")
    assert request["request"] == response.headers["X-Request-ID"]
    assert UUID.fullmatch(request["user"])
    assert "job" not in request
    assert (request["client"], request["forwarded_for"]) == ("127.0.0.1", None)
    assert (of_proxy["request"], of_proxy["forwarded_for"]) == ("of-the-proxy.7", "192.0.2.7")
    assert of_odd["request"] == odd != "of a proxy"
    (uvicorns,) = [line for line in lines if line.get("logger") == "uvicorn.error"]
    assert (uvicorns["level"], uvicorns["event"]) == ("warning", "Invalid HTTP request received.")


@contextmanager
def collector() -> Iterator[tuple[str, list[Span]]]:
    """An OTLP receiver: its endpoint, and the received spans."""
    spans: list[Span] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                spans.extend(span for scope in resource.scope_spans for span in scope.spans)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", spans
        server.shutdown()


def attributes(span: Span) -> dict[str, str | int]:
    return {one.key: one.value.string_value or one.value.int_value for one in span.attributes}


def test_the_spans_of_a_job_arrive_and_nest(url: str, tmp_path: Path) -> None:
    with collector() as (endpoint, spans), simulator(**FAST, rate_limit=1, left=1) as llm:
        variables = environment_of(url, tmp_path / "home", llm, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint)
        with served(**variables) as server:
            job = a_job(url, tmp_path / "home", contracts_in(tmp_path / "files", 2))
            until_ended(url)
            httpx.get(f"{server.url}/api/tabular/jobs/{job.job_id}")
    items = [span for span in spans if span.name == "item"]
    assert len(items) == 2
    failed = 0
    for item in items:
        said = attributes(item)
        assert (said["job"], said["attempt"], item.parent_span_id) == (str(job.job_id), 1, b"")
        below = [span for span in spans if span.parent_span_id == item.span_id]
        assert {span.name for span in below} == {"read document", "llm call", "write cells"}
        for span in below:
            assert {key: attributes(span)[key] for key in ("job", "item", "attempt")} == said
            assert span.trace_id == item.trace_id
            assert item.start_time_unix_nano <= span.start_time_unix_nano <= item.end_time_unix_nano
        answered = [span for span in below if span.name == "llm call" and "prompt_tokens" in attributes(span)]
        assert len(answered) == 1
        failed += sum(span.name == "llm call" for span in below) - 1
    assert failed == 1
    (request,) = [span for span in spans if span.name == "request" and attributes(span)["route"] != "/metrics"]
    assert attributes(request)["route"] == "/tabular/jobs/{job_id}"
    assert attributes(request)["status"] == 200


@pytest.mark.parametrize("switch", [{"OTEL_TRACES_EXPORTER": "none"}, {"OTEL_SDK_DISABLED": "true"}])
def test_traces_that_are_switched_off_go_nowhere(url: str, tmp_path: Path, switch: dict[str, str]) -> None:
    with collector() as (endpoint, spans):
        variables = {"DATABASE_URL": url, "COLUMNIST_DATA_DIR": tmp_path, "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint}
        with served("--no-worker", **variables, **switch) as server:
            httpx.get(f"{server.url}/healthz")
    assert spans == []


def test_an_exporter_that_is_not_there_stops_the_start_with_a_sentence(tmp_path: Path) -> None:
    done = columnist("worker", COLUMNIST_DATA_DIR=tmp_path, OTEL_TRACES_EXPORTER="zipkin")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Invalid value for OTEL_TRACES_EXPORTER ('zipkin'): it must be otlp or none." in done.stderr
