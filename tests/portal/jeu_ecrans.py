"""Rows of a small platform for the screens: two platforms, two partners, four people (see ``portal.jeu``)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import Connection

import fabrique
from pdp.config import settings
from pdp.domain.auteur import systeme
from pdp.services.manage_comptes import create_compte
from pdp.storage import db
from portal.donnees import AILLEURS, ICI, MOT_DE_PASSE, Lieu
from portal.jeu import CIM10, NOMS_ASSURES, PASSAGE, PRENOMS_ASSURES, Jeu, insert
from portal.jeu_parcours import add_orientations, add_parcours, add_suivi


def build_jeu(lieu: Lieu) -> Jeu:
    """Fill the platforms of ``lieu``; instants are relative to now, which is the clock of the screens."""
    with db.begin(settings().url_app, systeme("essai"), passage=PASSAGE) as conn:
        jeu = Jeu(datetime.now(UTC).replace(microsecond=0), lieu, _partenaire_2(conn, lieu))
        _flux(conn, jeu)
        for i in range(len(NOMS_ASSURES)):
            _personne(conn, jeu, i)
            _signalement(conn, jeu, i)
        add_parcours(conn, jeu)
        add_orientations(conn, jeu)
        add_suivi(conn, jeu)
    return jeu


def _partenaire_2(conn: Connection, lieu: Lieu) -> UUID:
    ident = fabrique.partenaire(conn, "service_social")
    create_compte(
        conn,
        login="partenaire2",
        mot_de_passe=MOT_DE_PASSE,
        role="partenaire",
        plateforme_id=ICI,
        partenaire_id=ident,
        nom_affiche="Compte partenaire2",
    )
    lieu.comptes["partenaire2"] = ident
    return ident


def _flux(conn: Connection, jeu: Jeu) -> None:
    insert(
        conn,
        "pdp.flux_fichier",
        id=jeu.fichier,
        flux="arrets_prescrits",
        nom="arrets_essai.csv",
        empreinte=b"\x01",
        taille_octets=100,
        lignes=6,
        admises=5,
        rejetees=1,
        etat="charge",
        recu_at=jeu.il_y_a(0.2),
    )
    insert(
        conn,
        "identite.quarantaine",
        plateforme_id=ICI,
        fichier_id=jeu.fichier,
        numero_ligne=4,
        champ="date_fin",
        code="dates_inversees",
        message="La fin précède le début.",
        contenu_chiffre=b"chiffre",
        connu_at=jeu.maintenant,
    )
    insert(
        conn,
        "pdp.passage",
        id=PASSAGE,
        dag="pdp_detection",
        tache="detecter",
        instant_metier=jeu.maintenant,
        debut_at=jeu.maintenant,
        fin_at=jeu.maintenant,
        traites=2,
        ignores=1,
        echoues=0,
    )


def _personne(conn: Connection, jeu: Jeu, i: int) -> None:
    plateforme = AILLEURS if i == len(NOMS_ASSURES) - 1 else ICI
    arret, assure = uuid4(), jeu.assures[i]
    qui = {"plateforme_id": plateforme, "assure_id": assure}
    insert(
        conn,
        "identite.assure",
        id=assure,
        plateforme_id=plateforme,
        id_source=f"A{i}",
        nir_chiffre=b"\x00",
        nir_empreinte=bytes([i]),
        nom=NOMS_ASSURES[i],
        prenom=PRENOMS_ASSURES[i],
        date_naissance=date(1975 + i, 3, 2),
        sexe="F",
        commune_insee="35238",
        telephone="+33612345678",
        contrat="salarie",
        mis_a_jour_source_at=jeu.maintenant,
        connu_at=jeu.maintenant,
    )
    insert(
        conn,
        "pdp.arret_prescrit",
        **qui,
        id=arret,
        id_avis=f"AV{i}",
        date_debut=jeu.jour - timedelta(days=91),
        date_fin=jeu.jour + timedelta(days=10),
        nature="initiale",
        risque="maladie",
        motif_categorie="tms",
        ald=True,
        canal="e_aat",
        recu_source_at=jeu.maintenant,
        version_empreinte=b"\x00",
        connu_at=jeu.maintenant,
        fichier_id=jeu.fichier,
    )
    insert(conn, "medical.motif_arret", **qui, arret_id=arret, code_cim10=CIM10, connu_at=jeu.maintenant)
    insert(
        conn,
        "pdp.droits_ij",
        **qui,
        comptees=f"{{[{jeu.jour - timedelta(days=87)},{jeu.jour}]}}",  # 88 days
        calcule_at=jeu.maintenant,
    )


def _signalement(conn: Connection, jeu: Jeu, i: int) -> None:
    episode, decide = uuid4(), i < len(jeu.parcours)
    qui = {"plateforme_id": AILLEURS if i == len(NOMS_ASSURES) - 1 else ICI, "assure_id": jeu.assures[i]}
    insert(
        conn,
        "pdp.episode",
        **qui,
        id=episode,
        premiere_prescription=f"AV{i}",
        debut=jeu.jour - timedelta(days=91),
        fin=jeu.jour + timedelta(days=10),
        jours_prescrits=102,
        nb_prescriptions=1,
        risque="maladie",
        motif_categorie="tms",
        connu_at=jeu.maintenant,
        calcule_at=jeu.maintenant,
    )
    insert(
        conn,
        "pdp.signalement",
        **qui,
        id=jeu.signalements[i],
        episode_id=episode,
        palier=90,
        survenu_le=jeu.jour - timedelta(days=2),
        connu_at=jeu.il_y_a(2),
        priorite=30 + i,
        statut="oriente_csam" if decide else "a_trier",
        decide_at=jeu.il_y_a(1) if decide else None,
        decide_par=jeu.lieu.comptes["medecin_conseil"] if decide else None,
        mode_decision="mc" if decide else None,
    )
    insert(
        conn,
        "pdp.signalement_motif",
        signalement_id=jeu.signalements[i],
        plateforme_id=qui["plateforme_id"],
        regle="palier_90",
        regle_version=1,
        libelle="Arrêt de 92 jours (repère : au moins 90 jours).",
        valeur_observee=92,
        seuil=90,
        parametre_id="palier_signalement_j90@1",
        points=30 + i,
    )
