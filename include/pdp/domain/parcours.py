"""Life of a parcours: statuses, acts and the only transitions allowed. The diagram of the documentation is generated from here."""

from __future__ import annotations

from enum import StrEnum

from pdp.errors import TransitionInterdite


class Statut(StrEnum):
    """Where a parcours stands."""

    AFFECTE = "affecte"
    A_AFFECTER = "a_affecter"
    CONTACT_EN_COURS = "contact_en_cours"
    ENTRETIEN_PLANIFIE = "entretien_planifie"
    ENTRETIEN_REALISE = "entretien_realise"
    ACCORD_DEMANDE = "accord_demande"
    ORIENTE = "oriente"
    EN_ACCOMPAGNEMENT = "en_accompagnement"
    INTERROMPU = "interrompu"
    CLOTURE = "cloture"


LIBELLES = {
    Statut.A_AFFECTER: "À affecter",
    Statut.AFFECTE: "Affecté, à appeler",
    Statut.CONTACT_EN_COURS: "Contact en cours",
    Statut.ENTRETIEN_PLANIFIE: "Télé-échange planifié",
    Statut.ENTRETIEN_REALISE: "Télé-échange réalisé",
    Statut.ACCORD_DEMANDE: "Accord demandé",
    Statut.ORIENTE: "Orienté vers un partenaire",
    Statut.EN_ACCOMPAGNEMENT: "Accompagné par un partenaire",
    Statut.INTERROMPU: "Interrompu, le médecin-conseil est alerté",
    Statut.CLOTURE: "Clos",
}

_S = Statut
# In the hands of a coordinator: neither waiting for one, nor stopped, nor over.
_SUIVIS = (
    _S.AFFECTE,
    _S.CONTACT_EN_COURS,
    _S.ENTRETIEN_PLANIFIE,
    _S.ENTRETIEN_REALISE,
    _S.ACCORD_DEMANDE,
    _S.ORIENTE,
    _S.EN_ACCOMPAGNEMENT,
)
# (act, from) -> to. An act that keeps the status is listed too: what is absent is forbidden.
TRANSITIONS: dict[tuple[str, Statut], Statut] = {
    ("affecter", _S.A_AFFECTER): _S.AFFECTE,
    **{("affecter", s): s for s in _SUIVIS},
    **{("redistribuer", s): s for s in _S if s not in (_S.CLOTURE, _S.A_AFFECTER)},
    **{
        ("contacter", s): _S.CONTACT_EN_COURS if s in (_S.AFFECTE, _S.INTERROMPU) else s for s in _S if s not in (_S.CLOTURE, _S.A_AFFECTER)
    },
    **{("planifier", s): _S.ENTRETIEN_PLANIFIE for s in (*_SUIVIS, _S.INTERROMPU)},
    ("realiser", _S.ENTRETIEN_PLANIFIE): _S.ENTRETIEN_REALISE,
    ("manquer", _S.ENTRETIEN_PLANIFIE): _S.CONTACT_EN_COURS,
    ("annuler_entretien", _S.ENTRETIEN_PLANIFIE): _S.CONTACT_EN_COURS,
    **{
        ("recueillir_accord", s): _S.ACCORD_DEMANDE if s in (_S.ENTRETIEN_REALISE, _S.CONTACT_EN_COURS) else s
        for s in (*_SUIVIS, _S.INTERROMPU)
    },
    **{
        ("orienter", s): _S.ORIENTE if s is not _S.EN_ACCOMPAGNEMENT else s
        for s in (_S.ENTRETIEN_REALISE, _S.ACCORD_DEMANDE, _S.ORIENTE, _S.EN_ACCOMPAGNEMENT)
    },
    ("relais_accepte", _S.ORIENTE): _S.EN_ACCOMPAGNEMENT,
    ("relais_accepte", _S.EN_ACCOMPAGNEMENT): _S.EN_ACCOMPAGNEMENT,
    ("relais_termine", _S.ORIENTE): _S.ENTRETIEN_REALISE,
    ("relais_termine", _S.EN_ACCOMPAGNEMENT): _S.ENTRETIEN_REALISE,
    **{("interrompre", s): _S.INTERROMPU for s in _S if s is not _S.CLOTURE},
    ("relancer", _S.INTERROMPU): _S.CONTACT_EN_COURS,
    **{("cloturer", s): _S.CLOTURE for s in _S if s is not _S.CLOTURE},
    ("rouvrir", _S.CLOTURE): _S.CONTACT_EN_COURS,
}

MOTIFS_CLOTURE = {
    "reprise_meme_poste": "Reprise au même poste",
    "reprise_amenagee": "Reprise sur un poste aménagé",
    "reprise_tpt": "Reprise à temps partiel thérapeutique",
    "reclassement_interne": "Reclassement chez le même employeur",
    "autre_employeur": "Nouvel emploi chez un autre employeur",
    "creation_activite": "Création d'activité",
    "formation_reconversion": "Formation ou reconversion",
    "invalidite_cat1": "Invalidité de catégorie 1",
    "invalidite_cat2_3": "Invalidité de catégorie 2 ou 3",
    "inaptitude_licenciement": "Licenciement pour inaptitude",
    "retraite": "Retraite",
    "retraite_inaptitude": "Retraite pour inaptitude",
    "fin_droits_ij": "Fin de droits aux indemnités journalières",
    "consolidation_atmp": "Consolidation (AT/MP)",
    "refus_assure": "Refus de la personne",
    "retrait_accord": "Retrait de l'accord",
    "injoignable": "Personne injoignable",
    "relais_service_social": "Relais pris par le service social",
    "relais_spst": "Relais pris par le service de prévention et de santé au travail",
    "relais_cap_emploi": "Relais pris par Cap emploi",
    "mutation_caisse": "Changement de caisse",
    "hors_perimetre": "Hors périmètre",
    "decision_mc": "Décision du médecin-conseil",
    "deces": "Décès",
    "doublon": "Doublon",
    "erreur": "Saisie par erreur",
}
MOTIFS_REPRISE = frozenset(
    {"reprise_meme_poste", "reprise_amenagee", "reprise_tpt", "reclassement_interne", "autre_employeur", "creation_activite"}
)

SITUATIONS = {
    "meme_poste": "Au même poste",
    "poste_amenage": "Sur un poste aménagé",
    "autre_poste_meme_employeur": "À un autre poste, même employeur",
    "autre_employeur": "Chez un autre employeur",
    "independant": "À son compte",
    "tpt": "En temps partiel thérapeutique",
    "formation": "En formation",
    "arret": "Toujours en arrêt",
    "invalidite_1": "En invalidité de catégorie 1",
    "invalidite_2": "En invalidité de catégorie 2",
    "invalidite_3": "En invalidité de catégorie 3",
    "chomage": "Au chômage",
    "retraite": "À la retraite",
    "decede": "Décédée",
    "inconnu": "Situation inconnue",
}
SITUATIONS_EN_EMPLOI = frozenset({"meme_poste", "poste_amenage", "autre_poste_meme_employeur", "autre_employeur", "independant", "tpt"})


def next_statut(acte: str, statut: str) -> Statut:
    """Status after ``acte``; raises :class:`TransitionInterdite` when the act is not allowed from ``statut``."""
    try:
        return TRANSITIONS[(acte, Statut(statut))]
    except KeyError:
        libelle = LIBELLES[Statut(statut)]
        raise TransitionInterdite(
            f"Cet acte n'est pas possible : le parcours est « {libelle} ». Rien n'a été enregistré.", code=f"forbidden:{acte}:{statut}"
        ) from None
