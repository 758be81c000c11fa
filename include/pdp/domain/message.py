"""Messages to the insured person: the models, the channels each may take, the one chosen, and the states in words.

A model never speaks of health. Values given by the caller are dates, hours and a link: nothing else has a place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pdp.domain.coordonnees import describe_telephone
from pdp.errors import DonneeInvalide

CANAUX = {"sms": "SMS", "courriel": "E-mail", "courrier": "Courrier"}
TOUS = ("sms", "courriel", "courrier")
RAPIDES = ("sms", "courriel")
"""Channels that arrive the same day: a letter about tomorrow would be useless."""


@dataclass(frozen=True)
class Modele:
    """One kind of message. ``canaux`` in order of preference; ``ordre_impose``: the order of the model wins over the person's.

    ``garde``: what counts as a duplicate within the guard delay, any message of the ``modele`` or only the same ``contenu``
    (two appointments on two days are two confirmations).
    """

    libelle: str
    canaux: tuple[str, ...]
    exige: frozenset[str] = frozenset()
    admet: frozenset[str] = frozenset()
    garde: str = "modele"
    ordre_impose: bool = False
    exemple: Mapping[str, str] = field(default_factory=dict)


_RENDEZ_VOUS = {"jour": "mardi 24 novembre 2026", "heure": "10 h 30"}
_LIEN = {"lien": "https://portail.exemple/rendez-vous/Jx3vT0Zk_9sQ2LmB-7aRwE"}
MODELES: dict[str, Modele] = {
    "invitation_rendez_vous": Modele(
        "Invitation à choisir un rendez-vous",
        TOUS,
        frozenset({"lien", "expire_le"}),
        garde="contenu",  # a second link is sent only once the first one opens nothing: without it nobody would hold the new one
        exemple={**_LIEN, "expire_le": "04/12/2026"},
    ),
    "confirmation_rendez_vous": Modele(
        "Confirmation de rendez-vous",
        TOUS,
        frozenset({"jour", "heure"}),
        frozenset({"moyen", "lien"}),
        "contenu",
        exemple={**_RENDEZ_VOUS, **_LIEN, "moyen": "par téléphone"},
    ),
    "rappel_rendez_vous": Modele(
        "Rappel de rendez-vous",
        RAPIDES,
        frozenset({"jour", "heure"}),
        frozenset({"moyen", "lien"}),
        "contenu",
        exemple={**_RENDEZ_VOUS, **_LIEN, "moyen": "par téléphone"},
    ),
    "annulation_rendez_vous": Modele(
        "Annulation de rendez-vous", TOUS, frozenset({"jour", "heure"}), frozenset({"lien"}), "contenu", exemple=_RENDEZ_VOUS
    ),
    "rendez_vous_manque": Modele(
        "Rendez-vous manqué", TOUS, frozenset({"jour", "heure"}), frozenset({"lien"}), "contenu", exemple={**_RENDEZ_VOUS, **_LIEN}
    ),
    "injoignable": Modele("Nous cherchons à vous joindre", ("courrier", "courriel", "sms"), ordre_impose=True),
    "rappelez_nous": Modele("Rappelez-nous", TOUS),
}


@dataclass(frozen=True)
class Joignabilite:
    """What the person can receive: where, what she prefers and refuses, which of her present coordinates are dead."""

    telephone: str | None
    courriel: str | None
    adresse: str | None = None
    prefere: str | None = None
    refus: frozenset[str] = frozenset()
    morts: frozenset[str] = frozenset()

    def obstacle(self, canal: str) -> str | None:
        """Why this channel may not be used, None when it may. A letter without an address may be prepared: it waits for one."""
        if canal in self.refus:
            return f"la personne refuse ce moyen ({CANAUX[canal]})"
        if canal in self.morts:
            return _MORTS[canal]
        if canal == "sms":
            if not self.telephone:
                return "aucun numéro de téléphone n'est connu"
            phrase = describe_telephone(self.telephone).phrase
            return None if phrase is None else phrase[0].lower() + phrase[1:].rstrip(".")
        if canal == "courriel" and not self.courriel:
            return "aucune adresse électronique n'est connue"
        return None


_MORTS = {
    "sms": "ce numéro ne fonctionne plus, et il n'a pas changé depuis",
    "courriel": "cette adresse électronique ne fonctionne plus, et elle n'a pas changé depuis",
    "courrier": "le courrier est revenu de cette adresse, et elle n'a pas changé depuis",
}


def list_canaux(modele: str, personne: Joignabilite) -> list[str]:
    """Channels that may carry this model to this person, best first."""
    definition = get_modele(modele)
    ordre = list(definition.canaux)
    if not definition.ordre_impose and personne.prefere in ordre:
        ordre.sort(key=lambda canal: canal != personne.prefere)
    return [canal for canal in ordre if personne.obstacle(canal) is None]


def find_canal(modele: str, personne: Joignabilite, demande: str | None = None) -> str | None:
    """The channel asked for, else the best one; None when none is left.

    Raises :class:`DonneeInvalide` when the channel asked for may not be used: a person asked, a person is told why.
    """
    if demande is None:
        return next(iter(list_canaux(modele, personne)), None)
    if demande not in CANAUX:
        raise DonneeInvalide("Choisissez SMS, e-mail ou courrier. Rien n'est parti.", code="unknown_channel")
    obstacle = personne.obstacle(demande)
    if obstacle is not None:
        raise DonneeInvalide(f"{CANAUX[demande]} impossible : {obstacle}. Rien n'est parti.", code="channel_not_possible")
    return demande


def next_canal(modele: str, personne: Joignabilite, echoue: str) -> str | None:
    """What to propose after a failure: another channel, None = the phone is left."""
    return next((canal for canal in list_canaux(modele, personne) if canal != echoue), None)


def get_modele(code: str) -> Modele:
    """Raises :class:`DonneeInvalide` for an unknown model."""
    if code not in MODELES:
        raise DonneeInvalide("Ce modèle de message n'existe pas. Rien n'est parti.", code="unknown_model")
    return MODELES[code]


def check_valeurs(modele: str, valeurs: Mapping[str, str]) -> dict[str, str]:
    """The values of a model, nothing missing and nothing more: no door for a word about health."""
    definition = get_modele(modele)
    donnees = {cle: valeur for cle, valeur in valeurs.items() if valeur}
    manquent, inconnues = definition.exige - set(donnees), set(donnees) - definition.exige - definition.admet
    if manquent or inconnues:
        raise DonneeInvalide(
            f"Le message « {definition.libelle} » ne peut pas être écrit avec ces informations. Rien n'est parti.",
            code=f"message_values:{','.join(sorted(manquent | inconnues))}",
        )
    if not donnees.get("lien", "https://").startswith(("https://", "http://")):
        raise DonneeInvalide("Le lien du message n'est pas une adresse. Rien n'est parti.", code="message_values:lien")
    if any("\n" in v or "\r" in v or len(v) > 300 for v in donnees.values()):
        raise DonneeInvalide("Une des informations du message n'est pas lisible. Rien n'est parti.", code="message_values:form")
    return donnees


# -- after the provider took it

RANGS_REMISE = {"echec_temporaire": 1, "remis": 2, "echec_definitif": 2, "lu": 3}
"""A receipt moves a message forward only: one that repeats, or arrives after a later one, changes nothing."""


def is_remise_suivante(actuelle: str | None, recue: str) -> bool:
    """Whether the receipt ``recue`` says something newer than ``actuelle`` (None = no receipt yet).

    Delivered and failed for good exclude each other: the first one stands, and what is read was delivered.
    """
    if actuelle == "echec_definitif":
        return False
    return RANGS_REMISE[recue] > RANGS_REMISE.get(actuelle or "", 0)


NUMERO_MORT = frozenset(
    {"numero_invalide", "numero_inexistant", "numero_resilie", "smtp_550", "smtp_551", "smtp_553", "address_invalid", "npai"}
)
"""Codes that say something of the number or address itself: it is not tried again until it changes."""

RAPPELS = frozenset({"rappel", "saisie_annulee"})
"""Taken back by a person, or with the act that wrote it: the same message may be written again."""
CODES = {
    "rappel": "rappelé avant de partir",
    "saisie_annulee": "annulé avec la saisie qui l'avait préparé",
    "silence": "la personne est en silence",
    "trop_tard": "trop tard pour être utile",
    "doublon": "déjà envoyé il y a moins de 24 heures",
    "refus_canal": "la personne refuse ce moyen",
    "coordonnee_morte": "le numéro ou l'adresse ne fonctionne plus",
    "coordonnee_absente": "plus de numéro ni d'adresse",
    "parcours_clos": "le parcours est clos",
    "numero_invalide": "numéro inexistant",
    "numero_inexistant": "numéro inexistant",
    "numero_resilie": "numéro qui n'est plus attribué",
    "boite_pleine": "boîte ou téléphone plein",
    "injoignable_reseau": "téléphone éteint ou hors réseau",
    "refuse_operateur": "refusé par l'opérateur",
    "horizon": "essais épuisés",
    "npai": "courrier revenu : n'habite pas à l'adresse indiquée",
    "bail_expire": "envoi interrompu, on ne sait pas s'il est parti",
    "smtp_no_answer": "envoi interrompu, on ne sait pas s'il est parti",
    "smtp_connection": "serveur de messagerie injoignable",
    "smtp_550": "adresse refusée : boîte inexistante",
}


def describe_code(code: str | None) -> str:
    """A technical code in words; an unknown one is shown as it is rather than hidden."""
    return CODES.get(code or "", code or "")


def describe_etat(canal: str, etat: str, remise: str | None, code: str | None, essais: int, imprime: bool) -> tuple[str, str]:
    """State in words and its tone (neutre, attente, bien, alerte): what happened last, as a coordinator says it."""
    if remise is not None and etat in ("livre", "incertain"):
        return _REMISES[remise] if remise != "echec_definitif" or canal != "courrier" else ("Revenu à l'expéditeur", "alerte")
    if canal == "courrier" and etat in ("a_envoyer", "en_cours"):
        return ("Imprimé, à poster", "attente") if imprime else ("À imprimer", "attente")
    if etat == "a_envoyer" and essais:
        return "Nouvel essai prévu", "attente"
    if etat == "rappele":
        return ("Rappelé, non parti", "neutre") if code in RAPPELS else ("Non parti", "neutre")
    if etat == "livre":
        return ("Posté", "bien") if canal == "courrier" else ("Parti, remise pas encore confirmée", "bien")
    return _ETATS[etat]


_ETATS = {
    "a_envoyer": ("À partir", "attente"),
    "en_cours": ("En train de partir", "attente"),
    "rebut": ("Échec", "alerte"),
    "incertain": ("Parti peut-être", "alerte"),
}
_REMISES = {
    "remis": ("Remis", "bien"),
    "lu": ("Lu", "bien"),
    "echec_temporaire": ("Pas encore remis, l'opérateur réessaie", "attente"),
    "echec_definitif": ("Non remis", "alerte"),
}
