"""The case page of a coordinator: everything about one person, in a fixed number of statements, never the medical class.

A case that this coordinator does not follow is :class:`Introuvable`, exactly like a case that does not exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection

from pdp.clock import PARIS, jour_local
from pdp.domain.arret import MotifCategorie, Risque
from pdp.domain.contact import Essai, PolitiqueAppels, weigh_essais
from pdp.domain.frise import Repere, build_frise
from pdp.domain.jalons import FaitsJalons, Jalon, list_jalons
from pdp.domain.tele_echange import BLOCS
from pdp.errors import Introuvable
from pdp.services.decide_reouverture import Proposition, find_proposition
from pdp.services.delais import get_lieu
from pdp.services.lignes_fiche import Accord, Contact, Issue, Orientation, SoutienPsy, TeleEchange
from pdp.services.publish_referentiel import referentiel
from pdp.services.read_compte_ij import CompteIJ, find_compte_ij
from pdp.services.read_essais import get_politique
from pdp.services.read_historique import LIMITE, Historique, filter_historique, list_arrets, list_evenements
from pdp.services.read_ma_liste import BALLES, Pourquoi, Tache, action_url, list_pourquoi
from pdp.services.read_suivi import AutreParcours, Suivi, list_autres_parcours, list_suivis
from pdp.services.read_suivi_relais import SuiviRelais, list_suivis_relais
from pdp.services.record_parole import Coordonnees, Preference, find_preference, get_coordonnees
from pdp.services.record_verdict import Verdict, list_verdicts
from pdp.storage.lignes import find_ligne, list_lignes
from pdp.storage.sql import query

LIMITE_TOUT = 2000
"""Events read when all of them are asked for."""
_CONTRATS = next(q.choix for bloc in BLOCS for q in bloc.questions if q.cle == "contrat")


@dataclass(frozen=True)
class EnTete:
    """The person, the absence and the appointment to come."""

    id: UUID
    plateforme_id: str
    assure_id: UUID
    signalement_id: UUID
    statut: str
    csam_id: UUID
    decide_at: datetime
    clos_at: datetime | None
    cloture_motif: str | None
    version: int
    nom: str
    prenom: str
    date_naissance: date
    telephone: str | None
    courriel: str | None
    contact_prefere: str
    contact_refus: list[str]
    langue: str
    contrat: str
    arret_debut: date | None
    arret_fin: date | None
    risque: Risque | None
    motif_categorie: MotifCategorie | None
    temps_partiel: bool | None
    affectation_motif: str | None
    affectation_du: datetime | None
    affectation_retour_le: date | None
    affectation_relais: str | None
    entretien_id: UUID | None
    entretien_debut_at: datetime | None
    entretien_fin_at: datetime | None
    entretien_canal: str | None
    plateforme_telephone: str | None

    def semaines(self, jour: date) -> int:
        """Whole weeks of absence on ``jour``."""
        return 0 if self.arret_debut is None else max(0, (jour - self.arret_debut).days + 1) // 7


@dataclass(frozen=True)
class Fiche:
    """Everything the page shows."""

    tete: EnTete
    pourquoi: Pourquoi
    taches: list[Tache]
    contacts: list[Contact]
    tele_echanges: list[TeleEchange]
    accords: dict[str, Accord]
    orientations: list[Orientation]
    relais: dict[UUID, SuiviRelais]
    soutien_psy: SoutienPsy | None
    issues: list[Issue]
    historique: Historique
    suivis: list[Suivi]
    autres: list[AutreParcours]
    jalons: tuple[Jalon, ...]
    frise: tuple[Repere, ...]
    preference: Preference
    coordonnees: Coordonnees
    compte: CompteIJ | None
    verdicts: list[Verdict]
    essais: int
    essais_max: int
    proposition: Proposition | None

    @property
    def prochaine(self) -> Tache | None:
        return self.taches[0] if self.taches else None

    @property
    def adresse_action(self) -> str:
        return action_url(self.tete.id, self.prochaine.motif if self.prochaine else "", self.tete.entretien_id)

    @property
    def dernier_contact(self) -> Contact | None:
        return next((c for c in self.contacts if c.saisie_par_erreur_at is None), None)

    @property
    def contrat_dit(self) -> str | None:
        """Kind of contract as the person last said it in an interview, in French; the feed only knows salaried or not."""
        return next((_CONTRATS[x.contrat_dit] for x in self.tele_echanges if x.contrat_dit in _CONTRATS), None)

    @property
    def langue(self) -> str:
        """What she said before what the feed says."""
        return self.preference.langue or self.tete.langue

    @property
    def refus(self) -> list[str]:
        """Channels refused: told to us, or by the feed."""
        return sorted({*self.tete.contact_refus, *self.preference.refus})

    def chez(self) -> str:
        return BALLES[self.prochaine.balle] if self.prochaine else BALLES["csam"]


def count_essais(contacts: list[Contact], politique: PolitiqueAppels) -> int:
    """Attempts without an answer since the person was last reached, one a day and part of the day (Paris time, as in the list)."""
    essais = [Essai(c.survenu_at.astimezone(PARIS), c.resultat) for c in contacts if c.saisie_par_erreur_at is None]
    return weigh_essais(essais, politique).nombre


def get_tete(conn: Connection, csam_id: UUID, parcours_id: UUID) -> EnTete:
    """Header of a case that this coordinator follows; raises :class:`Introuvable` otherwise."""
    tete = find_ligne(conn, "fiche.lire", EnTete, parcours=parcours_id, csam=csam_id)
    if tete is None:
        raise Introuvable
    return tete


def check_suivi(conn: Connection, csam_id: UUID, parcours_id: UUID, piece_id: UUID | None = None) -> None:
    """Raises :class:`Introuvable` unless this coordinator follows the case, and the piece (task, attempt…) belongs to it."""
    if conn.execute(query("fiche.est_suivi_par"), {"parcours": parcours_id, "csam": csam_id}).scalar() is None:
        raise Introuvable
    if piece_id is not None and conn.execute(query("fiche.trouver_parcours"), {"piece": piece_id}).scalar() != parcours_id:
        raise Introuvable


def list_contacts(conn: Connection, parcours_id: UUID) -> list[Contact]:
    """Attempts, latest first."""
    return list_lignes(conn, "fiche.lister_contacts", Contact, parcours=parcours_id)


def list_accords(conn: Connection, parcours_id: UUID) -> dict[str, Accord]:
    """Last word of the person, per recipient."""
    return {a.destinataire: a for a in list_lignes(conn, "fiche.lister_accords", Accord, parcours=parcours_id)}


def list_orientations(conn: Connection, parcours_id: UUID) -> list[Orientation]:
    """Hand-overs, latest first."""
    return list_lignes(conn, "fiche.lister_orientations", Orientation, parcours=parcours_id)


def list_issues(conn: Connection, parcours_id: UUID) -> list[Issue]:
    """Situations recorded, latest first."""
    return list_lignes(conn, "fiche.lister_issues", Issue, parcours=parcours_id)


@dataclass(frozen=True)
class Choix:
    """What the history is asked to show; ``tout``: older events too."""

    type: str = ""
    arret: str = ""
    tout: bool = False


def read_fiche(conn: Connection, csam_id: UUID, parcours_id: UUID, maintenant: datetime, choix: Choix | None = None) -> Fiche:
    """The case page; raises :class:`Introuvable` when this coordinator does not follow the case."""
    tete = get_tete(conn, csam_id, parcours_id)
    jour = jour_local(maintenant)
    contacts, politique = list_contacts(conn, parcours_id), get_politique(tete.plateforme_id, jour)
    tele_echanges = list_lignes(conn, "fiche.lister_tele_echanges", TeleEchange, parcours=parcours_id)
    orientations = list_orientations(conn, parcours_id)
    compte = find_compte_ij(conn, tete.assure_id, jour)
    jalons, frise = _jalons(tete, jour, compte)
    return Fiche(
        tete=tete,
        pourquoi=list_pourquoi(conn, [tete.signalement_id])[tete.signalement_id],
        taches=list_lignes(conn, "fiche.lister_taches", Tache, parcours=parcours_id),
        contacts=contacts,
        tele_echanges=tele_echanges,
        accords=list_accords(conn, parcours_id),
        orientations=orientations,
        relais=list_suivis_relais(conn, parcours_id, maintenant) if orientations else {},
        soutien_psy=find_ligne(conn, "fiche.lire_soutien_psy", SoutienPsy, parcours=parcours_id),
        issues=list_issues(conn, parcours_id),
        historique=_historique(conn, tete, choix or Choix(), contacts, _details(contacts, tele_echanges, orientations)),
        suivis=list_suivis(conn, parcours_id),
        autres=list_autres_parcours(conn, parcours_id, csam_id),
        jalons=jalons,
        frise=frise,
        preference=find_preference(conn, tete.assure_id),
        coordonnees=get_coordonnees(conn, tete.assure_id),
        compte=compte,
        verdicts=list_verdicts(conn, tete.signalement_id),
        essais=count_essais(contacts, politique),
        essais_max=politique.essais,
        proposition=None if tete.clos_at is None else find_proposition(conn, tete.plateforme_id, parcours_id),
    )


def _historique(
    conn: Connection, tete: EnTete, choix: Choix, contacts: list[Contact], details: dict[str, tuple[str, str | None]]
) -> Historique:
    limite = LIMITE_TOUT if choix.tout else LIMITE
    erreurs = {str(c.id): f"Saisie par erreur, le {c.saisie_par_erreur_at:%d/%m/%Y}" for c in contacts if c.saisie_par_erreur_at}
    evenements = list_evenements(conn, tete.id, details, erreurs, limite)
    lieu = get_lieu(conn, tete.plateforme_id)
    return filter_historique(evenements, list_arrets(conn, tete.assure_id), lieu, type_=choix.type, arret=choix.arret, limite=limite)


def _jalons(tete: EnTete, jour: date, compte: CompteIJ | None) -> tuple[tuple[Jalon, ...], tuple[Repere, ...]]:
    """Every milestone, and those of the line; none without an absence."""
    if tete.arret_debut is None or tete.arret_fin is None or tete.risque is None or tete.motif_categorie is None:
        return (), ()
    faits = FaitsJalons(tete.date_naissance, compte.epuisement_le if compte else None)
    jalons = list_jalons(tete.arret_debut, tete.risque, tete.motif_categorie, jour, referentiel(), tete.plateforme_id, faits)
    return jalons, build_frise(tete.arret_debut, tete.arret_fin, jalons, jour, referentiel(), tete.plateforme_id)


def _details(
    contacts: list[Contact], tele_echanges: list[TeleEchange], orientations: list[Orientation]
) -> dict[str, tuple[str, str | None]]:
    """id of a row named in an event -> (what it was, free text)."""
    details: dict[str, tuple[str, str | None]] = {str(c.id): (c.libelle, c.note) for c in contacts}
    details |= {str(t.id): ("", t.synthese) for t in tele_echanges}
    details |= {str(o.id): (o.partenaire_nom, None) for o in orientations}
    return details
