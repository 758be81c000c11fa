"""What must be true after any schedule, read from the database and from the partners, never from what the workers said."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from pdp.chaos.monde import Monde
from pdp.chaos.plan import Plan
from pdp.domain.orientation import PAR_PARTENAIRE, PAR_PLATEFORME, Statut
from pdp.partners.simulateur_registre import script_of
from pdp.storage.sql import query

ESSAIS_MAX = 60
REFUS = frozenset({"http_400", "http_401", "http_403", "http_422"})
ACTIVES = frozenset({"envoyee", "recue", "acceptee", "en_cours"})
MESSAGE_PERMIS = frozenset(
    {
        ("a_envoyer", "en_cours"),
        ("a_envoyer", "rappele"),
        ("en_cours", "livre"),
        ("en_cours", "a_envoyer"),
        ("en_cours", "rebut"),
        ("en_cours", "incertain"),
        ("en_cours", "rappele"),
        ("a_envoyer", "incertain"),
        ("incertain", "livre"),
        ("incertain", "rebut"),
        ("incertain", "rappele"),
        ("rebut", "livre"),
    }
)
"""Moves of a message; ``livre`` and ``rappele`` are ends."""


@dataclass
class Constat:
    """Violations in words, and what the report counts."""

    violations: list[str] = field(default_factory=list)
    compte: Counter[str] = field(default_factory=Counter)

    def add(self, genre: str, phrase: str) -> None:
        self.violations.append(f"{genre}: {phrase}")
        self.compte[genre] += 1


@dataclass(frozen=True)
class Faits:
    """Everything the checks read."""

    orientations: list[Any]
    messages: dict[Any, list[Any]]
    reponses: dict[Any, list[Any]]
    taches: set[tuple[Any, str, str]]
    journal: dict[tuple[str, str, str], int]
    changements: list[Any]
    sans_accord: set[Any]
    partenaire: dict[str, Any]

    def applied(self, orientation: Any) -> list[str]:
        """Keys under which the partner applied the hand-over."""
        return list(self.partenaire["orientations"].get(str(orientation), []))


def check(monde: Monde, plan: Plan, *, trouble: bool) -> Constat:
    """Every invariant over one schedule; ``trouble``: a worker was killed, stopped or cut, so that an answer may not have been heard."""
    faits, constat = _read(monde, plan), Constat()
    constat.compte["confiees"] = len(faits.orientations)
    for orientation in faits.orientations:
        _check_sort(faits, orientation, constat)
        _check_journal(faits, orientation, constat)
        _check_reponses(faits, orientation, constat)
    _check_uniques(faits, constat)
    _check_changements(faits, constat)
    _check_insistance(faits, constat, trouble)
    for ligne in faits.sans_accord:
        constat.add("sans_accord", f"message {ligne} claimed without an agreement")
    return constat


def _check_sort(faits: Faits, o: Any, constat: Constat) -> None:
    """Exactly one of: delivered once, recalled before leaving, with a person."""
    lignes = [m for m in faits.messages[o.id] if m.type == "orientation"]
    if len(lignes) != 1:
        constat.add("perdue", f"{o.id}: {len(lignes)} messages of the hand-over")
        return
    x, recues = lignes[0], faits.applied(o.id)
    copies = faits.partenaire["boite"].get(str(x.cle), 0) if o.canal == "messagerie" else len(recues)
    constat.compte[f"{o.canal}:{x.etat}"] += 1
    if copies > 1:
        constat.add("doublee", f"{o.id}: {copies} effects at the partner ({o.canal})")
    if x.etat in ("a_envoyer", "en_cours"):
        constat.add("perdue", f"{o.id}: message still {x.etat} after eight days ({x.dernier_code})")
    elif x.etat == "livre" and not (copies or o.canal == "portail"):
        constat.add("perdue", f"{o.id}: said delivered, the partner has nothing ({o.canal}, {x.dernier_code})")
    elif x.etat in ("rebut", "incertain") and (o.parcours_id, "message_en_echec", str(x.cle)) not in faits.taches:
        constat.add("perdue", f"{o.id}: {x.etat} and nobody is told")
    elif x.etat == "rappele" and copies and o.statut in ACTIVES:
        constat.add("perdue", f"{o.id}: said never left, the partner has it and nobody knows")
    if o.statut == "annulee" and copies:
        _check_retrait(faits, o, constat)
    if x.essais > ESSAIS_MAX:
        constat.add("insistance", f"{o.id}: {x.essais} attempts")
    for m in faits.messages[o.id]:
        if m.type != "orientation" and m.etat in ("a_envoyer", "en_cours"):
            constat.add("perdue", f"{o.id}: {m.type} still {m.etat} ({m.dernier_code})")


def _check_retrait(faits: Faits, o: Any, constat: Constat) -> None:
    """The partner had it and it was taken back: the partner was told, or a person is."""
    retraits = [m for m in faits.messages[o.id] if m.type == "annulation" and m.etat != "rappele"]
    if not retraits:
        constat.add("perdue", f"{o.id}: taken back, the partner has it and was not told")
        return
    m = retraits[-1]
    if m.etat == "livre" and o.canal == "api" and str(m.cle) not in faits.partenaire["annulations"]:
        constat.add("perdue", f"{o.id}: withdrawal said delivered ({m.dernier_code}), the partner still has the hand-over")
    if m.etat == "livre" and o.canal == "messagerie" and not faits.partenaire["boite"].get(str(m.cle)):
        constat.add("perdue", f"{o.id}: withdrawal said delivered, the mailbox has none")
    if m.etat in ("rebut", "incertain") and (o.parcours_id, "message_en_echec", str(m.cle)) not in faits.taches:
        constat.add("perdue", f"{o.id}: withdrawal {m.etat} and nobody is told")


def _check_journal(faits: Faits, o: Any, constat: Constat) -> None:
    """One row per change, no more, no fewer."""
    ident = str(o.id)
    attendus = {
        ("orientation_proposee", ""): 1,
        ("orientation_retiree", ""): int(o.statut == "annulee"),
        ("orientation_envoyee", ""): int(o.envoyee_at is not None),
        ("orientation_repondue", ""): sum(r.resultat == "appliquee" for r in faits.reponses[o.id]),
    }
    for m in faits.messages[o.id]:
        suites = [c for c in faits.changements if c.nature == "message" and c.ligne == m.id]
        attendus["message_rappele", m.type] = sum(c.apres == "rappele" and c.avant != "incertain" for c in suites)
        attendus["message_en_echec", m.type] = sum(c.apres in ("rebut", "incertain") and c.avant != "incertain" for c in suites)
    for (evenement, type_), nombre in attendus.items():
        ecrits = sum(n for (e, i, t), n in faits.journal.items() if e == evenement and i == ident and t == type_)
        if ecrits != nombre:
            constat.add("journal", f"{ident}: {ecrits} rows {evenement} {type_}, {nombre} changes")


def _check_reponses(faits: Faits, o: Any, constat: Constat) -> None:
    """Every answer given is kept once and dealt with; the last one counts; a second content is read by a person."""
    lignes = faits.reponses[o.id]
    connues = {r.evenement_id for r in lignes}
    donnees = {e for e in faits.partenaire["servis"] if e.startswith(str(o.id))}
    for absente in donnees - connues:
        constat.add("perdue", f"{o.id}: answer {absente} was given and is not here")
    for r in lignes:
        if r.traite_at is None:
            constat.add("perdue", f"{o.id}: answer {r.evenement_id} never dealt with")
    contrefaites = {e for e in faits.partenaire["contrefaits"] if e.startswith(str(o.id))}
    for ident in contrefaites:
        if not any(r.evenement_id.startswith(f"{ident}#") and r.resultat == "quarantaine" for r in lignes):
            constat.add("contrefacon", f"{o.id}: another content under {ident} went unnoticed")
    mises = any(r.resultat == "quarantaine" for r in lignes)
    if o.canal == "api" and donnees and not mises and o.statut != "annulee":
        attendu = script_of(str(o.id))[-1].statut
        if o.statut != attendu and len(donnees) == len(script_of(str(o.id))):
            constat.add("regression", f"{o.id}: {o.statut}, its partner ended with {attendu}")


def _check_uniques(faits: Faits, constat: Constat) -> None:
    actives = Counter((o.parcours_id, o.dispositif) for o in faits.orientations if o.statut in ACTIVES)
    for (parcours, dispositif), nombre in actives.items():
        if nombre > 1:
            constat.add("doublee", f"{parcours}: {nombre} active hand-overs to {dispositif}")
    chez: dict[Any, set[str]] = defaultdict(set)
    for o in faits.orientations:
        if o.canal == "api" and o.statut in ACTIVES and faits.applied(o.id):
            chez[o.parcours_id, o.dispositif].add(str(o.id))
    for (parcours, dispositif), ids in chez.items():
        if len(ids) > 1:
            constat.add("doublee", f"{parcours}: the partner {dispositif} holds {len(ids)} hand-overs")
    for cle, copies in faits.partenaire["boite"].items():
        if copies > 1:
            constat.add("doublee", f"mail {cle}: {copies} copies in the mailbox")


def _check_changements(faits: Faits, constat: Constat) -> None:
    """Nothing goes back: neither a message that ended, nor a status of a hand-over, nor a version."""
    for c in faits.changements:
        if c.nature == "message" and (c.avant, c.apres) not in MESSAGE_PERMIS:
            if (c.avant, c.apres) == ("livre", "a_envoyer") and c.ligne in {
                m.id for ms in faits.messages.values() for m in ms if m.type == "annulation"
            }:
                continue  # a withdrawal answered 404, then its hand-over arrived: it leaves again
            constat.add("regression", f"message {c.ligne}: {c.avant} -> {c.apres}")
        elif c.nature == "version":
            constat.add("regression", f"version of {c.ligne}: {c.avant} -> {c.apres}")
        elif c.nature == "orientation":
            avant, apres = Statut(c.avant), Statut(c.apres)
            if apres not in PAR_PLATEFORME.get(avant, frozenset()) and not _reachable(avant, apres):
                constat.add("regression", f"hand-over {c.ligne}: {avant} -> {apres}")


def _reachable(avant: Statut, apres: Statut) -> bool:
    """Several steps may be made at once when the answers in between are still to come."""
    suites = PAR_PARTENAIRE.get(avant, frozenset())
    return apres in suites or any(_reachable(s, apres) for s in suites)


def _check_insistance(faits: Faits, constat: Constat, trouble: bool) -> None:
    """A partner that refused for good is not asked again; a refusal that a dead worker did not write down may be heard twice."""
    for c in faits.changements:
        if c.nature == "message" and (c.avant, c.apres) == ("en_cours", "a_envoyer") and c.code in REFUS:
            constat.add("insistance", f"message {c.ligne}: {c.code}, and it waits for another attempt")
    refusees: set[str] = set()
    for cle, chemin, statut in faits.partenaire["arrivees"]:
        if cle in refusees and not trouble:
            constat.add("insistance", f"key {cle} came again after a refusal")
        if statut in (400, 422) and chemin == "orientations":
            refusees.add(cle)


def _read(monde: Monde, plan: Plan) -> Faits:
    from sqlalchemy import create_engine  # an engine of its own: the administrator, never the roles of the product

    partenaire = monde.say("GET")
    moteur = create_engine(monde.serveur.admin.replace("postgresql://", "postgresql+psycopg://").rsplit("/", 1)[0] + "/pdp_chaos")
    try:
        with moteur.connect() as conn:
            return _collect(conn, plan, partenaire)
    finally:
        moteur.dispose()


def _collect(conn: Connection, plan: Plan, partenaire: dict[str, Any]) -> Faits:
    cle = {"parcours": [str(c.parcours) for c in plan.cas]}
    orientations = list(conn.execute(query("chaos.lire_orientations"), cle))
    messages, reponses = defaultdict(list), defaultdict(list)
    for m in conn.execute(query("chaos.lire_messages"), cle):
        messages[m.orientation_id].append(m)
    for r in conn.execute(query("chaos.lire_reponses"), cle):
        reponses[r.orientation_id].append(r)
    journal = conn.execute(query("chaos.lire_journal"), {**cle, "orientations": [str(o.id) for o in orientations]})
    return Faits(
        orientations,
        messages,
        reponses,
        {(t.parcours_id, t.motif, t.cause) for t in conn.execute(query("chaos.lire_taches"), cle)},
        {(j.evenement, j.orientation_id, j.type): j.nombre for j in journal},
        list(conn.execute(query("chaos.lire_changements"))),
        set(conn.execute(query("chaos.lire_sans_accord")).scalars()),
        partenaire,
    )
