"""The answer of the simulation in French, as a manager reads it first."""

from __future__ import annotations

from pdp.domain.capacite import Hypotheses
from pdp.domain.capacite_epreuve import Ajustement
from pdp.domain.capacite_reponse import AJOUT_MAX, PLAFOND, Projection, Reponse

GOULOTS = {
    PLAFOND: "Ce qui manque, c'est la place : les parcours ouverts atteignent le plafond, de nouvelles personnes attendent un conseiller.",
    "temps": "Ce qui manque, c'est le temps : le suivi et les télé-échanges prennent la place des premiers appels.",
}


def en_francais(valeur: float, decimales: int = 1) -> str:
    """« 10,5 », « 12 »: no useless decimal."""
    texte = f"{valeur:.{decimales}f}"
    return (texte.rstrip("0").rstrip(".") if decimales else texte).replace(".", ",")


def tell_delai(jours: int) -> str:
    """« 1 jour ouvré », « 5 jours ouvrés »."""
    return f"{jours} jour{'s' if jours > 1 else ''} ouvré{'s' if jours > 1 else ''}"


def tell_reponse(reponse: Reponse, h: Hypotheses) -> tuple[str, ...]:
    """What the team does as it is, what it takes, what limits."""
    actuelle, suffit = reponse.actuelle, reponse.suffit
    tete = (
        f"Avec l'équipe actuelle ({_etp(actuelle)}), {en_francais(actuelle.part)}\u00a0% des personnes seraient appelées"
        f" sous {tell_delai(h.delai)}. L'objectif est de {en_francais(h.objectif)}\u00a0%."
    )
    if suffit is None:
        return (tete, f"Même avec {AJOUT_MAX} conseillers de plus, l'objectif n'est pas tenu : revoyez les hypothèses.")
    phrases = [tete]
    if suffit.ajout > 0:
        plus = f"{suffit.ajout} conseiller{'s' if suffit.ajout > 1 else ''} à temps plein de plus"
        phrases.append(f"Il faut {_etp(suffit)}, soit {plus} : {en_francais(suffit.part)}\u00a0% seraient alors appelées à temps.")
    elif suffit.ajout == 0:
        phrases.append("L'équipe actuelle suffit de justesse : avec un temps plein de moins, l'objectif ne serait plus tenu.")
    else:
        phrases.append(f"L'équipe actuelle suffit. L'objectif resterait tenu, en moyenne, jusqu'à {_etp(suffit)}.")
    if actuelle.goulot:
        phrases.append(GOULOTS[actuelle.goulot])
    phrases.append(_prudence(suffit, reponse, h))
    return tuple(phrases)


def _etp(p: Projection) -> str:
    """Equivalent in full-time coordinators."""
    return f"{en_francais(p.etp)} équivalent{'s' if round(p.etp, 1) >= 2 else ''} temps plein"


def _prudence(suffit: Projection, reponse: Reponse, h: Hypotheses) -> str:
    surs = [p for p in reponse.essayes if p.prudente >= h.objectif]
    debut = f"C'est une moyenne de {reponse.tirages} tirages. Pour tenir l'objectif dans neuf tirages sur dix"
    if not surs:
        return f"{debut}, il faudrait plus que les effectifs montrés ici."
    sur = min(surs, key=lambda p: p.ajout)
    return f"{debut}, comptez {_etp(sur)}." if sur.ajout > suffit.ajout else f"{debut}, le même effectif suffit."


def tell_ajustement(a: Ajustement, h: Hypotheses) -> tuple[str, ...]:
    """How far the simulation was from what happened."""
    nombre = len(a.semaines)
    naive = "moins bien" if a.erreur_arrivees < a.erreur_naive else "aussi bien" if a.erreur_arrivees == a.erreur_naive else "mieux"
    phrases = [
        f"Arrivées : en moyenne {en_francais(a.erreur_arrivees)} d'écart par semaine ; répéter la semaine d'avant aurait fait {naive}"
        f" ({en_francais(a.erreur_naive)}). La fourchette contenait le vrai nombre {a.couvertes} fois sur {nombre}."
    ]
    if a.erreur_part is None or a.biais_part is None:
        return (*phrases, "Personne n'est arrivé ces semaines-là : la part d'appels à temps ne peut pas être comparée.")
    phrases.append(f"Part des personnes appelées sous {tell_delai(h.delai)} : en moyenne {_points(a.erreur_part)} d'écart.")
    if a.biais_part >= 5:
        phrases.append(
            f"La simulation est trop optimiste de {_points(a.biais_part)} : les appels prennent plus de temps, ou commencent plus tard,"
            " que les hypothèses ne le disent. Baissez la part de la journée donnée aux parcours, ou allongez les durées."
        )
    elif a.biais_part <= -5:
        phrases.append(
            f"La simulation est trop prudente de {_points(-a.biais_part)} : l'équipe fait mieux que les hypothèses ne le disent."
        )
    return tuple(phrases)


def _points(valeur: float) -> str:
    texte = en_francais(valeur)
    return f"{texte} point{'s' if round(valeur, 1) >= 2 else ''}"
