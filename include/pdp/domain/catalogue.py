"""Every automatic rule of the platform in one list, drawn from the registries that the code itself reads.

A rule that is added to a registry appears here by itself; what a registry does not say (which value of the policy is its delay, what
wakes a message) is said in the tables below, and a test compares their keys with the registries.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pdp.domain.alerte import TYPES
from pdp.domain.enlisement import ACTEURS, list_catalogue
from pdp.domain.horaire import SEMAINE, TRAITEMENTS, Traitement, cadence
from pdp.domain.message import MODELES
from pdp.domain.regles import Exclusion, Regle
from pdp.domain.sonde import MAXIMA, POLITIQUE_ENVOI, RYTHMES_FLUX, RYTHMES_TRAITEMENTS, SONDES
from pdp.domain.tache import MOTIFS

FAMILLES = {
    "traitement": "Traitements",
    "detection": "Détection : ce qui fait entrer une personne dans la liste",
    "exclusion": "Détection : ce qui n'y fait pas entrer",
    "tache": "Tâches ouvertes toutes seules",
    "blocage": "Recherche de ce qui est bloqué",
    "alerte": "Alertes au médecin-conseil",
    "message": "Messages qui partent seuls",
    "sonde": "Surveillance de la plateforme",
}
CHEZ = {
    "csam": "le conseiller",
    "assure": "la personne accompagnée",
    "partenaire": "le partenaire",
    "medecin_conseil": "le médecin-conseil",
    "responsable": "le responsable",
}
A_LA_MAIN = frozenset({"rappel_promis", "tache_personnelle"})
"""Reasons that only a person opens."""

DELAIS_BLOCAGES = {
    "S03": ("enlisement_etape_retard_jours",),
    "S05": ("affectation_delai_jours_ouvres",),
    "S06": ("orientation_reception_delai_jours_ouvres", "orientation_relances_max"),
    "S07": ("orientation_nouvelles_delai_jours",),
    "S08": ("tele_echange_cr_delai_jours_ouvres",),
    "S11": ("enlisement_sans_evenement_jours",),
    "S16": ("alerte_mc_prise_en_compte_jours_ouvres",),
    "S18": ("doublon_comparaison_jours_ouvres",),
}
DELAIS_ALERTES = {
    "seuil_ij_270": ("alerte_ij_270",),
    "seuil_ij_330": ("alerte_ij_330",),
    "j180_approche": ("alerte_j180_approche_jours",),
    "enlisement": ("enlisement_sans_evenement_jours",),
    "partenaire_sans_reponse": ("orientation_expiration_jours",),
    "parcours_interrompu": ("contact_lettre_reponse_jours", "tele_echange_absences_max"),
    "risque_suicidaire": ("alerte_urgente_relais_heures",),
}


@dataclass(frozen=True, slots=True)
class Envoi:
    """A message that leaves without a person asking for it each time. ``modele``: what is written, None when it is of several kinds."""

    titre: str
    quand: str
    delais: tuple[str, ...] = ()
    modele: str | None = None


ENVOIS = {
    "confirmation_rendez_vous": Envoi(
        MODELES["confirmation_rendez_vous"].libelle,
        "Dès qu'un rendez-vous est pris ou déplacé.",
        ("message_manquant_heures",),
        "confirmation_rendez_vous",
    ),
    "rappel_rendez_vous": Envoi(
        MODELES["rappel_rendez_vous"].libelle,
        "Avant chaque rendez-vous, une première puis une dernière fois.",
        (
            "rappel_rendez_vous_premier_jours",
            "rappel_rendez_vous_dernier_jours",
            "rappel_rendez_vous_trop_tard_heures",
            "rappel_rendez_vous_garde_heures",
        ),
        "rappel_rendez_vous",
    ),
    "annulation_rendez_vous": Envoi(
        MODELES["annulation_rendez_vous"].libelle, "Dès qu'un rendez-vous est annulé.", (), "annulation_rendez_vous"
    ),
    "rendez_vous_manque": Envoi(
        MODELES["rendez_vous_manque"].libelle,
        "Quand la personne n'était pas au rendez-vous.",
        ("tele_echange_absence_attente_jours_ouvres", "tele_echange_absences_max"),
        "rendez_vous_manque",
    ),
    "invitation_rendez_vous": Envoi(
        MODELES["invitation_rendez_vous"].libelle,
        "Envoyée par le conseiller ; relancée seule quand la personne n'a rien choisi.",
        ("invitation_relance_jours", "invitation_validite_jours"),
        "invitation_rendez_vous",
    ),
    "avis_partenaire": Envoi(
        "Un dossier attend le partenaire", "Quand une orientation est proposée par le portail ou par un lien.", (), "avis_partenaire"
    ),
    "rappel_partenaire": Envoi(
        "Rappel au partenaire",
        "Quand le partenaire n'a pas fait ce qui est attendu à la date prévue.",
        ("relance_partenaire_intervalle_jours", "orientation_relances_max"),
        "rappel_partenaire",
    ),
    "fin_partenaire": Envoi(
        "Fin d'une orientation, dite au partenaire",
        "Quand une orientation restée sans réponse prend fin.",
        ("orientation_expiration_jours",),
        "avis_fin",
    ),
    "annulation": Envoi(
        "Retrait d'une orientation, dit au partenaire",
        "Dès que l'accord de la personne ou l'orientation est retiré : la demande n'apparaît plus chez le partenaire.",
        (),
        "avis_retrait",
    ),
    "avis_interne": Envoi(
        "E-mails à l'équipe : relevé du médecin-conseil, traitement en retard, incident",
        "Selon ce qui est dû ; des nombres et des liens, jamais un nom.",
        ("releve_budget_jour", "releve_relais_jours_ouvres"),
    ),
}
"""By type of message in the outbox. The others leave because a person asked: orientation, answer, letter."""


@dataclass(frozen=True, slots=True)
class Automatisme:
    """One automatic rule.

    ``delais``: keys of the policy; ``compte``: kind and code under which its effects are counted, None = not counted;
    ``dag``: the treatment that applies it, None = at once, when somebody acts; ``modele``: the message it writes.
    """

    famille: str
    code: str
    titre: str
    fait: str
    qui: str
    delais: tuple[str, ...] = ()
    dag: str | None = None
    compte: tuple[str, str] | None = None
    modele: str | None = None


def list_automatismes(regles: Iterable[Regle], exclusions: Iterable[Exclusion], seuils: Mapping[str, str]) -> tuple[Automatisme, ...]:
    """All of them, family by family; ``regles`` and ``exclusions``: those in force; ``seuils``: wording of the policy, by key."""
    return (
        *(
            Automatisme("traitement", t.dag, t.titre, f"{t.effet} {tell_horaire(t)}", "La plateforme", (), t.dag, ("traitement", t.dag))
            for t in TRAITEMENTS.values()
        ),
        *(_from_regle(r, seuils) for r in regles),
        *(Automatisme("exclusion", e.cle, e.phrase, f"Source : {e.source}.", "La plateforme", (), "pdp_detection") for e in exclusions),
        *_list_taches(),
        *_list_blocages(),
        *(
            Automatisme(
                "alerte",
                code,
                t.libelle,
                " ".join(_neutral(p) for p in t.phrases.values()),
                "Le médecin-conseil décide",
                DELAIS_ALERTES.get(code, ()),
                None,
                ("alerte", code),
            )
            for code, t in TYPES.items()
        ),
        *(
            Automatisme("message", code, e.titre, e.quand, "La plateforme", e.delais, "pdp_envoi", ("message", code), e.modele)
            for code, e in ENVOIS.items()
        ),
        *_list_sondes(),
    )


def _from_regle(r: Regle, seuils: Mapping[str, str]) -> Automatisme:
    delais = (r.parametre, r.points)
    titre = _neutral(r.phrase.replace("{seuil}", seuils.get(r.parametre, "…")))
    return Automatisme("detection", r.cle, titre, r.levier, "La plateforme", delais, "pdp_detection", ("regle", r.cle))


def _list_taches() -> Iterable[Automatisme]:
    for code, motif in MOTIFS.items():
        if code not in A_LA_MAIN:
            delais = (motif.delai,) if motif.delai else ()
            fait = "Une tâche datée apparaît ; elle se ferme quand ce qui est attendu est fait."
            yield Automatisme("tache", code, motif.libelle, fait, f"À faire par {CHEZ[motif.balle]}", delais, None, ("tache", code))


def _list_blocages() -> Iterable[Automatisme]:
    for e in list_catalogue():
        seule = "La plateforme répare seule." if e.automatique else "La plateforme le montre ; une personne décide."
        delais = DELAIS_BLOCAGES.get(e.code, ())
        yield Automatisme(
            "blocage", e.code, e.phrase, f"{e.reparation} {seule}", ACTEURS[e.acteur], delais, "pdp_veille", ("blocage", e.code)
        )


def _list_sondes() -> Iterable[Automatisme]:
    delais = {
        "flux_absent": tuple(RYTHMES_FLUX.values()),
        "traitement_en_retard": tuple(dict.fromkeys(RYTHMES_TRAITEMENTS.values())),
        "envoi_en_retard": tuple(dict.fromkeys(POLITIQUE_ENVOI.values())),
        **{code: (cle,) for code, cle in MAXIMA.items()},
    }
    for s in SONDES.values():
        titre = s.titre.partition(" : {")[0]
        fait = f"{s.consequence} {s.suite}"
        yield Automatisme("sonde", s.code, titre, fait, "Les responsables sont prévenus", delais[s.code], "pdp_guet", ("incident", s.code))


def tell_horaire(t: Traitement) -> str:
    """« Chaque jour à 06 h 15, et dès que … est terminé. »"""
    morceaux = []
    if t.cron is not None:
        c = cadence(t.cron)
        jours = "jour ouvré" if t.ouvres else "jour de la semaine" if c.jours == SEMAINE else "jour"
        if c.premiere == c.derniere:
            morceaux.append(f"chaque {jours} à {c.premiere:%H h %M}")
        elif c.pas_minutes is None:
            morceaux.append(f"plusieurs fois chaque {jours}, de {c.premiere:%H h %M} à {c.derniere:%H h %M}")
        else:
            pas = f"toutes les {c.pas_minutes} minutes" if c.pas_minutes != 60 else "toutes les heures"
            morceaux.append(f"chaque {jours}, {pas}, de {c.premiere:%H h %M} à {c.derniere:%H h %M}")
    if t.depot:
        morceaux.append("dès qu'un fichier est déposé")
    morceaux += [f"dès que « {TRAITEMENTS[dag].titre} » a travaillé" for dag in t.apres]
    phrase = ", et ".join(morceaux)
    return f"{phrase[:1].upper()}{phrase[1:]}."


def _neutral(phrase: str) -> str:
    """A sentence without the figures of anybody."""
    propre = phrase.replace("{s}", "s")
    while "{" in propre:
        avant, _, reste = propre.partition("{")
        propre = f"{avant}…{reste.partition('}')[2]}"
    return propre
