"""Technical settings, read from the environment once per process.

Law and policy are not here: see ``referentiel/``.
"""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from pdp.errors import ErreurPdp

RACINE = Path(__file__).resolve().parents[2]


class ReglageManquant(ErreurPdp):
    """A required environment variable is absent."""

    code = "reglage_manquant"


def _required(nom: str) -> str:
    valeur = os.environ.get(nom)
    if not valeur:
        raise ReglageManquant(f"Le réglage {nom} manque : la plateforme ne peut pas démarrer.", code=f"missing_setting:{nom}")
    return valeur


def _key(nom: str) -> bytes:
    cle = base64.urlsafe_b64decode(_required(nom))
    if len(cle) != 32:
        raise ReglageManquant(f"Le réglage {nom} doit contenir 32 octets en base64.", code=f"bad_key:{nom}")
    return cle


@dataclass(frozen=True)
class ServeurCourrier:
    """A mail server of an operator. ``compte`` None = no sign-in; ``autorite``: file of the certificate authority, None = the system's."""

    hote: str
    port: int
    compte: str | None = None
    mot_de_passe: str | None = field(default=None, repr=False)
    autorite: str | None = None
    certificat: str | None = None
    """Client certificate with its key, for operators that ask for one."""

    @property
    def local(self) -> bool:
        return self.hote in ("127.0.0.1", "::1", "localhost")


def _serveur(prefixe: str, port: int, compte: str) -> ServeurCourrier | None:
    hote = os.environ.get(f"{prefixe}_HOTE")
    if not hote:
        return None
    lire = os.environ.get
    return ServeurCourrier(
        hote,
        int(lire(f"{prefixe}_PORT", str(port))),
        lire(f"{compte}_COMPTE") or None,
        lire(f"{compte}_MOT_DE_PASSE") or None,
        lire(f"{compte}_AUTORITE") or None,
        lire(f"{compte}_CERTIFICAT") or None,
    )


@dataclass(frozen=True)
class Settings:
    """Lazily read settings: a process only needs those it uses (the sender never needs the portal's)."""

    @property
    def url_migration(self) -> str:
        return _required("PDP_DATABASE_URL_MIGRATION")

    @property
    def url_app(self) -> str:
        return _required("PDP_DATABASE_URL")

    @property
    def url_portail(self) -> str:
        return _required("PDP_DATABASE_URL_PORTAIL")

    @property
    def url_expediteur(self) -> str:
        return _required("PDP_DATABASE_URL_EXPEDITEUR")

    @property
    def cle_nir(self) -> bytes:
        """Key of the NIR encryption at rest (AES-256-GCM)."""
        return _key("PDP_CLE_NIR")

    @property
    def cle_empreinte(self) -> bytes:
        """Key of the hash by which a NIR is looked up (HMAC-SHA-256)."""
        return _key("PDP_CLE_EMPREINTE")

    @property
    def cle_contexte(self) -> bytes:
        """Key that signs who is acting, verified inside the database (HMAC-SHA-256)."""
        return _key("PDP_CLE_CONTEXTE")

    @property
    def cle_pseudonyme(self) -> bytes:
        """Key of the evaluators' pseudonyms (HMAC-SHA-256), one per study."""
        return _key("PDP_CLE_PSEUDONYME")

    @property
    def secret_partenaires(self) -> bytes:
        """Key from which each partner's token derives (HMAC-SHA-256)."""
        return _key("PDP_SECRET_PARTENAIRES")

    @property
    def depot(self) -> Path:
        """Folder where feeds are dropped."""
        return Path(_required("PDP_DEPOT"))

    @property
    def exports(self) -> Path:
        """Folder where the evaluators' packages are published."""
        return Path(_required("PDP_EXPORTS"))

    @property
    def portail_url(self) -> str:
        return os.environ.get("PDP_PORTAIL_URL", "http://127.0.0.1:8000")

    @property
    def airflow_url(self) -> str:
        return os.environ.get("PDP_AIRFLOW_URL", "http://127.0.0.1:8080")

    @property
    def smtp(self) -> tuple[str, int]:
        return os.environ.get("PDP_SMTP_HOTE", "127.0.0.1"), int(os.environ.get("PDP_SMTP_PORT", "1025"))

    @property
    def smtp_expediteur(self) -> str:
        """Address written as sender of the notices."""
        return os.environ.get("PDP_SMTP_EXPEDITEUR", "ne-pas-repondre@pdp.invalid")

    @property
    def sms_url(self) -> str | None:
        """Address of the SMS gateway (``partners/sms.py``); None = this installation sends none."""
        return os.environ.get("PDP_SMS_URL") or None

    @property
    def mss_smtp(self) -> ServeurCourrier | None:
        """Operator of secure mail, outgoing (``partners/messagerie.py``); None = this installation sends none."""
        return _serveur("PDP_MSS_SMTP", 465, "PDP_MSS")

    @property
    def mss_expediteur(self) -> str:
        """Our address in the secure mail: sender, and where receipts come back."""
        return os.environ.get("PDP_MSS_EXPEDITEUR", "plateforme@pdp.mssante.invalid")

    @property
    def mss_domaines(self) -> frozenset[str]:
        """Domains of the secure mail, separated by commas; an address elsewhere never receives content. None given = none is secure."""
        return frozenset(d for brut in os.environ.get("PDP_MSS_DOMAINES", "").split(",") if (d := brut.strip().lower().lstrip("@.")))

    @property
    def boites(self) -> dict[str, ServeurCourrier]:
        """Mailboxes to read (IMAP): ``messagerie`` = secure mail, ``courriel`` = where ordinary mail bounces. Absent = not read."""
        lues = {"messagerie": _serveur("PDP_MSS_IMAP", 993, "PDP_MSS"), "courriel": _serveur("PDP_COURRIEL_IMAP", 993, "PDP_COURRIEL")}
        return {nom: serveur for nom, serveur in lues.items() if serveur is not None}

    @property
    def echanges(self) -> Path | None:
        """Folder of the files exchanged with partners (``partners/lot_csv.py``); None = this installation exchanges none."""
        return Path(dossier) if (dossier := os.environ.get("PDP_ECHANGES")) else None

    @property
    def metriques_jeton(self) -> str | None:
        """Token that the collector of metrics shows to the portal; None = nobody reads them."""
        return os.environ.get("PDP_METRIQUES_JETON") or None

    @property
    def demonstration(self) -> bool:
        """True when the data are synthetic: every page and message then says so."""
        return os.environ.get("PDP_DEMONSTRATION", "") == "1"


@lru_cache(maxsize=1)
def settings() -> Settings:
    return Settings()
