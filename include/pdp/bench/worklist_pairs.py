"""*Ma liste* written with an ORM, as it usually is: objects of everybody the coordinator follows, sorted, counted and cut in Python.

``orm_naive`` leaves the relations to load when they are looked at (one statement for each row and relation); ``orm_eager`` tells the ORM to
load them beforehand, one statement for each relation. The rest is the same code.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, time
from operator import attrgetter

from sqlalchemy import Connection, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from pdp.bench.worklist_affichage import Affichage, Demande, Ligne
from pdp.bench.worklist_orm import Assure, Contact, Entretien, Parcours, Signalement, Tache
from pdp.clock import PARIS, jour_local
from pdp.services.read_ma_liste import LIGNES_PAR_PAGE

SANS_REPONSE = ("messagerie", "non_reponse", "tiers")
JOINT = ("joint", "joint_rappel_demande")
_AVANT = (
    joinedload(Parcours.assure).selectinload(Assure.absences),
    joinedload(Parcours.assure).selectinload(Assure.silences),
    selectinload(Parcours.taches),
    selectinload(Parcours.contacts),
    selectinload(Parcours.entretiens),
    selectinload(Parcours.messages),
    joinedload(Parcours.signalement).selectinload(Signalement.raisons),
    joinedload(Parcours.signalement).joinedload(Signalement.decideur),
    joinedload(Parcours.signalement).joinedload(Signalement.regle),
    joinedload(Parcours.signalement).joinedload(Signalement.version),
)


def show_naive(conn: Connection, demande: Demande, maintenant: datetime) -> Affichage:
    return _show(conn, demande, maintenant, ())


def show_eager(conn: Connection, demande: Demande, maintenant: datetime) -> Affichage:
    return _show(conn, demande, maintenant, _AVANT)


def _show(conn: Connection, demande: Demande, maintenant: datetime, options: tuple[object, ...]) -> Affichage:
    with Session(bind=conn) as session:
        ouvert = or_(Parcours.clos_at.is_(None), Parcours.taches.any())
        requete = select(Parcours).where(Parcours.csam_id == demande.csam_id, ouvert).options(*options)  # type: ignore[arg-type]
        suivis = sorted(session.scalars(requete), key=_rang)
        predicats = _predicats(maintenant)
        choisis = [
            p for p in suivis if predicats[demande.vue](p) and (not demande.motifs or any(t.motif in demande.motifs for t in p.taches))
        ]
        par_motif = Counter(motif for p in suivis for motif in {t.motif for t in p.taches})
        return Affichage(
            total=len(suivis),
            filtrees=len(choisis),
            compteurs={cle: sum(map(predicat, suivis)) for cle, predicat in predicats.items()},
            motifs=dict(par_motif),
            lignes=tuple(_ligne(p, maintenant) for p in choisis[:LIGNES_PAR_PAGE]),
            faits=_faits(session, demande, maintenant),
        )


def _rang(p: Parcours) -> tuple[object, ...]:
    premiere = min((t.echeance_at for t in p.taches), default=None)
    return (premiere is None, premiere or p.decide_at, -p.priorite, p.decide_at, p.id)


def _predicats(maintenant: datetime) -> dict[str, Callable[[Parcours], bool]]:
    jour = jour_local(maintenant)

    def has(p: Parcours, *motifs: str) -> bool:
        return any(t.motif in motifs for t in p.taches)

    def premiere(p: Parcours) -> datetime | None:
        return min((t.echeance_at for t in p.taches), default=None)

    def retard(p: Parcours) -> bool:
        premier = premiere(p)
        return premier is not None and jour_local(premier) < jour

    def aujourd_hui(p: Parcours) -> bool:
        premier = premiere(p)
        return premier is not None and jour_local(premier) == jour

    def muet(p: Parcours) -> bool:
        attend = any(t.motif == "attendre_partenaire" and t.echeance_at < maintenant for t in p.taches)
        return attend or has(p, "relancer_partenaire")

    def entretien_du_jour(p: Parcours) -> bool:
        prevu = _entretien(p)
        return prevu is not None and jour_local(prevu.debut_at) == jour

    def a_renseigner(p: Parcours) -> bool:
        prevu = _entretien(p)
        return has(p, "renseigner_tele_echange") or (prevu is not None and prevu.fin_at < maintenant)

    return {
        "retard": retard,
        "aujourd_hui": aujourd_hui,
        "entretiens": entretien_du_jour,
        "a_renseigner": a_renseigner,
        "partenaire_muet": muet,
        "message_en_echec": lambda p: _en_echec(p) or has(p, "message_en_echec"),
        "tous": lambda p: True,
    }


def _entretien(p: Parcours) -> Entretien | None:
    return next((e for e in p.entretiens if e.statut in ("planifie", "confirme")), None)


def _en_echec(p: Parcours) -> bool:
    return any(m.etat in ("rebut", "incertain") for m in p.messages)


def _ligne(p: Parcours, maintenant: datetime) -> Ligne:
    contacts = sorted((c for c in p.contacts if c.saisie_par_erreur_at is None), key=attrgetter("survenu_at"))
    arret = max((a for a in p.assure.absences if a.etat == "courant"), key=attrgetter("debut"), default=None)
    prevu = _entretien(p)
    return Ligne(
        parcours_id=p.id,
        statut=p.statut,
        nom=p.assure.nom,
        prenom=p.assure.prenom,
        date_naissance=p.assure.date_naissance,
        arret=None if arret is None else (arret.debut, arret.fin),
        taches=tuple(
            (t.motif, t.balle, t.echeance_at, t.note, t.origine == "manuelle")
            for t in sorted(p.taches, key=attrgetter("echeance_at", "ouverte_at", "id"))
        ),
        essais=_count_essais(contacts),
        dernier=(contacts[-1].resultat, contacts[-1].survenu_at) if contacts else None,
        entretien=None if prevu is None else (prevu.debut_at, prevu.fin_at),
        message_en_echec=_en_echec(p),
        silence=_silence(p, maintenant),
        pourquoi=_pourquoi(p.signalement),
    )


def _count_essais(contacts: list[Contact]) -> int:
    """Without an answer since the person was last reached."""
    essais = 0
    for contact in contacts:
        essais = 0 if contact.resultat in JOINT else essais + (contact.resultat in SANS_REPONSE)
    return essais


def _silence(p: Parcours, maintenant: datetime) -> tuple[str, object] | None:
    jour = jour_local(maintenant)
    valables = [s for s in p.assure.silences if s.levee_at is None and s.du <= jour and (s.au is None or jour <= s.au)]
    silence = max(valables, key=attrgetter("courante", "posee_at"), default=None)
    return None if silence is None else (silence.motif, silence.au)


def _pourquoi(s: Signalement) -> tuple[object, ...]:
    raisons = sorted(s.raisons, key=lambda r: (-r.points, r.regle))
    return (
        s.palier,
        s.survenu_le,
        s.mode_decision,
        f"{s.regle.libelle}, version {s.version.version}" if s.regle and s.version else None,
        f"{s.decideur.prenom} {s.decideur.nom}" if s.decideur else None,
        tuple(r.libelle for r in raisons),
    )


def _faits(session: Session, demande: Demande, maintenant: datetime) -> tuple[tuple[object, str, datetime], ...]:
    minuit = datetime.combine(jour_local(maintenant), time(0), PARIS)
    requete = select(Tache).where(Tache.fermee_par == str(demande.csam_id), Tache.fermee_at >= minuit)
    derniers: dict[tuple[object, str], datetime] = {}
    for tache in session.scalars(requete.options(joinedload(Tache.parcours).joinedload(Parcours.assure))):
        cle = (tache.parcours_id, tache.motif)
        derniers[cle] = max(tache.fermee_at, derniers.get(cle, tache.fermee_at))
    faits = [(parcours, motif, quand) for (parcours, motif), quand in derniers.items()]
    return tuple(sorted(faits, key=lambda f: (-f[2].timestamp(), f[0], f[1]))[:100])
