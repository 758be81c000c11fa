"""Words of the mails that carry a link: neutral by construction, there is no place for anything about a person."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from pdp.clock import jour_local
from pdp.partners.contrat import Destinataire, Envoi

SANS_PAGE = frozenset({"code", "annulation", "fin_partenaire"})
"""Messages that open nothing: they leave even when the link is gone."""
DEMONSTRATION = "Démonstration : toutes les données sont fictives."
_NEUTRE = "Ce message ne contient volontairement aucune information sur la personne concernée."
_PAGE = (
    "Aucun compte n'est nécessaire. Avant d'afficher la demande, la page envoie un code à cette adresse : c'est une protection, car ce"
    " message peut être transféré."
)


@dataclass(frozen=True)
class _Texte:
    objet: str
    avant: tuple[str, ...]
    bouton: str | None = None
    apres: tuple[str, ...] = ()


_TEXTES = {
    "orientation": _Texte(
        "Une demande vous est adressée",
        ("Une demande vous est adressée, avec l'accord de la personne concernée. Vous pouvez la lire et y répondre en quelques minutes.",),
        "Lire la demande et y répondre",
        (_PAGE,),
    ),
    "rappel_partenaire": _Texte(
        "Rappel : une demande attend de vos nouvelles",
        ("Une demande qui vous a été adressée attend de vos nouvelles. Une réponse, même un refus, aide la personne à avancer.",),
        "Ouvrir la demande",
        (_PAGE,),
    ),
    "reponse_question": _Texte(
        "Une réponse à votre question",
        ("La plateforme a répondu à la question que vous avez posée sur une demande.",),
        "Lire la réponse",
        (_PAGE,),
    ),
    "question": _Texte(
        "Une question de la plateforme",
        ("La plateforme vous pose une question sur une demande qui vous a été adressée.",),
        "Lire la question et y répondre",
        (_PAGE,),
    ),
    "nouveau_lien": _Texte(
        "Votre lien vers la demande",
        ("Voici le lien vers une demande qui vous a été adressée. Il remplace ceux que vous avez reçus avant.",),
        "Ouvrir la demande",
        (_PAGE,),
    ),
    "code": _Texte(
        "Votre code",
        ("Voici le code demandé pour ouvrir la demande. Tapez-le dans la page restée ouverte ; il ne sert que quelques minutes.",),
        None,
        ("Vous n'avez rien demandé ? Ne transmettez ce code à personne : sans lui, rien n'a été montré.",),
    ),
    "annulation": _Texte(
        "Une demande est retirée",
        ("Une demande qui vous avait été adressée est retirée. Son lien ne s'ouvre plus : vous n'avez plus rien à faire pour elle.",),
    ),
    "fin_partenaire": _Texte(
        "Une demande est close sans réponse",
        ("Une demande qui vous avait été adressée est restée sans réponse : elle est close. Son lien ne s'ouvre plus.",),
    ),
}


@dataclass(frozen=True)
class Message:
    """A mail ready to leave."""

    objet: str
    texte: str
    html: str


def genre_of(envoi: Envoi) -> str | None:
    """Which of the texts a message is; None when this transport carries no such message."""
    genre = str(envoi.corps.get("genre")) if envoi.type == "avis_partenaire" else envoi.type
    if envoi.type == "reponse_question" and envoi.corps.get("genre") == "question":
        genre = "question"
    return genre if genre in _TEXTES else None


def reference_of(envoi: Envoi) -> str:
    """What both sides say on the phone: the beginning of the opaque id."""
    return str(envoi.corps.get("orientation_id", ""))[:8].upper()


def compose(genre: str, destinataire: Destinataire, envoi: Envoi, *, adresse: str | None, code: str | None, demonstration: bool) -> Message:
    """Text and HTML of one message. The same message is the same bytes."""
    texte, reference = _TEXTES[genre], reference_of(envoi)
    apres = list(texte.apres)
    if adresse and destinataire.lien is not None:
        jour = jour_local(destinataire.lien.expire_at)
        apres.insert(0, f"Ce lien est valable jusqu'au {jour:%d/%m/%Y} ; ensuite, la page vous en envoie un autre.")
    apres.append(_NEUTRE)
    if destinataire.telephone:
        apres.append(f"Une question ? Appelez-nous au {_telephone(destinataire.telephone)}.")
    apres.append(destinataire.plateforme)
    avant = ["Bonjour,", *([f"Référence : {reference}"] if reference else []), *texte.avant]
    if demonstration:
        apres.append(DEMONSTRATION)
    objet = ("[Démonstration] " if demonstration else "") + texte.objet + (f" ({reference})" if reference else "")
    chiffres = f"{code[:3]} {code[3:]}" if code else None
    milieu = [f"{texte.bouton} :\n{adresse}"] if adresse else [chiffres] if chiffres else []
    return Message(objet, "\n\n".join([*avant, *milieu, *apres]) + "\n", _html(objet, avant, texte.bouton, adresse, chiffres, apres))


def _html(objet: str, avant: list[str], bouton: str | None, adresse: str | None, chiffres: str | None, apres: list[str]) -> str:
    milieu = ""
    if adresse and bouton:
        milieu = f'<p><a href="{escape(adresse)}">{escape(bouton)}</a></p>\n'
    elif chiffres:
        milieu = f'<p style="font-size: 24px"><strong>{escape(chiffres)}</strong></p>\n'
    return (
        f'<!doctype html>\n<html lang="fr">\n<head><meta charset="utf-8"><title>{escape(objet)}</title></head>\n'
        '<body style="font-family: sans-serif; font-size: 16px; line-height: 1.5; color: #1a1a1a; max-width: 36em">\n'
        f"{_paragraphes(avant)}{milieu}{_paragraphes(apres)}</body>\n</html>\n"
    )


def _paragraphes(lignes: list[str]) -> str:
    return "".join(f"<p>{escape(ligne)}</p>\n" for ligne in lignes)


def _telephone(numero: str) -> str:
    national = "0" + numero[3:] if numero.startswith("+33") else numero
    return " ".join(national[i : i + 2] for i in range(0, len(national), 2)) if national.isdigit() else numero
