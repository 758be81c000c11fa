"""DSN files for tests: whole envois with a right count, people with a right NIR, blocks one by one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pdp.domain.dsn import FichierDsn
from pdp.domain.dsn_lecture import read_dsn
from pdp.domain.dsn_lignes import split_lignes
from pdp.domain.nir import build_nir_synthetique

SIREN, NIC = "732829320", "00074"
SIRET = SIREN + NIC
IBAN, BIC = "FR7630006000011234567890189", "AGRIFRPPXXX"

Rubrique = tuple[str, str]


def nir13(rang: int = 1, departement: str = "35") -> str:
    return build_nir_synthetique(sexe="F", annee=1980, mois=4, departement=departement, rang=rang)[:13]


def personne(
    rang: int = 1, *blocs: Iterable[Rubrique], nir: str | None = None, nom: str | None = None, naissance: str = "12041980"
) -> list[Rubrique]:
    """Block 30, one contract, then the blocks given; ``nir`` "" leaves it out."""
    ecrit = nir13(rang) if nir is None else nir
    lignes = [("S21.G00.30.001", ecrit)] if ecrit else []
    lignes += [("S21.G00.30.002", nom or f"NOM{rang}"), ("S21.G00.30.004", "ZOE"), ("S21.G00.30.006", naissance)]
    lignes += [("S21.G00.40.001", "01062020"), ("S21.G00.40.007", "01"), ("S21.G00.40.009", "00001")]
    return lignes + [rubrique for bloc in blocs for rubrique in bloc]


def arret(
    motif: str = "01", dernier: str = "31082026", fin: str = "15092026", reprise: str = "", reprise_motif: str = "", accident: str = ""
) -> list[Rubrique]:
    """Block 60 with bank data, always; an empty value leaves its rubric out."""
    valeurs = {"001": motif, "002": dernier, "003": fin, "004": "01", "007": IBAN, "008": BIC}
    valeurs |= {"010": reprise, "011": reprise_motif, "012": accident}
    return [(f"S21.G00.60.{numero}", valeur) for numero, valeur in valeurs.items() if valeur]


def suspension(code: str = "501", debut: str = "16092026", fin: str = "16092026") -> list[Rubrique]:
    return [(f"S21.G00.65.{n}", v) for n, v in (("001", code), ("002", debut), ("003", fin)) if v]


def fin_contrat(code: str = "091", le: str = "30092026") -> list[Rubrique]:
    return [(f"S21.G00.62.{n}", v) for n, v in (("001", le), ("002", code)) if v]


def temps_partiel(debut: str = "16092026", fin: str = "30092026") -> list[Rubrique]:
    return [(f"S21.G00.66.{n}", v) for n, v in (("001", debut), ("002", fin), ("003", "800.00")) if v]


def declaration(
    *personnes: Iterable[Rubrique],
    nature: str = "01",
    type_: str = "01",
    ordre: str = "1",
    mois: str = "01092026",
    emise: str = "05102026",
    spst: str = "",
    nic: str = NIC,
) -> list[Rubrique]:
    """S20 and S21 of one declaration."""
    entete = {"001": nature, "002": type_, "003": "11", "004": ordre, "005": mois, "007": emise}
    lignes = [(f"S20.G00.05.{n}", v) for n, v in entete.items() if v]
    lignes += [("S21.G00.06.001", SIREN), ("S21.G00.06.002", NIC), ("S21.G00.11.001", nic)]
    lignes += [("S21.G00.11.025", spst)] if spst else []
    return lignes + [rubrique for p in personnes for rubrique in p]


def envoi(*declarations: Iterable[Rubrique], norme: str = "P26V01", essai: str = "02", annonce: int | None = None) -> list[Rubrique]:
    """S10 to S90; ``annonce`` replaces the right number of lines."""
    lignes = [("S10.G00.00.001", "PAYE"), ("S10.G00.00.005", essai), ("S10.G00.00.006", norme), ("S10.G00.01.003", "L'ÉTABLI DE L'ÎLE")]
    lignes += [rubrique for d in declarations for rubrique in d]
    nombre = len(lignes) + 2 if annonce is None else annonce
    return [*lignes, ("S90.G00.90.001", str(nombre)), ("S90.G00.90.002", str(len(declarations)))]


def ecrire(*envois: Sequence[Rubrique], encodage: str = "iso-8859-1", saut: str = "\r\n") -> bytes:
    """Bytes of a file."""
    return "".join(f"{rubrique},'{valeur}'{saut}" for lignes in envois for rubrique, valeur in lignes).encode(encodage)


def fichier(*personnes: Iterable[Rubrique], **reglages: str) -> bytes:
    """One envoi of one declaration, for the tests that care about its people."""
    return ecrire(envoi(declaration(*personnes, **reglages)))


def lire(octets: bytes) -> FichierDsn:
    return read_dsn(split_lignes([octets]))


def codes(lu: FichierDsn) -> set[str]:
    """Codes of all anomalies."""
    trouves = {a.code for a in lu.anomalies}
    for d in lu.declarations:
        trouves |= {a.code for a in d.anomalies} | {a.code for p in d.personnes for a in p.anomalies}
    return trouves
