"""Redistribution of the parcours of a colleague who is away or leaves: confirmed by a manager, applied on the day, given back on the day.

What was confirmed is a row; ``sweep_redistributions`` applies and gives back whatever is due, however late, and checks every fact again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.domain.bilan import Bilan
from pdp.domain.porte import is_massif
from pdp.errors import Conflit, DonneeInvalide, Introuvable
from pdp.services.decide_porte import is_retenue, require_porte
from pdp.services.delais import Lieu, get_lieu
from pdp.services.hand_over import Mouvement, Passation, cause_tache, hand_over
from pdp.services.plan_redistribution import Confie, Plan, minuit, plan_redistribution
from pdp.services.publish_referentiel import referentiel
from pdp.storage import journal
from pdp.storage.sql import query


def redistribute_parcours(
    conn: Connection,
    auteur: Auteur,
    *,
    agent_id: UUID,
    du: date,
    au: date | None,
    maintenant: datetime,
    sauf: Collection[UUID] = (),
    ensemble: int = 0,
) -> UUID:
    """Confirm a redistribution (``au`` None = departure) and apply it when its first day has come; asked for again, returns the first.

    A departure is a fact: it is written although nothing moves yet, so that nothing more is given to who leaves, and what had no place
    elsewhere is tried again. One act may confirm several: ``sauf`` are the colleagues who leave with this one, and ``ensemble`` is how many
    parcours the whole act moves, which is what makes it massive. Raises :class:`Conflit` for an absence when nothing would move: there is
    then nothing to confirm; and for a departure on the first day of an absence already redistributed.
    """
    plateforme = _check_plateforme(auteur)
    _lock_plateforme(conn, plateforme)
    deja = conn.execute(query("redistribution.trouver"), {"agent": agent_id, "du": du, "depart": au is None}).one_or_none()
    if deja is not None and au is None and deja.au is not None:
        raise Conflit("Une absence qui commence ce jour-là est déjà redistribuée : annulez-la d'abord. Rien n'a été changé.")
    if deja is not None:
        return UUID(str(deja.id))
    lieu = get_lieu(conn, plateforme)
    if au is not None and au < lieu.jour(maintenant):
        raise DonneeInvalide("Cette absence est terminée : il n'y a plus rien à redistribuer.", code="absence_over")
    plan = plan_redistribution(conn, plateforme, agent_id, du, au, maintenant, sauf=sauf)
    if not plan.confies and au is not None:
        raise Conflit("Rien ne tombe pendant cette absence : chaque parcours reste à son conseiller. Rien n'a été changé.")
    identifiant: UUID = conn.execute(
        query("redistribution.creer"),
        {"plateforme": plateforme, "agent": agent_id, "du": du, "au": au, "par": UUID(auteur.id), "maintenant": maintenant},
    ).scalar_one()
    journal.live_at(conn, maintenant)
    journal.record(
        conn,
        "redistribution_prevue",
        plateforme_id=plateforme,
        donnees={"redistribution_id": identifiant, "agent_id": agent_id, "du": du, "au": au, "parcours": len(plan.confies)},
    )
    _write_lignes(conn, lieu, identifiant, plan, {}, maintenant)
    if au is None:
        conn.execute(query("organisation.fermer_acces"), {"agent": agent_id, "le": du})
    permise = not _is_massive(lieu, plan, maintenant, ensemble) or _ask(conn, auteur, plateforme, identifiant, plan, maintenant)
    if permise and du <= lieu.jour(maintenant):
        _apply(conn, lieu, auteur, identifiant, plan, {}, maintenant)
    return identifiant


def undo_redistribution(conn: Connection, auteur: Auteur, redistribution_id: UUID, maintenant: datetime) -> int:
    """Take a redistribution back: before its effect, or within the policy window after it. Returns how many parcours came back.

    What the colleague did meanwhile stays; a second call changes nothing. Raises :class:`Conflit` when the window is over.
    """
    plateforme = _check_plateforme(auteur)
    _lock_plateforme(conn, plateforme)
    acte = conn.execute(query("redistribution.verrouiller"), {"redistribution": redistribution_id}).one_or_none()
    if acte is None:
        raise Introuvable("Cette redistribution n'existe pas ou n'est pas de votre plateforme.")
    if acte.annulee_at is not None:
        return 0
    if acte.rendue_at is not None:
        raise Conflit("Les parcours ont déjà été rendus : il n'y a plus rien à annuler.")
    lieu = get_lieu(conn, plateforme)
    if acte.effet_at is not None and maintenant > undo_until(lieu, acte.effet_at):
        raise Conflit("Le délai d'annulation est passé. Réaffectez les parcours par une nouvelle redistribution.")
    rendus = _give_back(conn, lieu, auteur, acte, "annulee", maintenant)
    conn.execute(
        query("redistribution.marquer_annulee"), {"redistribution": redistribution_id, "maintenant": maintenant, "par": UUID(auteur.id)}
    )
    if acte.au is None:  # a departure confirmed for a later day, before this one, still stands
        autre = conn.execute(query("redistribution.trouver_depart"), {"agent": acte.agent_id}).scalar()
        conn.execute(query("organisation.fermer_acces"), {"agent": acte.agent_id, "le": autre})
    journal.live_at(conn, maintenant)
    journal.record(
        conn, "redistribution_annulee", plateforme_id=plateforme, donnees={"redistribution_id": redistribution_id, "parcours": rendus}
    )
    return rendus


def undo_until(lieu: Lieu, effet_at: datetime) -> datetime:
    """Last instant at which a redistribution may be taken back."""
    jours = referentiel().entier("redistribution_annulation_jours", lieu.jour(effet_at), lieu.plateforme_id)
    return effet_at + timedelta(days=jours)


def sweep_redistributions(conn: Connection, plateforme_id: str, auteur: Auteur, maintenant: datetime) -> Bilan:
    """Apply what is due, then give back to whoever is back; a colleague still away gets nothing back yet.

    A redistribution under way is looked at again: an answer of a partner or a new deadline during the absence moves the parcours that
    had stayed, and a place under the cap found since is used.
    """
    _lock_plateforme(conn, plateforme_id)
    lieu = get_lieu(conn, plateforme_id)
    du_jour = {"plateforme": plateforme_id, "jour": lieu.jour(maintenant)}
    confies = rendus = 0
    for identifiant, au in conn.execute(query("redistribution.lister_a_appliquer"), du_jour).tuples().all():
        acte = conn.execute(query("redistribution.verrouiller"), {"redistribution": identifiant}).one()
        lignes = {x.parcours_id: x for x in _list_lignes(conn, identifiant) if x.etat == "prevue"}
        prevus = {parcours: x.vers_csam_id for parcours, x in lignes.items()}
        plan = plan_redistribution(conn, plateforme_id, acte.agent_id, acte.du, au, maintenant, prevus)
        if acte.effet_at is not None and not plan.confies:
            continue
        demandeur = Auteur("agent", str(acte.demandee_par), "responsable", plateforme_id)
        massive = acte.effet_at is None and _is_massive(lieu, plan, maintenant)
        if is_retenue(conn, "reaffectation", str(identifiant)) or (
            massive and not _ask(conn, demandeur, plateforme_id, identifiant, plan, maintenant)
        ):
            continue
        motifs = {parcours: (x.vers_csam_id, x.motif) for parcours, x in lignes.items()}
        _write_lignes(conn, lieu, identifiant, plan, motifs, maintenant)
        confies += _apply(conn, lieu, auteur, identifiant, plan, motifs, maintenant)
    for identifiant in conn.execute(query("redistribution.lister_a_rendre"), du_jour).scalars().all():
        acte = conn.execute(query("redistribution.verrouiller"), {"redistribution": identifiant}).one()
        rendus += _give_back(conn, lieu, auteur, acte, "rendue", maintenant)
        conn.execute(query("redistribution.marquer_rendue"), {"redistribution": identifiant, "maintenant": maintenant})
    detail = {cle: n for cle, n in (("parcours_confies", confies), ("parcours_rendus", rendus)) if n}
    return Bilan(traites=confies + rendus, detail=detail)


def _is_massive(lieu: Lieu, plan: Plan, maintenant: datetime, ensemble: int = 0) -> bool:
    seuil = referentiel().entier("porte_reaffectation_parcours_min", lieu.jour(maintenant), lieu.plateforme_id)
    return bool(plan.confies) and is_massif(max(len(plan.confies), ensemble), seuil)


def _ask(conn: Connection, auteur: Auteur, plateforme_id: str, identifiant: UUID, plan: Plan, maintenant: datetime) -> bool:
    """True when somebody else agreed to move that many parcours at once."""
    return require_porte(conn, auteur, "reaffectation", str(identifiant), plateforme_id, {"parcours": len(plan.confies)}, maintenant)


Motifs = Mapping[UUID, tuple[UUID, str]]


def _apply(conn: Connection, lieu: Lieu, auteur: Auteur, identifiant: UUID, plan: Plan, motifs: Motifs, maintenant: datetime) -> int:
    """Change hands now; lines whose parcours closed or moved meanwhile are said to have no object."""
    mouvements = [Mouvement(c.parcours_id, plan.agent_id, c.vers, _motif(plan, c, motifs)) for c in plan.confies]
    passation = Passation(
        identifiant,
        retour_le=None if plan.au is None else plan.au + timedelta(days=1),
        rendez_vous_du=minuit(lieu, plan.du),
        rendez_vous_au=None if plan.au is None else minuit(lieu, plan.au + timedelta(days=1)),
    )
    faits = hand_over(conn, lieu, auteur, mouvements, passation, maintenant)
    _mark(conn, identifiant, "faite", list(faits), ["prevue"], maintenant)
    for parcours, rendez_vous in ((p, r) for p, r in faits.items() if r is not None):
        conn.execute(
            query("redistribution.marquer_rendez_vous"),
            {"redistribution": identifiant, "parcours": parcours, "rendez_vous": rendez_vous},
        )
    sans_objet = [x.parcours_id for x in _list_lignes(conn, identifiant) if x.etat == "prevue"]
    _mark(conn, identifiant, "sans_objet", sans_objet, ["prevue"], maintenant)
    conn.execute(query("redistribution.marquer_effet"), {"redistribution": identifiant, "maintenant": maintenant})
    return len(faits)


def _give_back(conn: Connection, lieu: Lieu, auteur: Auteur, acte: Any, etat: str, maintenant: datetime) -> int:
    """Everything still held by the colleague, or by whoever replaced that colleague since, goes back to where it came from."""
    tenus = dict(conn.execute(query("redistribution.lister_remplacants"), {"redistribution": acte.id}).tuples().all())
    phrase = (
        "Redistribution annulée : le parcours revient à son conseiller."
        if etat == "annulee"
        else "Retour d'absence : le parcours revient à son conseiller."
    )
    lignes = _list_lignes(conn, acte.id)
    mouvements = [Mouvement(p, csam, acte.agent_id, phrase) for p, csam in tenus.items() if csam != acte.agent_id]
    faits = hand_over(conn, lieu, auteur, mouvements, Passation(acte.id, retour=True), maintenant)
    rendus = list(faits)
    if etat == "annulee":
        for parcours in rendus:
            conn.execute(
                query("taches.fermer_cause"),
                {"parcours": parcours, "cause": cause_tache(acte.id), "maintenant": maintenant, "par": auteur.id},
            )
    _mark(conn, acte.id, etat, rendus, ["faite"], maintenant)
    conn.execute(query("redistribution.finir_suivantes"), {"redistribution": acte.id, "parcours": rendus, "maintenant": maintenant})
    restes = [x.parcours_id for x in lignes if x.parcours_id not in faits]
    _mark(conn, acte.id, etat if etat == "annulee" else "sans_objet", restes, ["prevue", "faite"], maintenant)
    return len(rendus)


def _motif(plan: Plan, confie: Confie, prevus: Motifs) -> str:
    """Why this colleague, after why at all; what the manager confirmed is said in the words that were confirmed."""
    pourquoi = "Départ d'un collègue" if plan.au is None else f"Remplacement d'un collègue absent jusqu'au {plan.au:%d/%m/%Y}"
    return f"{pourquoi}. {_confirmed(confie, prevus)}"


def _write_lignes(conn: Connection, lieu: Lieu, identifiant: UUID, plan: Plan, motifs: Motifs, maintenant: datetime) -> None:
    conn.execute(
        query("redistribution.prevoir"),
        {
            "redistribution": identifiant,
            "plateforme": lieu.plateforme_id,
            "de": plan.agent_id,
            "parcours": [c.parcours_id for c in plan.confies],
            "vers": [c.vers for c in plan.confies],
            "motifs": [_confirmed(c, motifs) for c in plan.confies],
            "rendez_vous": [c.rendez_vous for c in plan.confies],
            "maintenant": maintenant,
        },
    )


def _confirmed(confie: Confie, prevus: Motifs) -> str:
    elu, phrase = prevus.get(confie.parcours_id, (confie.vers, confie.motif))
    return phrase if elu == confie.vers else confie.motif


def _mark(conn: Connection, identifiant: UUID, etat: str, parcours: list[UUID], depuis: list[str], maintenant: datetime) -> None:
    conn.execute(
        query("redistribution.marquer_lignes"),
        {"redistribution": identifiant, "etat": etat, "parcours": parcours, "depuis": depuis, "maintenant": maintenant},
    )


def _list_lignes(conn: Connection, identifiant: UUID) -> list[Any]:
    return list(conn.execute(query("redistribution.lister_lignes"), {"redistribution": identifiant}))


def _lock_plateforme(conn: Connection, plateforme_id: str) -> None:
    conn.execute(query("affectation.verrouiller_plateforme"), {"plateforme": plateforme_id})


def _check_plateforme(auteur: Auteur) -> str:
    if auteur.plateforme_id is None:
        raise Introuvable
    return auteur.plateforme_id
