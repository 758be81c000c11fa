"""Agreement of the insured, per recipient: what was read to her, what she agreed to, for how long. Withdrawn by ``withdraw_accord``."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row

from pdp.domain.accord import CANAL_EXPIRATION, CANAL_REPRISE, DESTINATAIRES, MODALITES, keep_ordre
from pdp.domain.auteur import Auteur
from pdp.domain.calendrier import add_mois
from pdp.domain.partage import Partage
from pdp.errors import Conflit, DonneeInvalide, Introuvable, ReferentielIncomplet
from pdp.services.ask_accord_fini import cause_of
from pdp.services.delais import get_lieu
from pdp.services.move_parcours import LigneParcours, apply_acte, lock_parcours
from pdp.services.orient_parcours import revoke_orientations
from pdp.services.publish_referentiel import partages, referentiel
from pdp.services.withdraw_accord import REQUISE, alert_refus, withdraw_accord
from pdp.storage import journal
from pdp.storage.sql import query

__all__ = ["record_accord", "validite_mois", "withdraw_accord"]
_CANAL = {"oral": "telephone", "ecrit": "courrier", "ameli": "ameli"}


@dataclass(frozen=True)
class _Reponse:
    """An answer checked against the text in force."""

    partage: Partage
    destinataire: str
    decision: str
    modalite: str
    classes: list[str]
    partenaire_id: UUID | None
    texte_lu: bool


def record_accord(
    conn: Connection,
    auteur: Auteur,
    parcours_id: UUID,
    *,
    destinataire: str,
    decision: str,
    modalite: str,
    maintenant: datetime,
    classes: Collection[str] | None = None,
    partenaire_id: UUID | None = None,
    version: str | None = None,
    texte_lu: bool = True,
) -> UUID:
    """Record an agreement (accorde) or a refusal (refuse) with the very text read.

    ``classes``: what she agrees to, None = all that the text names; ``partenaire_id``: for this one service only; ``version``: the text
    that was on screen, refused when another is in force meanwhile; ``texte_lu``: whoever collects it says that it was read word for
    word, which an oral agreement requires.
    An agreement in force for the same recipient is returned unchanged, or replaced by a row that covers more; one that expired is renewed
    by a new row. Data are taken away by ``withdraw_classes`` only. A refusal withdraws the earlier agreement and does not close the case;
    a refusal of the accompagnement itself takes every hand-over back and alerts the médecin-conseil.
    """
    if destinataire not in DESTINATAIRES or decision not in ("accorde", "refuse") or modalite not in MODALITES:
        raise DonneeInvalide("Précisez le destinataire, la décision et la manière dont elle a été donnée.", code="bad_consent")
    avant = lock_parcours(conn, parcours_id)  # first, so that a double click finds the agreement of the first one
    jour = get_lieu(conn, avant.plateforme_id).jour(maintenant)
    partage = partages().get(destinataire, jour, avant.plateforme_id)
    reponse = _check(conn, partage, parcours_id, destinataire, decision, modalite, classes, partenaire_id, version, texte_lu, jour)
    actifs = conn.execute(query("accords.lister_actifs"), {"parcours": parcours_id, "destinataire": destinataire}).all()
    remplace = next((a for a in actifs if a.partenaire_id == partenaire_id), None)
    if decision == "accorde" and remplace is not None:
        reponse = _extend(reponse, remplace, jour, tout=classes is None)
        if _is_same(remplace, reponse, jour):
            return remplace.id
        fin = CANAL_REPRISE if _is_en_cours(remplace, jour) else CANAL_EXPIRATION
        conn.execute(query("accords.retirer"), {"accord": remplace.id, "maintenant": maintenant, "canal": fin})
    elif decision == "refuse":
        _take_back(conn, auteur, parcours_id, reponse, actifs, maintenant)
    apply_acte(conn, parcours_id, "recueillir_accord", maintenant)
    accord = _write(conn, auteur, avant, reponse, jour, maintenant)
    if decision == "accorde" and remplace is not None:  # over or not: what it covers goes on under the new one
        for orientation in (
            conn.execute(query("accords.reprendre_orientations"), {"ancien": remplace.id, "nouveau": accord}).scalars().all()
        ):
            fin = {"parcours": parcours_id, "cause": cause_of(orientation, remplace.expire_le), "maintenant": maintenant, "par": auteur.id}
            conn.execute(query("taches.fermer_cause"), fin)
    if decision == "refuse" and destinataire == "accompagnement":
        alert_refus(conn, avant, accord, "La personne refuse l'accompagnement.", maintenant, auteur)
    return accord


def validite_mois(destinataire: str, jour: date, plateforme: str) -> int:
    """Months an agreement holds, by policy: that of the recipient when there is one."""
    propre = referentiel().find_parametre(f"accord_validite_mois_{destinataire}", jour, plateforme)
    return int(propre.nombre) if propre is not None else referentiel().entier("accord_validite_mois", jour, plateforme)


def _check(
    conn: Connection,
    partage: Partage,
    parcours_id: UUID,
    destinataire: str,
    decision: str,
    modalite: str,
    classes: Collection[str] | None,
    partenaire_id: UUID | None,
    version: str | None,
    texte_lu: bool,
    jour: date,
) -> _Reponse:
    if version is not None and version != partage.version:
        raise Conflit("Le texte à lire a changé entre-temps : relisez-le à la personne. Rien n'a été enregistré.")
    if decision == "accorde" and modalite == "oral" and not texte_lu:
        raise DonneeInvalide(
            "Lisez d'abord le texte mot pour mot, puis cochez que vous l'avez lu. Rien n'a été enregistré.", code="text_not_read"
        )
    voulues = keep_ordre(partage.cles if classes is None else classes, partage.cles)
    if classes is not None and not set(classes) <= set(partage.cles):
        raise DonneeInvalide("Ces données ne font pas partie du texte lu. Rien n'a été enregistré.", code="unknown_class")
    if decision == "accorde" and REQUISE in partage.cles and REQUISE not in voulues:
        raise DonneeInvalide(
            "Sans son identité, le partenaire ne peut rien faire pour la personne : notez un refus. Rien n'a été enregistré.",
            code="identity_required",
        )
    if partenaire_id is not None:
        couverts = conn.execute(query("accords.lister_couverts"), {"parcours": parcours_id, "type": destinataire, "jour": jour})
        if partenaire_id not in {ligne.id for ligne in couverts}:
            raise Introuvable("Ce service n'existe pas ou n'est pas accessible. Rien n'a été enregistré.")
    return _Reponse(partage, destinataire, decision, modalite, voulues if decision == "accorde" else [], partenaire_id, texte_lu)


def _is_en_cours(accord: Row[Any], jour: date) -> bool:
    return accord.expire_le is None or jour <= accord.expire_le


def _restantes(accord: Row[Any]) -> set[str]:
    return set(accord.classes) - set(accord.classes_retirees)


def _extend(reponse: _Reponse, accord: Row[Any], jour: date, *, tout: bool) -> _Reponse:
    """What a new row would cover: no less than the agreement in force; given again without a word about data, just as much."""
    if not _is_en_cours(accord, jour):
        return reponse
    voulues = _restantes(accord) | (set() if tout else set(reponse.classes))
    return _Reponse(
        reponse.partage,
        reponse.destinataire,
        reponse.decision,
        reponse.modalite,
        keep_ordre(voulues, reponse.partage.cles),
        reponse.partenaire_id,
        reponse.texte_lu,
    )


def _is_same(accord: Row[Any], reponse: _Reponse, jour: date) -> bool:
    return _is_en_cours(accord, jour) and set(reponse.classes) <= _restantes(accord)


def _take_back(
    conn: Connection, auteur: Auteur, parcours_id: UUID, reponse: _Reponse, actifs: Sequence[Row[Any]], maintenant: datetime
) -> None:
    concernes = [a for a in actifs if reponse.partenaire_id in (None, a.partenaire_id)]
    for accord in concernes:
        withdraw_accord(conn, auteur, accord.id, _CANAL[reponse.modalite], maintenant)
    if not concernes and reponse.destinataire == "accompagnement":
        revoke_orientations(conn, auteur, parcours_id, None, maintenant)


def _write(conn: Connection, auteur: Auteur, parcours: LigneParcours, reponse: _Reponse, jour: date, maintenant: datetime) -> UUID:
    partage, accorde = reponse.partage, reponse.decision == "accorde"
    publie = conn.execute(query("accords.trouver_texte"), {"version": partage.version}).scalar()
    if publie is None or bytes(publie) != partage.empreinte:
        raise ReferentielIncomplet(f"texte_accord/{partage.version}", jour)
    mois = validite_mois(reponse.destinataire, jour, parcours.plateforme_id)
    accord: UUID = conn.execute(
        query("accords.enregistrer"),
        {
            "plateforme": parcours.plateforme_id,
            "parcours": parcours.id,
            "destinataire": reponse.destinataire,
            "partenaire": reponse.partenaire_id,
            "decision": reponse.decision,
            "finalite": partage.pour,
            "classes": reponse.classes,
            "refusees": [classe for classe in partage.cles if classe not in reponse.classes],
            "modalite": reponse.modalite,
            "version": partage.version,
            "empreinte": partage.empreinte,
            "lu": reponse.texte_lu,
            "par": UUID(auteur.id),
            "maintenant": maintenant,
            "expire": add_mois(jour, mois) if accorde else None,
        },
    ).scalar_one()
    journal.record(
        conn,
        "accord_recueilli" if accorde else "accord_refuse",
        plateforme_id=parcours.plateforme_id,
        assure_id=parcours.assure_id,
        parcours_id=parcours.id,
        donnees={"accord_id": accord, "destinataire": reponse.destinataire, "texte_version": partage.version, "classes": reponse.classes},
    )
    return accord
