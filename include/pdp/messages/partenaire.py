"""What a partner reads by secure mail: a neutral cover text, and one document made of exactly the fields handed over.

The document is made from the body of the message as it was previewed and frozen: nothing is read elsewhere, a field that is not in
it cannot be in the document.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from pdp.domain.contenu import LIBELLES
from pdp.messages.assure import format_telephone
from pdp.messages.lettre import Lettre, format_jour, render_lettres

SYNTHETIQUE = "Démonstration : données synthétiques, aucune personne réelle."
_DATES = frozenset({"date_naissance", "arret_debut", "arret_fin_prescrite"})
_OBJETS = {
    "orientation": "Demande d'accompagnement",
    "annulation": "[Annulation] Demande d'accompagnement retirée",
    "rappel_partenaire": "Rappel : demande d'accompagnement sans réponse",
    "fin_partenaire": "Fin de la demande d'accompagnement",
    "reponse_question": "Réponse à votre question sur une demande d'accompagnement",
    "question": "Question sur une demande d'accompagnement",
}
_TEXTES = {
    "orientation": (
        "Une personne que nous accompagnons est d'accord pour que vous la contactiez."
        " Le document joint dit pourquoi et comment la joindre.\n\n"
        "Répondez à ce message ou appelez-nous : demande acceptée, refusée avec la raison, ou premier rendez-vous fixé. "
        "Merci de n'écrire aucune information médicale."
    ),
    "annulation": (
        "La demande citée en référence est retirée. Si vous n'avez pas encore contacté la personne, ne le faites pas, et supprimez le"
        " document que vous avez reçu."
    ),
    "rappel_partenaire": (
        "Nous n'avons pas encore de réponse à la demande citée en référence. Pouvez-vous nous dire si vous la prenez en charge ?"
    ),
    "fin_partenaire": "La demande citée en référence est terminée pour nous : aucune réponse n'est plus attendue.",
    "reponse_question": "Voici notre réponse à votre question.",
    "question": "Nous avons une question sur la demande citée en référence. Répondez à ce message ou appelez-nous.",
}


@dataclass(frozen=True)
class Emetteur:
    """Who writes, to whom, and whether the data are synthetic."""

    plateforme: str
    telephone: str | None
    nom: str
    adresse: str
    demonstration: bool


@dataclass(frozen=True)
class Courrier:
    """A message ready to leave; ``pdf`` is None for a message without a document."""

    objet: str
    texte: str
    pdf: bytes | None


def render_courrier(
    type: str, corps: Mapping[str, Any], emetteur: Emetteur, le: date, *, remplace: bool = False, identite: bool = False
) -> Courrier:
    """Raises ``KeyError`` for a type this transport does not carry. ``identite``: the subject names the person (policy)."""
    reference = reference_of(corps)
    objet = _objet(type, corps, reference, remplace=remplace, identite=identite)
    parties = ["Bonjour,", f"Référence : {reference}", _TEXTES[_texte_of(type, corps)]]
    if remplace and type == "orientation":
        parties.insert(2, "Ce message annule et remplace notre demande précédente pour la même personne.")
    if isinstance(corps.get("texte"), str) and corps["texte"].strip():
        parties.append(corps["texte"].strip())
    if emetteur.telephone:
        parties.append(f"Une question ? Appelez-nous au {format_telephone(emetteur.telephone)}.")
    parties.append(emetteur.plateforme)
    if emetteur.demonstration:
        objet, parties = f"[Données synthétiques] {objet}", [SYNTHETIQUE, *parties]
    pdf = render_lettres([write_document(corps, emetteur, le, remplace=remplace)]) if type == "orientation" else None
    return Courrier(objet, "\n\n".join(parties) + "\n", pdf)


def write_document(corps: Mapping[str, Any], emetteur: Emetteur, le: date, *, remplace: bool = False) -> Lettre:
    """What the document of one hand-over says; the same hand-over gives the same bytes once drawn."""
    blocs = [f"Pourquoi cette demande : {corps['motif']}", *describe_contenu(corps["contenu"])]
    if remplace:
        blocs.insert(0, "Cette demande annule et remplace la précédente pour la même personne.")
    if emetteur.demonstration:
        blocs.insert(0, SYNTHETIQUE)
    blocs.append("Transmis avec l'accord de la personne, pour cette demande seulement. Aucune donnée médicale n'est transmise.")
    return Lettre(
        emetteur.nom,
        emetteur.adresse,
        emetteur.plateforme,
        emetteur.telephone,
        reference_of(corps),
        "demande d'accompagnement",
        "\n\n".join(blocs),
        le,
    )


def describe_contenu(contenu: Mapping[str, Any]) -> list[str]:
    """The fields handed over in words, one block per field, in the order of the preview."""
    return [f"{LIBELLES.get(champ, champ)} : {describe_valeur(champ, valeur)}" for champ, valeur in contenu.items()]


def describe_valeur(champ: str, valeur: Any) -> str:
    """A date in words, a number as it is dialled, answers one per line."""
    if isinstance(valeur, Mapping):
        return "".join(f"\n- {question} : {reponse}" for question, reponse in valeur.items())
    if champ in _DATES:
        try:
            return format_jour(date.fromisoformat(str(valeur)))
        except ValueError:
            return str(valeur)
    return format_telephone(str(valeur)) if champ == "telephone" else str(valeur)


def reference_of(corps: Mapping[str, Any]) -> str:
    """What both sides say on the phone: the beginning of the opaque id."""
    return str(corps.get("orientation_id", ""))[:8].upper()


def _texte_of(type: str, corps: Mapping[str, Any]) -> str:
    """Words of a message: a question of ours is no answer."""
    return "question" if type == "reponse_question" and corps.get("genre") == "question" else type


def _objet(type: str, corps: Mapping[str, Any], reference: str, *, remplace: bool, identite: bool) -> str:
    """Neutral, unless the policy asks for the national form. That form begins with a mark announcing an XDM archive, which is not
    attached: the mark is left out, software would look for what is not there."""
    libelle = ("[Annule et remplace] " if remplace and type == "orientation" else "") + _OBJETS[_texte_of(type, corps)]
    contenu = corps.get("contenu")
    if identite and isinstance(contenu, Mapping) and contenu.get("nom"):
        personne = (str(contenu["nom"]).upper(), contenu.get("prenom"), contenu.get("date_naissance"))
        return " ".join([libelle, *(str(p) for p in personne if p)])
    return f"{libelle}, référence {reference}"
