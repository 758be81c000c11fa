"""Acts of a manager on the organisation: a team made, renamed or merged into another, people who change team, with a preview.

The tree is dated: an act planned for a day takes effect by itself. Open parcours stay with their coordinator, who takes them along; those
of somebody who leaves go to colleagues through a redistribution. Nothing is deleted, and an act may be taken back until its day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.domain.organisation import DEPLACABLES, Unite, build_arbre, list_descendance
from pdp.errors import Conflit, DonneeInvalide, Introuvable
from pdp.services.delais import get_lieu
from pdp.services.plan_redistribution import Plan, plan_redistribution
from pdp.services.read_organisation import AgentPlace, list_agents, list_unites
from pdp.services.redistribute_parcours import redistribute_parcours, undo_redistribution
from pdp.storage import journal
from pdp.storage.sql import query

_ANNULER = (
    "organisation.annuler_unites",
    "organisation.annuler_noms",
    "organisation.annuler_liens",
    "organisation.annuler_agents",
    "organisation.annuler_successions",
)
_RENDRE = ("organisation.rendre_unites", "organisation.rendre_noms", "organisation.rendre_liens", "organisation.rendre_agents")


@dataclass(frozen=True)
class Apercu:
    """What an act would move. ``unite`` None = people only change team. ``departs``: of those who leave, who takes what over."""

    unite: Unite | None
    vers: Unite
    le: date
    suivent: list[AgentPlace]
    departs: list[Plan]
    enfants: list[Unite]

    @property
    def ouverts(self) -> int:
        return sum(a.ouverts for a in self.suivent)

    @property
    def rendez_vous(self) -> int:
        return sum(a.rendez_vous for a in self.suivent)

    @property
    def orientations(self) -> int:
        return sum(a.orientations for a in self.suivent)

    @property
    def sans_place(self) -> int:
        """Parcours of people who leave that no colleague can take under the cap: they stay in sight among those to assign."""
        return sum(len(p.sans_place) for p in self.departs)


def create_equipe(conn: Connection, auteur: Auteur, *, libelle: str, parent_id: UUID, le: date, maintenant: datetime) -> UUID:
    """A new team below a unit of the platform, from a day on."""
    plateforme = _begin(conn, auteur, le, maintenant)
    parent = _get_nommable(conn, parent_id, le)
    _check_nom_libre(conn, libelle, le)
    unite = uuid4()
    acte = _write_acte(conn, auteur, "creation", le, maintenant, unite=unite, vers=parent.id)
    conn.execute(query("organisation.creer_unite"), {"plateforme": plateforme, "unite": unite, "le": le, "acte": acte})
    conn.execute(query("organisation.nommer"), {"plateforme": plateforme, "unite": unite, "libelle": libelle, "le": le, "acte": acte})
    conn.execute(
        query("organisation.rattacher_unite_creee"),
        {"plateforme": plateforme, "enfant": unite, "parent": parent.id, "le": le, "acte": acte},
    )
    return acte


def rename_unite(conn: Connection, auteur: Auteur, *, unite_id: UUID, libelle: str, le: date, maintenant: datetime) -> UUID:
    """Another name from a day on; the former one stays in the past."""
    plateforme = _begin(conn, auteur, le, maintenant)
    unite = _get_nommable(conn, unite_id, le)
    _check_nom_libre(conn, libelle, le)
    acte = _write_acte(conn, auteur, "renommage", le, maintenant, unite=unite.id)
    if conn.execute(query("organisation.finir_nom"), {"unite": unite.id, "le": le, "acte": acte}).rowcount != 1:
        raise Conflit("Un changement de nom est déjà prévu ce jour-là ou plus tard. Annulez-le d'abord.")
    conn.execute(query("organisation.nommer"), {"plateforme": plateforme, "unite": unite.id, "libelle": libelle, "le": le, "acte": acte})
    return acte


def preview_mutation(conn: Connection, auteur: Auteur, *, agents: Sequence[UUID], vers_id: UUID, le: date, maintenant: datetime) -> Apercu:
    """People who would change team, with what they take along. Writes nothing."""
    _check_jour(conn, auteur, le, maintenant)
    vers = _get_nommable(conn, vers_id, le)
    connus = {a.id: a for a in list_agents(conn, le, maintenant) if a.role in DEPLACABLES}
    if not agents or not set(agents) <= connus.keys():
        raise DonneeInvalide("Choisissez une ou plusieurs personnes de votre équipe.", code="bad_agents")
    bougent = [a for a in connus.values() if a.id in set(agents) and a.unite_id != vers.id]
    return Apercu(None, vers, le, bougent, [], [])


def move_agents(conn: Connection, auteur: Auteur, *, agents: Sequence[UUID], vers_id: UUID, le: date, maintenant: datetime) -> UUID:
    """Do what :func:`preview_mutation` showed. Raises :class:`Conflit` when everybody is there already."""
    _begin(conn, auteur, le, maintenant)
    apercu = preview_mutation(conn, auteur, agents=agents, vers_id=vers_id, le=le, maintenant=maintenant)
    if not apercu.suivent:
        raise Conflit("Ces personnes sont déjà dans cette équipe. Rien n'a été changé.")
    acte = _write_acte(conn, auteur, "mutation", le, maintenant, vers=apercu.vers.id, apercu=apercu)
    _move(conn, auteur, apercu, acte)
    return acte


def preview_fusion(
    conn: Connection, auteur: Auteur, *, unite_id: UUID, vers_id: UUID, le: date, partants: Sequence[UUID], maintenant: datetime
) -> Apercu:
    """A team that ends, the one that takes it over, who follows and who leaves. Writes nothing.

    A team never ends without a successor. Raises :class:`Conflit` when something else is already planned for it.
    """
    plateforme = _check_jour(conn, auteur, le, maintenant)
    unites = {u.id: u for u in list_unites(conn, le)}
    unite, vers = unites.get(unite_id), _get_nommable(conn, vers_id, le)
    if unite is None or not unite.is_fusionnable:
        raise DonneeInvalide("Cette unité ne peut pas prendre fin ici : choisissez une équipe de votre plateforme.", code="bad_unit")
    if vers.id in list_descendance(build_arbre(unites.values()), unite.id):
        raise DonneeInvalide("Une équipe est reprise par une autre, qui ne dépend pas d'elle.", code="bad_successor")
    if unite.au is not None or (unite.du is not None and unite.du >= le):
        raise Conflit("Une autre réorganisation est déjà prévue pour cette équipe. Annulez-la d'abord.")
    if conn.execute(query("organisation.compter_reprises_prevues"), {"unite": unite.id, "le": le}).scalar_one():
        raise Conflit("Cette équipe doit elle-même en reprendre une autre ce jour-là ou plus tard. Annulez d'abord cette reprise.")
    if vers.au is not None:
        raise Conflit("La fin de l'équipe qui reprendrait est déjà prévue. Choisissez celle qui la reprend.")
    membres = [a for a in list_agents(conn, le, maintenant) if a.unite_id == unite.id]
    departs = [a for a in membres if a.id in set(partants) and a.role == "csam"]
    ensemble = {a.id for a in departs}
    plans = [plan_redistribution(conn, plateforme, a.id, le, None, maintenant, sauf=ensemble) for a in departs]
    suivent = [a for a in membres if a not in departs]
    return Apercu(unite, vers, le, suivent, plans, [u for u in unites.values() if u.parent_id == unite.id])


def merge_equipe(
    conn: Connection, auteur: Auteur, *, unite_id: UUID, vers_id: UUID, le: date, partants: Sequence[UUID], maintenant: datetime
) -> UUID:
    """Do what :func:`preview_fusion` showed: everybody and everything below goes to the successor, departures are redistributed.

    The departures of one act are weighed together: many small ones are a mass re-assignment, each waits for a second person. Asked for
    again, returns the first. Raises :class:`Conflit` rather than leave anybody without a unit.
    """
    plateforme = _begin(conn, auteur, le, maintenant)
    deja = conn.execute(query("organisation.trouver_acte"), {"acte": "fusion", "le": le, "unite": unite_id, "vers": vers_id}).scalar()
    if deja is not None:
        return UUID(str(deja))
    qui = {"unite_id": unite_id, "vers_id": vers_id, "le": le, "partants": partants, "maintenant": maintenant}
    apercu = preview_fusion(conn, auteur, **qui)
    assert apercu.unite is not None
    acte = _write_acte(conn, auteur, "fusion", le, maintenant, unite=unite_id, vers=vers_id, apercu=apercu)
    fin = {"unite": unite_id, "le": le, "acte": acte}
    for nom in ("organisation.finir_unite", "organisation.finir_nom"):
        if conn.execute(query(nom), fin).rowcount != 1:
            raise Conflit("Une autre réorganisation est déjà prévue pour cette équipe. Annulez-la d'abord.")
    for lien in conn.execute(query("organisation.finir_liens"), fin).all():
        if lien.parent_id == unite_id:
            conn.execute(
                query("organisation.rattacher_unite_creee"),
                {"plateforme": plateforme, "enfant": lien.enfant_id, "parent": vers_id, "le": le, "acte": acte},
            )
    conn.execute(query("organisation.succeder"), {"plateforme": plateforme, "unite": unite_id, "vers": vers_id, "le": le, "acte": acte})
    _move(conn, auteur, apercu, acte)
    partis = {plan.agent_id for plan in apercu.departs}
    confies = sum(len(plan.confies) for plan in apercu.departs)
    for agent in sorted(partis):
        redistribute_parcours(conn, auteur, agent_id=agent, du=le, au=None, maintenant=maintenant, sauf=partis, ensemble=confies)
    return acte


def cancel_acte(conn: Connection, auteur: Auteur, acte_id: UUID, maintenant: datetime) -> None:
    """Take an act back before its day, with the departures it planned; a second call changes nothing.

    Raises :class:`Conflit` from its day on: what was is kept, another act changes what will be.
    """
    plateforme = _lock(conn, auteur)
    acte = conn.execute(query("organisation.verrouiller_acte"), {"acte": acte_id}).one_or_none()
    if acte is None:
        raise Introuvable("Cette réorganisation n'existe pas ou n'est pas de votre plateforme.")
    if acte.annulee_at is not None:
        return
    if acte.le <= get_lieu(conn, plateforme).jour(maintenant):
        raise Conflit("Cette réorganisation a pris effet : le passé reste. Prévoyez-en une autre pour revenir en arrière.")
    if conn.execute(query("organisation.compter_suites"), {"acte": acte_id}).scalar_one():
        raise Conflit("Une autre réorganisation prévue s'appuie sur celle-ci. Annulez d'abord la plus récente.")
    for depart in (
        conn.execute(query("organisation.lister_departs_prevus"), {"le": acte.le, "demandee_at": acte.demandee_at}).scalars().all()
    ):
        undo_redistribution(conn, auteur, depart, maintenant)
    touche = {"acte": acte_id, "maintenant": maintenant}
    for nom in _ANNULER:
        conn.execute(query(nom), touche)
    for nom in _RENDRE:
        conn.execute(query(nom), {"acte": acte_id})
    conn.execute(query("organisation.annuler_acte"), {**touche, "par": UUID(auteur.id)})
    journal.live_at(conn, maintenant)
    journal.record(conn, "reorganisation_annulee", plateforme_id=plateforme, donnees={"reorganisation_id": acte_id})


def _begin(conn: Connection, auteur: Auteur, le: date, maintenant: datetime) -> str:
    """One reorganisation at a time on a platform, from today on."""
    _lock(conn, auteur)
    return _check_jour(conn, auteur, le, maintenant)


def _lock(conn: Connection, auteur: Auteur) -> str:
    if auteur.plateforme_id is None:
        raise Introuvable
    conn.execute(query("affectation.verrouiller_plateforme"), {"plateforme": auteur.plateforme_id})
    return auteur.plateforme_id


def _check_jour(conn: Connection, auteur: Auteur, le: date, maintenant: datetime) -> str:
    if auteur.plateforme_id is None:
        raise Introuvable
    if le < get_lieu(conn, auteur.plateforme_id).jour(maintenant):
        raise DonneeInvalide("Choisissez aujourd'hui ou un jour à venir : le passé de l'organisation ne se change pas.", code="past_date")
    return auteur.plateforme_id


def _get_nommable(conn: Connection, unite_id: UUID, le: date) -> Unite:
    """A unit of the platform in force that day."""
    for unite in list_unites(conn, le):
        if unite.id == unite_id:
            if unite.is_nommable:
                return unite
            raise DonneeInvalide("Cette unité est décidée au niveau national : elle ne se change pas ici.", code="not_ours")
    raise Introuvable("Cette unité n'existe pas à cette date sur votre plateforme.")


def _check_nom_libre(conn: Connection, libelle: str, le: date) -> None:
    if libelle.casefold() in {u.libelle.casefold() for u in list_unites(conn, le)}:
        raise DonneeInvalide("Une unité porte déjà ce nom à cette date.", code="name_taken")


def _write_acte(
    conn: Connection,
    auteur: Auteur,
    acte: str,
    le: date,
    maintenant: datetime,
    *,
    unite: UUID | None = None,
    vers: UUID | None = None,
    apercu: Apercu | None = None,
) -> UUID:
    agents = len(apercu.suivent) + len(apercu.departs) if apercu else 0
    parcours = apercu.ouverts + sum(len(p.confies) + len(p.sans_place) for p in apercu.departs) if apercu else 0
    faits = {"acte": acte, "le": le, "unite": unite, "vers": vers, "agents": agents, "parcours": parcours}
    ident: UUID = conn.execute(
        query("organisation.inscrire_acte"),
        {**faits, "plateforme": auteur.plateforme_id, "par": UUID(auteur.id), "maintenant": maintenant},
    ).scalar_one()
    journal.live_at(conn, maintenant)
    journal.record(conn, "reorganisation_confirmee", plateforme_id=auteur.plateforme_id, donnees={"reorganisation_id": ident, **faits})
    return ident


def _move(conn: Connection, auteur: Auteur, apercu: Apercu, acte: UUID) -> None:
    """Everybody to the unit that receives, those who leave too: their last days are somewhere."""
    agents = [a.id for a in apercu.suivent] + [p.agent_id for p in apercu.departs]
    ou = {"agents": agents, "le": apercu.le, "acte": acte}
    if conn.execute(query("organisation.compter_places_prevues"), ou).scalar_one():
        raise Conflit("Un changement d'équipe est déjà prévu pour l'une de ces personnes ce jour-là ou plus tard. Annulez-le d'abord.")
    conn.execute(query("organisation.quitter_unite"), ou)
    conn.execute(query("organisation.rejoindre_unite"), {**ou, "plateforme": auteur.plateforme_id, "vers": apercu.vers.id})
    if conn.execute(query("organisation.compter_perdus"), {"le": apercu.le}).scalar_one():
        raise Conflit("Quelqu'un se retrouverait sans équipe : rien n'a été changé.")
