"""Errors of the platform: a French sentence for people, a stable code for programs."""

from __future__ import annotations

from datetime import date


class ErreurPdp(Exception):
    """Base of every expected error.

    ``code`` is English-like, stable and safe to log (no personal data); ``message`` is a French sentence that says what
    happened, what was kept and what to do next.
    """

    code = "erreur"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        self.message = message
        if code is not None:
            self.code = code
        super().__init__(self.code)


class ReferentielIncomplet(ErreurPdp):
    """No value in force: the platform never invents a legal or policy number."""

    code = "referentiel_incomplet"

    def __init__(self, cle: str, jour: date) -> None:
        self.cle = cle
        self.jour = jour
        super().__init__(f"Aucune valeur en vigueur pour « {cle} » au {jour:%d/%m/%Y}. Complétez le référentiel avant de continuer.")


class DonneeInvalide(ErreurPdp):
    """A value given by a person or a file cannot be taken."""

    code = "donnee_invalide"


class FluxRefuse(ErreurPdp):
    """A whole file is refused; nothing of it was taken."""

    code = "flux_refuse"


class TransitionInterdite(ErreurPdp):
    """The case is not in a state that allows this act."""

    code = "transition_interdite"


class SilenceEnCours(TransitionInterdite):
    """The person is in quiet mode: nothing that speaks to her may be done."""

    code = "person_silent"


class Conflit(ErreurPdp):
    """Somebody else changed the case meanwhile."""

    code = "conflit"

    def __init__(
        self, message: str = "Ce dossier vient d'être modifié par une autre personne. Rien n'a été écrasé : rechargez la page."
    ) -> None:
        super().__init__(message)


class Introuvable(ErreurPdp):
    """Absent or not visible to this person: the two are never told apart."""

    code = "introuvable"

    def __init__(self, message: str = "Ce dossier n'existe pas ou ne vous est pas accessible.") -> None:
        super().__init__(message)


class AccesRefuse(ErreurPdp):
    """The role does not allow this act."""

    code = "acces_refuse"


class AccordManquant(ErreurPdp):
    """No active consent covers this recipient and these data: nothing is sent."""

    code = "accord_manquant"
