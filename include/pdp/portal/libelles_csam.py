"""French words of the coordinator's screens for codes that no rule needs to know."""

from __future__ import annotations

from typing import Any

from pdp.domain.accord import CANAUX_RETRAIT, DESTINATAIRES, MODALITES
from pdp.domain.contact import RESULTATS
from pdp.domain.contenu import CLASSES
from pdp.domain.issue import JALONS, MOTIFS_REOUVERTURE, PROVENANCES
from pdp.domain.orientation import CANAUX as CANAUX_RELAIS
from pdp.domain.orientation import DISPOSITIFS, MOTIFS_REFUS
from pdp.domain.parcours import MOTIFS_CLOTURE, SITUATIONS
from pdp.services.libelles_dossier import CATEGORIES, CONTRATS, RISQUES

CANAUX = {
    "telephone": "Téléphone",
    "presentiel": "Sur place",
    "visio": "Visio",
    "courrier": "Courrier",
    "ameli_message": "Message ameli",
    "sms": "SMS",
    "courriel": "Courriel",
}
CANAUX_ENTRETIEN = {"telephone": "Téléphone", "visio": "Visio", "presentiel": "Sur place"}
LANGUES = {
    "fr": "français",
    "en": "anglais",
    "ar": "arabe",
    "pt": "portugais",
    "tr": "turc",
    "es": "espagnol",
    "uk": "ukrainien",
    "ro": "roumain",
}
STATUTS_ENTRETIEN = {
    "planifie": "Planifié",
    "confirme": "Confirmé",
    "realise": "Réalisé",
    "realise_partiel": "Réalisé en partie",
    "absent": "Personne absente",
    "annule_assure": "Annulé par la personne",
    "annule_service": "Annulé par le service",
    "reporte": "Reporté",
}
ETATS_ACCORD = {
    "accorde": ("✓", "bien", "Accord donné"),
    "refuse": ("✕", "neutre", "Refusé"),
    "retire": ("✕", "jour", "Accord retiré"),
    "expire": ("⚠", "jour", "Accord expiré"),
}
MOTIFS_RETRAIT = {
    "demande_personne": "À la demande de la personne",
    "partenaire_muet": "Le partenaire ne répond pas",
    "autre_relais": "Un autre relais convient mieux",
    "erreur": "Envoyée par erreur",
}
ETATS_MESSAGE = {
    "a_envoyer": "Envoi en attente",
    "en_cours": "Envoi en cours",
    "livre": "Remis au partenaire",
    "rebut": "Non remis",
    "incertain": "Remise incertaine",
    "rappele": "Rappelé avant l'envoi",
}
PAROLES = {
    "partenaire_rendez_vous": "rendez-vous fixé avec la personne",
    "partenaire_rendez_vous_manque": "la personne n'est pas venue",
    "partenaire_nouvelles": "des nouvelles",
    "partenaire_question": "une question",
    "partenaire_seances": "des dates de séances",
    "csam_question": "une question au partenaire",
    "csam_reponse": "une réponse au partenaire",
}
"""Words of the thread of a hand-over, by who speaks and what for."""
ELIGIBILITES = {
    "eligible": ("✓", "bien", "Possible"),
    "a_verifier": ("?", "jour", "À vérifier"),
    "non_eligible": ("✕", "neutre", "Pas possible"),
}
# What every template of these screens may use.
LIBELLES: dict[str, Any] = {
    "RISQUES": RISQUES,
    "MOTIFS_ARRET": CATEGORIES,
    "CONTRATS": CONTRATS,
    "CANAUX": CANAUX,
    "CANAUX_ENTRETIEN": CANAUX_ENTRETIEN,
    "LANGUES": LANGUES,
    "STATUTS_ENTRETIEN": STATUTS_ENTRETIEN,
    "ETATS_ACCORD": ETATS_ACCORD,
    "MOTIFS_RETRAIT": MOTIFS_RETRAIT,
    "ETATS_MESSAGE": ETATS_MESSAGE,
    "ELIGIBILITES": ELIGIBILITES,
    "RESULTATS": RESULTATS,
    "DESTINATAIRES": DESTINATAIRES,
    "CLASSES": CLASSES,
    "MODALITES": MODALITES,
    "CANAUX_RETRAIT": CANAUX_RETRAIT,
    "CANAUX_RELAIS": CANAUX_RELAIS,
    "PAROLES": PAROLES,
    "DISPOSITIFS": DISPOSITIFS,
    "MOTIFS_REFUS": MOTIFS_REFUS,
    "MOTIFS_CLOTURE": MOTIFS_CLOTURE,
    "MOTIFS_REOUVERTURE": MOTIFS_REOUVERTURE,
    "SITUATIONS": SITUATIONS,
    "PROVENANCES": PROVENANCES,
    "JALONS": JALONS,
}
