"""Ten thousand parcours and five hundred colleagues, as a large platform might have them on a bad morning. Seeded, no real person."""

from __future__ import annotations

from random import Random
from uuid import UUID

from pdp.domain.affectation import Candidat, count_places, covers, speaks
from pdp.domain.effort import Bareme
from pdp.domain.parcours import Statut
from pdp.domain.repartition import Cas

SECTEURS_MAX = 60
PLAFOND = 80
_QUOTITES = (1.0, 1.0, 1.0, 1.0, 0.9, 0.8, 0.8, 0.6, 0.5)
_LANGUES = ("en", "ar", "pt", "tr")
_NOMS = {"en": "anglais", "ar": "arabe", "pt": "portugais", "tr": "turc"}
# Share of each phase in an ordinary stock: a redistribution moves all of them, a morning's assignment only the first.
_PHASES = (
    (Statut.AFFECTE, 34),
    (Statut.CONTACT_EN_COURS, 16),
    (Statut.ENTRETIEN_PLANIFIE, 10),
    (Statut.ENTRETIEN_REALISE, 8),
    (Statut.ACCORD_DEMANDE, 6),
    (Statut.ORIENTE, 10),
    (Statut.EN_ACCOMPAGNEMENT, 14),
    (Statut.INTERROMPU, 2),
)


def secteur(rang: int) -> str:
    """Prefix of the communes of one sector."""
    return f"35{rang:02d}"


def count_secteurs(agents: int) -> int:
    """At least eight colleagues a sector, so that a small run looks like a large one."""
    return max(1, min(SECTEURS_MAX, agents // 8))


def generate_candidats(nombre: int, graine: int) -> list[Candidat]:
    """Sectors next to each other, a tenth of the staff on the whole platform, a fifth who speak another language, unequal loads already."""
    hasard = Random(graine)  # noqa: S311 - a synthetic population, seeded on purpose
    candidats, secteurs = [], count_secteurs(nombre)
    for rang in range(nombre):
        premier = rang % secteurs
        largeur = hasard.choice((1, 1, 2, 3))
        territoire = ("tous",) if rang % 10 == 9 else tuple(secteur((premier + d) % secteurs) for d in range(largeur))
        langues = [_NOMS[x] for x in _LANGUES if hasard.random() < 0.06]
        quotite = hasard.choice(_QUOTITES)
        dossiers = round(hasard.randint(4, 24) * quotite)
        places = count_places(PLAFOND, quotite, dossiers)
        charge = dossiers * 3 + hasard.randint(0, 6)
        candidats.append(Candidat(UUID(int=rang + 1), rang + 1, charge, quotite, territoire, tuple(langues), dossiers, places))
    return candidats


def generate_cas(nombre: int, candidats: list[Candidat], bareme: Bareme, graine: int) -> list[Cas]:
    """Crowded and empty sectors, 4 % of people who need another language, 5 % who come back to a colleague they know."""
    hasard = Random(graine + 1)  # noqa: S311 - a synthetic population, seeded on purpose
    secteurs = range(count_secteurs(len(candidats)))
    poids = [1 + (rang % 7) / 3 for rang in secteurs]
    phases, parts = zip(*_PHASES, strict=True)
    cas = []
    for rang in range(nombre):
        commune = secteur(hasard.choices(secteurs, poids)[0]) + str(hasard.randint(0, 9))
        phase = hasard.choices(phases, parts)[0]
        recent = phase in (Statut.AFFECTE, Statut.CONTACT_EN_COURS) or hasard.random() < 0.2
        partenaires = hasard.choice((0, 1, 1, 2)) if phase in (Statut.ORIENTE, Statut.EN_ACCOMPAGNEMENT) else 0
        cas.append(
            Cas(
                UUID(int=10**9 + rang),
                commune,
                bareme.points(phase, partenaires, recent),
                _draw_langue(hasard, candidats, commune),
                hasard.choice(candidats).id if hasard.random() < 0.05 else None,
            )
        )
    return cas


def _draw_langue(hasard: Random, candidats: list[Candidat], commune: str) -> str:
    """Another language now and then, among those several colleagues of the sector speak: every case has somebody who may take it."""
    langue = hasard.choice(_LANGUES) if hasard.random() < 0.04 else "fr"
    return langue if langue == "fr" or sum(covers(c, commune) and speaks(c, langue) for c in candidats) >= 3 else "fr"
