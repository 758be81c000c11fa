"""Quiet mode of one person: asked for and lifted by a person, one at a time, with what it puts off, closes and brings back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row

from pdp.domain.auteur import Auteur
from pdp.domain.silence import MOTIFS, PROPOSENT_CLOTURE, Silence, check_silence, describe_fin
from pdp.errors import Conflit, Introuvable, SilenceEnCours
from pdp.services.delais import Lieu, get_lieu
from pdp.services.hold_taches import hold_taches, release_taches
from pdp.services.manage_taches import open_tache
from pdp.services.publish_referentiel import referentiel
from pdp.storage import journal
from pdp.storage.lignes import find_ligne, list_lignes
from pdp.storage.sql import query

DUREE_MAX = "silence_duree_max_jours"
CLOTURE = "cloture_a_confirmer"


@dataclass(frozen=True, slots=True)
class LigneSilence:
    """One silence of the history of a person, with who asked and who lifted it."""

    id: UUID
    motif: str
    du: date
    au: date | None
    note: str | None
    posee_at: datetime
    levee_at: datetime | None
    par_prenom: str
    par_nom: str
    leveur_prenom: str | None
    leveur_nom: str | None

    @property
    def libelle(self) -> str:
        return MOTIFS[self.motif]

    @property
    def phrase(self) -> str:
        return describe_fin(self.motif, self.au)

    def is_actif(self, jour: date) -> bool:
        return self.levee_at is None and self.du <= jour and (self.au is None or jour <= self.au)

    def is_a_lever(self, jour: date) -> bool:
        """Whether it runs or is to come on ``jour``."""
        return self.levee_at is None and (self.au is None or jour <= self.au)


def set_silence(
    conn: Connection,
    auteur: Auteur,
    assure_id: UUID,
    *,
    motif: str,
    maintenant: datetime,
    du: date | None = None,
    au: date | None = None,
    note: str | None = None,
) -> Silence:
    """From ``du`` (None = today) to ``au``, both included; None = no end, for a death or a refusal only.

    The same silence again is the same one and writes nothing; another takes the place of the one that runs, which is lifted.
    Raises :class:`DonneeInvalide`, :class:`Introuvable`, :class:`Conflit` when somebody set one at the same instant.
    """
    lieu = _lock(conn, assure_id)
    jour = lieu.jour(maintenant)
    debut = du or jour
    check_silence(motif, debut, au, jour, referentiel().entier(DUREE_MAX, jour, lieu.plateforme_id))
    journal.live_at(conn, maintenant)
    courante = conn.execute(query("silences.trouver_courante"), {"assure": assure_id}).one_or_none()
    if courante is not None:
        if _is_same(courante, motif, du, au):
            return Silence(courante.id, courante.motif, courante.du, courante.au)
        _make_room(conn, lieu, auteur, courante, maintenant)
    silence_id = conn.execute(
        query("silences.poser"),
        {
            "plateforme": lieu.plateforme_id,
            "assure": assure_id,
            "motif": motif,
            "du": debut,
            "au": au,
            "note": (note or "").strip() or None,
            "par": UUID(auteur.id),
            "maintenant": maintenant,
        },
    ).scalar()
    if silence_id is None:
        raise Conflit("Une autre personne vient de mettre ce dossier en silence. Rien n'a été changé : rechargez la page.")
    silence = Silence(silence_id, motif, debut, au)
    parcours = conn.execute(query("silences.trouver_parcours"), {"assure": assure_id}).one_or_none()
    _tell(conn, "silence_pose", lieu, assure_id, parcours, {"silence_id": silence_id, "raison": motif, "du": debut, "jusqu_a": au})
    if parcours is not None:
        hold_taches(conn, lieu, auteur, maintenant, parcours.id)
        if parcours.ouvert and au is None:
            _propose_cloture(conn, lieu, auteur, parcours.id, silence, maintenant)
    return silence


def lift_silence(conn: Connection, auteur: Auteur, silence_id: UUID, maintenant: datetime) -> None:
    """Lift before the end: what waited comes back to its day, or to today when that is past. Lifting twice, or once over, is nothing.

    On the very day it was set it is undone: first deadlines come back as they were.
    """
    ligne = conn.execute(query("silences.lire"), {"silence": silence_id}).one_or_none()
    if ligne is None:
        raise Introuvable
    lieu = _lock(conn, ligne.assure_id)
    journal.live_at(conn, maintenant)
    ligne = conn.execute(query("silences.lire"), {"silence": silence_id}).one()
    if ligne.levee_at is None and (ligne.au is None or lieu.jour(maintenant) <= ligne.au):
        _lift(conn, lieu, auteur, ligne, maintenant)


def find_silence(conn: Connection, assure_id: UUID, jour: date) -> Silence | None:
    """The silence of a person on a day; None when she may be contacted."""
    return find_ligne(conn, "silences.du_jour", Silence, assure=assure_id, jour=jour)


def check_silence_du_jour(conn: Connection, assure_id: UUID, jour: date, quoi: str) -> None:
    """Raises :class:`SilenceEnCours` when ``quoi`` (« aucun télé-échange ») may not be done on ``jour``."""
    silence = find_silence(conn, assure_id, jour)
    if silence is not None:
        raise SilenceEnCours(
            f"{silence.phrase} : {quoi}. Rien n'a été enregistré. Si la personne peut de nouveau être contactée, levez d'abord le silence"
            " sur sa fiche."
        )


def list_silences(conn: Connection, assure_id: UUID) -> list[LigneSilence]:
    """Every silence of a person, latest first."""
    return list_lignes(conn, "silences.lister", LigneSilence, assure=assure_id)


def _lock(conn: Connection, assure_id: UUID) -> Lieu:
    plateforme = conn.execute(query("silences.lire_personne"), {"assure": assure_id}).scalar()
    if plateforme is None:
        raise Introuvable
    conn.execute(query("silences.verrouiller_parcours"), {"assure": assure_id}).all()
    conn.execute(query("silences.verrouiller_personne"), {"assure": assure_id})
    return get_lieu(conn, plateforme)


def _is_same(courante: Row[Any], motif: str, du: date | None, au: date | None) -> bool:
    """Without a first day given, a silence already begun is not begun again."""
    return (courante.motif, courante.au) == (motif, au) and du in (None, courante.du)


def _make_room(conn: Connection, lieu: Lieu, auteur: Auteur, courante: Row[Any], maintenant: datetime) -> None:
    if courante.au is not None and courante.au < lieu.jour(maintenant):
        conn.execute(query("silences.tourner"), {"silence": courante.id})
    else:
        _lift(conn, lieu, auteur, courante, maintenant)


def _lift(conn: Connection, lieu: Lieu, auteur: Auteur, ligne: Row[Any], maintenant: datetime) -> None:
    conn.execute(query("silences.lever"), {"silence": ligne.id, "maintenant": maintenant, "par": UUID(auteur.id)})
    parcours = conn.execute(query("silences.trouver_parcours"), {"assure": ligne.assure_id}).one_or_none()
    _tell(conn, "silence_leve", lieu, ligne.assure_id, parcours, {"silence_id": ligne.id, "raison": ligne.motif})
    if parcours is not None:
        fermeture = {"parcours": parcours.id, "cause": str(ligne.id), "maintenant": maintenant, "par": auteur.id}
        conn.execute(query("taches.fermer_cause"), fermeture)
    jour = lieu.jour(maintenant)
    au_plus_tot = None if lieu.jour(ligne.posee_at) == jour else lieu.fin_de_journee(jour)
    release_taches(conn, lieu, ligne.id, ligne.motif, maintenant, au_plus_tot=au_plus_tot)


def _propose_cloture(conn: Connection, lieu: Lieu, auteur: Auteur, parcours_id: UUID, silence: Silence, maintenant: datetime) -> None:
    open_tache(
        conn,
        plateforme_id=lieu.plateforme_id,
        parcours_id=parcours_id,
        motif=CLOTURE,
        cause=str(silence.id),
        maintenant=maintenant,
        auteur=auteur,
        note=PROPOSENT_CLOTURE[silence.motif],
    )


def _tell(conn: Connection, evenement: str, lieu: Lieu, assure_id: UUID, parcours: Row[Any] | None, donnees: dict[str, Any]) -> None:
    journal.record(
        conn,
        evenement,
        plateforme_id=lieu.plateforme_id,
        assure_id=assure_id,
        parcours_id=parcours.id if parcours else None,
        donnees={cle: valeur for cle, valeur in donnees.items() if valeur is not None},
    )
