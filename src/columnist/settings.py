"""Every setting, once. Values come from the environment, then from `.env` files, then from the default."""

import os
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import unquote, urlsplit

from dotenv import dotenv_values
from pydantic import AliasChoices, Field, JsonValue, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from columnist.errors import SettingsError

ASSUMED_CONTEXT_TOKENS = 32_768
"""The context of a model if neither its server nor COLUMNIST_CONTEXT_TOKENS states it."""

EXTRACTIVE = "extractive"
"""The model name of the built-in back end that needs no LLM."""


CHAIN = ">"
"""The sign between two models, of which the first answers alone if its answer is in little doubt."""


def models_in(model: str) -> tuple[str, ...]:
    """The models that a name stands for: one, or a cheap one and then a large one."""
    return tuple(model.split(CHAIN))


def default_data_dir() -> Path:
    """The folder of the embedded database and the files if `COLUMNIST_DATA_DIR` is not set."""
    base = os.environ.get("XDG_DATA_HOME") or str(Path("~/.local/share").expanduser())
    return Path(base, "columnist")


ENV_FILE = "COLUMNIST_ENV_FILE"
"""Set by `--env-file`."""


def env_files() -> list[Path]:
    """The `.env` files in use; later ones win: those of the configuration and the data directory, or the named one.
    Never the one of the working directory, which may be a folder from somebody else."""
    if named := os.environ.get(ENV_FILE):
        return [Path(named)]
    config = os.environ.get("XDG_CONFIG_HOME") or Path("~/.config").expanduser()
    data = os.environ.get("COLUMNIST_DATA_DIR") or default_data_dir()
    return [Path(config, "columnist", ".env"), Path(data, ".env").expanduser()]


class Settings(BaseSettings):
    """The effective settings of one process. A wrong value raises `SettingsError` in `load_settings`."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, populate_by_name=True, env_ignore_empty=True)

    database_url: str | None = Field(
        None,
        validation_alias="DATABASE_URL",
        description="PostgreSQL 15 or newer, as a URL. Absent: an embedded server under the data directory.",
    )
    migration_url: str | None = Field(
        None,
        validation_alias="COLUMNIST_MIGRATION_URL",
        description="The login that owns the schema, for migrations only. Absent: the one of `DATABASE_URL`.",
    )
    data_dir: Path = Field(
        default_factory=default_data_dir,
        validation_alias="COLUMNIST_DATA_DIR",
        description="Embedded database, uploaded files and word boxes.",
    )
    blobs_url: str | None = Field(
        None,
        pattern="^s3://[^/]+",
        validation_alias="COLUMNIST_BLOBS_URL",
        description="Keep files and word boxes in a bucket, s3://bucket/prefix (extra `s3`), not in the data folder.",
    )
    generate_concurrency: int | None = Field(
        None,
        ge=1,
        le=1000,
        validation_alias="TABULAR_GENERATE_CONCURRENCY",
        description="Documents that one worker process answers at the same time. Absent: as many as its LLM servers "
        "take, from 10 to 256.",
    )
    job_lease_seconds: float = Field(
        300,
        ge=1,
        le=86_400,
        validation_alias="TABULAR_JOB_LEASE_SECONDS",
        description="How long a worker holds a document without a heartbeat before another may take it.",
    )
    job_max_attempts: int = Field(
        3,
        ge=1,
        le=100,
        validation_alias="TABULAR_JOB_MAX_ATTEMPTS",
        description="Attempts at a document that crashes its worker before it ends as an error.",
    )
    worker_idle_ms: int = Field(
        500,
        ge=10,
        le=600_000,
        validation_alias="TABULAR_WORKER_IDLE_MS",
        description="Interval at which an idle worker looks for work if no notification wakes it, in milliseconds.",
    )
    worker_grace_seconds: float = Field(
        20,
        ge=0,
        le=3_600,
        validation_alias="TABULAR_WORKER_GRACE_SECONDS",
        description="How long running documents may continue after SIGTERM before other workers get them.",
    )
    poll_ms: int = Field(
        1500,
        ge=50,
        le=600_000,
        validation_alias=AliasChoices("TABULAR_POLL_MS", "NEXT_PUBLIC_TABULAR_POLL_MS"),
        description="Interval at which the progress bar and the page ask for changes, in milliseconds.",
    )
    openai_base_url: str | None = Field(
        None,
        validation_alias="OPENAI_BASE_URL",
        description="An OpenAI-compatible server, such as http://localhost:8000/v1 of vLLM; or several of the same "
        "model, with commas between: calls about a document go to the same one, and to another while that is away.",
    )
    openai_api_key: SecretStr | None = Field(
        None, validation_alias="OPENAI_API_KEY", description="Its key. A local server usually needs none."
    )
    model: str = Field(
        EXTRACTIVE,
        min_length=1,
        validation_alias="COLUMNIST_MODEL",
        description="A model of that server, the path of a .gguf file, or 'extractive' (no LLM: rules and quotes).",
    )
    models: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        validation_alias="COLUMNIST_MODELS",
        description="Other models of that server that users may name, with commas between: `name`, at the prices "
        "below, or `name=1.25/0.125/10`, US dollars per million prompt, cached and answer tokens. No other is asked.",
    )
    first_doubt: float | None = Field(
        None,
        ge=0,
        le=1,
        validation_alias="COLUMNIST_FIRST_DOUBT",
        description="With a model written `small>large`: the doubt up to which an answer of the first one counts, "
        "so that the second is not asked. `columnist eval first` finds it.",
    )
    second_model: str | None = Field(
        None,
        min_length=1,
        validation_alias="COLUMNIST_SECOND_MODEL",
        description="The model for columns whose second reading is by another model, or `extractive`. "
        "Its prices are those of `COLUMNIST_MODELS`.",
    )
    context_tokens: int | None = Field(
        None,
        ge=1_024,
        validation_alias="COLUMNIST_CONTEXT_TOKENS",
        description="How many tokens of the model's context window to use; a longer document is read in overlapping "
        "page windows. Unset: as many as the server reports, or 32,768 if it reports none.",
    )
    answer_tokens: int = Field(
        4_096,
        ge=64,
        validation_alias="COLUMNIST_ANSWER_TOKENS",
        description="The most tokens one call may answer with.",
    )
    measured_models: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        validation_alias="COLUMNIST_MEASURED_MODELS",
        description="Models, with commas between, whose green answers `columnist eval` has shown to be right more "
        "often than yellow ones. Green of another model is a ring on the page, and not filled in XLSX.",
    )
    columns_per_call: int = Field(
        5,
        ge=1,
        le=50,
        validation_alias="COLUMNIST_COLUMNS_PER_CALL",
        description="Questions asked in one LLM call; all calls about a document share it as their prefix.",
    )
    llm_max_in_flight: int | None = Field(
        None,
        ge=1,
        le=10_000,
        validation_alias="COLUMNIST_LLM_MAX_IN_FLIGHT",
        description="The most concurrent LLM calls of one process with each server; fewer while it is overloaded. "
        "Unset: as many as its queue shows that it can take (vLLM, SGLang, llama.cpp with metrics), or 32.",
    )
    llm_extra_body: dict[str, JsonValue] = Field(
        {},
        validation_alias="COLUMNIST_LLM_EXTRA_BODY",
        description="A JSON object that is sent with each LLM call, for a server that needs it, such as "
        '`{"chat_template_kwargs": {"enable_thinking": false}}`.',
    )
    llm_timeout_seconds: float = Field(
        300, gt=0, validation_alias="COLUMNIST_LLM_TIMEOUT_SECONDS", description="How long one LLM call may take."
    )
    price_prompt: float = Field(
        0, ge=0, validation_alias="COLUMNIST_PRICE_PROMPT", description="US dollars per million prompt tokens."
    )
    price_cached: float | None = Field(
        None,
        ge=0,
        validation_alias="COLUMNIST_PRICE_CACHED",
        description="US dollars per million cached prompt tokens. Absent: the price of other prompt tokens.",
    )
    price_completion: float = Field(
        0, ge=0, validation_alias="COLUMNIST_PRICE_COMPLETION", description="US dollars per million answer tokens."
    )
    read_timeout_seconds: float = Field(
        120, gt=0, validation_alias="COLUMNIST_READ_TIMEOUT_SECONDS", description="How long reading one file may take."
    )
    read_memory_mb: int = Field(
        1_024, ge=256, validation_alias="COLUMNIST_READ_MEMORY_MB", description="Memory that reading one file may use."
    )
    read_max_pages: int = Field(
        2_000, ge=1, validation_alias="COLUMNIST_READ_MAX_PAGES", description="Most pages of a document that is read."
    )
    sandbox: Literal["require", "available"] = Field(
        "available",
        validation_alias="COLUMNIST_SANDBOX",
        description="`require`: start nothing unless the needed layers of the sandbox hold (`columnist doctor` lists "
        "them). `available`: use those that the machine has.",
    )
    max_file_mb: int = Field(
        200, ge=1, validation_alias="COLUMNIST_MAX_FILE_MB", description="The largest file that may be uploaded."
    )
    host: str = Field(
        "127.0.0.1",
        validation_alias="COLUMNIST_HOST",
        description="The address that `columnist serve` listens on. Any other than this machine's own needs sign-in.",
    )
    port: int = Field(
        8000, ge=0, le=65_535, validation_alias="COLUMNIST_PORT", description="Its port; 0 takes a free one."
    )
    metrics_port: int | None = Field(
        None,
        ge=0,
        le=65_535,
        validation_alias="COLUMNIST_METRICS_PORT",
        description="The port at which `columnist worker` answers /metrics, /healthz and /readyz. Absent: none.",
    )
    public_url: str | None = Field(
        None,
        pattern=r"^https?://[^/?#]+(/[\w.~-]+)*/?$",
        validation_alias="COLUMNIST_PUBLIC_URL",
        description="The address at which people open this server, such as https://columnist.example.org or "
        "https://example.org/columnist: for links of invitations, for the return from an OIDC provider, and for the "
        "page below a path. Absent: this machine's.",
    )
    sign_in: Literal["password"] | None = Field(
        None,
        validation_alias="COLUMNIST_SIGN_IN",
        description="`password`: people whom `columnist users invite` has invited sign in with a password. Absent: "
        "only OIDC and JWTs count, if they are set up.",
    )
    oidc_issuer: str | None = Field(
        None,
        pattern="^https?://",
        validation_alias="COLUMNIST_OIDC_ISSUER",
        description="Sign-in at an OIDC provider (authorization code with PKCE): its issuer, such as "
        "https://id.example.org/realms/team. It returns people to `/sign-in/return`.",
    )
    oidc_client_id: str | None = Field(
        None, validation_alias="COLUMNIST_OIDC_CLIENT_ID", description="This server's client id at that provider."
    )
    oidc_client_secret: SecretStr | None = Field(
        None,
        validation_alias="COLUMNIST_OIDC_CLIENT_SECRET",
        description="Its secret. Absent: it is a public client.",
    )
    jwt_secret: SecretStr | None = Field(
        None,
        min_length=32,
        validation_alias="COLUMNIST_JWT_SECRET",
        description="Sign-in by JWT: the HS256 secret of the issuer, such as Supabase Auth.",
    )
    jwks_url: str | None = Field(
        None,
        pattern="^https?://",
        validation_alias="COLUMNIST_JWKS_URL",
        description="Sign-in by JWT: where the issuer (any OIDC provider) publishes its public keys.",
    )
    jwt_audience: str | None = Field(
        None, validation_alias="COLUMNIST_JWT_AUDIENCE", description="The `aud` that a JWT must name."
    )
    jwt_issuer: str | None = Field(
        None, validation_alias="COLUMNIST_JWT_ISSUER", description="The `iss` that a JWT must name."
    )
    jwt_confirming_issuer: str | None = Field(
        None,
        min_length=1,
        validation_alias="COLUMNIST_JWT_CONFIRMING_ISSUER",
        description="The `iss` of an issuer that confirms every e-mail address and signs with published keys, though "
        "its tokens have no email_verified. Addresses of other issuers do not count without it.",
    )
    sign_in_url: str | None = Field(
        None,
        pattern="^https?://",
        validation_alias="COLUMNIST_SIGN_IN_URL",
        description="Where the page sends people to sign in; they return with #access_token=. Absent: they paste one.",
    )
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        validation_alias="COLUMNIST_ALLOWED_ORIGINS",
        description="Other sites whose pages may call the API (CORS), separated by commas.",
    )
    requests_per_minute: int = Field(
        3_000, ge=1, validation_alias="COLUMNIST_REQUESTS_PER_MINUTE", description="Requests per user per minute."
    )
    user_documents: int | None = Field(
        200_000, ge=1, validation_alias="COLUMNIST_USER_DOCUMENTS", description="The most documents of one user."
    )
    user_gb: float | None = Field(
        200, gt=0, validation_alias="COLUMNIST_USER_GB", description="How much one user may store, in GB."
    )
    user_reviews: int | None = Field(
        10_000, ge=1, validation_alias="COLUMNIST_USER_REVIEWS", description="The most reviews of one user."
    )
    user_jobs: int | None = Field(
        50, ge=1, validation_alias="COLUMNIST_USER_JOBS", description="The most live jobs of one user."
    )
    user_dollars_a_day: float | None = Field(
        None,
        gt=0,
        validation_alias="COLUMNIST_USER_DOLLARS_A_DAY",
        description="US dollars that one user's calls to LLMs may cost a day (UTC), at the prices above. Absent: no "
        "limit.",
    )
    upload_max_files: int = Field(
        10_000, ge=1, validation_alias="COLUMNIST_UPLOAD_MAX_FILES", description="The most files of one upload."
    )
    drain_seconds: float = Field(
        15,
        ge=0,
        le=600,
        validation_alias="COLUMNIST_DRAIN_SECONDS",
        description="How long a stopping server still answers while /readyz turns traffic away; "
        "must be longer than a proxy needs to notice.",
    )
    server: str | None = Field(
        None,
        pattern="^https?://",
        validation_alias="COLUMNIST_SERVER",
        description="The server that `columnist run`, `eval` and `jobs` use, as with `--server`. Absent: none.",
    )
    server_token: SecretStr | None = Field(
        None, validation_alias="COLUMNIST_TOKEN", description="An API token of that server, or a JWT."
    )
    log_level: str = Field(
        "INFO",
        pattern="^(DEBUG|INFO|WARNING|ERROR)$",
        validation_alias="COLUMNIST_LOG_LEVEL",
        description="DEBUG, INFO, WARNING or ERROR.",
    )

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @property
    def prefix(self) -> str:
        """The path below which people open this server, such as /columnist; "" at the root of a host."""
        return urlsplit(self.public_url or "").path.rstrip("/")

    @property
    def measured(self) -> frozenset[str]:
        """The models whose green answers are measured to be right more often than yellow ones; the rules are (docs)."""
        return frozenset((EXTRACTIVE, *self.measured_models))

    @property
    def offered(self) -> dict[str, tuple[float, float, float]]:
        """The models that users may name: US dollars per million prompt, cached and answer tokens of each."""
        # Without a cached price the full one is charged: overestimating is better than overspending.
        cached = self.price_prompt if self.price_cached is None else self.price_cached
        usual = (self.price_prompt, cached, self.price_completion)
        found = {EXTRACTIVE: usual, self.model: usual}
        unpriced = [self.model]
        for one in self.models:
            name, given, prices = one.rpartition("=")
            prompt, cached, answer = map(float, prices.split("/")) if given else usual
            found[name if given else one] = (prompt, cached, answer)
            unpriced += [] if given else [one]
        for name in unpriced:
            *first, large = models_in(name)
            if first:
                found[name] = found.get(large, usual)
        return found

    def prices_of(self, model: str) -> tuple[float, float, float]:
        """The prices of an offered model; for a model that only the operator names, the usual ones."""
        return self.offered.get(model) or self.offered[self.model]

    @field_validator("models")
    @classmethod
    def _have_prices(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            _check_chain(one)
            if "=" in one and not re.fullmatch(r"[^=]+=[0-9]+(\.[0-9]+)?(/[0-9]+(\.[0-9]+)?){2}", one):
                raise ValueError("write a model as name or name=1.25/0.125/10")
        return value

    @field_validator("model")
    @classmethod
    def _is_a_chain(cls, value: str) -> str:
        _check_chain(value)
        return value

    @field_validator("allowed_origins", "measured_models", "models", mode="before")
    @classmethod
    def _by_commas(cls, value: Any) -> Any:
        return tuple(filter(None, map(str.strip, value.split(",")))) if isinstance(value, str) else value

    @field_validator("database_url", "migration_url")
    @classmethod
    def _is_postgres(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("postgresql://", "postgres://")):
            raise ValueError("must start with postgresql://")
        return value


@dataclass(frozen=True, slots=True)
class Knob:
    """One setting as `columnist settings` prints it. `source` is `environment`, a file's path or `default`."""

    name: str
    value: str
    source: str
    description: str


def _check_chain(model: str) -> None:
    first, *large = models_in(model)
    if large and (len(large) > 1 or large[0] in (first, EXTRACTIVE) or " " in model or not all((first, *large))):
        raise ValueError("write one model, or two as small>large, without blanks, of which the large one is an LLM")


def is_address(url: str) -> bool:
    """Whether a URL is the address of a server: http or https, with a host, and a port that can be one, if any."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def listed_urls(value: str) -> tuple[str, ...]:
    """The URLs of a list with commas or blanks between."""
    return tuple(dict.fromkeys(filter(None, re.split(r"[,\s]+", value))))


def host_of(url: str) -> str:
    """Host and port, without a name and a password."""
    return urlsplit(url).netloc.rpartition("@")[2]


def load_settings(**changes: Any) -> Settings:
    """Read the settings of this process; `changes` that are not None replace them. Raises SettingsError with one
    sentence per invalid value."""
    if (named := os.environ.get(ENV_FILE)) and not Path(named).is_file():
        raise SettingsError(f"{named} is no file: --env-file names the file of the settings.")
    for file in env_files():
        try:
            if file.is_file():
                file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{file} cannot be read as settings: {error}.") from None
    try:
        settings = Settings(_env_file=env_files())
    except ValidationError as error:
        raise SettingsError(" ".join(_sentence(dict(e)) for e in error.errors())) from None
    sources = {_source(name) for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY")} - {"default"}
    if len(sources) > 1:
        raise SettingsError(
            f"OPENAI_BASE_URL is from {_source('OPENAI_BASE_URL')}, and OPENAI_API_KEY from "
            f"{_source('OPENAI_API_KEY')}: set both in one place, so that the key goes only to its own server."
        )
    return settings.model_copy(update={name: value for name, value in changes.items() if value is not None})


@lru_cache(maxsize=1)
def knob_names() -> dict[str, tuple[str, ...]]:
    """Field name → the environment variables that set it, first one first."""
    names: dict[str, tuple[str, ...]] = {}
    for field, info in Settings.model_fields.items():
        alias = info.validation_alias
        choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
        names[field] = tuple(str(choice) for choice in choices)
    return names


def knobs(settings: Settings) -> list[Knob]:
    """Every setting with its effective value (secrets masked) and where that value came from."""
    found = []
    for field, names in knob_names().items():
        source = _source(*names)
        value = getattr(settings, field)
        shown = "" if value is None else _masked(str(value))
        found.append(Knob(names[0], shown, source, Settings.model_fields[field].description or ""))
    return found


def _source(*names: str) -> str:
    """The source of the first of these variables that is set: `environment`, a file, or `default`."""
    if any(os.environ.get(name) for name in names):
        return "environment"
    for file in reversed(env_files()):
        values = dotenv_values(file)
        if any(values.get(name) for name in names):
            return str(file)
    return "default"


_SECRET = re.compile(r"pass|key|secret|token|sig|auth|cred|pwd", re.I)
"""Parts of names of a URL's parameters whose values are secret."""


def _masked(value: str) -> str:
    """Hide the passwords and keys of a URL: before its host, and among its parameters."""
    if value.count("://") > 1:
        return ", ".join(map(_masked, listed_urls(value)))
    scheme, found, rest = value.partition("://")
    if not found:
        return value
    address, asked, query = rest.partition("?")
    credentials, at, host = address.rpartition("@")
    if at and ":" in credentials:
        address = f"{credentials.partition(':')[0]}:********@{host}"
    parameters = [part.partition("=") for part in query.split("&")]
    shown = [f"{name}{sign}{'********' if _SECRET.search(unquote(name)) else said}" for name, sign, said in parameters]
    return f"{scheme}://{address}{asked}{'&'.join(shown)}"


def _sentence(error: dict[str, Any]) -> str:
    location = str(error["loc"][0]) if error["loc"] else ""
    name = knob_names().get(location, (location,))[0]
    message = str(error["msg"]).removeprefix("Value error, ")
    secret = name.endswith(("_SECRET", "_KEY"))
    shown = "********" if secret else _masked(str(error["input"]))
    return f"Invalid value for {name} ({shown!r}): {message[0].lower()}{message[1:]}."
