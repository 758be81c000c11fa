"""The call sheet: everything a coordinator needs before, during and after a call, in a fixed number of statements."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.contact import Conseil, Marche, Tentatives, advise_appel, list_marches
from pdp.domain.coordonnees import describe_telephone
from pdp.domain.script_appel import Script, find_script
from pdp.domain.silence import Silence
from pdp.referentiel import load_scripts
from pdp.services.delais import Lieu, get_lieu
from pdp.services.keep_brouillon import Brouillon, find_brouillon
from pdp.services.lignes_fiche import Accord, Contact
from pdp.services.lignes_liste import Pourquoi, Tache, list_pourquoi
from pdp.services.read_essais import weigh_parcours
from pdp.services.read_fiche import EnTete, get_tete, list_accords, list_contacts
from pdp.services.record_parole import (
    CoordonneeDite,
    Coordonnees,
    Preference,
    find_preference,
    get_coordonnees,
    list_coordonnees_dites,
)
from pdp.services.record_silence import find_silence
from pdp.services.relay_contact import find_envois, list_canaux_ecrits, preview_relais
from pdp.storage.lignes import list_lignes

ECRAN = "appel"


@dataclass(frozen=True)
class FicheAppel:
    """What the sheet shows. ``apercus``: channel -> text of the message that would leave, once the calls are done, until asked for."""

    tete: EnTete
    silence: Silence | None
    pourquoi: Pourquoi
    taches: list[Tache]
    contacts: list[Contact]
    accord: Accord | None
    preference: Preference
    coordonnees: Coordonnees
    coordonnees_dites: list[CoordonneeDite]
    tentatives: Tentatives
    conseil: Conseil
    marches: tuple[Marche, ...]
    apercus: dict[str, str]
    script: Script
    brouillon: Brouillon | None

    @property
    def prochaine(self) -> Tache | None:
        return self.taches[0] if self.taches else None

    @property
    def refus(self) -> list[str]:
        """Channels refused: told to us, or by the feed."""
        return sorted({*self.tete.contact_refus, *self.preference.refus})

    @property
    def langue(self) -> str:
        return self.preference.langue or self.tete.langue

    @property
    def numero_remarque(self) -> str | None:
        """What the number in use does not allow."""
        numero = self.coordonnees.telephone
        return None if numero is None else describe_telephone(numero).phrase

    @property
    def dernier(self) -> Contact | None:
        return next((c for c in self.contacts if c.saisie_par_erreur_at is None), None)


def read_appel(conn: Connection, csam_id: UUID, parcours_id: UUID, maintenant: datetime) -> FicheAppel:
    """Raises :class:`Introuvable` when this coordinator does not follow the case."""
    tete = get_tete(conn, csam_id, parcours_id)
    lieu = get_lieu(conn, tete.plateforme_id)
    jour = lieu.jour(maintenant)
    preference = find_preference(conn, tete.assure_id)
    tentatives = weigh_parcours(conn, parcours_id, lieu, maintenant)
    canaux = list_canaux_ecrits(conn, parcours_id)
    message_at, courrier_at = find_envois(conn, parcours_id, tentatives.debut)
    return FicheAppel(
        tete=tete,
        silence=find_silence(conn, tete.assure_id, jour),
        pourquoi=list_pourquoi(conn, [tete.signalement_id])[tete.signalement_id],
        taches=list_lignes(conn, "fiche.lister_taches", Tache, parcours=parcours_id),
        contacts=list_contacts(conn, parcours_id),
        accord=list_accords(conn, parcours_id).get("accompagnement"),
        preference=preference,
        coordonnees=get_coordonnees(conn, tete.assure_id),
        coordonnees_dites=list_coordonnees_dites(conn, tete.assure_id),
        tentatives=tentatives,
        conseil=advise_appel(tentatives, maintenant.astimezone(lieu.fuseau), preference.moments),
        marches=list_marches(tentatives, canaux, message_at, courrier_at),
        apercus=_preview(conn, parcours_id, () if message_at else canaux) if tentatives.suffisantes and courrier_at is None else {},
        script=get_script(lieu, maintenant),
        brouillon=find_brouillon(conn, csam_id, ECRAN, parcours_id, maintenant),
    )


def get_script(lieu: Lieu, maintenant: datetime) -> Script:
    """Wording of the day at this platform."""
    return find_script(load_scripts(), lieu.jour(maintenant), lieu.plateforme_id)


def _preview(conn: Connection, parcours_id: UUID, canaux: tuple[str, ...]) -> dict[str, str]:
    apercus = {canal: preview_relais(conn, parcours_id, "message", canal).texte for canal in canaux}
    return apercus | {"courrier": preview_relais(conn, parcours_id, "courrier", "courrier").texte}
