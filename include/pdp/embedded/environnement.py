"""Environment of the platform's processes: everything for the launcher, and for each service only what it needs."""

from __future__ import annotations

import os
from collections.abc import Mapping

from pdp.config import RACINE
from pdp.embedded.airflow_env import inherited_environment
from pdp.embedded.etat import CLES, Etat

_URLS = {
    "PDP_DATABASE_URL_MIGRATION": "pdp_owner",
    "PDP_DATABASE_URL": "pdp_app",
    "PDP_DATABASE_URL_PORTAIL": "pdp_portail",
    "PDP_DATABASE_URL_EXPEDITEUR": "pdp_expediteur",
}
_COMMUN = (
    *("PDP_ETAT", "PDP_DEMONSTRATION", "PDP_HORLOGE", "PDP_PORTAIL_URL", "PDP_AIRFLOW_URL", "PDP_PARTENAIRE_URL", "PYTHONPATH", "TZ"),
    "PDP_JOURNAUX",
)
_MESSAGERIE = (
    *("PDP_MSS_SMTP_HOTE", "PDP_MSS_SMTP_PORT", "PDP_MSS_IMAP_HOTE", "PDP_MSS_IMAP_PORT", "PDP_MSS_COMPTE", "PDP_MSS_MOT_DE_PASSE"),
    *("PDP_MSS_EXPEDITEUR", "PDP_MSS_DOMAINES", "PDP_ECHANGES"),
)
_PAR_SERVICE = {
    "airflow": (
        *("PDP_DATABASE_URL", "PDP_DATABASE_URL_EXPEDITEUR", *CLES, "PDP_SMTP_HOTE", "PDP_SMTP_PORT", "PDP_SMS_URL"),
        *("PDP_DEPOT", "PDP_EXPORTS", *_MESSAGERIE),
    ),
    "portail": (
        *("PDP_DATABASE_URL_PORTAIL", "PDP_CLE_NIR", "PDP_CLE_EMPREINTE", "PDP_CLE_CONTEXTE", "PDP_SECRET_PARTENAIRES"),
        *("PDP_DEPOT", "PDP_EXPORTS", "PDP_ECHANGES", "PDP_METRIQUES_JETON"),
    ),
    "partenaire": ("PDP_PARTENAIRE_PORT", "PDP_SECRET_PARTENAIRES"),
    "sms": ("PDP_SMS_PORT", "PDP_SECRET_PARTENAIRES"),
    "fhir": ("PDP_FHIR_PORT", "PDP_SECRET_PARTENAIRES"),
    "messagerie": _MESSAGERIE,
    "courrier": ("PDP_SMTP_HOTE", "PDP_SMTP_PORT"),
}


def platform_environment(etat: Etat, ports: Mapping[str, int]) -> dict[str, str]:
    """Every ``PDP_*`` variable of this platform; needs the ports of all services."""
    connus = etat.secrets()
    urls = {nom: f"postgresql+psycopg://{role}:{connus[f'role:{role}']}@127.0.0.1:{ports['postgres']}/pdp" for nom, role in _URLS.items()}
    return {
        **{nom: os.environ[nom] for nom in ("PDP_METRIQUES_JETON",) if nom in os.environ},
        **urls,
        **{cle: connus[cle] for cle in CLES},
        "PDP_PORTAIL_URL": f"http://127.0.0.1:{ports['portail']}",
        "PDP_AIRFLOW_URL": f"http://127.0.0.1:{ports['airflow']}",
        "PDP_PARTENAIRE_URL": f"http://127.0.0.1:{ports['partenaire']}",
        "PDP_PARTENAIRE_PORT": str(ports["partenaire"]),
        "PDP_FHIR_URL": f"http://127.0.0.1:{ports['fhir']}/fhir",
        "PDP_FHIR_PORT": str(ports["fhir"]),
        "PDP_SMS_URL": f"http://127.0.0.1:{ports['sms']}",
        "PDP_SMS_PORT": str(ports["sms"]),
        "PDP_SMTP_HOTE": "127.0.0.1",
        "PDP_SMTP_PORT": str(ports["smtp"]),
        "PDP_MSS_SMTP_HOTE": "127.0.0.1",
        "PDP_MSS_SMTP_PORT": str(ports["messagerie"]),
        "PDP_MSS_IMAP_HOTE": "127.0.0.1",
        "PDP_MSS_IMAP_PORT": str(ports["imap"]),
        "PDP_MSS_COMPTE": "plateforme",
        "PDP_MSS_MOT_DE_PASSE": "demonstration",
        "PDP_MSS_EXPEDITEUR": "plateforme@demonstration.mssante.invalid",
        "PDP_MSS_DOMAINES": "mssante.invalid",
        "PDP_ECHANGES": str(etat.racine / "echanges"),
        "PDP_DEPOT": str(etat.racine / "depot"),
        "PDP_EXPORTS": str(etat.racine / "exports"),
        "PDP_ETAT": str(etat.racine),
        "PDP_DEMONSTRATION": "1",
        "PDP_JOURNAUX": "json",
        "PDP_HORLOGE": str(etat.racine / "horloge"),
        "PYTHONPATH": str(RACINE / "include"),
        "TZ": "UTC",
    }


def restricted(env: Mapping[str, str], service: str) -> dict[str, str]:
    """What one service may know: the portal never sees the sender's password, a simulator sees no database."""
    voulus = (*_COMMUN, *_PAR_SERVICE[service])
    return {**inherited_environment(), **{nom: env[nom] for nom in voulus if nom in env}}
