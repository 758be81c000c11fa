"""Synthetic insured people: nobody here exists, and nothing here can reach anybody.

- Surnames are built from invented syllables; given names are common ones.
- Telephone numbers come from the ranges that Arcep reserves for fiction; addresses end in ``.invalid`` (RFC 2606).
- The NIR has a right key, but a commune of birth numbered so high that no commune of the département has ever carried it
  (:func:`pdp.domain.nir.build_nir_synthetique`): no real person can hold it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from random import Random

from pdp.domain.nir import build_nir_synthetique

# SYNTHETIC: invented beginnings and endings, combined at random.
_DEBUTS = (
    "Bel",
    "Cor",
    "Dal",
    "Fer",
    "Gal",
    "Hau",
    "Jol",
    "Kér",
    "Lan",
    "Mar",
    "Nev",
    "Or",
    "Pel",
    "Quil",
    "Ros",
    "Sal",
    "Tal",
    "Val",
    "Yv",
    "Bré",
    "Cal",
    "Dur",
    "Es",
    "Fau",
    "Gri",
    "Hel",
    "Lou",
    "Mon",
    "Pri",
    "Ver",
)
_FINS = (
    "vannec",
    "tibert",
    "molin",
    "drigny",
    "bouzec",
    "quenaud",
    "sivert",
    "lambray",
    "trozec",
    "véroux",
    "champot",
    "guérac",
    "mondel",
    "noisier",
    "plessoux",
    "rivenel",
    "sandier",
    "touzard",
    "vilmeau",
    "zellec",
    "barnoux",
    "cassagnol",
    "fontel",
    "grivault",
    "jumelac",
)
_PRENOMS_F = (
    "Anne",
    "Aïcha",
    "Béatrice",
    "Camille",
    "Chloé",
    "Corinne",
    "Élise",
    "Émilie",
    "Fatima",
    "Florence",
    "Inès",
    "Isabelle",
    "Julie",
    "Karine",
    "Laure",
    "Léa",
    "Louise",
    "Manon",
    "Nadia",
    "Nathalie",
    "Océane",
    "Patricia",
    "Sandrine",
    "Sophie",
    "Valérie",
    "Zoé",
)
_PRENOMS_M = (
    "Alain",
    "Antoine",
    "Bruno",
    "Cédric",
    "Christophe",
    "Damien",
    "Éric",
    "Fabien",
    "François",
    "Gaël",
    "Hugo",
    "Ibrahim",
    "Jérôme",
    "Julien",
    "Karim",
    "Loïc",
    "Lucas",
    "Marc",
    "Mehdi",
    "Nicolas",
    "Olivier",
    "Paul",
    "Quentin",
    "Rémi",
    "Thierry",
    "Yann",
)
_SANS_ACCENT = str.maketrans("àâäçéèêëîïôöùûüÀÂÉÈÊËÎÏÔ", "aaaceeeeiioouuuAAEEEEIIO")
_LANGUES = ("fr",) * 194 + ("en", "ar", "pt", "tr", "ro", "es")
_CONTRATS = ("salarie",) * 88 + ("sans_emploi",) * 8 + ("independant",) * 4
_PREFERES = ("telephone",) * 55 + ("sms",) * 20 + ("courriel",) * 18 + ("courrier",) * 3 + ("",) * 4

# INSEE commune code and relative weight; a département is enough for the demonstration with its main towns.
COMMUNES: dict[str, tuple[tuple[str, int], ...]] = {
    "35": (
        ("35238", 220),
        ("35288", 47),
        ("35115", 21),
        ("35047", 19),
        ("35360", 19),
        ("35051", 18),
        ("35281", 15),
        ("35024", 13),
        ("35210", 12),
        ("35055", 11),
        ("35093", 10),
        ("35236", 10),
        ("35278", 10),
        ("35069", 10),
        ("35240", 9),
        ("35353", 8),
        ("35136", 8),
        ("35066", 8),
        ("35334", 8),
        ("35152", 8),
        ("35196", 7),
        ("35012", 7),
        ("35188", 7),
        ("35095", 6),
        ("35085", 6),
        ("35049", 5),
        ("35297", 5),
        ("35223", 4),
    ),
    "57": (
        ("57463", 118),
        ("57672", 41),
        ("57480", 22),
        ("57227", 22),
        ("57631", 21),
        ("57757", 17),
        ("57306", 16),
        ("57606", 15),
        ("57751", 14),
        ("57630", 12),
    ),
}
_NIR_PAR_LIEU = 39_960
_LIEUX = {"35": ("35", "22"), "57": ("57", "54")}
_FIXES = {"35": "026191", "57": "035301"}


@dataclass(slots=True)
class Personne:
    """A synthetic insured person while it is being generated; ``libre_le`` is the ordinal day after the last arrêt given to it."""

    numero: int
    departement: str
    feminin: bool
    libre_le: int
    premiere_reception: str = ""


def id_source(personne: Personne) -> str:
    """Pivot id in the synthetic caisse system."""
    return f"{personne.departement}1-{personne.numero:06d}"


def build_nir(personne: Personne, naissance: date) -> str:
    """NIR that nobody real can hold; unique for up to 79,920 people per département."""
    bloc, rang = divmod(personne.numero, _NIR_PAR_LIEU)
    return build_nir_synthetique(
        sexe="F" if personne.feminin else "M",
        annee=naissance.year,
        mois=naissance.month,
        departement=_LIEUX[personne.departement][bloc],
        rang=rang,
    )


def draw_nom(hasard: Random, *, feminin: bool) -> tuple[str, str]:
    """Surname in capitals and given name."""
    nom = hasard.choice(_DEBUTS) + hasard.choice(_FINS)
    return nom.upper(), hasard.choice(_PRENOMS_F if feminin else _PRENOMS_M)


def draw_telephone(hasard: Random, departement: str, *, mobile: bool) -> str:
    """Number of a range reserved for fiction: 06 39 98, 02 61 91 or 03 53 01, then four free digits."""
    suffixe = f"{hasard.randrange(10_000):04d}"
    return f"063998{suffixe}" if mobile else _FIXES[departement] + suffixe


def ascii_name(texte: str) -> str:
    """Part of an e-mail address."""
    return texte.translate(_SANS_ACCENT).lower()


class Annuaire:
    """Writes the line of a person in the ``assures`` feed; drawn once per person, in a fixed order, so that a seed fixes everything."""

    def __init__(self, hasard: Random, ancrage: date) -> None:
        self._hasard = hasard
        self._annee = ancrage.year
        self._communes = {
            departement: tuple(code for code, poids in communes for _ in range(poids)) for departement, communes in COMMUNES.items()
        }

    def line(self, personne: Personne, mise_a_jour: str) -> list[str]:
        """Cells in the order of the schema."""
        hasard = self._hasard
        nom, prenom = draw_nom(hasard, feminin=personne.feminin)
        age = 18 + int(48 * hasard.betavariate(1.6, 1.35))
        naissance = date(self._annee - age - 1, hasard.randrange(1, 13), hasard.randrange(1, 29))
        tirage = hasard.random()
        telephone = "" if tirage < 0.05 else draw_telephone(hasard, personne.departement, mobile=tirage < 0.82)
        courriel = f"{ascii_name(prenom)}.{ascii_name(nom)}.{personne.numero}@exemple.invalid" if hasard.random() < 0.72 else ""
        refus = "telephone" if hasard.random() < 0.015 else "sms|courriel" if hasard.random() < 0.02 else ""
        prefere = hasard.choice(_PREFERES)
        if (prefere in ("telephone", "sms") and (not telephone or prefere in refus)) or (prefere == "courriel" and (not courriel or refus)):
            prefere = ""
        return [
            id_source(personne),
            build_nir(personne, naissance),
            nom,
            prenom,
            naissance.isoformat(),
            "F" if personne.feminin else "M",
            hasard.choice(self._communes[personne.departement]),
            personne.departement,
            telephone,
            courriel,
            prefere,
            refus,
            hasard.choice(_LANGUES),
            hasard.choice(_CONTRATS),
            mise_a_jour,
        ]

    def renew_telephone(self, cellules: list[str], mise_a_jour: str) -> list[str]:
        """Next version of a line: the same person with another number."""
        suite = list(cellules)
        suite[8] = draw_telephone(self._hasard, cellules[7], mobile=True)
        suite[14] = mise_a_jour
        return suite
