"""Help of the portal: shortcuts, words, who sees what; and the accessibility statement, public."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from pdp.portal.affichage import page
from pdp.portal.auth import Routeur, acces
from pdp.portal.glossaire import GLOSSAIRE

routeur = Routeur()
MENU = {role: [("/aide", "Aide")] for role in ("csam", "medecin_conseil", "responsable", "evaluateur", "partenaire")}
RACCOURCIS = (
    ("j, k", "Sur la liste : personne suivante, personne précédente"),
    ("Entrée", "Sur la liste : ouvrir l'action de la personne"),
    ("Espace", "Sur la liste : ouvrir ou refermer l'aperçu de la personne"),
    ("x", "Sur la liste : cocher la personne"),
    ("e, s", "Sur la liste : aller à « C'est fait », à la mise en attente"),
    ("/", "Sur la liste : aller à la recherche"),
    ("c", "Sur la liste : ouvrir la fiche appel"),
    ("1, 2, 3", "Sur la fiche appel : joint, répondeur, pas de réponse"),
    ("g puis m", "Aller à ma liste"),
    ("?", "Afficher les raccourcis"),
)
# Data, then who reads it: CSAM, médecin-conseil, responsable, partenaire, évaluateur.
VISIBILITE = (
    ("Nom, prénom, coordonnées", ("Oui", "Oui", "Non", "Si la personne l'a accepté", "Non")),
    ("Numéro de sécurité sociale", ("Non", "Non", "Non", "Non", "Non")),
    ("Dates et nature de l'arrêt", ("Oui", "Oui", "Non", "Dates, si la personne l'a accepté", "Par tranches")),
    ("Motif médical", ("Catégorie seulement", "Oui, consultation journalisée", "Non", "Non", "Catégorie")),
    ("Emploi et souhaits, dits en télé-échange", ("Oui", "Oui", "Non", "Si la personne l'a accepté", "Codes")),
    ("Santé, dite en télé-échange", ("Ses propres dossiers", "Oui, consultation journalisée", "Non", "Non", "Non")),
    ("Avis du médecin-conseil", ("Non", "Oui, consultation journalisée", "Non", "Non", "Non")),
    ("Orientations et réponses", ("Oui", "Oui", "État seulement", "Les siennes", "Codes")),
    ("Charge, retards, traitements", ("Sa liste", "Ses alertes", "Oui", "Non", "Non")),
)
COLONNES = ("Conseiller (CSAM)", "Médecin-conseil", "Responsable", "Partenaire", "Évaluateur")


@routeur.get("/aide")
@acces("connecte")
def show_aide(request: Request) -> Response:
    """Shortcuts, words and who sees what."""
    return page(request, "aide/aide.html", raccourcis=RACCOURCIS, glossaire=GLOSSAIRE, visibilite=VISIBILITE, colonnes=COLONNES)


@routeur.get("/accessibilite")
@acces("public")
def show_accessibilite(request: Request) -> Response:
    """Accessibility statement, readable before signing in."""
    return page(request, "aide/accessibilite.html")
