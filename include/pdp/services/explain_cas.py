"""« Pourquoi ? » of one person, as known at an instant: signalement, facts, rules, rights, milestones, and what was learnt since.

Nothing is stored and nothing is decided. The facts are those believed at the instant asked for; the rules, the law and the clock are
applied to the day of that instant. The medical class is never read; what concerns a long-term affection is for a médecin-conseil.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Connection, Row

from pdp.clock import PARIS, jour_local
from pdp.domain.connaissance import AffectionConnue, Changement, Connaissance, Fait, describe_fait, is_annule, list_changements
from pdp.domain.exclusion import find_exclusion
from pdp.domain.jalons import Jalon
from pdp.domain.signalement import PALIERS, evaluate, is_a_trier, jour_palier
from pdp.domain.situation import Situation, build_faits_episode, build_situation
from pdp.errors import DonneeInvalide, Introuvable
from pdp.referentiel import load_regles
from pdp.services.delais import get_lieu
from pdp.services.explain_signalement import Explication, Repere, explain_signalement, get_repere
from pdp.services.publish_referentiel import referentiel
from pdp.services.read_connu import read_connu
from pdp.services.tell_droits import DroitsDits, fr, pluriel, tell_droits
from pdp.storage.sql import query

Lecteur = Literal["csam", "medecin"]
ABSENCES_MONTREES = 6
"""Latest absences whose exclusion is told; older ones are over and say nothing more."""
_JALONS_RESERVES = frozenset({"fin_l324"})


@dataclass(frozen=True, slots=True)
class FaitDit:
    """One fact in French and when this version of it was learnt. ``genre``: avis, paiements, employeur, affections."""

    genre: str
    phrase: str
    connu_du: datetime
    annule: bool


@dataclass(frozen=True, slots=True)
class JalonDit:
    """One milestone with the value behind it."""

    jalon: Jalon
    repere: Repere


@dataclass(frozen=True, slots=True)
class ExplicationCas:
    """French sentences only. ``actuel``: known as of now; otherwise ``changements`` says what was learnt since ``connu_at``."""

    assure_id: UUID
    plateforme_id: str
    parcours_id: UUID | None
    lecteur: Lecteur
    connu_at: datetime
    jour: date
    actuel: bool
    signalement: Explication | None
    autres: tuple[tuple[UUID, str], ...]
    constats: tuple[str, ...]
    ecartes: tuple[str, ...]
    faits: tuple[FaitDit, ...]
    droits: DroitsDits
    jalons: tuple[JalonDit, ...]
    changements: tuple[Changement, ...]
    maintenant: tuple[str, ...]

    def faits_de(self, genre: str) -> list[FaitDit]:
        return [f for f in self.faits if f.genre == genre]


def explain_cas(
    conn: Connection, cas_id: UUID, maintenant: datetime, *, connu_at: datetime | None = None, lecteur: Lecteur
) -> ExplicationCas:
    """``cas_id``: a parcours, a signalement or a person. ``connu_at`` None = now; in the future: :class:`DonneeInvalide`.

    Raises :class:`Introuvable` when the id names nothing visible, ReferentielIncomplet before the first law known.
    """
    instant = maintenant if connu_at is None else connu_at
    if instant > maintenant:
        raise DonneeInvalide("Choisissez un jour passé : on ne peut pas montrer ce qui n'est pas encore connu.", code="future_instant")
    cas = conn.execute(query("explication.find_cas"), {"cas": cas_id}).one_or_none()
    if cas is None:
        raise Introuvable
    lieu = get_lieu(conn, cas.plateforme_id)
    jour, medecin = lieu.jour(instant), lecteur == "medecin"
    connu, su = read_connu(conn, cas.assure_id, instant), read_connu(conn, cas.assure_id, maintenant)
    situation = build_situation(connu, jour, referentiel(), cas.plateforme_id, cas.date_naissance)
    signalements = conn.execute(query("explication.list_signalements"), {"assure": cas.assure_id, "instant": instant}).all()
    choisi = _choose_signalement(conn, cas, cas_id, signalements)
    return ExplicationCas(
        assure_id=cas.assure_id,
        plateforme_id=cas.plateforme_id,
        parcours_id=cas.parcours_id,
        lecteur=lecteur,
        connu_at=instant,
        jour=jour,
        actuel=instant == maintenant,
        signalement=None if choisi is None else explain_signalement(conn, signalement_id=choisi),
        autres=tuple(
            (s.id, f"Palier J{s.palier} atteint le {fr(s.survenu_le)}, détecté le {fr(lieu.jour(s.connu_at))}")
            for s in signalements
            if s.id != choisi
        ),
        constats=_tell_constats(situation, connu, cas),
        ecartes=_tell_ecartes(situation, connu, cas),
        faits=tuple(f for f in _tell_faits(connu) if medecin or f.genre != "affections"),
        droits=tell_droits(situation, cas.plateforme_id, medecin=medecin),
        jalons=tuple(JalonDit(j, get_repere(j.parametre)) for j in situation.jalons if medecin or j.cle not in _JALONS_RESERVES),
        changements=tuple(c for c in list_changements(connu, su, jour) if medecin or not c.reserve),
        maintenant=() if instant == maintenant else _tell_ecart(situation, su, lieu.jour(maintenant), cas),
    )


def find_instant(jour: date, maintenant: datetime) -> datetime:
    """End of a day in Paris, or ``maintenant`` for today; a day to come is refused by :func:`explain_cas`."""
    fin = datetime.combine(jour, time.max, PARIS)
    return maintenant if jour == jour_local(maintenant) else fin


def list_recents(conn: Connection, maintenant: datetime) -> list[Any]:
    """Latest signalements of every platform that is visible, by opaque ids: for who does not know which case to ask for."""
    return list(conn.execute(query("explication.list_recents"), {"maintenant": maintenant}).all())


def _choose_signalement(conn: Connection, cas: Row[Any], cas_id: UUID, connus: Any) -> UUID | None:
    """The signalement named, else that of the parcours, else the latest; None when nothing was signalled by then."""
    visibles = {s.id: s for s in connus}
    if cas.signalement_id is not None:
        return cas.signalement_id if cas.signalement_id in visibles else None
    if cas.parcours_id == cas_id:
        choisi = conn.execute(query("explication.find_signalement_du_parcours"), {"parcours": cas.parcours_id}).scalar()
        if choisi in visibles:
            return UUID(str(choisi))
    return next(iter(visibles), None)


def _tell_constats(s: Situation, connu: Connaissance, cas: Row[Any]) -> tuple[str, ...]:
    """What the rules read in the facts then known, on that day."""
    if s.dernier is None:
        return ("Aucun arrêt n'était connu ce jour-là.",)
    e = s.courant or s.dernier
    etat = f"{e.duree_au(s.jour)} jours d'absence ce jour-là" if s.courant else "terminée ce jour-là"
    phrases = [f"Absence du {fr(e.debut)} au {fr(e.fin)}, dernier jour prescrit alors connu : {etat}, {_avis(e.nb_prescriptions)}."]
    faits = build_faits_episode(s, e, connu, load_regles(), referentiel(), cas.plateforme_id, cas.date_naissance)
    evaluation = evaluate(faits, s.jour, referentiel(), load_regles(), cas.plateforme_id)
    if evaluation.palier is not None and evaluation.franchi_le is not None:
        suite = (
            "le dossier va au tri"
            if is_a_trier(evaluation.palier, s.jour, referentiel(), cas.plateforme_id)
            else "le dossier reste en veille"
        )
        phrases.append(f"Les règles donnent le palier J{evaluation.palier}, atteint le {fr(evaluation.franchi_le)} : {suite}.")
        phrases += [f"{m.libelle} ({m.points} points, règle {m.regle} version {m.version})" for m in evaluation.motifs]
    elif evaluation.exclusion is not None:
        phrases.append(f"Aucun signalement : {evaluation.exclusion.phrase}")
    suivants = [p for p in PALIERS if jour_palier(p, e.debut, s.jour, referentiel(), cas.plateforme_id) > s.jour] if s.courant else []
    if suivants:
        le = jour_palier(suivants[0], e.debut, s.jour, referentiel(), cas.plateforme_id)
        phrases.append(f"Palier suivant : J{suivants[0]}, le {fr(le)} si l'arrêt dure jusque-là (prescrit jusqu'au {fr(e.fin)}).")
    return tuple(phrases)


def _tell_ecartes(s: Situation, connu: Connaissance, cas: Row[Any]) -> tuple[str, ...]:
    """What counted for nothing, or was not signalled, and why."""
    phrases = []
    for e in sorted(s.episodes, key=lambda e: e.debut, reverse=True)[:ABSENCES_MONTREES]:
        faits = build_faits_episode(s, e, connu, load_regles(), referentiel(), cas.plateforme_id, cas.date_naissance)
        exclusion = find_exclusion(faits, s.jour, referentiel(), load_regles(), cas.plateforme_id)
        if exclusion is not None:
            phrases.append(
                f"Absence du {fr(e.debut)} au {fr(e.fin)} : {exclusion.phrase} (règle d'exclusion {exclusion.cle} v{exclusion.version})"
            )
    annules = sum(is_annule(a) for a in connu.avis)
    if annules:
        phrases.append(
            f"{_avis(annules)} annulé{'s' if annules > 1 else ''} par la caisse : ne compte{'nt' if annules > 1 else ''} pour rien."
        )
    autres = sum(not p.annule and p.risque != "maladie" for p in connu.paiements)
    if autres:
        phrases.append(f"{autres} versement{'s' if autres > 1 else ''} d'un autre risque que la maladie : hors du compte des indemnités.")
    return tuple(phrases)


def _tell_faits(connu: Connaissance) -> list[FaitDit]:
    genres = (("avis", connu.avis), ("paiements", connu.paiements), ("employeur", connu.employeur), ("affections", connu.affections))
    return [_tell_fait(genre, fait) for genre, faits in genres for fait in faits]


def _tell_fait(genre: str, fait: Fait) -> FaitDit:
    precision = " (nom réservé à la lecture médicale)" if isinstance(fait, AffectionConnue) else ""
    return FaitDit(genre, describe_fait(fait) + precision, fait.connu_du, is_annule(fait))


def _tell_ecart(avant: Situation, su: Connaissance, aujourd_hui: date, cas: Row[Any]) -> tuple[str, ...]:
    """The same figures with what is known today: the same day, then today."""
    corrige = build_situation(su, avant.jour, referentiel(), cas.plateforme_id, cas.date_naissance)
    avant_ij, corrige_ij = (pluriel(x.compteur.ij_utilisees, "indemnité") for x in (avant, corrige))
    phrases = [
        f"Ce jour-là, la plateforme comptait {pluriel(avant.duree_jours, 'jour')} d'absence et {avant_ij} ;"
        f" avec ce qui est su depuis : {pluriel(corrige.duree_jours, 'jour')} et {corrige_ij}."
    ]
    if avant.courant is not None and corrige.courant is not None and avant.courant.debut != corrige.courant.debut:
        phrases.append(f"Le début de l'absence est passé du {fr(avant.courant.debut)} au {fr(corrige.courant.debut)}.")
    actuel = build_situation(su, aujourd_hui, referentiel(), cas.plateforme_id, cas.date_naissance)
    etat = f"absence en cours depuis le {fr(actuel.courant.debut)}" if actuel.courant else "aucune absence en cours"
    return (*phrases, f"Aujourd'hui ({fr(aujourd_hui)}) : {etat}, {pluriel(actuel.compteur.ij_utilisees, 'indemnité')} dans le compte.")


def _avis(nombre: int) -> str:
    return f"{nombre} avis"
