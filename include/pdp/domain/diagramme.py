"""The diagram of the documentation, generated from the transitions so that it cannot lie."""

from __future__ import annotations

from pdp.domain import orientation
from pdp.domain.parcours import LIBELLES, TRANSITIONS, Statut

ENTETE = "<!-- Produit par `./pdp docs` à partir du code : ne pas modifier à la main. -->\n"


def parcours_mermaid() -> str:
    """State diagram of a parcours, in Mermaid; acts that keep the status are left out."""
    lignes = ["stateDiagram-v2"]
    lignes += [f'    state "{LIBELLES[s]}" as {s.value}' for s in Statut]
    lignes += [f"    [*] --> {Statut.A_AFFECTER.value}: ouvrir"]
    fleches: dict[tuple[Statut, Statut], list[str]] = {}
    for (acte, avant), apres in TRANSITIONS.items():
        if avant is not apres:
            fleches.setdefault((avant, apres), []).append(acte)
    lignes += [f"    {avant.value} --> {apres.value}: {', '.join(sorted(actes))}" for (avant, apres), actes in sorted(fleches.items())]
    return "\n".join(lignes)


def orientation_mermaid() -> str:
    """State diagram of a hand-over, with who sets each status."""
    lignes = ["stateDiagram-v2"]
    lignes += [f'    state "{libelle}" as {s.value}' for s, libelle in orientation.LIBELLES.items()]
    lignes += [f"    [*] --> {orientation.Statut.ENVOYEE.value}: conseiller"]
    for qui, table in (("partenaire", orientation.PAR_PARTENAIRE), ("plateforme", orientation.PAR_PLATEFORME)):
        lignes += [f"    {avant.value} --> {apres.value}: {qui}" for avant in sorted(table) for apres in sorted(table[avant])]
    return "\n".join(lignes)


def page_parcours() -> str:
    """Page `include/docs/parcours.md`."""
    return (
        f"{ENTETE}\n# Vie d'un parcours\n\n```mermaid\n{parcours_mermaid()}\n```\n\n"
        f"# Vie d'une orientation\n\n```mermaid\n{orientation_mermaid()}\n```\n"
    )
