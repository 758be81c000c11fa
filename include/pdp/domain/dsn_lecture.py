"""Reading a DSN file: envois (S10 to S90), declarations (S20), people, and the guards on the whole.

Unknown rubrics, unknown codes and damaged lines never stop the reading. What cannot be trusted is a file that is cut: its envois
announce their number of lines (S90.G00.90.001), its lots their number of declarations (S96), and a wrong number refuses the file.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pdp.domain.dsn import AnomalieDsn, DeclarationDsn, FichierDsn, PersonneDsn
from pdp.domain.dsn_declaration import LectureDeclaration
from pdp.domain.dsn_identite import normalise_nom
from pdp.domain.dsn_lignes import Encodages, LigneDsn, read_lignes
from pdp.domain.dsn_norme import NORME_COURANTE, NORMES, list_rubriques

_PHRASES = {
    "ligne_illisible": "Cette ligne n'a pas la forme d'une rubrique : elle est laissée de côté.",
    "guillemet_manquant": "Un guillemet manque autour de la valeur : la valeur est gardée.",
    "accents_abimes": "Des accents ont été perdus en route : le texte est gardé tel quel.",
    "rubrique_inconnue": "Cette rubrique n'existe pas dans la norme annoncée : elle est laissée de côté.",
    "hors_declaration": "Cette ligne est en dehors de toute déclaration : elle est laissée de côté.",
    "bloc_orphelin": "Ce bloc n'est rattaché à aucune personne : il est laissé de côté.",
}
_NOMBRE_MAX = 1_000_000_000
_HORS_ENVOI = frozenset({"S05", "S06", "S95", "S96"})


class _Constats:
    """Anomalies of a declaration or of the file, one per (code, rubric), counted."""

    def __init__(self) -> None:
        self._vus: dict[tuple[str, str], AnomalieDsn] = {}

    def add(self, anomalie: AnomalieDsn) -> None:
        cle = (anomalie.code, anomalie.rubrique)
        deja = self._vus.get(cle)
        self._vus[cle] = anomalie if deja is None else replace(deja, nombre=deja.nombre + anomalie.nombre)

    def note(self, ligne: int, rubrique: str, code: str, message: str | None = None) -> None:
        self.add(AnomalieDsn(ligne, rubrique, code, message or _PHRASES[code]))

    def list(self) -> tuple[AnomalieDsn, ...]:
        return tuple(sorted(self._vus.values(), key=lambda a: (a.ligne, a.rubrique)))


class _Envoi:
    """Lines from S10 to S90: what they announce and what was counted."""

    def __init__(self, ligne: int, tete: bool) -> None:
        self.ligne = ligne
        self.tete = tete
        self.norme: str | None = None
        self.essai = False
        self.lues = self.hors_norme = 0
        self.annoncees: int | None = None
        self.declarations_annoncees: int | None = None
        self.fin_lisible = True
        self.clos = self.entame = False
        self.lectures: list[tuple[LectureDeclaration, _Constats]] = []

    def check(self) -> str | None:
        """Why the envoi cannot be trusted, in French; None when it is whole.

        More lines than announced is accepted only when the excess is made of lines outside the norm, added after the count was written.
        """
        if not self.tete:
            return f"La ligne {self.ligne} n'appartient à aucun envoi : le début d'une déclaration manque."
        if self.annoncees is None or not self.fin_lisible:
            return f"La déclaration qui commence à la ligne {self.ligne} n'a pas de fin lisible (S90) : le fichier est coupé."
        exces = self.lues - self.annoncees
        if exces and not 0 < exces <= self.hors_norme:
            return f"La déclaration qui commence à la ligne {self.ligne} annonce {self.annoncees} lignes et en contient {self.lues}."
        if self.declarations_annoncees is not None and len(self.lectures) < self.declarations_annoncees:
            return (
                f"L'envoi de la ligne {self.ligne} annonce {self.declarations_annoncees} déclarations et en contient {len(self.lectures)}."
            )
        return None


class _Lecteur:
    """State of one reading."""

    def __init__(self) -> None:
        self.constats = _Constats()
        self.envois: list[_Envoi] = []
        self.lignes = self.declarations = 0
        self.lot_ouvert = self.lot_clos = False
        self.groupe = 0
        self.refus: tuple[str, str] | None = None

    @property
    def envoi(self) -> _Envoi | None:
        return self.envois[-1] if self.envois else None

    def feed(self, ligne: LigneDsn) -> None:
        self.lignes += 1
        section = ligne.rubrique[:3]
        if section in _HORS_ENVOI:
            self._read_lot(ligne)
            return
        if section == "S10" and self._starts_envoi(ligne):
            self._open_envoi(ligne.numero)
        elif self.envoi is None or (self.envoi.clos and section != "S90"):
            if ligne.rubrique not in list_rubriques(NORME_COURANTE):
                self.constats.note(ligne.numero, ligne.rubrique, "hors_declaration")
                return
            self._open_envoi(ligne.numero, tete=False)
        envoi = self.envoi
        if envoi is None:
            return
        envoi.lues += 1
        constats = envoi.lectures[-1][1] if envoi.lectures else self.constats
        for faute in ligne.fautes:
            constats.note(ligne.numero, ligne.rubrique, faute)
        if ligne.rubrique not in list_rubriques(envoi.norme or NORME_COURANTE):
            envoi.hors_norme += 1
            if ligne.rubrique:
                constats.note(ligne.numero, ligne.rubrique, "rubrique_inconnue")
            return
        self._read(envoi, ligne, section)

    def _starts_envoi(self, ligne: LigneDsn) -> bool:
        """The header block; a stray rubric of the header amid a declaration, or after its end, does not open another."""
        envoi = self.envoi
        return envoi is None or ((envoi.clos or envoi.entame) and ligne.rubrique.startswith("S10.G00.00."))

    def _read(self, envoi: _Envoi, ligne: LigneDsn, section: str) -> None:
        bloc, numero = ligne.rubrique[:10], int(ligne.rubrique[11:])
        if section == "S10":
            self._read_entete(envoi, ligne)
        elif section == "S90":
            self._close(envoi, ligne)
        else:
            envoi.entame = True
            if bloc == "S20.G00.05" and (not envoi.lectures or envoi.lectures[-1][0].starts_another(bloc, numero)):
                self._open_declaration(envoi, ligne.numero)
            if not envoi.lectures:
                self.constats.note(ligne.numero, ligne.rubrique, "hors_declaration")
                return
            envoi.lectures[-1][0].feed(bloc, numero, ligne)

    def _open_envoi(self, numero: int, *, tete: bool = True) -> None:
        """``tete`` False: lines of a declaration whose head was lost; they are read to be described, and the file is refused."""
        self.finish_envoi()
        self.envois.append(_Envoi(numero, tete))
        self.groupe += 1

    def _open_declaration(self, envoi: _Envoi, numero: int) -> None:
        self.declarations += 1
        constats = _Constats()
        envoi.lectures.append((LectureDeclaration(self.declarations, numero, constats.add), constats))

    def _read_entete(self, envoi: _Envoi, ligne: LigneDsn) -> None:
        if ligne.rubrique == "S10.G00.00.005":
            envoi.essai = ligne.valeur == "01"
        elif ligne.rubrique == "S10.G00.00.006":
            envoi.norme = ligne.valeur.upper()[:6] or None
            if envoi.norme not in NORMES:
                message = f"Cette norme n'est pas l'une de celles qui sont lues ({', '.join(NORMES)}) : lue comme {NORME_COURANTE}."
                self.constats.note(ligne.numero, ligne.rubrique, "norme_inconnue", message)

    def _close(self, envoi: _Envoi, ligne: LigneDsn) -> None:
        envoi.clos = True
        nombre = _count(ligne.valeur)
        envoi.fin_lisible = envoi.fin_lisible and nombre is not None
        if ligne.rubrique == "S90.G00.90.001":
            envoi.annoncees = nombre
        else:
            envoi.declarations_annoncees = nombre

    def _read_lot(self, ligne: LigneDsn) -> None:
        """Envelope of several envois: its groups say how many declarations they hold, and it has an end."""
        if ligne.rubrique not in list_rubriques(NORME_COURANTE):
            self.constats.note(ligne.numero, ligne.rubrique, "rubrique_inconnue")
        elif ligne.rubrique == "S05.G51.00.001":
            self.lot_ouvert, self.lot_clos = True, False
        elif ligne.rubrique == "S06.G51.00.001":
            self.groupe = 0
        elif ligne.rubrique == "S96.G51.00.002" and (nombre := _count(ligne.valeur)) not in (None, self.groupe):
            self._refuse(
                f"Le groupe qui finit à la ligne {ligne.numero} annonce {nombre} déclarations et en contient {self.groupe}.",
                rubrique="S96.G51.00.002",
            )
        elif ligne.rubrique == "S95.G51.00.002":
            self.lot_clos = True

    def finish_envoi(self) -> None:
        """Count the lines of the envoi that ends here."""
        envoi = self.envoi
        if envoi is None:
            return
        raison = envoi.check()
        if raison is not None:
            self._refuse(raison, envoi)
        elif envoi.annoncees is not None and envoi.lues > envoi.annoncees:
            message = (
                f"{envoi.lues} lignes pour {envoi.annoncees} annoncées : les lignes en plus sont hors de la norme et laissées de côté."
            )
            (envoi.lectures[-1][1] if envoi.lectures else self.constats).note(envoi.ligne, "S90.G00.90.001", "nombre_de_lignes", message)

    def _refuse(self, raison: str, envoi: _Envoi | None = None, rubrique: str = "S90.G00.90.001") -> None:
        constats = envoi.lectures[-1][1] if envoi is not None and envoi.lectures else self.constats
        constats.note(envoi.ligne if envoi else self.lignes, rubrique, "fichier_tronque", raison)
        self.refus = self.refus or ("fichier_tronque", f"{raison} Rien n'a été pris ; renvoyez-le entier.")

    def finish(self, encodages: Encodages) -> None:
        """Guards that need the end of the file."""
        self.finish_envoi()
        if encodages.octets == 0 or self.lignes == 0:
            self.refus = ("fichier_vide", "Le fichier est vide. Rien n'a été pris.")
        elif encodages.nul:
            self.refus = ("encodage_inconnu", "Ce n'est pas un texte UTF-8 ou ISO-8859-1 (UTF-16 ou fichier binaire). Rien n'a été pris.")
        elif not self.envois:
            self.refus = ("pas_une_dsn", "Ce fichier ne contient aucune déclaration DSN (aucune rubrique S10). Rien n'a été pris.")
        elif self.lot_ouvert and not self.lot_clos:
            self._refuse("Le lot n'a pas de fin (S95) : le fichier est coupé.", rubrique="S95.G51.00.002")
        if encodages.nom == "mixte":
            self.constats.note(1, "", "encodage_mixte", "Des lignes sont en UTF-8 et d'autres non : chacune est lue à sa façon.")


def _count(valeur: str) -> int | None:
    """A number of lines or declarations; anything else in its place is not one, and is not repeated to anybody."""
    return int(valeur) if valeur.isascii() and valeur.isdigit() and int(valeur[:15]) < _NOMBRE_MAX else None


def read_dsn(lignes: Iterable[bytes]) -> FichierDsn:
    """Read physical lines to the end; never raises on their content."""
    encodages, lecteur = Encodages(), _Lecteur()
    for ligne in read_lignes(lignes, encodages):
        lecteur.feed(ligne)
    lecteur.finish(encodages)
    declarations = _mark_shared(
        [
            lecture.finish(envoi.norme, envoi.essai, envoi.lues, envoi.annoncees, constats.list)
            for envoi in lecteur.envois
            for lecture, constats in envoi.lectures
        ]
    )
    norme = next((d.norme for d in declarations if d.norme), next((e.norme for e in lecteur.envois if e.norme), None))
    return FichierDsn(lecteur.lignes, encodages.nom, norme, tuple(declarations), lecteur.constats.list(), lecteur.refus)


def _mark_shared(declarations: list[DeclarationDsn]) -> list[DeclarationDsn]:
    """One NIR borne by people of different names or birth dates: none of them can be told by it alone."""
    identites: dict[str, set[tuple[object, str]]] = {}
    for declaration in declarations:
        for personne in declaration.personnes:
            if personne.nir_ecrit:
                identites.setdefault(personne.nir_ecrit, set()).add((personne.naissance, normalise_nom(personne.nom)))
    partages = {nir for nir, porteurs in identites.items() if len(porteurs) > 1}
    if not partages:
        return declarations
    return [replace(d, personnes=tuple(_shared(p) if p.nir_ecrit in partages else p for p in d.personnes)) for d in declarations]


def _shared(personne: PersonneDsn) -> PersonneDsn:
    message = "Plusieurs personnes de ce fichier portent ce NIR : elles ne sont pas confondues."
    constat = AnomalieDsn(personne.ligne, "S21.G00.30.001", "nir_partage", message)
    return replace(personne, nir_partage=True, anomalies=(*personne.anomalies, constat))
