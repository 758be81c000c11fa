"""What the person says of how to reach her: recorded word by word, with who and when; a feed never overwrites it silently."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.domain.contact import MOMENTS
from pdp.domain.coordonnees import describe_telephone, read_courriel, read_telephone
from pdp.domain.demandes import BESOINS, CANAUX
from pdp.errors import Conflit, DonneeInvalide
from pdp.services.move_parcours import LigneParcours, lock_parcours
from pdp.storage import journal
from pdp.storage.lignes import find_ligne, list_lignes
from pdp.storage.sql import query


@dataclass(frozen=True)
class Preference:
    """The word of the person in force; ``dit_at`` None = she said nothing."""

    langue: str | None = None
    interprete: bool | None = None
    accessibilite: list[str] = field(default_factory=list)
    canal_prefere: str | None = None
    moments: list[str] = field(default_factory=list)
    refus: list[str] = field(default_factory=list)
    dit_at: datetime | None = None


@dataclass(frozen=True)
class Coordonnees:
    """Number and address to use: what she said before what the feed says. ``…_flux``: another value that the feed brought since."""

    telephone: str | None
    telephone_provenance: str | None
    telephone_genre: str | None
    telephone_le: datetime | None
    telephone_faux_at: datetime | None
    telephone_flux: str | None
    courriel: str | None
    courriel_provenance: str | None
    courriel_le: datetime | None
    courriel_faux_at: datetime | None
    courriel_flux: str | None


@dataclass(frozen=True)
class CoordonneeDite:
    """One line of the history of numbers and addresses."""

    genre: str
    valeur: str
    etat: str
    dit_at: datetime
    prenom: str
    nom: str


def find_preference(conn: Connection, assure_id: UUID) -> Preference:
    """The word in force, empty when she said nothing."""
    return find_ligne(conn, "paroles.lire_preference", Preference, assure=assure_id) or Preference()


def get_coordonnees(conn: Connection, assure_id: UUID) -> Coordonnees:
    """Number and address to use."""
    coordonnees = find_ligne(conn, "paroles.lire_coordonnees", Coordonnees, assure=assure_id)
    assert coordonnees is not None  # one row per person
    return coordonnees


def list_coordonnees_dites(conn: Connection, assure_id: UUID) -> list[CoordonneeDite]:
    """History, latest first."""
    return list_lignes(conn, "paroles.lister_coordonnees", CoordonneeDite, assure=assure_id)


def check_vue(conn: Connection, parcours_id: UUID, vue: str | None, dite: Preference) -> None:
    """``vue``: instant of the word shown when the form was opened. Raises :class:`Conflit` when ``dite`` would undo a later one."""
    en_vigueur = find_preference(conn, lock_parcours(conn, parcours_id).assure_id)
    actuelle = en_vigueur.dit_at.isoformat() if en_vigueur.dit_at else None
    if vue != actuelle and replace(en_vigueur, dit_at=None) != dite:
        raise Conflit(
            "Les demandes de la personne ont été changées entre-temps dans une autre fenêtre. Rien n'a été enregistré : votre texte est"
            " ci-dessous ; rechargez la fiche pour voir les demandes à jour."
        )


def record_preference(
    conn: Connection, auteur: Auteur, parcours_id: UUID, dite: Preference, *, cle_saisie: UUID, maintenant: datetime
) -> bool:
    """Write what the person asks, when it differs from what is in force; False = nothing new.

    The same ``cle_saisie`` again writes nothing. Raises :class:`DonneeInvalide` for an unknown code or a preferred channel refused.
    """
    _check_preference(dite)
    parcours = lock_parcours(conn, parcours_id)
    en_vigueur = find_preference(conn, parcours.assure_id)
    if replace(en_vigueur, dit_at=None) == replace(dite, dit_at=None):
        return False
    ligne = conn.execute(
        query("paroles.ecrire_preference"),
        {
            "plateforme": parcours.plateforme_id,
            "assure": parcours.assure_id,
            "langue": dite.langue,
            "interprete": dite.interprete,
            "accessibilite": dite.accessibilite,
            "canal": dite.canal_prefere,
            "moments": dite.moments,
            "refus": dite.refus,
            "cle": cle_saisie,
            "maintenant": maintenant,
            "par": UUID(auteur.id),
        },
    ).scalar()
    if ligne is not None:
        _record(conn, parcours, "preference_dite", maintenant, {"preference_id": ligne, "refus": dite.refus})
    return ligne is not None


def record_coordonnees(
    conn: Connection,
    auteur: Auteur,
    parcours_id: UUID,
    *,
    telephone: str | None,
    courriel: str | None,
    cle_saisie: UUID,
    maintenant: datetime,
) -> list[str]:
    """Write the number and the address that the person gives (None = not given) and return French sentences of what changed.

    The value in use and found right writes nothing. Raises :class:`DonneeInvalide` with what to correct; then nothing is written.
    """
    numero = read_telephone(telephone) if telephone else None
    adresse = read_courriel(courriel) if courriel else None
    parcours = lock_parcours(conn, parcours_id)
    k = get_coordonnees(conn, parcours.assure_id)
    dites = []
    if numero is not None and _is_nouvelle(numero.numero, k.telephone, k.telephone_faux_at, k.telephone_flux):
        dites.append(("telephone", numero.numero, "Numéro corrigé." if numero.phrase is None else f"Numéro corrigé. {numero.phrase}"))
    if adresse is not None and _is_nouvelle(adresse, k.courriel, k.courriel_faux_at, k.courriel_flux):
        dites.append(("courriel", adresse, "Adresse électronique corrigée."))
    return [phrase for genre, valeur, phrase in dites if _write(conn, auteur, parcours, genre, valeur, "dite", cle_saisie, maintenant)]


def mark_numero_faux(conn: Connection, auteur: Auteur, parcours: LigneParcours, cle_saisie: UUID, maintenant: datetime) -> None:
    """A call found the number in use wrong: it is kept, marked, and nothing is sent to it any more.

    ``cle_saisie`` is that of the call: the mark falls when the call is taken back.
    """
    actuelles = get_coordonnees(conn, parcours.assure_id)
    if actuelles.telephone is not None and actuelles.telephone_faux_at is None:
        _write(conn, auteur, parcours, "telephone", actuelles.telephone, "fausse", cle_saisie, maintenant)


def _is_nouvelle(valeur: str, actuelle: str | None, faux_at: datetime | None, flux: str | None) -> bool:
    """Said again, a value that a call found wrong or that the feed contradicts is confirmed: it is a new word."""
    return valeur != actuelle or faux_at is not None or flux is not None


def _write(
    conn: Connection,
    auteur: Auteur,
    parcours: LigneParcours,
    genre: str,
    valeur: str,
    etat: str,
    cle: UUID,
    maintenant: datetime,
) -> bool:
    ligne = conn.execute(
        query("paroles.ecrire_coordonnee"),
        {
            "assure": parcours.assure_id,
            "genre": genre,
            "valeur": valeur,
            "etat": etat,
            "cle": cle,
            "maintenant": maintenant,
            "par": UUID(auteur.id),
        },
    ).scalar()
    if ligne is not None:
        donnees = {"coordonnee_id": ligne, "genre": genre, "type": describe_telephone(valeur).genre if genre == "telephone" else None}
        _record(conn, parcours, "coordonnee_dite" if etat == "dite" else "coordonnee_fausse", maintenant, donnees)
    return ligne is not None


def _record(conn: Connection, parcours: LigneParcours, evenement: str, maintenant: datetime, donnees: dict[str, object]) -> None:
    journal.live_at(conn, maintenant)
    journal.record(
        conn,
        evenement,
        plateforme_id=parcours.plateforme_id,
        assure_id=parcours.assure_id,
        parcours_id=parcours.id,
        donnees=donnees,
    )


def _check_preference(dite: Preference) -> None:
    connus = (set(dite.accessibilite) <= set(BESOINS), set(dite.moments) <= set(MOMENTS), set(dite.refus) <= set(CANAUX))
    if not all(connus) or (dite.canal_prefere is not None and dite.canal_prefere not in CANAUX):
        raise DonneeInvalide("Une des demandes n'est pas reconnue. Rien n'a été enregistré.", code="unknown_preference")
    if dite.canal_prefere in dite.refus:
        canal = CANAUX[str(dite.canal_prefere)].lower()
        raise DonneeInvalide(
            f"Le moyen préféré ({canal}) est aussi refusé : gardez l'un ou l'autre. Rien n'a été enregistré.", code="preferred_refused"
        )
    if set(CANAUX) <= set(dite.refus):
        raise DonneeInvalide(
            "La personne refuse tous les moyens : mettez-la plutôt en silence sur sa fiche. Rien n'a été enregistré.", code="all_refused"
        )
