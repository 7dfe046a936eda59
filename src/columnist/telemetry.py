"""The metrics of a process, and its traces if they are switched on.

Labels contain no names or ids of people or documents: their values are the few words listed here, route templates and
status classes. docs/watching.md says what each metric means.
"""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import structlog
from opentelemetry import trace
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)

from columnist.errors import SettingsError

log = structlog.get_logger()

# ── Metrics ──────────────────────────────────────────────────────────────────────────────────────────────────────

disable_created_metrics()  # type: ignore[no-untyped-call]  # a third of all series, and nobody reads them

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)
GCCollector(registry=REGISTRY)

CLAIM_SECONDS = Histogram(
    "columnist_claim_seconds",
    "How long a claim took, with its round trip to the database.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=REGISTRY,
)
ITEMS_ENDED = Counter(
    "columnist_items_ended", "Items that this process ended, by outcome.", ["outcome"], registry=REGISTRY
)
LEASES_LOST = Counter(
    "columnist_leases_lost", "Items that another worker took over while this one worked on them.", registry=REGISTRY
)
RETRIES = Counter("columnist_retries", "Retries, by cause.", ["cause"], registry=REGISTRY)
POOL_CONCURRENCY = Gauge(
    "columnist_pool_concurrency", "Items that the process can work on at a time.", registry=REGISTRY
)
POOL_RUNNING = Gauge("columnist_pool_running", "Items that the process works on.", registry=REGISTRY)
READER_PLACES = Gauge(
    "columnist_reader_places",
    "Guarded processes at a time, by kind and state (kind: reading, drawing, ocr, rules, words, quotes, export; "
    "state: free, in_use).",
    ["kind", "state"],
    registry=REGISTRY,
)
CELLS_WRITTEN = Counter(
    "columnist_cells_written", "Cells written, by their status: done or error.", ["status"], registry=REGISTRY
)
ANSWERS_REUSED = Counter("columnist_answers_reused", "Written cells that took a stored answer.", registry=REGISTRY)
LLM_CALL_SECONDS = Histogram(
    "columnist_llm_call_seconds",
    "How long an LLM call took, by outcome: answered or failed.",
    ["outcome"],
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600),
    registry=REGISTRY,
)
LLM_TOKENS = Counter(
    "columnist_llm_tokens",
    "Tokens of LLM calls by kind: prompt (with the cached ones), cached, completion.",
    ["kind"],
    registry=REGISTRY,
)
LLM_IN_FLIGHT = Gauge("columnist_llm_in_flight", "LLM calls in flight.", registry=REGISTRY)
LLM_LIMIT = Gauge("columnist_llm_limit", "The most LLM calls that may be in flight now.", registry=REGISTRY)
REQUEST_SECONDS = Histogram(
    "columnist_http_request_seconds",
    "How long a request took, by method, route template and status class.",
    ["method", "route", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
    registry=REGISTRY,
)

for _cause in ("rate_limited", "server_error", "timeout", "connection", "malformed", "llm_unavailable", "worker_error"):
    RETRIES.labels(_cause)  # present from the start: a rate over an absent series is not zero
for _outcome in ("completed", "error", "skipped"):
    ITEMS_ENDED.labels(_outcome)
for _status in ("done", "error"):
    CELLS_WRITTEN.labels(_status)
for _kind in ("prompt", "cached", "completion"):
    LLM_TOKENS.labels(_kind)

# ── Traces ───────────────────────────────────────────────────────────────────────────────────────────────────────


_tracer: trace.Tracer | None = None
"""The tracer that sends, while `tracing` is on."""


def span(name: str, **attributes: object) -> AbstractContextManager[trace.Span]:
    """A span around the context, below the present one. It also has the values bound to the log there (job, item,
    attempt, request)."""
    if _tracer is None:  # every item has a span: a no-op tracer would double its cost
        return nullcontext(trace.INVALID_SPAN)
    said = {**structlog.contextvars.get_contextvars(), **attributes}
    return _tracer.start_as_current_span(
        name, attributes={key: value if isinstance(value, int | float) else str(value) for key, value in said.items()}
    )


@contextmanager
def tracing() -> Iterator[None]:
    """Send spans by OTLP over HTTP while the context lasts, if OpenTelemetry's own variables say so. Leaving sends
    the rest. Raises SettingsError for an unknown exporter."""
    global _tracer
    if not _asked_for():
        yield
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import OTELResourceDetector, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        log.warning("no traces: they need columnist[otel]")
        yield
        return
    # A separate provider, not the global one: other libraries' spans are not ours to send.
    provider = TracerProvider(resource=Resource({"service.name": "columnist"}).merge(OTELResourceDetector().detect()))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    _tracer = provider.get_tracer("columnist")
    try:
        yield
    finally:
        _tracer = None
        provider.shutdown()


def _asked_for() -> bool:
    exporter = os.environ.get("OTEL_TRACES_EXPORTER", "").strip()
    if exporter not in ("", "otlp", "none"):
        raise SettingsError(f"Invalid value for OTEL_TRACES_EXPORTER ({exporter!r}): it must be otlp or none.")
    if exporter == "none" or os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    endpoints = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    return exporter == "otlp" or any(os.environ.get(name) for name in endpoints)
