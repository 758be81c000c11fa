"""The rights of one person said in French: counts, dates, and the questions that the law leaves open. A projection, never a decision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pdp.domain.situation import Situation
from pdp.services.explain_signalement import Repere, find_repere
from pdp.services.publish_referentiel import referentiel

RESERVE = "Les jours liés à une affection de longue durée, s'il y en a, sont comptés à part ; leur détail est réservé au médecin-conseil."


@dataclass(frozen=True, slots=True)
class DroitsDits:
    """``phrases``: what is known; ``reperes``: the values used; ``questions``: what the law leaves open, hence not decided here."""

    phrases: tuple[str, ...]
    reperes: tuple[Repere, ...]
    questions: tuple[Repere, ...]


def tell_droits(situation: Situation, plateforme: str, *, medecin: bool) -> DroitsDits:
    """Sentences about IJ on the day of the situation; ``medecin``: with what concerns long-term affections."""
    jour = situation.jour
    phrases = [*_tell_compte(situation), *_tell_epuisement(situation), *_tell_atmp(situation)]
    questions: set[str] = set()
    if situation.atmp is not None and situation.atmp.question_ouverte:
        questions.add(situation.atmp.question_ouverte)
    if medecin:
        phrases += _tell_l324(situation)
        questions |= {cle for d in situation.l324 for cle in d.questions_ouvertes}
        if situation.compteur.question_ouverte:
            questions.add(situation.compteur.question_ouverte)
    else:
        phrases.append(RESERVE)
    cles = [
        "ij_plafond_trois_ans",
        "ij_fenetre_annees",
        "ij_carence_jours",
        *(["ij_max_l324_1_annees"] if medecin and situation.l324 else []),
    ]
    return DroitsDits(tuple(phrases), _reperes(cles, jour, plateforme), _reperes(sorted(questions), jour, plateforme))


def _reperes(cles: list[str], jour: date, plateforme: str) -> tuple[Repere, ...]:
    return tuple(r for cle in cles if (r := find_repere(cle, jour, plateforme)) is not None)


def _tell_compte(s: Situation) -> list[str]:
    annees = referentiel().entier("ij_fenetre_annees", s.jour)
    plafond = referentiel().entier("ij_plafond_trois_ans", s.jour)
    compte = (
        f"Au {fr(s.jour)} : {pluriel(s.compteur.ij_utilisees, 'indemnité journalière')} sur {annees} ans glissants,"
        f" il en reste {s.compteur.ij_restantes} avant la limite de {plafond}."
    )
    horizon = s.droits.verse_jusqu_au
    base = (
        "Aucun paiement connu : ce compte suit les avis d'arrêt, pas les paiements."
        if horizon is None
        else f"Compté sur les paiements jusqu'au {fr(horizon)}, puis sur les avis d'arrêt."
    )
    phrases = [compte, base]
    if carence := sum(j <= s.jour for j in s.droits.carence):
        phrases.append(f"Délai de carence : {pluriel(carence, 'jour prescrit')} sans indemnité depuis le premier avis connu.")
    if refuses := sum(j <= s.jour for j in s.droits.refusees):
        phrases.append(f"Au-delà de la limite : {pluriel(refuses, 'jour prescrit')} sans indemnité.")
    return phrases


def _tell_epuisement(s: Situation) -> list[str]:
    if s.projection.epuisement_le is not None:
        return [f"Avec ce qui est déjà prescrit, la limite est atteinte le {fr(s.projection.epuisement_le)}."]
    phrases = ["Avec ce qui est prescrit, la limite n'est pas atteinte."]
    if s.projection.epuisement_si_poursuite is not None:
        phrases.append(f"Si l'arrêt se poursuivait sans coupure, elle le serait le {fr(s.projection.epuisement_si_poursuite)}.")
    return phrases


def _tell_atmp(s: Situation) -> list[str]:
    jours = sum(j <= s.jour for j in s.droits.atmp)
    phrases = (
        [f"Accident du travail, trajet ou maladie professionnelle : {pluriel(jours, 'jour prescrit')}, hors de cette limite."]
        if jours
        else []
    )
    if s.atmp is None:
        return phrases
    if s.atmp.sans_plafond:
        phrases.append("La loi ne fixe pas de durée maximale à cet arrêt d'origine professionnelle.")
    elif s.atmp.dernier_jour is not None:
        phrases.append(f"Durée maximale de cet arrêt d'origine professionnelle : jusqu'au {fr(s.atmp.dernier_jour)}.")
    else:
        phrases.append("La durée maximale de cet arrêt d'origine professionnelle n'est pas encore connue : aucune date n'est donnée.")
    return phrases


def _tell_l324(s: Situation) -> list[str]:
    if not s.l324:
        return ["Aucun jour d'arrêt n'est lié à une affection de l'article L.324-1."]
    phrases = []
    for rang, d in enumerate(s.l324, 1):
        nom = f"Affection {rang}" if d.affection is not None else "Affection non précisée par les avis"
        fin = fr(d.dernier_jour) if d.dernier_jour == d.dernier_jour_max else f"{fr(d.dernier_jour)} ou {fr(d.dernier_jour_max)}"
        jours = pluriel(d.jours_utilises, "indemnité")
        phrases.append(f"{nom} (L.324-1) : période commencée le {fr(d.debut)}, dernier jour le {fin}, {jours} au {fr(s.jour)}.")
    ecart = s.compteur.ij_utilisees_max - s.compteur.ij_utilisees
    if ecart:
        phrases.append(f"Si ces jours comptaient dans la limite, il y aurait {pluriel(ecart, 'indemnité')} de plus dans le compte.")
    return phrases


def fr(jour: date) -> str:
    return f"{jour:%d/%m/%Y}"


def pluriel(nombre: int, mots: str) -> str:
    """« 1 jour prescrit », « 3 jours prescrits »."""
    return f"{nombre} {mots if nombre < 2 else ' '.join(m + 's' for m in mots.split())}"
