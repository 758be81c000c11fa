"""Attempts to reach a person: which ones count, what each result means, what to try now and what comes next.

Policy: attempts on distinct days and parts of the day; then another channel, then a letter, then, unanswered, the médecin-conseil.
Instants are given where the person lives.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

RESULTATS = {
    "joint": "Joint",
    "messagerie": "Répondeur",
    "non_reponse": "Pas de réponse",
    "joint_rappel_demande": "Joint, demande à être rappelé",
    "numero_faux": "Numéro faux",
    "refus_echange": "Refuse l'échange",
    "tiers": "Un tiers a répondu",
    "barriere_langue": "Barrière de langue",
    "hospitalise": "Hospitalisé",
    "decede": "Décédé",
}
SANS_REPONSE = frozenset({"messagerie", "non_reponse", "tiers"})
NUMERO_FAUX = "numero_faux"
MOMENTS = {"matin": "le matin", "midi": "en milieu de journée", "fin_apres_midi": "en fin d'après-midi"}
_CE_JOUR = {"matin": "ce matin", "midi": "aujourd'hui en milieu de journée", "fin_apres_midi": "aujourd'hui en fin d'après-midi"}
CANAUX_ECRITS = {"sms": "SMS", "courriel": "courriel"}
"""Channels tried before a letter."""


@dataclass(frozen=True)
class PolitiqueAppels:
    """Policy of a platform on a day: counted attempts, distinct days and parts of the day wanted, attempts a day before a warning.

    ``midi`` and ``fin_apres_midi``: hours at which these parts of the day begin.
    """

    essais: int
    jours: int
    moments: int
    par_jour: int
    midi: int
    fin_apres_midi: int

    def moment(self, instant: datetime) -> str:
        if instant.hour < self.midi:
            return "matin"
        return "midi" if instant.hour < self.fin_apres_midi else "fin_apres_midi"

    def heures(self, moment: str) -> str:
        """« avant 12 h », « de 12 h à 16 h », « après 16 h »."""
        return {
            "matin": f"avant {self.midi} h",
            "midi": f"de {self.midi} h à {self.fin_apres_midi} h",
            "fin_apres_midi": f"après {self.fin_apres_midi} h",
        }[moment]


@dataclass(frozen=True)
class Essai:
    """One attempt: when, where the person lives, and its result."""

    le: datetime
    resultat: str


@dataclass(frozen=True)
class Tentatives:
    """What was tried since the person was last reached, oldest first: ``tous``, and ``comptes``, the first of each day and part of the day.

    ``debut`` is the first attempt, wrong number included; None = nothing was tried.
    """

    politique: PolitiqueAppels
    tous: tuple[Essai, ...]
    comptes: tuple[Essai, ...]
    numero_faux: bool
    debut: datetime | None

    @property
    def nombre(self) -> int:
        return len(self.comptes)

    @property
    def jours(self) -> int:
        return len({e.le.date() for e in self.comptes})

    @property
    def moments(self) -> tuple[str, ...]:
        """Parts of the day tried, in the order of the day."""
        faits = {self.politique.moment(e.le) for e in self.comptes}
        return tuple(m for m in MOMENTS if m in faits)

    @property
    def suffisantes(self) -> bool:
        """Calling again is useless: enough was tried, or the number is wrong."""
        p = self.politique
        return self.numero_faux or (self.nombre >= p.essais and self.jours >= p.jours and len(self.moments) >= p.moments)

    def compterait(self, maintenant: datetime) -> bool:
        """Whether one more attempt at this instant would count."""
        cle = (maintenant.date(), self.politique.moment(maintenant))
        return cle not in {(e.le.date(), self.politique.moment(e.le)) for e in self.comptes}

    def de_ce_jour(self, maintenant: datetime) -> int:
        return sum(e.le.date() == maintenant.date() for e in self.tous)

    def par_moment(self) -> tuple[tuple[str, int], ...]:
        """Each part of the day with the attempts that count there, zero included."""
        return tuple((m, sum(self.politique.moment(e.le) == m for e in self.comptes)) for m in MOMENTS)


def weigh_essais(essais: Iterable[Essai], politique: PolitiqueAppels, depuis: datetime | None = None) -> Tentatives:
    """Attempts since the person was last reached, or since ``depuis`` (relaunched, number given); one a day and part of the day counts."""
    retenus: list[Essai] = []
    for essai in sorted(essais, key=lambda e: e.le):
        if depuis is not None and essai.le <= depuis:
            continue
        if essai.resultat in SANS_REPONSE or essai.resultat == NUMERO_FAUX:
            retenus.append(essai)
        else:
            retenus.clear()
    sans_reponse = [e for e in retenus if e.resultat in SANS_REPONSE]
    premiers = [next(groupe) for _, groupe in groupby(sans_reponse, key=lambda e: (e.le.date(), politique.moment(e.le)))]
    faux = any(e.resultat == NUMERO_FAUX for e in retenus)
    return Tentatives(politique, tuple(sans_reponse), tuple(premiers), faux, retenus[0].le if retenus else None)


@dataclass(frozen=True)
class Conseil:
    """What the sheet says before a call: ``bon_moment`` = a call now would count; ``avertissement`` None = no reason to hold back."""

    phrase: str
    bon_moment: bool
    avertissement: str | None = None


def advise_appel(tentatives: Tentatives, maintenant: datetime, preferes: Collection[str] = ()) -> Conseil:
    """Advice for a call at ``maintenant``; ``preferes``: parts of the day that the person asked for."""
    p = tentatives.politique
    ici = p.moment(maintenant)
    du_jour = tentatives.de_ce_jour(maintenant)
    trop = (
        f"Déjà {du_jour} appels aujourd'hui : insister peut gêner la personne. Reprenez un autre jour." if du_jour >= p.par_jour else None
    )
    if tentatives.numero_faux:
        return Conseil("Le numéro est faux : inutile de rappeler. Écrivez à la personne, ou cherchez un autre numéro.", False, trop)
    if tentatives.suffisantes:
        return Conseil("Assez d'appels ont été faits : écrivez maintenant à la personne.", False, trop)
    if not tentatives.compterait(maintenant):
        return Conseil(
            f"Déjà appelée {_CE_JOUR[ici]} : un autre appel sera noté, mais ne comptera pas. {_quand(tentatives, preferes)}",
            False,
            trop,
        )
    if preferes and ici not in preferes:
        return Conseil(f"La personne préfère être appelée {_liste(preferes)}.", False, trop)
    if tentatives.nombre and ici not in tentatives.moments:
        return Conseil(f"Bon moment : jamais essayé {MOMENTS[ici]}.", True, trop)
    if tentatives.nombre and len(tentatives.moments) < p.moments:
        return Conseil(f"Déjà essayé {_liste(tentatives.moments)}. {_quand(tentatives, preferes)}", True, trop)
    return Conseil("Vous pouvez appeler maintenant.", True, trop)


def _quand(tentatives: Tentatives, preferes: Collection[str]) -> str:
    """« Essayez plutôt le matin (avant 12 h) ou un autre jour. »"""
    reste = [m for m in (preferes or MOMENTS) if m not in tentatives.moments]
    ou = " ou ".join(f"{MOMENTS[m]} ({tentatives.politique.heures(m)})" for m in MOMENTS if m in reste)
    return f"Essayez plutôt {ou}, ou un autre jour." if ou else "Essayez plutôt un autre jour."


def _liste(moments: Collection[str]) -> str:
    return " ou ".join(MOMENTS[m] for m in MOMENTS if m in moments)


@dataclass(frozen=True)
class Etape:
    """Next step after a result: the open reason it creates (None = none) and the French sentence shown to the CSAM."""

    tache: str | None
    phrase: str


_ETAPES = {
    "joint": Etape("planifier_tele_echange", "La personne est jointe : proposez-lui un créneau de télé-échange."),
    "joint_rappel_demande": Etape("rappel_promis", "Rappel promis : il est dans votre liste à la date dite."),
    "refus_echange": Etape("faire_le_point", "Refus noté. Enregistrez le refus d'accompagnement, ou refaites le point plus tard."),
    "decede": Etape("cloture_a_confirmer", "Décès signalé : aucun appel ni message ne partira. Vérifiez, puis clôturez le parcours."),
    "hospitalise": Etape(
        "rappel_promis",
        "Hospitalisation : rappel à la date choisie. Pour que rien d'autre ne parte, mettez la personne en silence sur sa fiche.",
    ),
    "barriere_langue": Etape("faire_le_point", "Prévoyez un interprète, puis refaites le point."),
}


def next_etape(resultat: str, tentatives: Tentatives, canaux_ecrits: Collection[str] = (), compte: bool = True) -> Etape:
    """Next step after ``resultat``, already among ``tentatives``.

    ``canaux_ecrits``: short message and e-mail, when known and not refused. ``compte`` False: same day and part of the day as another.
    """
    if resultat in _ETAPES:
        return _ETAPES[resultat]
    if tentatives.suffisantes:
        return _ecrire(tentatives, canaux_ecrits)
    p, n = tentatives.politique, tentatives.nombre
    if not compte:
        return Etape("nouvel_appel", f"Appel noté ; il ne compte pas, même jour et même moment qu'un autre. {_quand(tentatives, ())}")
    if n < p.essais:
        return Etape("nouvel_appel", f"Essai {n} sur {p.essais} : rappelez un autre jour, à un autre moment.")
    return Etape("nouvel_appel", f"{n} essais, mais trop groupés pour s'arrêter là. {_quand(tentatives, ())}")


def _ecrire(tentatives: Tentatives, canaux_ecrits: Collection[str]) -> Etape:
    debut = "Numéro faux" if tentatives.numero_faux else f"{tentatives.nombre} essais sans réponse"
    if canaux_ecrits:
        ou = " ou ".join(CANAUX_ECRITS[c] for c in CANAUX_ECRITS if c in canaux_ecrits)
        return Etape("autre_canal", f"{debut} : proposez-lui de vous rappeler, par {ou}. Un courrier suivra s'il le faut.")
    suite = "envoyez un courrier et demandez un numéro à jour." if tentatives.numero_faux else "un courrier prend le relais."
    return Etape("courrier_injoignable", f"{debut} : {suite}")


@dataclass(frozen=True)
class Marche:
    """One rung of the ladder, as shown: ``etat`` fait, en_cours, a_venir or sans_objet."""

    cle: str
    libelle: str
    etat: str


def list_marches(
    tentatives: Tentatives, canaux_ecrits: Collection[str], message_at: datetime | None, courrier_at: datetime | None
) -> tuple[Marche, ...]:
    """Calls, other channel, letter, médecin-conseil: where the search for the person stands."""
    courrier = courrier_at is not None
    message = message_at is not None or courrier or (tentatives.suffisantes and not canaux_ecrits)
    appels = tentatives.suffisantes or message
    libelles = (
        ("appels", f"Appels : {tentatives.nombre} sur {tentatives.politique.essais}", appels),
        ("message", "SMS ou courriel « rappelez-nous »", message),
        ("courrier", "Courrier", courrier),
        ("medecin", "Sans réponse : le médecin-conseil décide", False),
    )
    courante = next(cle for cle, _, fait in libelles if not fait)
    etats = {cle: "en_cours" if cle == courante else "fait" if fait else "a_venir" for cle, _, fait in libelles}
    if message and message_at is None:
        etats["message"] = "sans_objet"
    return tuple(Marche(cle, libelle, etats[cle]) for cle, libelle, _ in libelles)
