"""Statuses as people read them on the help page: every label of the domain with its meaning."""

from __future__ import annotations

from pdp.domain import orientation, parcours
from pdp.domain.orientation import Statut as O
from pdp.domain.parcours import Statut as P
from pdp.services.libelles_dossier import STATUTS_SIGNALEMENT

_PARCOURS = {
    P.A_AFFECTER: "Le parcours est ouvert ; aucun conseiller n'est encore désigné.",
    P.AFFECTE: "Un conseiller est désigné ; il n'a pas encore appelé.",
    P.CONTACT_EN_COURS: "Le conseiller a essayé de joindre la personne, ou l'a jointe.",
    P.ENTRETIEN_PLANIFIE: "Un télé-échange a un jour et une heure.",
    P.ENTRETIEN_REALISE: "Le télé-échange a eu lieu et est renseigné.",
    P.ACCORD_DEMANDE: "La personne a dit pour chaque partenaire si elle accepte d'être orientée.",
    P.ORIENTE: "Une demande est partie vers au moins un partenaire.",
    P.EN_ACCOMPAGNEMENT: "Un partenaire a accepté et accompagne la personne.",
    P.INTERROMPU: "Le parcours ne peut plus avancer ; le médecin-conseil décide de la suite.",
    P.CLOTURE: "Le parcours est terminé, avec un motif et la situation de la personne. Il peut être rouvert.",
}
_ORIENTATION = {
    O.ENVOYEE: "La demande est partie vers le partenaire.",
    O.RECUE: "Le partenaire l'a reçue ; il n'a pas encore répondu.",
    O.ACCEPTEE: "Le partenaire prend la demande.",
    O.REFUSEE: "Le partenaire ne peut pas la prendre ; il a dit pourquoi.",
    O.EN_COURS: "Le premier rendez-vous avec la personne a eu lieu.",
    O.REALISEE: "Le partenaire a terminé et a rendu compte.",
    O.SANS_SUITE: "L'accompagnement s'est arrêté avant son terme.",
    O.ANNULEE: "La plateforme a retiré la demande ; le partenaire ne la voit plus.",
    O.EXPIREE: "Le délai de réponse est dépassé ; la demande est fermée.",
}
_SIGNALEMENT = {
    "veille": "L'arrêt est suivi, sans action pour l'instant.",
    "a_trier": "Le médecin-conseil doit choisir la suite.",
    "oriente_csam": "Un parcours est ouvert avec un conseiller, ou celui qui a déjà suivi la personne choisit de rouvrir le sien.",
    "oriente_ism": "Un infirmier du service médical prend la suite.",
    "convocation_mc": "Le médecin-conseil reçoit la personne.",
    "sans_suite": "Aucune action n'est utile aujourd'hui.",
    "rattache": "Un nouveau seuil est franchi pendant un parcours déjà ouvert.",
    "remplace": "Un seuil plus haut du même arrêt a pris sa place.",
}
GLOSSAIRE: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("Signalement", tuple((STATUTS_SIGNALEMENT[code], sens) for code, sens in _SIGNALEMENT.items())),
    ("Parcours", tuple((parcours.LIBELLES[statut], sens) for statut, sens in _PARCOURS.items())),
    ("Orientation vers un partenaire", tuple((orientation.LIBELLES[statut], sens) for statut, sens in _ORIENTATION.items())),
)
