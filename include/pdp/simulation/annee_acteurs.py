"""The people of a simulated year: médecins-conseils, managers, partners who answer by hand, absences, withdrawn agreements.

Each act is one transaction under the role of the person. A refusal of the product is an answer, counted by its code.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from pdp.clock import jour_local
from pdp.config import settings
from pdp.domain.alerte import list_decisions
from pdp.domain.auteur import Auteur, systeme
from pdp.domain.porte import ACCEPTER
from pdp.errors import ErreurPdp
from pdp.services.decide_alerte import decide_alerte
from pdp.services.decide_porte import decide_porte
from pdp.services.manage_dol import draft_dol, sign_dol
from pdp.services.print_lettres import post_lettres, print_lettres
from pdp.services.record_accord import withdraw_accord
from pdp.services.record_reponse import record_reponse
from pdp.services.redistribute_parcours import redistribute_parcours
from pdp.services.sort_signalements import decide_signalement
from pdp.simulation.personnes import DELEGATION
from pdp.simulation.profils import cle_saisie
from pdp.storage import db
from pdp.storage.sql import query

Acte = Callable[[Connection], Any]
_DECISIONS_JOUR, _ALERTES_JOUR = 25, 40
_RETRAITS_PAR_MILLE = 2
_CIBLES = ("oriente_csam",) * 6 + ("convocation_mc", "oriente_ism", "sans_suite")
_ABSENCE_JOURS = 10


class Acteurs:
    """``actes`` counts what people did, ``refus`` what the product refused them, by code."""

    def __init__(self, graine: int) -> None:
        self.hasard = Random(f"acteurs|{graine}")
        self.actes: Counter[str] = Counter()
        self.refus: Counter[str] = Counter()

    def act(self, auteur: Auteur, quoi: str, acte: Acte) -> bool:
        """One act of one person, wholly or not at all."""
        try:
            with db.begin_as(auteur) as conn:
                acte(conn)
        except ErreurPdp as refus:
            self.refus[f"{quoi}:{refus.code}"] += 1
            return False
        self.actes[quoi] += 1
        return True

    def list(self, requete: str, **parametres: Any) -> list[Any]:
        with db.begin(settings().url_app, systeme("simulation")) as conn:
            return list(conn.execute(query(requete), parametres).all())

    # -- médecins-conseils

    def sign_delegation(self, maintenant: datetime) -> None:
        """Each platform's médecin-conseil signs one document d'orientation local on the first day."""
        for plateforme, medecin in self._medecins():
            with db.begin_as(medecin) as conn:
                version = draft_dol(conn, medecin, plateforme, jour_local(maintenant), DELEGATION)
                sign_dol(conn, medecin, version, maintenant)

    def decide(self, maintenant: datetime) -> None:
        """Files and alerts of the morning; some alerts wait for another day."""
        for plateforme, medecin in self._medecins():
            for ligne in self.list("annee.lister_a_decider", plateforme=plateforme, nombre=_DECISIONS_JOUR):
                cible = self.hasard.choice(_CIBLES)
                self.act(medecin, "decider", lambda c, m=medecin, s=ligne.id, x=cible: decide_signalement(c, m, s, x, "", maintenant))
            for alerte in self.list("annee.lister_alertes", plateforme=plateforme, nombre=_ALERTES_JOUR):
                if self.hasard.random() < 0.4:
                    self._decide_alerte(medecin, alerte, maintenant)

    def _decide_alerte(self, medecin: Auteur, alerte: Any, maintenant: datetime) -> None:
        possibles = [d.cle for d in list_decisions(alerte.type) if not alerte.clos or d.cle in ("prise_en_compte", "sans_objet")]
        poids = {"prise_en_compte": 4, "relancer_parcours": 5 if alerte.suivie else 1, "cloturer": 2}
        decision = self.hasard.choices(possibles, [poids.get(d, 1) for d in possibles])[0]
        situation = "inconnu" if decision == "cloturer" else None
        self.act(medecin, "alerte", lambda c: decide_alerte(c, medecin, alerte.id, decision, "", maintenant, situation=situation))

    def _medecins(self) -> list[tuple[str, Auteur]]:
        return [
            (m.plateforme_id, Auteur("agent", str(m.id), "medecin_conseil", m.plateforme_id))
            for m in self.list("simulation.lister_medecins")
        ]

    # -- managers

    def post(self, maintenant: datetime) -> None:
        """Letters: the first coordinator of each platform prints those of the day and posts those of the day before."""
        present = {c.plateforme_id: _agent(c, "csam") for c in reversed(self.list("annee.lister_conseillers", jour=jour_local(maintenant)))}
        lettres = self.list("annee.lister_lettres")
        for plateforme, csam in present.items():
            a_imprimer = [x.id for x in lettres if x.plateforme_id == plateforme and not x.imprimee][:100]
            a_poster = [x.id for x in lettres if x.plateforme_id == plateforme and x.imprimee]
            if a_poster:
                self.act(csam, "poster", lambda c, ids=a_poster: post_lettres(c, ids, maintenant))
            if a_imprimer:
                self.act(csam, "imprimer", lambda c, a=csam, ids=a_imprimer: print_lettres(c, a, ids, maintenant))

    def manage(self, maintenant: datetime) -> None:
        """Who left: her parcours are passed on (S04). Every other Monday a coordinator is away for ten days and hers are too."""
        jour = jour_local(maintenant)
        chefs = {m.plateforme_id: _agent(m, "responsable") for m in self.list("annee.lister_responsables")}
        for parti in self.list("annee.lister_partis", jour=jour):
            self._pass_on(chefs[parti.plateforme_id], parti.id, jour, None, maintenant)
        if jour.isocalendar().week % 2 == 0 and jour.weekday() == 0:
            self._absent(chefs, jour, maintenant)

    def open_portes(self, maintenant: datetime) -> None:
        """An operator accepts in Airflow what waits there for a person: the rare mass acts."""
        auteur = systeme("airflow:exploitant")
        for porte in self.list("portes.lister_en_attente", limite=20):
            with db.begin(settings().url_app, auteur) as conn:
                decide_porte(conn, auteur, porte.id, ACCEPTER, maintenant, ou="airflow")
            self.actes[f"porte_{porte.genre}"] += 1

    def _pass_on(self, chef: Auteur, agent: UUID, du: date, au: date | None, maintenant: datetime) -> None:
        quoi = "depart" if au is None else "absence"
        self.act(chef, quoi, lambda c: redistribute_parcours(c, chef, agent_id=agent, du=du, au=au, maintenant=maintenant))

    def _absent(self, chefs: dict[str, Auteur], jour: date, maintenant: datetime) -> None:
        presents = self.list("annee.lister_conseillers", jour=jour)
        if len(presents) > 1:
            parti = presents[self.hasard.randrange(len(presents))]
            self._pass_on(chefs[parti.plateforme_id], parti.id, jour, jour + timedelta(days=_ABSENCE_JOURS), maintenant)

    # -- people who change their mind

    def withdraw(self, maintenant: datetime) -> None:
        for accord in self.list("annee.lister_accords"):
            if self.hasard.random() * 1000 < _RETRAITS_PAR_MILLE:
                csam = Auteur("agent", str(accord.csam_id), "csam", accord.plateforme_id)
                self.act(csam, "retrait", lambda c, a=accord.id, q=csam: withdraw_accord(c, q, a, "telephone", maintenant))

    # -- partners without an interface

    def answer(self, maintenant: datetime) -> None:
        """By what they are (the same hand-over always meets the same partner): silent, busy, prompt, or answering twice."""
        for boite in self.list("annee.lister_boites", maintenant=maintenant):
            sort = Random(boite.repere)
            muet, refuse, attente, duree = sort.random() < 0.1, sort.random() < 0.12, sort.randrange(1, 12), sort.randrange(10, 60)
            age = (maintenant - boite.envoyee_at).days
            if muet or age < (attente if boite.statut in ("envoyee", "recue") else attente + duree):
                continue
            if boite.statut in ("envoyee", "recue"):
                statut, motif, rendu = ("refusee", "capacite", None) if refuse else ("acceptee", None, None)
            else:
                statut, motif, rendu = "realisee", None, "Démarches faites avec la personne."
            for _ in range(1 + (sort.random() < 0.1)):  # a second click, or a second mail
                self._answer(boite, statut, motif, rendu, maintenant)

    def _answer(self, boite: Any, statut: str, motif: str | None, rendu: str | None, maintenant: datetime) -> None:
        auteur = Auteur("partenaire", str(boite.partenaire_id), "partenaire", boite.plateforme_id, str(boite.partenaire_id))

        def say(conn: Connection) -> None:
            cle: UUID = cle_saisie(boite.id, statut)
            record_reponse(conn, auteur, boite.id, statut=statut, motif=motif, compte_rendu=rendu, evenement_id=cle, maintenant=maintenant)

        self.act(auteur, f"partenaire_{statut}", say)


def _agent(ligne: Any, role: str) -> Auteur:
    return Auteur("agent", str(ligne.id), role, ligne.plateforme_id)
