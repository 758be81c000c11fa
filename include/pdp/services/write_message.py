"""Write a message to the insured person: one row of the outbox per (parcours, model, cause), rendered once, sent later.

What is written is what is previewed and what leaves. The channel is chosen here; whether it may still leave is asked again
by the sender when it claims the row.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.domain.heures_messages import Plage
from pdp.domain.message import CANAUX, MODELES, RAPPELS, check_valeurs, describe_code, find_canal, get_modele
from pdp.messages.assure import Apercu, render_assure
from pdp.services.delais import Lieu, get_lieu
from pdp.services.manage_taches import open_tache
from pdp.services.publish_referentiel import referentiel
from pdp.services.read_destinataire import LignePersonne, get_joignabilite, get_personne
from pdp.services.record_silence import find_silence
from pdp.storage import journal, outbox
from pdp.storage.sql import query

HORIZON = "boite_envoi_horizon_jours"
RETARD_DE_PASSAGE = timedelta(hours=1)


@dataclass(frozen=True)
class Message:
    """A message written: ``etat`` is that of the outbox, or « impossible » when no channel is left (no row, a task instead).

    ``part_at`` is when it may leave at the earliest (None: it will not); ``phrase`` says all this to a person.
    """

    id: UUID | None
    canal: str | None
    etat: str
    part_at: datetime | None
    phrase: str


def write_message(
    conn: Connection,
    auteur: Auteur,
    parcours_id: UUID,
    *,
    modele: str,
    cause: str,
    maintenant: datetime,
    valeurs: Mapping[str, str] | None = None,
    canal: str | None = None,
    pas_avant: datetime | None = None,
    trop_tard_at: datetime | None = None,
) -> Message:
    """Write one message; the same (parcours, model, cause) again is the same one and writes nothing.

    ``valeurs``: those of the model (``domain/message.py``). Without ``canal``, the preferred one that the person can receive.
    A message that may not leave (silence, duplicate, too late) is written as such, so that the file says it. A message taken
    back may be written again. Raises :class:`DonneeInvalide` (values, or a channel asked for that cannot be used) and
    :class:`Introuvable`.
    """
    conn.execute(query("messages.verrouiller"), {"parcours": str(parcours_id)})
    connus = conn.execute(query("messages.lister_par_cause"), {"parcours": parcours_id, "modele": modele, "cause": cause}).all()
    personne = get_personne(conn, parcours_id)
    lieu = get_lieu(conn, personne.plateforme_id)
    if connus and not (connus[0].etat == "rappele" and connus[0].dernier_code in RAPPELS):
        dernier = connus[0]
        return _message(lieu, dernier.id, dernier.canal, dernier.etat, dernier.dernier_code, dernier.prochain_essai_at)
    donnees = check_valeurs(modele, valeurs or {})
    choisi = find_canal(modele, get_joignabilite(conn, personne), canal)
    if choisi is None:
        return _no_channel(conn, auteur, parcours_id, personne, modele, cause, maintenant)
    return write_ligne(
        conn,
        lieu,
        personne,
        parcours_id,
        modele=modele,
        cause=cause,
        canal=choisi,
        valeurs=donnees,
        maintenant=maintenant,
        pas_avant=pas_avant,
        trop_tard_at=trop_tard_at,
        revision=len(connus) + 1,
    )


def write_ligne(
    conn: Connection,
    lieu: Lieu,
    personne: LignePersonne,
    parcours_id: UUID,
    *,
    modele: str,
    cause: str,
    canal: str,
    valeurs: Mapping[str, str],
    maintenant: datetime,
    pas_avant: datetime | None,
    trop_tard_at: datetime | None,
    revision: int = 1,
    remplace: UUID | None = None,
) -> Message:
    """The row itself, once its channel is known. ``remplace``: a person asks again by another channel, duplicates are wanted."""
    part_at = next_depart(lieu, maintenant, pas_avant)
    code = _obstacle(conn, lieu, personne, parcours_id, modele, valeurs, maintenant, part_at, trop_tard_at, garde=remplace is None)
    apercu = render_assure(modele, canal, valeurs, personne.expediteur, personne.lecteur)
    charge = {**asdict(apercu), "valeurs": dict(valeurs)}
    jour = lieu.jour(maintenant)
    journal.live_at(conn, maintenant)
    ecrite = conn.execute(
        query("messages.inserer"),
        {
            "cle": outbox.key_of(("message", str(parcours_id), modele, cause, str(revision), canal if remplace else "")),
            "plateforme": lieu.plateforme_id,
            "parcours": parcours_id,
            "canal": canal,
            "modele": modele,
            "cause": cause,
            "remplace": remplace,
            "charge": json.dumps(charge, ensure_ascii=False, sort_keys=True),
            "empreinte": outbox.fingerprint(charge),
            "etat": "rappele" if code else "a_envoyer",
            "code": code,
            "part_at": part_at,
            "trop_tard": trop_tard_at,
            "horizon": part_at + timedelta(days=referentiel().entier(HORIZON, jour, lieu.plateforme_id)),
            "maintenant": maintenant,
        },
    ).scalar()
    if ecrite is None:  # the same resend, asked twice
        connu = conn.execute(query("messages.lire_remplacant"), {"remplace": remplace, "canal": canal}).one()
        return _message(lieu, connu.id, canal, connu.etat, connu.dernier_code, connu.prochain_essai_at)
    donnees: dict[str, Any] = {"type": modele, "canal": canal, "message_id": ecrite}
    journal.record(
        conn,
        "message_rappele" if code else "message_ecrit",
        plateforme_id=lieu.plateforme_id,
        parcours_id=parcours_id,
        donnees=donnees | ({"motif": code} if code else {"part_at": part_at}),
    )
    return _message(lieu, ecrite, canal, "rappele" if code else "a_envoyer", code, part_at)


def preview_message(conn: Connection, parcours_id: UUID, modele: str, valeurs: Mapping[str, str], canal: str | None = None) -> Apercu:
    """What would be written for this person, by the code that writes it. Writes nothing."""
    personne = get_personne(conn, parcours_id)
    choisi = find_canal(modele, get_joignabilite(conn, personne), canal) or get_modele(modele).canaux[0]
    return render_assure(modele, choisi, valeurs, personne.expediteur, personne.lecteur)


def recall_messages(
    conn: Connection, *, parcours_id: UUID, cause: str | None, maintenant: datetime, motif: str, message_id: UUID | None = None
) -> int:
    """Take back what has not left for this cause (None = any), and return how many; a second call returns 0.

    A message in the hands of the sender, or a letter already printed, is not taken back: ask :func:`may_have_left`.
    """
    journal.live_at(conn, maintenant)
    rappeles = conn.execute(query("messages.rappeler"), {"parcours": parcours_id, "cause": cause, "id": message_id}).all()
    for ligne in rappeles:
        journal.record(
            conn,
            "message_rappele",
            plateforme_id=ligne.plateforme_id,
            parcours_id=parcours_id,
            donnees={"type": ligne.type, "canal": ligne.canal, "message_id": ligne.id, "motif": motif},
        )
    return len(rappeles)


def may_have_left(conn: Connection, parcours_id: UUID, cause: str) -> bool:
    """True when the person has, or may have, a message of this cause."""
    return bool(conn.execute(query("messages.compter_partis"), {"parcours": parcours_id, "cause": cause}).scalar_one())


def get_plage(lieu: Lieu, instant: datetime) -> Plage:
    """Hours at which messages may leave, at the place of a platform."""
    jour, politique = lieu.jour(instant), referentiel()
    return Plage(
        politique.entier("message_heure_debut", jour, lieu.plateforme_id),
        politique.entier("message_heure_fin", jour, lieu.plateforme_id),
        lieu.zone,
        lieu.fuseau,
    )


def next_depart(lieu: Lieu, maintenant: datetime, pas_avant: datetime | None = None) -> datetime:
    """First instant at which a message may leave: after the undo window, by day, not on a Sunday nor a holiday."""
    delai_s = referentiel().entier("message_annulation_secondes", lieu.jour(maintenant), lieu.plateforme_id)
    au_plus_tot = maintenant + timedelta(seconds=delai_s)
    return get_plage(lieu, maintenant).next_ouverture(max(au_plus_tot, pas_avant) if pas_avant else au_plus_tot)


def _obstacle(
    conn: Connection,
    lieu: Lieu,
    personne: LignePersonne,
    parcours_id: UUID,
    modele: str,
    valeurs: Mapping[str, str],
    maintenant: datetime,
    part_at: datetime,
    trop_tard_at: datetime | None,
    *,
    garde: bool,
) -> str | None:
    """Why this message will not leave, None when it may."""
    if trop_tard_at is not None and part_at >= trop_tard_at:
        return "trop_tard"
    if any(find_silence(conn, personne.assure_id, lieu.jour(instant)) for instant in (maintenant, part_at)):
        return "silence"
    depuis = maintenant - timedelta(hours=referentiel().entier("message_doublon_heures", lieu.jour(maintenant), lieu.plateforme_id))
    contenu = None
    if MODELES[modele].garde == "contenu":  # a reminder each day at the same hour is no duplicate, even when a sweep was a little late
        admis = MODELES[modele].admet  # each message carries a link of its own: it tells two apart only where it is all they bring
        compare = {cle: valeur for cle, valeur in valeurs.items() if cle != "lien" or cle not in admis}
        contenu, depuis = json.dumps(compare, ensure_ascii=False), depuis + RETARD_DE_PASSAGE
    recherche = {"parcours": parcours_id, "modele": modele, "depuis": depuis, "valeurs": contenu}
    if garde and conn.execute(query("messages.trouver_doublon"), recherche).first() is not None:
        return "doublon"
    return None


def _no_channel(
    conn: Connection, auteur: Auteur, parcours_id: UUID, personne: LignePersonne, modele: str, cause: str, maintenant: datetime
) -> Message:
    """Nobody is left without a word in silence: a coordinator is told, once per cause."""
    open_tache(
        conn,
        plateforme_id=personne.plateforme_id,
        parcours_id=parcours_id,
        motif="message_en_echec",
        cause=f"{modele}:{cause}"[:200],
        maintenant=maintenant,
        auteur=auteur,
        note=f"{MODELES[modele].libelle} : aucun moyen d'écrire à la personne. Appelez-la, ou demandez-lui comment la joindre.",
    )
    phrase = "Aucun message n'est parti : la personne n'a ni moyen accepté ni coordonnée qui fonctionne. Appelez-la."
    return Message(None, None, "impossible", None, phrase)


def _message(lieu: Lieu, id: UUID, canal: str, etat: str, code: str | None, part_at: datetime) -> Message:
    nom = CANAUX[canal]
    if etat == "rappele":
        return Message(id, canal, etat, None, f"{nom} non parti : {describe_code(code)}.")
    if etat == "a_envoyer" and canal == "courrier":
        return Message(id, canal, etat, part_at, "Un courrier est prêt à imprimer.")
    if etat == "a_envoyer":
        local = part_at.astimezone(lieu.fuseau)
        return Message(id, canal, etat, part_at, f"{nom} prêt : il part le {local:%d/%m/%Y} à partir de {local:%H:%M}.")
    return Message(id, canal, etat, part_at, f"{nom} déjà parti." if etat in ("livre", "incertain") else f"{nom} : {describe_code(code)}.")
