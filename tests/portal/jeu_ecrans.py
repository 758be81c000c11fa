"""A small platform for the screens of partners, médecins-conseils, managers and evaluators: two platforms, two partners, four people.

Names of insured persons are words found nowhere else, so that a page can be searched for them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

import fabrique
from pdp.clock import jour_local
from pdp.config import settings
from pdp.domain.auteur import Auteur, systeme
from pdp.services.manage_comptes import create_compte
from pdp.storage import db, journal
from portal.donnees import AILLEURS, ICI, MOT_DE_PASSE, Lieu

NOMS_ASSURES = ("ZORGLUBE", "ZIBELINEAU", "ZEPHYRARD", "ZOUAVIN")
PRENOMS_ASSURES = ("Xanthippine", "Xerxesse", "Xylophane", "Ximenette")
CIM10 = "M54.5"
PASSAGE = "pdp_detection/scheduled__2026-03-16T05:00:00+00:00/detecter"


@dataclass
class Jeu:
    """Ids of what was put in; the last insured person lives on the other platform, the first two have a parcours."""

    maintenant: datetime
    lieu: Lieu
    partenaire_2: UUID
    assures: list[UUID] = field(default_factory=lambda: [uuid4() for _ in NOMS_ASSURES])
    signalements: list[UUID] = field(default_factory=lambda: [uuid4() for _ in NOMS_ASSURES])
    parcours: list[UUID] = field(default_factory=lambda: [uuid4() for _ in range(2)])
    orientations: dict[str, UUID] = field(default_factory=dict)
    alerte: UUID = field(default_factory=uuid4)
    fichier: UUID = field(default_factory=uuid4)

    @property
    def jour(self) -> date:
        return jour_local(self.maintenant)

    def il_y_a(self, jours: float) -> datetime:
        return self.maintenant - timedelta(days=jours)

    def auteur(self, login: str) -> Auteur:
        """Author behind an account of the tests."""
        ident = str(self.lieu.comptes[login])
        if login.startswith("partenaire"):
            return Auteur("partenaire", ident, "partenaire", ICI, ident)
        return Auteur("agent", ident, login, ICI)


def insert(conn: Connection, table: str, **colonnes: Any) -> None:
    """One row; a dict is written as JSON."""
    valeurs = {nom: json.dumps(v) if isinstance(v, dict) else v for nom, v in colonnes.items()}
    conn.execute(text(f"INSERT INTO {table} ({', '.join(valeurs)}) VALUES ({', '.join(':' + nom for nom in valeurs)})"), valeurs)


def build_jeu(lieu: Lieu) -> Jeu:
    """Fill the platforms of ``lieu``; instants are relative to now, which is the clock of the screens."""
    with db.begin(settings().url_app, systeme("essai"), passage=PASSAGE) as conn:
        jeu = Jeu(datetime.now(UTC).replace(microsecond=0), lieu, _partenaire_2(conn, lieu))
        _flux(conn, jeu)
        for i in range(len(NOMS_ASSURES)):
            _personne(conn, jeu, i)
            _signalement(conn, jeu, i)
        _parcours(conn, jeu)
        _orientations(conn, jeu)
        _suivi(conn, jeu)
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
        "pdp.compteur_ij",
        **qui,
        au=jeu.jour,
        ij_utilisees=88,
        ij_restantes=272,
        epuisement_projete_le=jeu.jour + timedelta(days=272),
        parametre_id="ij_max@1",
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
        points=30,
    )


def _parcours(conn: Connection, jeu: Jeu) -> None:
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


def _orientations(conn: Connection, jeu: Jeu) -> None:
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


def _suivi(conn: Connection, jeu: Jeu) -> None:
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
