"""The world of the harness: a durable PostgreSQL of its own, partners in a process of their own, people to hand over."""

from __future__ import annotations

import base64
import contextlib
import functools
import json
import logging
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
from sqlalchemy import Engine

from pdp.bench.base import Serveur
from pdp.chaos.oracle import ORACLE
from pdp.chaos.plan import DEPART, Plan
from pdp.config import RACINE, settings
from pdp.domain.auteur import Auteur, systeme
from pdp.embedded.postgres import EmbeddedPostgres
from pdp.embedded.roles import LOGIN_ROLES
from pdp.partners import courriel, http, transports
from pdp.referentiel import load_referentiel
from pdp.services.publish_referentiel import referentiel
from pdp.storage import db
from pdp.storage.sql import query

BASE = "pdp_chaos"
AUTEUR = systeme("chaos")
ATTENTE_S = 0.2
"""Total time of one call to a partner, and of one answer of the mail server: a shorter product, not another one."""
_CLES = ("PDP_CLE_NIR", "PDP_CLE_EMPREINTE", "PDP_CLE_CONTEXTE", "PDP_CLE_PSEUDONYME", "PDP_SECRET_PARTENAIRES")


@dataclass
class Monde:
    """Everything a schedule needs, reused by the next one."""

    postgres: EmbeddedPostgres
    serveur: Serveur
    port: int
    csam: UUID
    partenaires: dict[str, UUID]
    redemarrages: int = 0
    _moteurs: dict[str, Engine] = field(default_factory=dict)
    _admin: list[psycopg.Connection[Any]] = field(default_factory=list)

    @property
    def conseiller(self) -> Auteur:
        return Auteur("agent", str(self.csam), "csam", "PF35")

    @property
    def psychologue(self) -> Auteur:
        ident = str(self.partenaires["psychologue"])
        return Auteur("partenaire", ident, "partenaire", "PF35", ident)

    def admin(self) -> psycopg.Connection[Any]:
        """Administrator of the server: looks behind row level security and moves time, never does the work of the product."""
        if not self._admin or self._admin[0].closed:
            self._admin[:] = [psycopg.connect(self.serveur.dsn(BASE), autocommit=True)]
        return self._admin[0]

    def restart_postgres(self) -> None:
        """The hard way: no checkpoint, every connection cut, then recovery from the write-ahead log."""
        self._admin.clear()
        pid = self.postgres.pid
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGQUIT)
        self.postgres.start()
        self.redemarrages += 1

    def after_fork(self) -> None:
        """In a child: the engines of its parent with what they compiled, and none of its connections."""
        for moteur in self._moteurs.values():
            moteur.dispose(close=False)
        moteurs = self._moteurs
        db.engine = lambda url: moteurs[url]

    def say(self, methode: str, objet: dict[str, Any] | None = None) -> dict[str, Any]:
        """Tell the partners how to behave (PUT: and forget), or ask what reached them (GET)."""
        lien = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            lien.request(methode, "/chaos", json.dumps(objet or {}))
            reponse = lien.getresponse()
            return json.loads(reponse.read()) if reponse.status == 200 else {}
        finally:
            lien.close()

    def prepare(self, plan: Plan) -> None:
        """People and agreements of a schedule; partners who behave as it says; nothing left of the schedule before."""
        self.say("PUT", {"graine": plan.graine, "imposees": {}, "fil_impose": None, **plan.front, "habitudes": self._habitudes(plan)})
        admin = self.admin()
        admin.execute("TRUNCATE chaos.changement, chaos.reclamation")
        cas = [{"rang": c.rang, "parcours": str(c.parcours), "assure": str(c.assure)} for c in plan.cas]
        bientot, tard = DEPART.date(), DEPART.date() + timedelta(days=365)
        accords = [
            {"parcours": str(c.parcours), "destinataire": d, "expire_le": str(bientot if c.expire_bientot else tard)}
            for c in plan.cas
            for d in c.vers
        ]
        with db.begin(settings().url_app, AUTEUR) as conn:
            conn.execute(query("chaos.ecrire_cas"), {"cas": json.dumps(cas), "csam": self.csam, "maintenant": DEPART})
            conn.execute(query("chaos.ecrire_accords"), {"accords": json.dumps(accords), "csam": self.csam, "maintenant": DEPART})
        with db.begin(settings().url_expediteur, AUTEUR) as conn:
            conn.execute(query("chaos.oublier_circuits"))

    def expire_leases(self) -> None:
        """As if the time of every lease had passed: called when no worker runs, or to let another take over from a stopped one."""
        with db.begin(settings().url_expediteur, AUTEUR) as conn:
            conn.execute(query("chaos.expirer_baux"))
            conn.execute(query("chaos.expirer_essais"))

    @staticmethod
    def _habitudes(plan: Plan) -> dict[str, Any]:
        habitudes = plan.front.get("habitudes")
        return {f"CHAOS-{d}": h for d, h in habitudes.items()} if isinstance(habitudes, dict) else {}


@contextmanager
def open_monde(dossier: Path) -> Iterator[Monde]:
    """A server and partners in ``dossier``, destroyed at the end; the settings of this process point to them."""
    cles = {nom: base64.urlsafe_b64encode(secrets.token_bytes(32)).decode() for nom in _CLES}
    avant = dict(os.environ)
    logging.getLogger("pdp").setLevel(logging.CRITICAL)  # failures are the subject here
    postgres = EmbeddedPostgres(dossier / "pg").start()
    front, port, smtp = _start_front(cles["PDP_SECRET_PARTENAIRES"])
    try:
        os.environ |= {"PDP_SMTP_HOTE": "127.0.0.1", "PDP_SMTP_PORT": str(smtp), "PDP_DEMONSTRATION": "1"}
        with psycopg.connect(postgres.superuser_dsn(), autocommit=True) as admin:
            admin.execute("ALTER SYSTEM SET track_commit_timestamp = on")
            admin.execute("ALTER SYSTEM SET shared_buffers = '128MB'")
        postgres.stop()
        postgres.start()
        serveur = Serveur(postgres.superuser_dsn(), {role: secrets.token_urlsafe(12) for role in LOGIN_ROLES}, cles)
        serveur.create_base(BASE)
        serveur.use(BASE)
        os.environ |= cles
        with psycopg.connect(serveur.dsn(BASE), autocommit=True) as admin:
            admin.execute(ORACLE)
        partenaires, csam = _plant(port)
        _shorten()
        load_referentiel()
        referentiel()
        urls = (settings().url_app, settings().url_portail, settings().url_expediteur)
        moteurs = {url: db.engine(url) for url in urls}
        yield Monde(postgres, serveur, port, csam, partenaires, _moteurs=moteurs)
    finally:
        front.kill()
        front.wait()
        assert front.stdout is not None
        front.stdout.close()
        db.engine.cache_clear()
        postgres.destroy()
        os.environ.clear()
        os.environ.update(avant)
        settings.cache_clear()


def _plant(port: int) -> tuple[dict[str, UUID], UUID]:
    genres = (("service_social", "api"), ("spst", "api"), ("cap_emploi", "messagerie"), ("psychologue", "portail"))
    lignes = [
        {
            "id": str(uuid4()),
            "id_source": f"CHAOS-{genre}",
            "type": genre,
            "canal": canal,
            "url": f"http://127.0.0.1:{port}" if canal == "api" else None,
            "courriel": f"{genre}@partenaire.invalid" if canal == "portail" else None,
            "adresse": f"{genre}@mssante.invalid" if canal == "messagerie" else None,
        }
        for genre, canal in genres
    ]
    with db.begin(settings().url_app, AUTEUR) as conn:
        conn.execute(query("chaos.ecrire_partenaires"), {"partenaires": json.dumps(lignes)})
        csam = conn.execute(query("chaos.ecrire_agent")).scalar_one()
    return {str(ligne["type"]): UUID(str(ligne["id"])) for ligne in lignes}, csam


def _shorten() -> None:
    """Partners are waited for less long, and the secure mail is the ordinary one: what is proved is the outbox, not the PDF."""
    transports.TRANSPORTS["api"] = functools.partial(http.deliver, total_s=ATTENTE_S)
    transports.TRANSPORTS["messagerie"] = _messagerie
    courriel.REPONSE_S = ATTENTE_S
    http.fetch_evenements.__kwdefaults__["total_s"] = ATTENTE_S


def _messagerie(destinataire: Any, envoi: Any, maintenant: Any) -> Any:
    """A mailbox: recognises no key, and gives no answer that could be asked for later."""
    return courriel.deliver(
        envoi.cle, destinataire.adresse_securisee, envoi.type, str(envoi.corps["orientation_id"]), "<p>-</p>", maintenant
    )


def _start_front(secret: str) -> tuple[subprocess.Popen[str], int, int]:
    environnement = {**os.environ, "PDP_SECRET_PARTENAIRES": secret, "PYTHONPATH": str(RACINE / "include")}
    processus = subprocess.Popen([sys.executable, "-m", "pdp.chaos.front"], env=environnement, stdout=subprocess.PIPE, text=True)
    assert processus.stdout is not None
    http_port, smtp_port = processus.stdout.readline().split()
    return processus, int(http_port), int(smtp_port)
