"""What a person may ask of how to be reached, as codes. The need, never its cause."""

from __future__ import annotations

CANAUX = {"telephone": "Téléphone", "sms": "SMS", "courriel": "Courriel", "courrier": "Courrier"}
BESOINS = {
    "ecrit": "Préfère l'écrit à la voix",
    "lsf": "Langue des signes",
    "lentement": "Parler lentement",
    "gros_caracteres": "Courriers en gros caractères",
    "facile_a_lire": "Textes faciles à lire",
    "proche": "Un proche l'aide à répondre",
}
