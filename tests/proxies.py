"""HAProxy and nginx before servers, as packaged, with the shortest possible configuration."""

import contextlib
import csv
import getpass
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.patience import wait_until

HAPROXY = """
global
    log stdout format iso daemon
defaults
    log global
    mode http
    timeout connect 5s
    timeout client 50s
    timeout server 50s
frontend front
    bind 127.0.0.1:{port}
    stats uri /haproxy
    default_backend columnist
backend columnist
    option httpchk GET /readyz
    {servers}
"""

NGINX = """
daemon off;
user {user};
error_log stderr;
pid {folder}/pid;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream columnist {{
        {servers}
        {kept}
    }}
    server {{
        listen 127.0.0.1:{port};
        location {below} {{
            proxy_pass http://columnist{rest};
            {headers}
        }}
    }}
}}
"""


def free_port() -> int:
    """A free port."""
    with socket.socket() as looking:
        looking.bind(("127.0.0.1", 0))
        return int(looking.getsockname()[1])


@contextmanager
def haproxy(folder: Path, ports: Sequence[int]) -> Iterator[str]:
    """HAProxy with its default checks of /readyz (every 2 s, three failures remove a server); yields its URL."""
    port = free_port()
    servers = "\n    ".join(f"server s{nr} 127.0.0.1:{one} check" for nr, one in enumerate(ports))
    file = folder / "haproxy.cfg"
    file.write_text(HAPROXY.format(port=port, servers=servers))
    with _running(f"http://127.0.0.1:{port}", folder, "haproxy", "-db", "-f", str(file)) as url:
        yield url


def servers_in(url: str) -> int:
    """How many servers HAProxy sends requests to."""
    statistics = csv.DictReader(httpx.get(f"{url}/haproxy;csv").text.removeprefix("# ").splitlines())
    return sum(row["svname"].startswith("s") and row["status"] == "UP" for row in statistics)


@contextmanager
def nginx(
    folder: Path,
    ports: Sequence[int],
    keepalive: bool = False,
    below: str = "/",
    *,
    strips: bool = False,
    port: int = 0,
) -> Iterator[str]:
    """nginx, which checks no server and learns from failed requests; yields its URL. `keepalive`: it keeps connections
    to the servers, which is not its default. `below`: the path that it forwards, or removes if it `strips`."""
    port = port or free_port()
    home = folder / f"nginx-{port}"
    home.mkdir()
    kept = "keepalive 16;" if keepalive else ""
    headers = 'proxy_http_version 1.1; proxy_set_header Connection "";' if keepalive else ""
    servers = " ".join(f"server 127.0.0.1:{one};" for one in ports)
    user = getpass.getuser()  # the workers of root would be another user, who may not write below pytest's folder
    file = home / "nginx.conf"
    file.write_text(
        NGINX.format(
            port=port,
            folder=home,
            user=user,
            servers=servers,
            kept=kept,
            headers=headers if below == "/" else "proxy_set_header Host $http_host;",
            below=below,
            rest="/" if strips else "",
        )
    )
    address = f"http://127.0.0.1:{port}{below.rstrip('/')}"
    with _running(address, home, "nginx", "-c", str(file), "-p", str(home), "-e", "stderr") as url:
        yield url


@contextmanager
def _running(url: str, folder: Path, *command: str) -> Iterator[str]:
    program = shutil.which(command[0], path=f"{os.environ['PATH']}:/usr/sbin")
    assert program, f"This test needs {command[0]}: apt-get update && apt-get install haproxy nginx-light."
    with (folder / f"{command[0]}.log").open("wb") as log:
        process = subprocess.Popen((program, *command[1:]), stdout=log, stderr=log)

    def answers() -> bool:
        assert process.poll() is None, f"{command[0]} ended with {process.returncode}"
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"{url}/healthz").status_code == 200
        return False

    try:
        wait_until(answers, f"an answer through {command[0]}")
        yield url
    finally:
        process.terminate()
        process.wait()
