"""*Ma liste* written with an ORM, as it usually is: objects of everybody the coordinator follows, judged, counted and sorted in Python.

``orm_naive`` leaves the relations to load when they are looked at (one statement for each row and relation); ``orm_eager`` tells the ORM to
load them beforehand, one statement for each relation. The rest is the same code.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from itertools import pairwise
from operator import attrgetter
from uuid import UUID

from sqlalchemy import Connection, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload
from sqlalchemy.orm.interfaces import ORMOption

from pdp.bench.worklist_affichage import Affichage, Demande, Ligne
from pdp.bench.worklist_jugement import Juge, Pannes, count_facettes, find_balle, is_en_echec, judge, keeps, list_contacts, sort_juges
from pdp.bench.worklist_orm import Acte, Assure, Contact, Fichier, Parcours, Passage, Signalement, Tache
from pdp.clock import PARIS, jour_local
from pdp.services.filtres_liste import cut_jours
from pdp.services.publish_referentiel import referentiel
from pdp.services.read_ma_liste import FRAICHEUR_MAX, LIGNES_PAR_PAGE

SANS_REPONSE = ("messagerie", "non_reponse", "tiers")
MIDI, FIN_APRES_MIDI = 12, 16
FAITS_MAX = 100
_AVANT: tuple[ORMOption, ...] = (
    joinedload(Parcours.assure).selectinload(Assure.absences),
    joinedload(Parcours.assure).selectinload(Assure.silences),
    selectinload(Parcours.taches),
    selectinload(Parcours.contacts),
    selectinload(Parcours.entretiens),
    selectinload(Parcours.messages),
    selectinload(Parcours.orientations),
    joinedload(Parcours.signalement).selectinload(Signalement.raisons),
    joinedload(Parcours.signalement).joinedload(Signalement.decideur),
    joinedload(Parcours.signalement).joinedload(Signalement.regle),
    joinedload(Parcours.signalement).joinedload(Signalement.version),
)


def show_naive(conn: Connection, demande: Demande, maintenant: datetime) -> Affichage:
    return _show(conn, demande, maintenant, ())


def show_eager(conn: Connection, demande: Demande, maintenant: datetime) -> Affichage:
    return _show(conn, demande, maintenant, _AVANT)


def _show(conn: Connection, demande: Demande, maintenant: datetime, options: tuple[ORMOption, ...]) -> Affichage:
    filtres = demande.filtres
    with Session(bind=conn) as session:
        fraicheur = _fraicheur(session, demande, maintenant)
        ouvert = or_(Parcours.clos_at.is_(None), Parcours.taches.any())
        requete = select(Parcours).where(Parcours.csam_id == demande.csam_id, ouvert).options(*options)
        juges = [judge(p, maintenant, fraicheur[2]) for p in session.scalars(requete)]
        choisis = sort_juges([j for j in juges if keeps(j, filtres)], filtres, jour_local(maintenant))
        return Affichage(
            total=len(juges),
            filtrees=len(choisis),
            compteurs=dict(Counter(vue for j in juges for vue in j.vues)),
            facettes=count_facettes(juges, filtres),
            lignes=tuple(_ligne(j, maintenant) for j in choisis[:LIGNES_PAR_PAGE]),
            faits=_faits(session, demande, maintenant),
            fraicheur=fraicheur,
        )


def _fraicheur(session: Session, demande: Demande, maintenant: datetime) -> tuple[datetime | None, datetime | None, Pannes]:
    """Last file, last detection, and the holes between two detections that ended lately."""
    recu = session.scalar(select(func.max(Fichier.recu_at)).where(Fichier.flux == "arrets_prescrits", Fichier.etat == "charge"))
    requete = select(Passage).where(Passage.dag == "pdp_detection", Passage.tache == "detecter", Passage.fin_at.is_not(None))
    requete = requete.where(Passage.detail["plateforme"].astext == demande.plateforme_id).order_by(Passage.instant_metier)
    instants = [p.instant_metier for p in session.scalars(requete)]
    jours = referentiel().entier("rattrapage_affiche_jours", jour_local(maintenant), demande.plateforme_id)
    depuis = maintenant - timedelta(days=jours)
    trous = tuple((de, a) for de, a in pairwise(instants) if depuis <= a <= maintenant and a - de > FRAICHEUR_MAX)
    return recu, instants[-1] if instants else None, trous


def _ligne(j: Juge, maintenant: datetime) -> Ligne:
    p = j.parcours
    contacts = list_contacts(p)
    arret = max((a for a in p.assure.absences if a.etat == "courant"), key=attrgetter("debut"), default=None)
    return Ligne(
        parcours_id=p.id,
        statut=p.statut,
        nom=p.assure.nom,
        prenom=p.assure.prenom,
        date_naissance=p.assure.date_naissance,
        arret=None if arret is None else (arret.debut, arret.fin),
        taches=tuple(
            (t.motif, find_balle(t, jour_local(maintenant)), t.echeance_at, t.note, t.origine == "manuelle", t.attente_jusqu_au)
            for t in j.taches
        ),
        essais=_count_essais(contacts),
        dernier=(contacts[-1].resultat, contacts[-1].survenu_at) if contacts else None,
        entretien=None if j.entretien is None else (j.entretien.debut_at, j.entretien.fin_at),
        message_en_echec=is_en_echec(p),
        silence=_silence(p, jour_local(maintenant)),
        retard_detection=j.retard,
        attente=(j.attend, j.revient),
        partenaires=j.familles["partenaires"],
        pourquoi=_pourquoi(p.signalement),
    )


def _count_essais(contacts: list[Contact]) -> int:
    """Without an answer since the person was last reached, one a day and part of the day: before 12 h, before 16 h, after."""
    moments: set[tuple[date, bool, bool]] = set()
    for contact in contacts:
        le = contact.survenu_at.astimezone(PARIS)
        if contact.resultat in SANS_REPONSE:
            moments.add((le.date(), le.hour >= MIDI, le.hour >= FIN_APRES_MIDI))
        elif contact.resultat != "numero_faux":
            moments.clear()
    return len(moments)


def _silence(p: Parcours, jour: date) -> tuple[str, date | None] | None:
    valables = [s for s in p.assure.silences if s.levee_at is None and s.du <= jour and (s.au is None or jour <= s.au)]
    silence = max(valables, key=attrgetter("courante", "posee_at"), default=None)
    return None if silence is None else (silence.motif, silence.au)


def _pourquoi(s: Signalement) -> tuple[int, date, str | None, str | None, str | None, tuple[str, ...]]:
    return (
        s.palier,
        s.survenu_le,
        s.mode_decision,
        f"{s.regle.libelle}, version {s.version.version}" if s.regle and s.version else None,
        f"{s.decideur.prenom} {s.decideur.nom}" if s.decideur else None,
        tuple(r.libelle for r in sorted(s.raisons, key=lambda r: (-r.points, r.regle))),
    )


def _faits(session: Session, demande: Demande, maintenant: datetime) -> tuple[tuple[UUID, str | None, str | None, datetime], ...]:
    """Acts of today that stand, and reasons closed outside an act."""
    minuit = cut_jours(maintenant).minuit
    requete = select(Acte).where(Acte.agent_id == demande.csam_id, Acte.fait_at >= minuit, Acte.annule_at.is_(None))
    actes = session.scalars(requete.options(joinedload(Acte.parcours).joinedload(Parcours.assure))).all()
    dits = {(a.parcours_id, a.fait_at) for a in actes}
    fermees = select(Tache).where(Tache.fermee_par == str(demande.csam_id), Tache.fermee_at >= minuit)
    derniers: dict[tuple[UUID, str], datetime] = {}
    for tache in session.scalars(fermees.options(joinedload(Tache.parcours).joinedload(Parcours.assure))):
        if tache.fermee_at is not None and (tache.parcours_id, tache.fermee_at) not in dits:
            cle = (tache.parcours_id, tache.motif)
            derniers[cle] = max(tache.fermee_at, derniers.get(cle, tache.fermee_at))
    faits: list[tuple[UUID, str | None, str | None, datetime]] = [(a.parcours_id, None, a.genre, a.fait_at) for a in actes]
    faits += [(parcours, motif, None, quand) for (parcours, motif), quand in derniers.items()]
    return tuple(sorted(faits, key=lambda f: (-f[3].timestamp(), f[0], f[1] is None, f[1] or ""))[:FAITS_MAX])
