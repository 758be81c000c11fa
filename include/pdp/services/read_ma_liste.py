"""Ma liste: one row per person, every open reason on it. A fixed number of statements whatever the number of rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from pdp.clock import PARIS, jour_local
from pdp.domain.contact import RESULTATS
from pdp.domain.silence import describe_fin
from pdp.domain.tache import MOTIFS
from pdp.services.publish_referentiel import referentiel
from pdp.storage.lignes import list_lignes
from pdp.storage.sql import query

LIGNES_PAR_PAGE = 50
FRAICHEUR_MAX = timedelta(hours=36)  # the feed comes every night: beyond, recent arrêts may be missing
DETECTION_A = time(6, 15)  # Paris time, as dags/pdp_detection.py schedules it at the latest; a test compares the two
BALLES = {"csam": "moi", "assure": "la personne", "partenaire": "le partenaire", "medecin_conseil": "le médecin-conseil"}


@dataclass(frozen=True)
class Tache:
    """An open reason to act."""

    id: UUID
    motif: str
    balle: str
    echeance_at: datetime
    note: str | None
    manuelle: bool

    @property
    def libelle(self) -> str:
        return MOTIFS[self.motif].libelle

    @property
    def chez(self) -> str:
        return BALLES[self.balle]


@dataclass(frozen=True)
class Ligne:
    """One person of the list; ``taches`` earliest first."""

    id: UUID
    statut: str
    priorite: int
    signalement_id: UUID
    nom: str
    prenom: str
    date_naissance: date
    arret_debut: date | None
    arret_fin: date | None
    taches: tuple[Tache, ...]
    essais: int
    dernier_resultat: str | None
    dernier_at: datetime | None
    entretien_id: UUID | None
    entretien_debut_at: datetime | None
    entretien_fin_at: datetime | None
    message_en_echec: bool
    silence_motif: str | None
    silence_au: date | None

    @property
    def silence(self) -> str | None:
        """The badge; None when the person may be contacted."""
        return None if self.silence_motif is None else describe_fin(self.silence_motif, self.silence_au)

    @property
    def prochaine(self) -> Tache | None:
        return self.taches[0] if self.taches else None

    @property
    def dernier_libelle(self) -> str | None:
        return RESULTATS[self.dernier_resultat] if self.dernier_resultat else None

    def semaines(self, jour: date) -> int | None:
        """Whole weeks of absence on ``jour``."""
        return None if self.arret_debut is None else max(0, (jour - self.arret_debut).days + 1) // 7

    @property
    def adresse_action(self) -> str:
        """The screen that completes the next action."""
        return action_url(self.id, self.prochaine.motif if self.prochaine else "", self.entretien_id)


def action_url(parcours_id: UUID, motif: str, entretien_id: UUID | None) -> str:
    """Address of the screen that completes a reason."""
    ecran = MOTIFS[motif].ecran if motif else "fiche"
    if ecran == "entretien" and entretien_id is not None:
        return f"/tele-echanges/{entretien_id}"
    if ecran in ("appel", "creneaux", "cloture", "issue"):
        return f"/parcours/{parcours_id}/{ecran}"
    return f"/parcours/{parcours_id}"


@dataclass(frozen=True)
class Pourquoi:
    """Why a person is here: what was seen, by which rule, decided by whom."""

    signalement_id: UUID
    palier: int
    survenu_le: date
    mode_decision: str | None
    motif_decision: str | None
    regle_libelle: str | None
    dol_version: int | None
    decideur_prenom: str | None
    decideur_nom: str | None
    motifs: list[dict[str, Any]] | None

    @property
    def decision(self) -> str:
        """Who opened the parcours, in one French sentence."""
        qui = f"{self.decideur_prenom} {self.decideur_nom}" if self.decideur_nom else "le médecin-conseil"
        if self.mode_decision == "delegue":
            return f"Orienté par délégation de {qui} : règle « {self.regle_libelle} », version {self.dol_version}."
        if self.mode_decision == "mc":
            return f"Orienté par {qui}, médecin-conseil." + (f" Motif : {self.motif_decision}." if self.motif_decision else "")
        return "Orientation enregistrée par la plateforme."


@dataclass(frozen=True)
class Fait:
    """Work closed today."""

    parcours_id: UUID
    nom: str
    prenom: str
    motif: str
    fermee_at: datetime

    @property
    def libelle(self) -> str:
        return MOTIFS[self.motif].libelle


@dataclass(frozen=True)
class Compteur:
    """A counter that filters."""

    cle: str
    libelle: str
    nombre: int


@dataclass(frozen=True)
class MaListe:
    """Everything the page shows; ``affichees`` after filters and page size."""

    total: int
    filtrees: int
    affichees: list[Ligne]
    pourquoi: dict[UUID, Pourquoi]
    compteurs: list[Compteur]
    motifs: list[Compteur]
    faits: list[Fait]
    recu_at: datetime | None
    detection_at: datetime | None
    prochaine_detection_at: datetime
    a_jour: bool
    essais_max: int
    vue: str
    motifs_choisis: frozenset[str] = field(default_factory=frozenset)


VUES: dict[str, str] = {
    "retard": "En retard",
    "aujourd_hui": "Aujourd'hui",
    "entretiens": "Entretiens du jour",
    "a_renseigner": "À renseigner",
    "partenaire_muet": "Partenaire muet",
    "message_en_echec": "Message en échec",
    "tous": "Tous",
}


def _predicats(maintenant: datetime) -> Mapping[str, Callable[[Ligne], bool]]:
    jour = jour_local(maintenant)

    def has(ligne: Ligne, *motifs: str) -> bool:
        return any(t.motif in motifs for t in ligne.taches)

    def muet(ligne: Ligne) -> bool:
        return has(ligne, "relancer_partenaire") or any(
            t.motif == "attendre_partenaire" and t.echeance_at < maintenant for t in ligne.taches
        )

    return {
        "retard": lambda x: x.prochaine is not None and jour_local(x.prochaine.echeance_at) < jour,
        "aujourd_hui": lambda x: x.prochaine is not None and jour_local(x.prochaine.echeance_at) == jour,
        "entretiens": lambda x: x.entretien_debut_at is not None and jour_local(x.entretien_debut_at) == jour,
        "a_renseigner": lambda x: has(x, "renseigner_tele_echange") or (x.entretien_fin_at is not None and x.entretien_fin_at < maintenant),
        "partenaire_muet": muet,
        "message_en_echec": lambda x: x.message_en_echec or has(x, "message_en_echec"),
        "tous": lambda x: True,
    }


def read_ma_liste(
    conn: Connection,
    csam_id: UUID,
    maintenant: datetime,
    *,
    plateforme_id: str,
    vue: str = "tous",
    motifs: frozenset[str] = frozenset(),
    tout: bool = False,
) -> MaListe:
    """The list of a coordinator. ``vue`` is one of :data:`VUES`; ``motifs`` keeps people with one of these open reasons (empty = all)."""
    lignes = [
        _build_ligne(ligne._mapping) for ligne in conn.execute(query("ma_liste.lister"), {"csam": csam_id, "jour": jour_local(maintenant)})
    ]
    predicats = _predicats(maintenant)
    vue = vue if vue in VUES else "tous"
    filtrees = [x for x in lignes if predicats[vue](x) and (not motifs or any(t.motif in motifs for t in x.taches))]
    affichees = filtrees if tout else filtrees[:LIGNES_PAR_PAGE]
    fraicheur = conn.execute(query("ma_liste.lire_fraicheur")).one()
    jour = jour_local(maintenant)
    minuit = datetime.combine(jour, time(0), PARIS)
    par_motif = Counter(motif for x in lignes for motif in {t.motif for t in x.taches})
    return MaListe(
        total=len(lignes),
        filtrees=len(filtrees),
        affichees=affichees,
        pourquoi=list_pourquoi(conn, [x.signalement_id for x in affichees]),
        compteurs=[Compteur(cle, libelle, sum(map(predicats[cle], lignes))) for cle, libelle in VUES.items()],
        motifs=[Compteur(m, MOTIFS[m].libelle, par_motif[m]) for m in MOTIFS if par_motif[m] or m in motifs],
        faits=list_lignes(conn, "ma_liste.lister_fait", Fait, agent=str(csam_id), depuis=minuit),
        recu_at=fraicheur.recu_at,
        detection_at=fraicheur.detection_at,
        prochaine_detection_at=next_detection(maintenant),
        a_jour=fraicheur.recu_at is not None and maintenant - fraicheur.recu_at <= FRAICHEUR_MAX,
        essais_max=referentiel().entier("contact_tentatives_max", jour, plateforme_id),
        vue=vue,
        motifs_choisis=motifs,
    )


def next_detection(maintenant: datetime) -> datetime:
    """Latest instant of the next detection; it comes earlier when a file arrives."""
    jour = jour_local(maintenant)
    ce_matin = datetime.combine(jour, DETECTION_A, PARIS)
    return ce_matin if maintenant < ce_matin else datetime.combine(jour + timedelta(days=1), DETECTION_A, PARIS)


def list_pourquoi(conn: Connection, signalements: list[UUID]) -> dict[UUID, Pourquoi]:
    """Reasons of these signalements, by id, in one statement."""
    return {p.signalement_id: p for p in list_lignes(conn, "ma_liste.lister_pourquoi", Pourquoi, signalements=signalements)}


def build_tache(brute: Mapping[str, Any]) -> Tache:
    """A reason from its jsonb form."""
    return Tache(
        id=UUID(brute["id"]),
        motif=brute["motif"],
        balle=brute["balle"],
        echeance_at=datetime.fromisoformat(brute["echeance_at"]),
        note=brute["note"],
        manuelle=brute["origine"] == "manuelle",
    )


def _build_ligne(ligne: Mapping[str, Any]) -> Ligne:
    return Ligne(**{**ligne, "taches": tuple(build_tache(t) for t in ligne["taches"] or ())})


@dataclass(frozen=True)
class Trouve:
    """Result of a search: the parcours when it is mine, else who follows the person."""

    parcours_id: UUID | None
    suivi_par: str | None


def find_personne(conn: Connection, csam_id: UUID, nom: str, naissance: date) -> Trouve | None:
    """A person by exact name and birth date, mine first; None when the platform follows nobody of that name and date."""
    lignes = conn.execute(query("ma_liste.chercher"), {"nom": nom.strip(), "naissance": naissance}).all()
    if not lignes:
        return None
    mien = next((x for x in lignes if x.csam_id == csam_id), None)
    if mien is not None:
        return Trouve(mien.parcours_id, None)
    return Trouve(None, f"{lignes[0].csam_prenom} {lignes[0].csam_nom}" if lignes[0].csam_nom else "personne pour l'instant")
