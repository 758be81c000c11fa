"""Partners for the manager: delays as counts, configuration, transports and their history, software that may call us."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.clock import jour_local
from pdp.domain.orientation import CANAUX, DISPOSITIFS
from pdp.errors import Introuvable
from pdp.portal.affichage import page, pluriel
from pdp.portal.auth import Routeur, acces
from pdp.portal.formulaires import choix, identifiant, jour, texte
from pdp.portal.page_structure import GESTES, entier
from pdp.portal.sessions import ecrire, flash, lire, redirect, session_of
from pdp.services import configure_partenaire as reglage
from pdp.services.delais import get_lieu
from pdp.services.manage_clients import create_client, list_clients, revoke_client
from pdp.services.manage_structure import ADRESSES, HORAIRES_MAX, NOM_MAX, PERIODES
from pdp.services.publish_referentiel import referentiel
from pdp.services.read_annuaire import list_suivis
from pdp.services.read_structure import get_partenaire, list_transports, read_ecarts, read_structure

routeur = Routeur()
MENU = {"responsable": [("/equipe/partenaires", "Partenaires")]}
PAGE = "/equipe/partenaires"
CHAMPS = {
    "canal": "Transport",
    "url": "Adresse de l'interface ou du serveur",
    "courriel": "Adresse ordinaire",
    "adresse_securisee": "Adresse sécurisée",
    "telephone": "Téléphone",
    "delai_reponse_jours": "Délai de réponse (jours ouvrés)",
    "zones": "Zones desservies",
    "spst": "Identifiants dans les DSN",
}


@routeur.get(PAGE)
@acces("responsable")
def show_partenaires(request: Request) -> Response:
    """Every partner, what waits, and its delays."""
    maintenant = clock.now()
    with lire(request) as conn:
        lieu = get_lieu(conn, session_of(request).plateforme_id)
        suivis = list_suivis(conn, lieu, maintenant)
    fenetre = referentiel().entier("partenaire_delais_fenetre_jours", jour_local(maintenant), lieu.plateforme_id)
    return page(request, "responsable/partenaires.html", suivis=suivis, DISPOSITIFS=DISPOSITIFS, fenetre=fenetre)


@routeur.get(f"{PAGE}/nouveau")
@acces("responsable")
def show_nouveau(request: Request) -> Response:
    """A partner that no list names."""
    return page(request, "responsable/partenaire_nouveau.html", DISPOSITIFS=DISPOSITIFS, CANAUX=CANAUX, HORAIRES_MAX=HORAIRES_MAX)


@routeur.post(PAGE)
@acces("responsable")
def create(request: Request) -> Response:
    nature = choix(request, "type", DISPOSITIFS, libelle="Type")
    nom = texte(request, "nom", libelle="Nom", maximum=NOM_MAX, obligatoire=True)
    configuration, maintenant = _read_configuration(request), clock.now()
    with ecrire(request) as conn:
        partenaire = reglage.create_partenaire(
            conn,
            session_of(request).auteur,
            type=nature,
            nom=nom,
            configuration=configuration,
            actif_du=jour_local(maintenant),
            cle_saisie=identifiant(request, "cle_saisie", libelle="Formulaire"),
            maintenant=maintenant,
        )
    flash(
        request,
        "Partenaire créé. Dites qui il dessert et combien de demandes il peut prendre. Rien ne part vers lui avant votre accord, dans"
        " « Décisions attendues » (page Passages).",
    )
    return redirect(f"{PAGE}/{partenaire}")


@routeur.get(PAGE + "/{partenaire_id}")
@acces("responsable")
def show_partenaire(request: Request, partenaire_id: UUID) -> Response:
    """One partner: configuration, transports since the beginning, what it says of itself, what the list says otherwise."""
    maintenant = clock.now()
    with lire(request) as conn:
        structure = read_structure(conn, partenaire_id, jour_local(maintenant))
        transports = list_transports(conn, partenaire_id)
        clients = list_clients(conn, partenaire_id)
        lieu = get_lieu(conn, session_of(request).plateforme_id)
        suivi = next(s for s in list_suivis(conn, lieu, maintenant) if s.id == partenaire_id)
    return page(
        request,
        "responsable/partenaire.html",
        s=structure,
        suivi=suivi,
        transports=transports,
        clients=clients,
        ecarts=read_ecarts(structure),
        capacite=structure.capacite.tell(jour_local(maintenant)),
        racine=f"{PAGE}/{partenaire_id}",
        CHAMPS=CHAMPS,
        CANAUX=CANAUX,
        PERIODES=PERIODES,
        ADRESSES=ADRESSES,
        GENRES=reglage.GENRES,
        HORAIRES_MAX=HORAIRES_MAX,
    )


@routeur.post(PAGE + "/{partenaire_id}/configuration")
@acces("responsable")
def configure(request: Request, partenaire_id: UUID) -> Response:
    """How it is reached; a new transport takes along what has not left."""
    voulue = _read_configuration(request)
    with ecrire(request) as conn:
        change = reglage.configure_partenaire(conn, session_of(request).auteur, partenaire_id, voulue, clock.now())
    _tell(request, change)
    return redirect(f"{PAGE}/{partenaire_id}#configuration")


@routeur.post(PAGE + "/{partenaire_id}/liste")
@acces("responsable")
def follow(request: Request, partenaire_id: UUID) -> Response:
    """Take what the list says, and follow the lists again."""
    with ecrire(request) as conn:
        change = reglage.follow_liste(conn, session_of(request).auteur, partenaire_id, clock.now())
    _tell(request, change)
    return redirect(f"{PAGE}/{partenaire_id}#configuration")


@routeur.post(PAGE + "/{partenaire_id}/nom")
@acces("responsable")
def rename(request: Request, partenaire_id: UUID) -> Response:
    nom = texte(request, "nom", libelle="Nom", maximum=NOM_MAX, obligatoire=True)
    with ecrire(request) as conn:
        reglage.rename_partenaire(conn, session_of(request).auteur, partenaire_id, nom, jour(request, "actif_au", libelle="Dernier jour"))
    flash(request, "Nom et dates enregistrés.")
    return redirect(f"{PAGE}/{partenaire_id}")


@routeur.post(PAGE + "/{partenaire_id}/desserte")
@acces("responsable")
def serve(request: Request, partenaire_id: UUID) -> Response:
    """Whom it serves: one kind of codes at a time."""
    genre = choix(request, "genre", reglage.GENRES, libelle="Ce que vous décrivez")
    codes = texte(request, "codes", libelle="Codes", maximum=100_000) or ""
    with ecrire(request) as conn:
        gardes = reglage.set_desserte(conn, session_of(request).auteur, partenaire_id, genre, [codes], clock.now())
    flash(request, f"Desserte enregistrée : {len(gardes)} code{'s' if len(gardes) > 1 else ''}.")
    return redirect(f"{PAGE}/{partenaire_id}#desserte")


@routeur.post(PAGE + "/{partenaire_id}/adresse")
@acces("responsable")
def decide(request: Request, partenaire_id: UUID) -> Response:
    """A change of address asked by the partner."""
    accepte = choix(request, "decision", ("accepter", "refuser"), libelle="Décision") == "accepter"
    demande = identifiant(request, "demande", libelle="Demande")
    with ecrire(request) as conn:
        reglage.decide_adresse(conn, session_of(request).auteur, partenaire_id, demande, accepte, clock.now())
    flash(request, "Adresse changée : les prochains messages y vont." if accepte else "Demande refusée : rien ne change.")
    return redirect(f"{PAGE}/{partenaire_id}#adresses")


@routeur.post(PAGE + "/{partenaire_id}/acces")
@acces("responsable")
def open_client(request: Request, partenaire_id: UUID) -> Response:
    """A software of the partner: its secret is on this page and nowhere else, hence no redirect."""
    with ecrire(request) as conn:
        partenaire = get_partenaire(conn, partenaire_id)
        client, secret = create_client(conn, session_of(request).auteur, partenaire_id, clock.now())
    return page(request, "responsable/partenaire_acces.html", partenaire=partenaire, client=client, secret=secret)


@routeur.post(PAGE + "/{partenaire_id}/acces-ferme")
@acces("responsable")
def close_client(request: Request, partenaire_id: UUID) -> Response:
    client = texte(request, "logiciel", libelle="Accès", maximum=80, obligatoire=True)
    with ecrire(request) as conn:
        if client not in {c.id for c in list_clients(conn, partenaire_id)}:
            raise Introuvable
        revoke_client(conn, session_of(request).auteur, client, clock.now())
    flash(request, "Accès fermé : il ne peut plus nous appeler.")
    return redirect(f"{PAGE}/{partenaire_id}#acces")


@routeur.post(PAGE + "/{partenaire_id}/{geste}")
@acces("responsable")
def save(request: Request, partenaire_id: UUID, geste: str) -> Response:
    """What the partner says of itself, written for it."""
    if geste not in GESTES:
        raise Introuvable
    acte, ancre = GESTES[geste]
    with ecrire(request) as conn:
        dit = acte(request, conn, session_of(request).auteur, partenaire_id)
    flash(request, dit)
    return redirect(f"{PAGE}/{partenaire_id}#{ancre}")


def _read_configuration(request: Request) -> reglage.Configuration:
    return reglage.Configuration(
        canal=choix(request, "canal", CANAUX, libelle="Transport"),
        url=texte(request, "url", libelle="Adresse de l'interface ou du serveur", maximum=reglage.URL_MAX),
        jeton_url=texte(request, "jeton_url", libelle="Adresse où demander un jeton", maximum=reglage.URL_MAX),
        courriel=texte(request, "courriel", libelle="Adresse ordinaire", maximum=254),
        adresse_securisee=texte(request, "adresse_securisee", libelle="Adresse sécurisée", maximum=254),
        telephone=texte(request, "telephone", libelle="Téléphone", maximum=30),
        delai_reponse_jours=entier(request, "delai_reponse_jours", libelle="Délai de réponse"),
        horaires=texte(request, "horaires", libelle="Horaires", maximum=HORAIRES_MAX),
    )


def _tell(request: Request, change: reglage.Changement) -> None:
    if not change.champs:
        flash(request, "Rien n'a changé.", genre="info")
        return
    dit = "Configuration enregistrée."
    if change.deplaces:
        dit += f" En attente et maintenant par ce transport : {pluriel(change.deplaces, 'message')}."
    if change.restants:
        dit += f" Déjà essayés, ils finissent par l'ancien : {pluriel(change.restants, 'message')}."
    flash(request, dit)
