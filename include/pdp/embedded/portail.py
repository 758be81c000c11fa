"""``pdp portal``: the portal alone, in the foreground; everything else comes from the environment."""

from __future__ import annotations

import argparse
import os
import tempfile

import uvicorn

from pdp import journaux


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (a container says 0.0.0.0)")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--workers", type=int, default=1, help="processes")
    parser.add_argument("--root-path", default="", help="path prefix when a proxy mounts the portal below /")


def run(arguments: argparse.Namespace) -> int:
    """Serves until stopped; the access log is off because paths are a person's trail.

    Several processes add their metrics up in a folder of their own.
    """
    if arguments.workers > 1 and "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="pdp-metriques-")
    propres = {"log_config": None} if journaux.install_if_asked() else {}  # the logs of the parent process too
    uvicorn.run(
        "pdp.portal.app:create_app", factory=True, host=arguments.host, port=arguments.port, workers=arguments.workers,
        root_path=arguments.root_path, access_log=False, server_header=False, **propres,
    )  # fmt: skip
    return 0
