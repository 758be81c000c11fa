"""One declaration of a DSN while its lines arrive: which block belongs to whom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pdp.domain.dsn import AnomalieDsn, ArretDsn, ContratDsn, DeclarationDsn, FinContratDsn, PersonneDsn, SuspensionDsn, TempsPartielDsn
from pdp.domain.dsn_blocs import (
    Bloc,
    Noter,
    read_arret,
    read_contrat,
    read_fin_contrat,
    read_personne,
    read_spst,
    read_suspension,
    read_temps_partiel,
)
from pdp.domain.dsn_codes import FIN_ANNULATION, MOTIF_ANNULATION, NATURES, NATURES_LUES, TYPE_ANNULE, TYPES
from pdp.domain.dsn_lignes import LigneDsn
from pdp.domain.dsn_suspensions import SUSPENSION_ANNULATION, SUSPENSIONS

_LUS = frozenset(f"S21.G00.{n}" for n in ("06", "11", "30", "40", "60", "62", "65", "66", "85")) | {"S20.G00.05"}
_D_UNE_PERSONNE = frozenset(f"S21.G00.{n}" for n in ("40", "60", "62", "65", "66"))


class LectureDeclaration:
    """Blocks come in the order of the norm: a block that comes back, or goes backwards in its rubrics, is another one."""

    def __init__(self, rang: int, ligne: int, noter: Noter) -> None:
        self.rang = rang
        self.ligne = ligne
        self._noter = noter
        self._entete: Bloc | None = None
        self._lue = False
        self._position: tuple[str, int] = ("", 0)
        self._bloc: Bloc | None = None
        self._siren: str | None = None
        self._siege: str | None = None
        self._nic: str | None = None
        self._spst: str | None = None
        self._personnes: list[PersonneDsn] = []
        self._courante: _LecturePersonne | None = None
        self._lieux: dict[str, str] = {}

    def starts_another(self, bloc: str, numero: int) -> bool:
        """Whether this rubric begins a new occurrence of its block."""
        nom, dernier = self._position
        return nom != bloc or numero <= dernier

    def feed(self, bloc: str, numero: int, ligne: LigneDsn) -> None:
        """One line of the declaration, known to the norm."""
        if self.starts_another(bloc, numero):
            self._flush()
            self._bloc = Bloc(bloc, ligne.numero, self._noter_pour(bloc)) if bloc in _LUS else None
        self._position = (bloc, numero)
        if self._bloc is not None:
            self._bloc.put(numero, ligne.numero, ligne.valeur)

    def _noter_pour(self, bloc: str) -> Noter:
        """Anomalies of a person's blocks go with the person."""
        if bloc == "S21.G00.30":
            self._finish_personne()
            self._courante = _LecturePersonne()
        if self._courante is not None and (bloc == "S21.G00.30" or bloc in _D_UNE_PERSONNE):
            return self._courante.anomalies.append
        return self._noter

    def _flush(self) -> None:
        bloc, self._bloc = self._bloc, None
        if bloc is None:
            return
        if bloc.nom == "S20.G00.05":
            self._entete = bloc
            self._lue = bloc.texte(1) in NATURES_LUES
        elif not self._lue:
            return
        elif bloc.nom == "S21.G00.06":
            self._siren, self._siege = bloc.texte(1), bloc.texte(2)
        elif bloc.nom == "S21.G00.11":
            self._nic, self._spst = bloc.texte(1), read_spst(bloc, 25)
        elif bloc.nom == "S21.G00.85":
            if bloc.texte(1) and bloc.texte(11):
                self._lieux[bloc.texte(1) or ""] = bloc.texte(11) or ""
        elif self._courante is None:
            bloc.note("bloc_orphelin", "Ce bloc n'est rattaché à aucune personne : il est laissé de côté.")
        else:
            self._courante.read(bloc, len(self._personnes) + 1, self._spst)

    def _finish_personne(self) -> None:
        courante, self._courante = self._courante, None
        if courante is not None and courante.personne is not None:
            self._personnes.append(courante.finish(self._nature, self._type))

    @property
    def _nature(self) -> str | None:
        return self._entete.texte(1) if self._entete else None

    @property
    def _type(self) -> str | None:
        return self._entete.texte(2) if self._entete else None

    def finish(
        self, norme: str | None, essai: bool, lues: int, annoncees: int | None, constats: Callable[[], tuple[AnomalieDsn, ...]]
    ) -> DeclarationDsn:
        """The declaration, once its last line is read."""
        self._flush()
        self._finish_personne()
        entete = self._entete or Bloc("S20.G00.05", self.ligne, self._noter)
        self._check_entete(entete, essai)
        ordre, emise, mois = entete.texte(4) or "", entete.jour(7), entete.jour(5)
        if emise is None:
            entete.note("emission_inconnue", "La date de constitution du fichier manque : le mois déclaré en tient lieu.", 7)
        return DeclarationDsn(
            self.rang, self.ligne, norme, essai, entete.texte(1), entete.texte(2), entete.texte(3),
            int(ordre[:15]) if ordre.isascii() and ordre.isdigit() else 0, mois, emise or mois, self._siret(entete), self._lue,
            lues, annoncees, tuple(self._personnes), tuple(self._lieux.items()), constats(),
        )  # fmt: skip

    def _check_entete(self, entete: Bloc, essai: bool) -> None:
        nature, type_ = entete.texte(1), entete.texte(2)
        if not self._lue:
            libelle = NATURES.get(nature or "")
            detail = f" ({libelle})" if libelle else ""
            entete.note("nature_non_lue", f"Cette nature de déclaration{detail} ne parle pas d'absences : elle n'est pas lue.", 1)
        if type_ not in TYPES:
            entete.note(
                "type_inconnu", "Ce type de déclaration n'est pas dans la liste de la norme : lue comme une déclaration normale.", 2
            )
        if essai:
            entete.note("envoi_de_test", "L'envoi se dit lui-même d'essai : rien n'en est chargé.")

    def _siret(self, entete: Bloc) -> str | None:
        siret = f"{self._siren or ''}{self._nic or self._siege or ''}"
        if len(siret) == 14 and siret.isascii() and siret.isdigit():
            return siret
        if self._lue:
            entete.note("siret_incomplet", "Le SIRET de l'établissement est incomplet : l'employeur n'est pas distingué.")
        return None


class _LecturePersonne:
    """Blocks of one person."""

    def __init__(self) -> None:
        self.personne: PersonneDsn | None = None
        self.anomalies: list[AnomalieDsn] = []
        self.contrats: list[ContratDsn] = []
        self.arrets: list[ArretDsn] = []
        self.suspensions: list[SuspensionDsn] = []
        self.fins: list[FinContratDsn] = []
        self.temps_partiels: list[TempsPartielDsn] = []

    def read(self, bloc: Bloc, rang: int, spst: str | None) -> None:
        contrat = len(self.contrats) or None
        if bloc.nom == "S21.G00.30":
            self.personne = read_personne(bloc, rang, spst)
        elif bloc.nom == "S21.G00.40":
            self.contrats.append(read_contrat(bloc, len(self.contrats) + 1))
        elif bloc.nom in ("S21.G00.60", "S21.G00.65"):
            fait = read_arret(bloc, contrat) if bloc.nom == "S21.G00.60" else read_suspension(bloc, contrat)
            if isinstance(fait, ArretDsn):
                self.arrets.append(fait)
            else:
                self.suspensions.append(fait)
        elif bloc.nom == "S21.G00.62":
            self.fins.append(read_fin_contrat(bloc, contrat))
        else:
            self.temps_partiels.append(read_temps_partiel(bloc))

    def finish(self, nature: str | None, type_: str | None) -> PersonneDsn:
        assert self.personne is not None
        self._cancel()
        self._check_reprises()
        tout = type_ == TYPE_ANNULE and nature == "01"
        arrets = [replace(a, annule=a.annule or tout or (type_ == TYPE_ANNULE and nature == "04")) for a in self.arrets]
        if type_ == TYPE_ANNULE and nature == "05":
            arrets = [replace(a, reprise_annulee=True) for a in arrets]
        fins = [replace(f, annule=f.annule or tout or (type_ == TYPE_ANNULE and nature == "07")) for f in self.fins]
        return replace(
            self.personne,
            contrats=tuple(self.contrats),
            arrets=tuple(arrets),
            temps_partiels=tuple(replace(t, annule=tout) for t in self.temps_partiels),
            suspensions=tuple(replace(s, annule=s.annule or tout) for s in self.suspensions),
            fins_contrat=tuple(fins),
            anomalies=tuple(self.anomalies),
        )

    def _cancel(self) -> None:
        """A cancelling block takes back what stands before it in the declaration; what follows it stands."""
        for rang, arret in enumerate(self.arrets):
            if arret.motif == MOTIF_ANNULATION:
                self.arrets[:rang] = [
                    replace(a, annule=True) if a.dernier_travaille == arret.dernier_travaille else a for a in self.arrets[:rang]
                ]
        for rang, suspension in enumerate(self.suspensions):
            if suspension.code == SUSPENSION_ANNULATION:
                self.suspensions[:rang] = [replace(s, annule=True) if s.debut == suspension.debut else s for s in self.suspensions[:rang]]
        for rang, fin in enumerate(self.fins):
            if fin.code == FIN_ANNULATION:
                self.fins[:rang] = [replace(f, annule=True) if f.contrat == fin.contrat else f for f in self.fins[:rang]]

    def _check_reprises(self) -> None:
        """A resumption on a day of leave or suspension is declared by software, not by a return to work."""
        for arret in self.arrets:
            for suspension in self.suspensions:
                if arret.reprise_le is None or arret.annule or suspension.annule or suspension.debut is None or not suspension.neutre:
                    continue
                if suspension.debut <= arret.reprise_le <= (suspension.fin or arret.reprise_le):
                    libelle = SUSPENSIONS[suspension.code or ""].libelle
                    message = f"La reprise déclarée tombe un jour de suspension ({libelle}) : ce n'est pas un retour au travail."
                    self.anomalies.append(AnomalieDsn(arret.ligne, "S21.G00.60.010", "reprise_en_suspension", message))
                    break
