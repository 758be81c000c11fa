"""What simulated coordinators do with what is due that day: one gesture per open reason, through the services of the portal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Connection

from pdp.clock import jour_local
from pdp.domain.auteur import Auteur
from pdp.services.answer_question import answer_question
from pdp.services.decide_reouverture import accept_reouverture, decline_reouverture, open_autre
from pdp.services.finish_tache import finish_tache
from pdp.services.invite_assure import invite_assure
from pdp.services.orient_parcours import cancel_orientation, orient_parcours
from pdp.services.plan_tele_echange import plan_tele_echange
from pdp.services.record_accord import record_accord
from pdp.services.record_contact import record_contact
from pdp.services.record_issue import record_issue
from pdp.services.record_tele_echange import record_tele_echange
from pdp.services.write_message import write_message
from pdp.simulation.annee_acteurs import Acteurs
from pdp.simulation.profils import EMPLOI, SOCIAL, Dossier, cle_saisie, close, find_creneau

PAR_JOUR = 14
"""Reasons one coordinator takes in a day: below what arrives on a bad week, so that lateness is played too."""
_RESULTATS = {
    "joint": 46, "non_reponse": 24, "messagerie": 14, "joint_rappel_demande": 5, "tiers": 3, "numero_faux": 2, "refus_echange": 3,
    "hospitalise": 2, "barriere_langue": 1, "decede": 0.3,
}  # fmt: skip
_CLOTURES = (
    ("reprise_meme_poste", "meme_poste"), ("reprise_amenagee", "poste_amenage"), ("reprise_tpt", "tpt"), ("injoignable", "inconnu"),
    ("fin_droits_ij", "inconnu"), ("retraite", "retraite"),
)  # fmt: skip
_ORIENTE, _INVITE = 0.72, 0.4

Geste = Callable[[Any, Auteur, datetime], None]


class Conseillers:
    """Coordinators at work; ``acteurs`` counts what they did and what was refused."""

    def __init__(self, acteurs: Acteurs) -> None:
        self._a = acteurs
        self._hasard = acteurs.hasard

    def work(self, maintenant: datetime) -> None:
        """Télé-échanges held and not recorded, then what is due, up to what a day holds. One in twelve is forgotten until reminded."""
        for entretien in self._a.list("annee.lister_entretiens_tenus", maintenant=maintenant):
            if self._hasard.random() > 0.08:
                self._record(entretien, maintenant)
        jusqu_a = maintenant + timedelta(hours=12)
        travail = self._a.list("annee.lister_travail", jusqu_a=jusqu_a, jour=jour_local(maintenant), par_personne=PAR_JOUR)
        for rang, t in enumerate(travail):
            csam = Auteur("agent", str(t.csam_id), "csam", t.plateforme_id)
            geste = self._clos if t.clos else self._GESTES.get(t.motif, Conseillers._finish).__get__(self)
            geste(t, csam, maintenant + timedelta(seconds=rang))

    def _act(self, csam: Auteur, quoi: str, acte: Callable[[Connection], Any]) -> bool:
        return self._a.act(csam, quoi, acte)

    # -- calls

    def _call(self, t: Any, csam: Auteur, maintenant: datetime) -> None:
        resultat = self._hasard.choices(list(_RESULTATS), list(_RESULTATS.values()))[0]
        promis = maintenant + timedelta(days=self._hasard.randrange(2, 20)) if resultat in ("joint_rappel_demande", "hospitalise") else None
        cle = cle_saisie(t.id, f"{maintenant:%Y%m%d}")

        def call(conn: Connection) -> None:
            dit: dict[str, Any] = {"resultat": resultat, "canal": "telephone", "note": "", "rappel_at": promis}
            record_contact(conn, csam, t.parcours_id, cle_saisie=cle, maintenant=maintenant, **dit)

        self._act(csam, f"appel_{resultat}", call)

    def _write(self, t: Any, csam: Auteur, maintenant: datetime) -> None:
        """A word to somebody who does not answer."""

        def write(conn: Connection) -> None:
            write_message(conn, csam, t.parcours_id, modele="injoignable", cause=t.cause, maintenant=maintenant)
            finish_tache(conn, csam, t.id, maintenant)

        self._act(csam, "ecrire", write)

    def _plan(self, t: Any, csam: Auteur, maintenant: datetime) -> None:
        """Two in five are sent a link to choose by themselves."""
        if self._hasard.random() < _INVITE and self._act(csam, "inviter", lambda c: invite_assure(c, csam, t.parcours_id, maintenant)):
            return

        def plan(conn: Connection) -> None:
            creneau = find_creneau(conn, _dossier(t), maintenant, self._hasard.randrange(6))
            if creneau is not None:
                plan_tele_echange(conn, csam, t.parcours_id, creneau.debut, "telephone", maintenant)

        self._act(csam, "planifier", plan)

    def _record(self, entretien: Any, maintenant: datetime) -> None:
        csam = Auteur("agent", str(entretien.csam_id), "csam", entretien.plateforme_id)
        venue = self._hasard.random() > 0.14
        reponses: dict[str, Any] = (
            {"statut": "realise", "emploi": EMPLOI, "social": SOCIAL, "sante": {"ressenti": "mieux"}, "synthese": "Souhaite reprendre."}
            if venue
            else {"statut": "absent", "emploi": {}, "social": {}, "sante": {}, "synthese": ""}
        )
        quoi = "entretien_tenu" if venue else "entretien_manque"
        self._act(csam, quoi, lambda c: record_tele_echange(c, csam, entretien.id, maintenant=maintenant, **reponses))

    # -- hand-overs

    def _ask(self, t: Any, csam: Auteur, maintenant: datetime) -> None:
        """Agreement to be followed, then to a partner and the hand-over; or nothing more is needed and the parcours ends."""
        if self._hasard.random() < 0.08:
            dit = {"destinataire": "accompagnement", "decision": "refuse", "modalite": "oral", "maintenant": maintenant}
            self._act(csam, "accord_refuse", lambda c: record_accord(c, csam, t.parcours_id, **dit))
        elif self._hasard.random() < _ORIENTE:
            self._orient(t, csam, maintenant)
        else:
            self._close(t, csam, maintenant)

    def _orient(self, t: Any, csam: Auteur, maintenant: datetime) -> None:
        partenaires = self._a.list("annee.lister_partenaires", plateforme=t.plateforme_id, jour=jour_local(maintenant))
        if not partenaires:
            self._close(t, csam, maintenant)
            return
        vers = partenaires[self._hasard.randrange(len(partenaires))]

        def orient(conn: Connection) -> None:
            for destinataire in ("accompagnement", vers.type):
                record_accord(
                    conn, csam, t.parcours_id, destinataire=destinataire, decision="accorde", modalite="oral", maintenant=maintenant
                )
            orient_parcours(conn, csam, t.parcours_id, vers.id, "Démarches à accompagner.", maintenant)

        if not self._act(csam, "orienter", orient):
            self._finish(t, csam, maintenant)

    def _read(self, t: Any, csam: Auteur, maintenant: datetime) -> None:
        """A report ends most parcours; a refusal leads to another partner, or to the end."""
        if t.orientation_statut == "realisee" and self._hasard.random() < 0.8:
            self._close(t, csam, maintenant)
        elif t.orientation_statut in ("refusee", "sans_suite", "expiree") and self._hasard.random() < 0.6:
            self._orient(t, csam, maintenant)
        else:
            self._finish(t, csam, maintenant)

    def _other(self, t: Any, csam: Auteur, maintenant: datetime) -> None:
        geste = self._orient if self._hasard.random() < 0.6 else self._close
        geste(t, csam, maintenant)

    def _remind(self, t: Any, csam: Auteur, maintenant: datetime) -> None:
        """A silent partner: called, or the request is taken back."""
        if t.orientation_active is not None and self._hasard.random() < 0.4:
            self._act(csam, "retirer", lambda c: cancel_orientation(c, csam, t.orientation_active, "sans_reponse", maintenant))
        else:
            self._finish(t, csam, maintenant)

    def _reply(self, t: Any, csam: Auteur, maintenant: datetime) -> None:
        orientation = t.orientation_active or t.orientation_id
        self._act(
            csam, "repondre", lambda c: answer_question(c, csam, orientation, "Oui, en fin de journée.", cle_saisie(t.id, "r"), maintenant)
        )

    # -- ends

    def _close(self, t: Any, csam: Auteur, maintenant: datetime) -> None:
        motif, situation = self._hasard.choices(_CLOTURES, (6, 4, 3, 1, 1, 1))[0]
        self._act(csam, "clore", lambda c: close(c, csam, t.parcours_id, motif, situation, maintenant))

    def _end(self, t: Any, csam: Auteur, maintenant: datetime) -> None:
        """The absence is over: the return is confirmed, or the person could not be asked yet."""
        if self._hasard.random() < 0.75:
            self._close(t, csam, maintenant)
        else:
            self._call(t, csam, maintenant)

    def _clos(self, t: Any, csam: Auteur, maintenant: datetime) -> None:
        """What remains due after the end: the situation months later, or a proposal to reopen."""
        if t.motif in ("suivi_m6", "suivi_m12"):
            self._follow(t, csam, maintenant)
        elif t.motif == "rechute":
            self._relapse(t, csam, maintenant)
        else:
            self._finish(t, csam, maintenant)

    def _follow(self, t: Any, csam: Auteur, maintenant: datetime) -> None:
        situation = self._hasard.choice(("meme_poste", "poste_amenage", "inconnu", "chomage"))
        le: date | None = None if situation == "inconnu" else jour_local(maintenant)
        jalon = t.motif.removeprefix("suivi_")
        self._act(
            csam, f"suivi_{jalon}",
            lambda c: record_issue(
                c, csam, t.parcours_id, jalon=jalon, situation=situation, survenu_le=le, provenance="declare_assure", maintenant=maintenant
            ),
        )  # fmt: skip

    def _relapse(self, t: Any, csam: Auteur, maintenant: datetime) -> None:
        tirage = self._hasard.random()
        if "signalement" in t.cause and tirage < 0.3:
            self._act(csam, "nouveau_parcours", lambda c: open_autre(c, csam, t.parcours_id, maintenant))
        elif tirage < 0.7 or "signalement" in t.cause:
            self._act(csam, "rouvrir", lambda c: accept_reouverture(c, csam, t.parcours_id, maintenant))
        else:
            self._act(csam, "laisser", lambda c: decline_reouverture(c, csam, t.parcours_id, "sans_lien", maintenant))

    def _finish(self, t: Any, csam: Auteur, maintenant: datetime) -> None:
        self._act(csam, f"fait_{t.motif}", lambda c: finish_tache(c, csam, t.id, maintenant))

    _GESTES: ClassVar[dict[str, Any]] = {
        **dict.fromkeys(("premier_appel", "nouvel_appel", "rappel_promis", "faire_le_point", "message_en_echec"), _call),
        **dict.fromkeys(("autre_canal", "courrier_injoignable"), _write),
        "planifier_tele_echange": _plan,
        "demander_accord": _ask,
        "lire_reponse": _read,
        "repondre_question": _reply,
        "relancer_partenaire": _remind,
        "autre_relais": _other,
        "confirmer_issue": _end,
        "cloture_a_confirmer": _end,
    }


def _dossier(t: Any) -> Dossier:
    return Dossier(UUID(str(t.parcours_id)), t.plateforme_id, UUID(str(t.csam_id)), False, 0, True)
