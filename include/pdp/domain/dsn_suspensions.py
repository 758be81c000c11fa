"""Suspensions of the contract in the DSN (S21.G00.65): what each code says, and whether such a day is a return to work.

``neutre``: the person is away from the post that day without being off sick (leave, unpaid leave, training, lay-off…). Between two
arrêts such days are no return to work: the risk clock goes on. Not neutral: invalidity, which is a right and not an absence; work done
elsewhere or part-time (secondment, mandate, own business); ways out of work (early retirement); reserved codes, whose sense is unknown.
"""

from __future__ import annotations

from typing import NamedTuple


class Suspension(NamedTuple):
    """One code of the list."""

    libelle: str
    neutre: bool


SUSPENSION_ANNULATION = "998"
INVALIDITES = frozenset({"112", "114", "116"})

_NEUTRES: dict[str, str] = {
    "200": "congés payés",
    "301": "congé de formation professionnelle",
    "501": "congé divers non rémunéré",
    "507": "chômage intempéries",
    "602": "chômage sans rupture de contrat",
    "603": "détention provisoire",
    "605": "congé statutaire",
    "607": "congé de présence parentale",
    "609": "congé individuel de formation",
    "610": "projet de transition ou congé de reconversion professionnelle",
    "611": "congé de bilan de compétences",
    "612": "congé de candidat ou d'élu local",
    "615": "congé de formation de cadres et d'animateurs pour la jeunesse",
    "617": "congé de formation des moins de 25 ans",
    "618": "congé de formation économique, sociale et syndicale",
    "621": "congé de participation aux instances d'emploi ou de formation",
    "626": "congé de représentation",
    "627": "congé de solidarité familiale",
    "628": "congé de solidarité internationale",
    "631": "congé mutualiste de formation",
    "632": "congé parental d'éducation",
    "633": "congé pour acquisition de la nationalité",
    "634": "congé pour catastrophe naturelle",
    "636": "congé pour enfant malade",
    "637": "congé pour événement familial",
    "638": "congé pour validation des acquis de l'expérience",
    "639": "congé sabbatique",
    "650": "congé de proche aidant",
    "652": "inaptitude temporaire liée à la grossesse",
    "653": "maintien de salaire du personnel navigant",
    "654": "inactivité en temps alterné du personnel navigant",
    "657": "absence concertée (fonction publique)",
    "658": "congé spécial (fonction publique)",
    "661": "congé organisations de jeunesse (fonction publique)",
    "663": "congé non rémunéré de 18 jours pour mandats locaux (fonction publique)",
    "671": "exclusion temporaire (fonction publique)",
    "672": "suspension (fonction publique)",
    "673": "absence irrégulière (fonction publique)",
    "675": "disponibilité (fonction publique)",
    "676": "disponibilité pour maladie (fonction publique)",
    "677": "disponibilité pour élever un enfant",
    "680": "congé sans solde cotisé",
}
_AUTRES: dict[str, str] = {
    "112": "invalidité de catégorie 1",
    "114": "invalidité de catégorie 2",
    "116": "invalidité de catégorie 3",
    "601": "mobilité volontaire sécurisée ou internationale",
    "606": "détachement en France (IEG)",
    "608": "cessation d'activité CASA ou CATS",
    "620": "congé de mobilité",
    "625": "congé de reclassement",
    "630": "congé d'enseignement ou de recherche",
    "635": "congé pour création ou reprise d'entreprise",
    "642": "passage à temps partiel aidé (FNE)",
    "643": "congé de conversion avec prise en charge de l'État",
    "644": "congé de conversion sans prise en charge de l'État",
    "645": "préretraite progressive",
    "646": "préretraite d'entreprise sans rupture",
    "647": "réduction du temps d'emploi",
    "648": "allocation spéciale du FNE",
    "651": "mandat parlementaire",
    "655": "détachement conduisant à pension (fonction publique)",
    "656": "cessation anticipée amiante (fonction publique)",
    "659": "instruction militaire ou réserve opérationnelle (fonction publique)",
    "660": "instruction militaire obligatoire (fonction publique)",
    "662": "congé pour siéger auprès d'un organisme (fonction publique)",
    "664": "réserve de sécurité civile (fonction publique)",
    "665": "réserve sanitaire (fonction publique)",
    "666": "recherches ou conversions thématiques (fonction publique)",
    "667": "sapeur-pompier : raisons opérationnelles et activités privées",
    "668": "sapeur-pompier : raisons opérationnelles, cotisé",
    "669": "sapeur-pompier : difficultés opérationnelles",
    "670": "réserve civile de la police (fonction publique)",
    "674": "détachement ne conduisant pas à pension (fonction publique)",
    "678": "position hors cadres (fonction publique)",
    "681": "détachement hors IEG",
    "683": "motif réservé A",
    "684": "motif réservé B",
    "685": "motif réservé C",
    "686": "contrat suspendu pour expatriation",
    "687": "motif réservé D",
    "688": "motif réservé E",
    SUSPENSION_ANNULATION: "annulation",
}
SUSPENSIONS: dict[str, Suspension] = {
    **{code: Suspension(libelle, True) for code, libelle in _NEUTRES.items()},
    **{code: Suspension(libelle, False) for code, libelle in _AUTRES.items()},
}
