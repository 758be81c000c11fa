"""The portal behind a real address and a real Chromium, for what only a browser can tell: accessibility, reflow, keyboard."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, sync_playwright

from portal.donnees import MOT_DE_PASSE

CHROMIUM = Path("/usr/bin/chromium")
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@contextmanager
def serve(app: FastAPI) -> Iterator[str]:
    """Address of the application, served by a thread until the block ends."""
    prise = socket.create_server(("127.0.0.1", 0))
    serveur = uvicorn.Server(uvicorn.Config(app, log_level="warning", ws="none", lifespan="off"))
    fil = threading.Thread(target=serveur.run, kwargs={"sockets": [prise]}, daemon=True)
    fil.start()
    while not serveur.started:
        time.sleep(0.02)  # uvicorn offers no event for "started"
    try:
        yield f"http://127.0.0.1:{prise.getsockname()[1]}"
    finally:
        serveur.should_exit = True
        fil.join(timeout=10)
        prise.close()


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as pw:
        navigateur = pw.chromium.launch(executable_path=str(CHROMIUM) if CHROMIUM.exists() else None, args=OPTIONS)
        try:
            yield navigateur
        finally:
            navigateur.close()


def connect(page: Page, adresse: str, login: str) -> None:
    """Sign in as a person does."""
    page.goto(f"{adresse}/connexion")
    page.fill("#identifiant", login)
    page.fill("#mot_de_passe", MOT_DE_PASSE)
    page.click("button[type=submit]")
    page.wait_for_url(lambda url: "/connexion" not in url)
