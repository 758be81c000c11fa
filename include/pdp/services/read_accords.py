"""The ledger of a case: every agreement of the person, what was read to her, how each ended, and what each recipient would see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.accord import DESTINATAIRES, describe_fin, read_etat
from pdp.domain.contenu import CLASSES
from pdp.domain.partage import Partage
from pdp.services.publish_referentiel import partages
from pdp.services.read_contenu import AccordEnVigueur, choose_contenu, read_faits
from pdp.storage.lignes import list_lignes
from pdp.storage.sql import query


@dataclass(frozen=True)
class Retrait:
    """One withdrawal by the person; ``classes`` None = the whole agreement; ``effets``: counts of what it did."""

    accord_id: UUID
    classes: list[str] | None
    canal: str
    retire_at: datetime
    retire_par: str | None
    effets: Mapping[str, int]
    saisie_par_erreur_at: datetime | None

    @property
    def canal_libelle(self) -> str:
        return describe_fin(self.canal)

    @property
    def libelle(self) -> str:
        if self.classes is None:
            return "Accord retiré"
        return f"Accord retiré pour : {', '.join(CLASSES[c].lower() for c in self.classes)}"

    @property
    def suites(self) -> list[str]:
        """What it did at once, in French; nothing to say when nothing was under way."""
        mots = {
            "orientations": ("orientation retirée", "orientations retirées"),
            "rappeles": ("message rappelé avant son départ", "messages rappelés avant leur départ"),
            "prevenus": ("partenaire prévenu par un message", "partenaires prévenus par un message"),
            "reduites": ("orientation allégée de ces données", "orientations allégées de ces données"),
        }
        comptes = [(self.effets.get(cle, 0), un, plusieurs) for cle, (un, plusieurs) in mots.items()]
        return [f"{nombre} {plusieurs if nombre > 1 else un}" for nombre, un, plusieurs in comptes if nombre]


@dataclass(frozen=True)
class LigneAccord:
    """One word of the person; ``vivantes``: data that may leave under it today, None = nothing."""

    id: UUID
    destinataire: str
    partenaire_id: UUID | None
    partenaire_nom: str | None
    decision: str
    finalite: str
    classes: list[str]
    classes_refusees: list[str]
    classes_retirees: list[str]
    modalite: str
    texte_version: str
    texte: str | None
    partage: Mapping[str, list[str]] | None
    texte_lu: bool
    recueilli_at: datetime
    recueilli_par: str
    expire_le: date | None
    retire_at: datetime | None
    retrait_canal: str | None
    saisie_par_erreur_at: datetime | None
    vivantes: list[str] | None

    def etat(self, jour: date) -> str:
        """accorde, refuse, retire or expire."""
        return read_etat(self.decision, self.retire_at, self.expire_le, jour)

    @property
    def fin(self) -> str:
        return describe_fin(self.retrait_canal)

    @property
    def couvertes(self) -> list[str]:
        """Data agreed to and not taken back, as French words."""
        return [CLASSES[c] for c in self.classes if c not in self.classes_retirees]

    @property
    def ecartees(self) -> list[str]:
        """Data of the text that she does not share."""
        return [CLASSES[c] for c in (*self.classes_refusees, *self.classes_retirees)]


@dataclass(frozen=True)
class Service:
    """A service an agreement may be given for alone."""

    id: UUID
    nom: str


@dataclass(frozen=True)
class BlocAccord:
    """One kind of recipient: the text to read, her last word, what it would see, and all her words before, latest first."""

    destinataire: str
    partage: Partage
    actifs: list[LigneAccord]
    dernier: LigneAccord | None
    histoire: list[LigneAccord]
    contenu: dict[str, Any]

    @property
    def libelle(self) -> str:
        return DESTINATAIRES[self.destinataire]

    @property
    def manquantes(self) -> list[str]:
        """Classes of the text that no agreement given for every service of the kind covers."""
        general = next((a for a in self.actifs if a.partenaire_id is None), None)
        couvertes = set() if general is None or general.vivantes is None else set(general.vivantes)
        return [c for c in self.partage.cles if c not in couvertes]


@dataclass(frozen=True)
class Registre:
    """The ledger of one case."""

    blocs: list[BlocAccord]
    retraits: dict[UUID, list[Retrait]]

    def get_bloc(self, destinataire: str) -> BlocAccord | None:
        return next((bloc for bloc in self.blocs if bloc.destinataire == destinataire), None)


def read_registre(conn: Connection, parcours_id: UUID, plateforme: str, jour: date, destinataire: str | None = None) -> Registre:
    """Every word of the person, by kind of recipient in the order of the texts; ``destinataire``: this kind only."""
    lignes = list_lignes(conn, "accords.lister", LigneAccord, parcours=parcours_id, jour=jour)
    retraits: dict[UUID, list[Retrait]] = {}
    for retrait in list_lignes(conn, "accords.lister_retraits", Retrait, parcours=parcours_id):
        retraits.setdefault(retrait.accord_id, []).append(retrait)
    en_vigueur = partages().list_en_vigueur(jour, plateforme)
    voulus = {d: p for d, p in en_vigueur.items() if destinataire in (None, d)}
    faits = read_faits(conn, parcours_id)
    return Registre([_build(faits, d, p, [x for x in lignes if x.destinataire == d]) for d, p in voulus.items()], retraits)


def list_services(conn: Connection, parcours_id: UUID, destinataire: str, jour: date) -> list[Service]:
    """Services of a kind that the person may name."""
    lignes = conn.execute(query("accords.lister_couverts"), {"parcours": parcours_id, "type": destinataire, "jour": jour})
    return [Service(ligne.id, ligne.nom) for ligne in lignes]


def _build(faits: Mapping[str, Any], destinataire: str, partage: Partage, lignes: list[LigneAccord]) -> BlocAccord:
    actifs = [x for x in lignes if x.vivantes is not None]
    dernier = next(iter(actifs), None) or next((x for x in lignes if x.saisie_par_erreur_at is None), None)
    contenu: dict[str, Any] = {}
    if partage.champs:
        accord = None if not actifs else AccordEnVigueur(actifs[0].id, actifs[0].vivantes or [], actifs[0].partage)
        contenu = choose_contenu(faits, partage, accord)
    return BlocAccord(destinataire, partage, actifs, dernier, lignes, contenu)
