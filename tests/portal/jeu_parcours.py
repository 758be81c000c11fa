"""The parcours of the people of ``portal.jeu``: two cases, their orientations, what is due."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from sqlalchemy import Connection, text

from pdp.storage import journal
from portal.donnees import ICI
from portal.jeu import NOMS_ASSURES, PRENOMS_ASSURES, Jeu, insert


def add_parcours(conn: Connection, jeu: Jeu) -> None:
    """The first one is followed; the second waits for a coordinator."""
    for i, parcours in enumerate(jeu.parcours):
        insert(
            conn,
            "pdp.parcours",
            id=parcours,
            plateforme_id=ICI,
            assure_id=jeu.assures[i],
            signalement_id=jeu.signalements[i],
            statut="oriente" if i == 0 else "a_affecter",
            csam_id=jeu.lieu.comptes["csam"] if i == 0 else None,
            priorite=30,
            survenu_le=jeu.jour,
            connu_at=jeu.il_y_a(1),
            decide_at=jeu.il_y_a(1),
            dernier_evenement_at=jeu.il_y_a(1),
        )
        journal.record(conn, "parcours_ouvert", plateforme_id=ICI, assure_id=jeu.assures[i], parcours_id=parcours)


def add_orientations(conn: Connection, jeu: Jeu) -> None:
    """One per state a partner may or may not see, on the followed parcours; ``mienne`` is late."""
    accord, csam, partenaire = uuid4(), jeu.lieu.comptes["csam"], jeu.lieu.comptes["partenaire"]
    insert(
        conn,
        "pdp.accord",
        id=accord,
        plateforme_id=ICI,
        parcours_id=jeu.parcours[0],
        destinataire="cap_emploi",
        decision="accorde",
        finalite="Aide",
        modalite="oral",
        texte_version="v1",
        recueilli_par=csam,
        recueilli_at=jeu.maintenant,
    )
    contenu = {
        "nom": NOMS_ASSURES[0],
        "prenom": PRENOMS_ASSURES[0],
        "date_naissance": "1975-03-02",
        "telephone": "+33612345678",
        "arret_debut": "2026-01-05",
        "emploi": {"Type de contrat": "CDI", "Souhait": "Poste aménagé"},
    }
    for cle, destinataire, dispositif, statut in (
        ("mienne", partenaire, "cap_emploi", "envoyee"),
        ("autre", jeu.partenaire_2, "service_social", "envoyee"),
        ("terminee", partenaire, "spst", "realisee"),
        ("retiree", partenaire, "psychologue", "annulee"),
        ("pas_envoyee", partenaire, "psychologue", "envoyee"),
    ):
        jeu.orientations[cle] = uuid4()
        insert(
            conn,
            "pdp.orientation",
            id=jeu.orientations[cle],
            plateforme_id=ICI,
            parcours_id=jeu.parcours[0],
            partenaire_id=destinataire,
            dispositif=dispositif,
            accord_id=accord,
            statut=statut,
            motif="Difficultés de revenus, souhaite un rendez-vous.",
            contenu=contenu,
            propose_par=csam,
            proposee_at=jeu.il_y_a(6),
            envoyee_at=None if cle == "pas_envoyee" else jeu.il_y_a(6),
            repondue_at=jeu.maintenant if statut == "realisee" else None,
            reponse_attendue_le=jeu.jour + timedelta(days=-2 if cle == "mienne" else 3),
            compte_rendu="Droits ouverts, suivi terminé." if statut == "realisee" else None,
        )


def add_suivi(conn: Connection, jeu: Jeu) -> None:
    """A late reason whose note names the person, an open alert, an appointment in five days."""
    qui = {"plateforme_id": ICI, "parcours_id": jeu.parcours[0]}
    insert(
        conn,
        "pdp.tache",
        **qui,
        motif="premier_appel",
        balle="csam",
        echeance_at=jeu.il_y_a(3),
        note=f"Rappeler Mme {NOMS_ASSURES[0]}",
        cause="c1",
        origine="automatique",
        ouverte_at=jeu.il_y_a(8),
        ouverte_par="essai",
    )
    insert(
        conn,
        "pdp.alerte",
        **qui,
        id=jeu.alerte,
        assure_id=jeu.assures[0],
        type="enlisement",
        cause="c1",
        phrase="Aucun événement sur le parcours depuis 31 jours.",
        faits={"jours": 31},
        survenu_at=jeu.il_y_a(4),
        connu_at=jeu.il_y_a(9),
    )
    csam = jeu.lieu.comptes["csam"]
    insert(
        conn,
        "pdp.tele_echange",
        **qui,
        csam_id=csam,
        csam_numero=conn.execute(text("SELECT numero FROM pdp.agent WHERE id = :c"), {"c": csam}).scalar_one(),
        debut_at=jeu.maintenant + timedelta(days=5),
        fin_at=jeu.maintenant + timedelta(days=5, minutes=40),
        statut="planifie",
        planifie_at=jeu.maintenant,
    )
