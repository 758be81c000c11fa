"""DSN files of synthetic employers, in keeping with the avis of the cohort: signalements 04, 05, 07 and monthly declarations 01.

For some people only: employers of a few of them send their declarations here. Gaps of a few days between two arrêts are declared as the
real ones are: a normal resumption, and leave on the same days. Some people are dismissed for unfitness. Two faults per delivery.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from heapq import nsmallest
from itertools import pairwise
from pathlib import Path

from pdp.domain.nir import build_nir_synthetique

Rubrique = tuple[str, str]
_PERSONNES = 60
_TIRES = 3_000
_HISTOIRE_JOURS = 150
_TROU_MAX_JOURS = 20
_EMPLOYEURS = 12
_JOUR = timedelta(days=1)
_MOTIFS = {"maladie": "01", "maternite": "02", "paternite": "03", "trajet": "04", "mp": "05", "at": "06"}
_COLONNES_ASSURE, _COLONNES_AVIS = 15, 14


@dataclass(frozen=True, slots=True)
class _Absence:
    """Days off in a row; ``tpt`` = therapeutic part-time that follows at once."""

    debut: date
    fin: date
    premiere_fin: date
    motif: str
    tpt: tuple[date, date] | None = None


@dataclass(frozen=True, slots=True)
class _Salarie:
    """A person of the cohort, her employer (rank) and her recent absences."""

    nir: str
    nom: str
    prenom: str
    naissance: date
    employeur: int
    tirage: int
    absences: tuple[_Absence, ...]

    @property
    def trous(self) -> list[tuple[date, date]]:
        """Days between two absences, when they are few."""
        trous = [(a.fin + _JOUR, b.debut - _JOUR) for a, b in pairwise(self.absences) if a.tpt is None]
        return [(debut, fin) for debut, fin in trous if debut <= fin <= debut + timedelta(days=_TROU_MAX_JOURS - 1)]


@dataclass(frozen=True, slots=True)
class _Declaration:
    """S20 and S21 lines, and the day they were made."""

    emise: date
    lignes: list[Rubrique]


def write_dsn(dossier: Path, assures: Sequence[str], avis: Sequence[str], jour: date, depuis: date) -> Path:
    """Write ``dsn_<jour>.dsn``: what employers declared in ]depuis, jour], from the lines of the feeds known on ``jour``.

    Same lines and days: same bytes. Written aside then renamed.
    """
    declarations = sorted(_list_declarations(_choose(assures, avis, jour), jour, depuis), key=lambda d: (d.emise, d.lignes[7:]))
    lignes = _lot(declarations, jour)
    chemin = dossier / f"dsn_{jour.isoformat()}.dsn"
    chemin.parent.mkdir(parents=True, exist_ok=True)
    provisoire = chemin.with_name(chemin.name + ".part")
    provisoire.write_bytes("".join(f"{rubrique},'{valeur}'\r\n" for rubrique, valeur in lignes).encode("iso-8859-1", "replace"))
    return provisoire.replace(chemin)


def _choose(assures: Iterable[str], avis: Iterable[str], jour: date) -> list[_Salarie]:
    """Sixty employees off work lately: first those whose arrêts nearly touch, then at random, always the same."""
    fiches = {cellules[0]: cellules for cellules in (ligne.split(";") for ligne in assures) if _is_salarie(cellules)}
    tirages = {source: int.from_bytes(sha256(source.encode()).digest()[:6]) for source in fiches}
    tires = frozenset(nsmallest(_TIRES, tirages, key=tirages.__getitem__))
    absences = _read_absences(avis, tires, jour)
    salaries = [
        _Salarie(
            fiches[source][1][:13],
            fiches[source][2],
            fiches[source][3],
            date.fromisoformat(fiches[source][4]),
            tirages[source] % _EMPLOYEURS,
            tirages[source],
            absences[source],
        )
        for source in sorted(absences, key=tirages.__getitem__)
    ]
    proches = [s for s in salaries if s.trous][: _PERSONNES // 6]
    return (proches + [s for s in salaries if s not in proches])[:_PERSONNES]


def _is_salarie(cellules: list[str]) -> bool:
    """A right line of an employee; bad lines of the cohort are not the employers' business."""
    return len(cellules) >= _COLONNES_ASSURE and cellules[13] == "salarie" and _is_periode(cellules[4], cellules[4])


def _read_absences(avis: Iterable[str], sources: frozenset[str], jour: date) -> dict[str, tuple[_Absence, ...]]:
    """Recent absences by pivot id, from the newest version of each avis."""
    versions: dict[str, list[str]] = {}
    seuil = (jour - timedelta(days=_HISTOIRE_JOURS)).isoformat()
    for ligne in avis:
        cellules = ligne.split(";")
        if len(cellules) < _COLONNES_AVIS or cellules[1] not in sources or cellules[3] < seuil:
            continue
        deja = versions.get(cellules[0])
        if cellules[5] in _MOTIFS and _is_periode(cellules[2], cellules[3]) and (deja is None or deja[11] < cellules[11]):
            versions[cellules[0]] = cellules
    par_personne: dict[str, list[list[str]]] = {}
    for cellules in versions.values():
        if cellules[13] != "oui":
            par_personne.setdefault(cellules[1], []).append(cellules)
    return {source: tuple(_chain(sorted(lignes, key=lambda c: (c[2], c[3], c[0])))) for source, lignes in par_personne.items()}


def _is_periode(debut: str, fin: str) -> bool:
    try:
        return date.fromisoformat(debut) <= date.fromisoformat(fin)
    except ValueError:
        return False


def _chain(avis: list[list[str]]) -> list[_Absence]:
    absences: list[_Absence] = []
    for cellules in avis:
        debut, fin, motif = date.fromisoformat(cellules[2]), date.fromisoformat(cellules[3]), _MOTIFS[cellules[5]]
        derniere = absences[-1] if absences else None
        suit = derniere is not None and derniere.tpt is None and debut <= derniere.fin + _JOUR
        if cellules[6] == "oui":
            if suit and derniere is not None and debut == derniere.fin + _JOUR:
                absences[-1] = _Absence(derniere.debut, derniere.fin, derniere.premiere_fin, derniere.motif, (debut, fin))
        elif suit and derniere is not None:
            absences[-1] = _Absence(derniere.debut, max(derniere.fin, fin), derniere.premiere_fin, derniere.motif)
        elif derniere is None or debut > derniere.fin:
            absences.append(_Absence(debut, fin, fin, motif))
    return absences


def _list_declarations(salaries: list[_Salarie], jour: date, depuis: date) -> Iterator[_Declaration]:
    """Everything made in ]depuis, jour]; the faults are a person whom nobody knows and a resumption without its date."""
    toutes = [d for salarie in salaries for d in _signalements(salarie, jour)]
    for employeur in range(_EMPLOYEURS):
        equipe = sorted((s for s in salaries if s.employeur == employeur), key=lambda s: s.nir)
        if equipe:
            toutes.extend(_mensuelles(employeur, equipe, jour))
    yield from (d for d in toutes if depuis < d.emise <= jour)
    nir = build_nir_synthetique(sexe="M", annee=1971, mois=6, departement="29", rang=jour.toordinal() % 900)[:13]
    inconnu = _Salarie(nir, "KERVOAL", "Yann", date(1971, 6, 9), 0, 0, ())
    sans_date = _arret("01", jour - timedelta(days=20), jour - timedelta(days=6), None)
    yield _declaration(inconnu, "04", "01", jour, jour, [*sans_date, ("S21.G00.60.011", "01")])


def _signalements(salarie: _Salarie, jour: date) -> Iterator[_Declaration]:
    trous = dict(salarie.trous)
    for rang, absence in enumerate(salarie.absences):
        yield _declaration(
            salarie, "04", "01", absence.debut + 3 * _JOUR, absence.debut, _arret(absence.motif, absence.debut, absence.premiere_fin, None)
        )
        reprise = absence.fin + _JOUR
        if _dismissed(salarie) and rang == len(salarie.absences) - 1 and reprise + 2 * _JOUR <= jour:
            fin = [("S21.G00.62.001", _jjmmaaaa(reprise)), ("S21.G00.62.002", "091")]
            yield _declaration(
                salarie, "07", "01", reprise + 2 * _JOUR, reprise, [*_arret(absence.motif, absence.debut, absence.fin, None), *fin]
            )
        elif reprise <= jour and reprise not in trous:
            bloc = _arret(absence.motif, absence.debut, absence.fin, reprise, "02" if absence.tpt else "01")
            yield _declaration(salarie, "05", "01", reprise + _JOUR, reprise, bloc)


def _dismissed(salarie: _Salarie) -> bool:
    return salarie.tirage % 11 == 0 or (bool(salarie.trous) and salarie.tirage % 3 == 0)


def _mensuelles(employeur: int, equipe: list[_Salarie], jour: date) -> Iterator[_Declaration]:
    """One a month, made on the 5th of the next, with the arrêts, part-times and leaves that touch the month."""
    mois = (jour - timedelta(days=_HISTOIRE_JOURS)).replace(day=1)
    while (emise := _next_month(mois).replace(day=5)) <= jour:
        fin_mois = _next_month(mois) - _JOUR
        lignes = _entete("01", "01", emise, mois, employeur)
        for salarie in equipe:
            lignes += _individu(salarie) + _mois_de(salarie, mois, fin_mois)
        yield _Declaration(emise, lignes)
        mois = _next_month(mois)


def _mois_de(salarie: _Salarie, debut_mois: date, fin_mois: date) -> list[Rubrique]:
    blocs: list[Rubrique] = []
    for absence in salarie.absences:
        if absence.debut > fin_mois or absence.fin + _JOUR < debut_mois:
            continue
        reprise = absence.fin + _JOUR
        partie = _dismissed(salarie) and absence is salarie.absences[-1]
        connue = reprise if reprise <= fin_mois and not partie else None
        blocs += _arret(absence.motif, absence.debut, absence.fin, connue, "02" if absence.tpt else "01")
        if absence.tpt is not None and connue is not None:
            blocs += [("S21.G00.66.001", _jjmmaaaa(absence.tpt[0])), ("S21.G00.66.002", _jjmmaaaa(absence.tpt[1]))]
    for debut, fin in salarie.trous:
        if debut_mois <= debut <= fin_mois:
            code = "501" if (fin - debut).days < 2 else "200"
            blocs += [("S21.G00.65.001", code), ("S21.G00.65.002", _jjmmaaaa(debut)), ("S21.G00.65.003", _jjmmaaaa(fin))]
    return blocs


def _arret(motif: str, debut: date, fin: date, reprise: date | None, reprise_motif: str = "01") -> list[Rubrique]:
    veille = _jjmmaaaa(debut - _JOUR)
    bloc = [("S21.G00.60.001", motif), ("S21.G00.60.002", veille), ("S21.G00.60.003", _jjmmaaaa(fin))]
    if reprise is not None:
        bloc += [("S21.G00.60.010", _jjmmaaaa(reprise)), ("S21.G00.60.011", reprise_motif)]
    return [*bloc, ("S21.G00.60.012", veille)] if motif in ("04", "06") else bloc


def _declaration(salarie: _Salarie, nature: str, type_: str, emise: date, mois: date, blocs: list[Rubrique]) -> _Declaration:
    return _Declaration(emise, _entete(nature, type_, emise, mois.replace(day=1), salarie.employeur) + _individu(salarie) + blocs)


def _entete(nature: str, type_: str, emise: date, mois: date, employeur: int) -> list[Rubrique]:
    """Employers of nobody: no SIREN begins with three zeros. The occupational health service is theirs."""
    return [
        ("S20.G00.05.001", nature),
        ("S20.G00.05.002", type_),
        ("S20.G00.05.003", "11"),
        ("S20.G00.05.004", f"{emise:%y%m%d}{employeur:03d}{nature}"),
        ("S20.G00.05.005", _jjmmaaaa(mois)),
        ("S20.G00.05.007", _jjmmaaaa(emise)),
        ("S21.G00.06.001", f"000{employeur:06d}"),
        ("S21.G00.06.002", "00012"),
        ("S21.G00.11.001", "00012"),
        ("S21.G00.11.025", f"SPST35{employeur % 3 + 1:08d}"),
    ]


def _individu(salarie: _Salarie) -> list[Rubrique]:
    return [
        ("S21.G00.30.001", salarie.nir),
        ("S21.G00.30.002", salarie.nom),
        ("S21.G00.30.004", salarie.prenom),
        ("S21.G00.30.006", _jjmmaaaa(salarie.naissance)),
        ("S21.G00.40.001", _jjmmaaaa(date(2015 + salarie.tirage % 9, 3, 1))),
        ("S21.G00.40.007", "01"),
        ("S21.G00.40.009", "00001"),
    ]


def _lot(declarations: list[_Declaration], jour: date) -> list[Rubrique]:
    """A lot as the point of deposit passes it on: one envoi per declaration."""
    lignes = [("S05.G51.00.001", "V01R02"), ("S05.G51.00.004", _jjmmaaaa(jour)), ("S06.G51.00.001", "DSNOK")]
    for declaration in declarations:
        entete = [("S10.G00.00.001", "PAIE FICTIVE"), ("S10.G00.00.005", "02"), ("S10.G00.00.006", "P26V01")]
        nombre = len(entete) + len(declaration.lignes) + 2
        lignes += [*entete, *declaration.lignes, ("S90.G00.90.001", str(nombre)), ("S90.G00.90.002", "1")]
    fin = [("S96.G51.00.001", "FINSL"), ("S96.G51.00.002", str(len(declarations))), ("S95.G51.00.002", str(len(declarations)))]
    return lignes + fin


def _next_month(jour: date) -> date:
    return (jour.replace(day=1) + timedelta(days=32)).replace(day=1)


def _jjmmaaaa(jour: date) -> str:
    return f"{jour:%d%m%Y}"
