"""Pages: Jinja2 with escaping always on, French dates in Paris time, and what every page shows (menu, messages, banner)."""

from __future__ import annotations

from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from unicodedata import normalize

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from pdp import clock
from pdp.clock import PARIS, jour_local
from pdp.config import settings
from pdp.domain import attente, orientation, parcours, tache
from pdp.portal import sessions
from pdp.portal.formulaires import NOTE_MAX, new_cle
from pdp.services.filtres_liste import BALLES

DOSSIER = Path(__file__).parent
JOURS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
MOIS = ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre")
_ACCENTUES = (
    "à",
    "altéré",
    "altérée",
    "appliquées",
    "complétés",
    "constatés",
    "décisions",
    "déjà",
    "délégation",
    "déplacés",
    "échéances",
    "échec",
    "échecs",
    "écrits",
    "envoyés",
    "épisodes",
    "événements",
    "expirées",
    "fermées",
    "fusionné",
    "fusionnés",
    "inchangées",
    "médecin",
    "orientées",
    "prévenus",
    "purgés",
    "rappelés",
    "reçus",
    "rejetées",
    "relevés",
    "remplacés",
    "repérés",
    "réponses",
    "séparés",
    "supprimées",
    "tâches",
    "télé",
)
"""Words of the names of counts as they are written in French: identifiers bear no accent."""
_ACCENTS = {normalize("NFD", mot).encode("ascii", "ignore").decode(): mot for mot in _ACCENTUES}
# role -> [(address, label)], filled by the modules of views; the first one is the home page of the role.
MENUS: dict[str, list[tuple[str, str]]] = {}


def format_date(valeur: date | datetime | None) -> str:
    """14/03/2026; an instant is shown at its Paris day."""
    if valeur is None:
        return "—"
    return f"{_jour(valeur):%d/%m/%Y}"


def format_date_iso(valeur: str) -> str:
    """14/03/2026 from 2026-03-14, the form in which dates are handed over."""
    return format_date(date.fromisoformat(valeur))


def format_date_longue(valeur: date | datetime | None) -> str:
    """samedi 14 mars 2026."""
    if valeur is None:
        return "—"
    jour = _jour(valeur)
    return f"{JOURS[jour.weekday()]} {'1er' if jour.day == 1 else jour.day} {MOIS[jour.month - 1]} {jour.year}"


def format_heure(valeur: datetime | None) -> str:
    """09 h 30, Paris time."""
    return "—" if valeur is None else f"{valeur.astimezone(PARIS):%H h %M}"


def format_date_heure(valeur: datetime | None) -> str:
    """14/03/2026 à 09 h 30, Paris time."""
    return "—" if valeur is None else f"{format_date(valeur)} à {format_heure(valeur)}"


def ecart_jours(echeance: date | datetime, aujourd_hui: date) -> int:
    """Days from today to the deadline; negative when late."""
    return (_jour(echeance) - aujourd_hui).days


def format_ecart(jours: int) -> str:
    """« en retard de 2 j », « aujourd'hui », « demain », « dans 3 j »."""
    if jours < 0:
        return f"en retard de {-jours} j"
    return {0: "aujourd'hui", 1: "demain"}.get(jours, f"dans {jours} j")


def age(naissance: date, aujourd_hui: date) -> int:
    """Age in whole years."""
    return aujourd_hui.year - naissance.year - ((aujourd_hui.month, aujourd_hui.day) < (naissance.month, naissance.day))


def pluriel(nombre: int, mot: str, mots: str | None = None) -> str:
    """« 1 personne », « 2 personnes », « 0 personne »: French counts from two."""
    return f"{nombre} {mot if abs(nombre) < 2 else mots or mot + 's'}"


def nom_de_compte(cle: str) -> str:
    """« fichiers_deja_vus » becomes « Fichiers déjà vus »: the counts of a run, as a manager reads them."""
    return " ".join(_ACCENTS.get(mot, mot) for mot in cle.split("_")).capitalize()


def format_telephone(numero: str | None) -> str:
    """+33612345678 becomes 06 12 34 56 78."""
    if not numero:
        return "—"
    national = "0" + numero[3:] if numero.startswith("+33") else numero
    return " ".join(national[i : i + 2] for i in range(0, len(national), 2)) if national.isdigit() else numero


def _jour(valeur: date | datetime) -> date:
    return jour_local(valeur) if isinstance(valeur, datetime) else valeur


def _environment() -> Environment:
    env = Environment(
        loader=FileSystemLoader(DOSSIER / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    env.filters.update(
        date=format_date,
        date_iso=format_date_iso,
        date_longue=format_date_longue,
        heure=format_heure,
        date_heure=format_date_heure,
        ecart=format_ecart,
        pluriel=pluriel,
        telephone=format_telephone,
        compte=nom_de_compte,
    )
    env.globals.update(
        new_cle=new_cle,
        ecart_jours=ecart_jours,
        age=age,
        version_statique=_version_statique(),
        NOTE_MAX=NOTE_MAX,
        LIBELLES_PARCOURS=parcours.LIBELLES,
        LIBELLES_ORIENTATION=orientation.LIBELLES,
        MOTIFS_TACHE=tache.MOTIFS,
        BALLES=BALLES,
        NE_PEUVENT_ATTENDRE=attente.NE_PEUVENT_ATTENDRE,
    )
    return env


def _version_statique() -> str:
    """Changes with the files, so that a browser never mixes two versions."""
    contenu = b"".join(f.read_bytes() for f in sorted((DOSSIER / "static").iterdir()))
    return sha256(contenu).hexdigest()[:10]


ENV = _environment()


def is_dans_un_cadre(request: Request) -> bool:
    """True in a tab of Airflow: most links would lead to pages that no frame may show, and it opens no other window."""
    return request.headers.get("sec-fetch-dest") == "iframe"


def page(request: Request, gabarit: str, *, statut: int = 200, **contexte: Any) -> HTMLResponse:
    """Render a page of a person signed in (or not); shows the waiting messages and forgets them."""
    session, cadre = request.state.session, is_dans_un_cadre(request)
    maintenant = clock.now()
    commun = {
        "session": session,
        "csrf": session.csrf if session else "",
        "menu": MENUS.get(session.role, []) if session and not cadre else [],
        "cadre": cadre,
        "chemin": request.url.path,
        "messages": sessions.take_flash(request),
        "demonstration": settings().demonstration,
        "maintenant": maintenant,
        "aujourd_hui": jour_local(maintenant),
    }
    return HTMLResponse(ENV.get_template(gabarit).render(**commun, **contexte), status_code=statut)


def page_erreur(statut: int, titre: str, message: str, suite: str, retour: tuple[str, str] = ("/", "Revenir à l'accueil")) -> HTMLResponse:
    """Error page: the same for everybody, so that it tells nobody what exists."""
    contenu = ENV.get_template("erreur.html").render(
        titre=titre,
        message=message,
        suite=suite,
        retour=retour,
        demonstration=settings().demonstration,
        session=None,
        menu=[],
        cadre=False,
        messages=[],
        chemin="",
    )
    return HTMLResponse(contenu, status_code=statut)
