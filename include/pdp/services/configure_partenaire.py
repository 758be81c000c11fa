"""Configuration of a partner by a manager: how it is reached, whom it serves. From then on the lists received no longer change it.

Why: a list of partners is a directory kept elsewhere, sent whole and late; the way to reach somebody is tested here. What a list says
is kept beside (``annonce``) and shown, so that a difference is a choice and never a surprise.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, Row

from pdp.domain.auteur import Auteur
from pdp.domain.orientation import CANAUX, DISPOSITIFS
from pdp.errors import Conflit, DonneeInvalide, Introuvable
from pdp.partners.connexion import AdresseRefusee
from pdp.partners.connexion import check_adresse as check_url
from pdp.services.decide_porte import require_porte
from pdp.services.manage_structure import HORAIRES_MAX, check_adresse, check_telephone
from pdp.storage import journal
from pdp.storage.sql import query

DELAI_MAX = 365
URL_MAX = 300
CODES_MAX = 5_000
GENRES = {
    "zone": "Départements ou communes de résidence (codes INSEE)",
    "spst": "Identifiants du service dans les déclarations des employeurs (DSN)",
    "employeur": "Entreprises suivies (SIREN ou SIRET)",
}
_FORMES = {
    "zone": re.compile(r"[0-9]{2}|2[AB]|9[78][0-9]|[0-9]{5}|2[AB][0-9]{3}"),
    "spst": re.compile(r"[0-9A-Z]{14}"),
    "employeur": re.compile(r"[0-9]{9}|[0-9A-Z]{14}"),
}
_SEPARATEURS = re.compile(r"[\s,;|]+")
_ADRESSE_DU_CANAL = {
    "api": ("url", "l'adresse de l'interface"),
    "fhir": ("url", "l'adresse du serveur FHIR"),
    "lien": ("courriel", "l'adresse ordinaire"),
    "messagerie": ("adresse_securisee", "l'adresse de messagerie sécurisée"),
}
REGLAGES = ("canal", "url", "courriel", "adresse_securisee", "telephone", "delai_reponse_jours")
"""What a list may say and a person may change."""


@dataclass(frozen=True)
class Configuration:
    """How a partner is reached. ``delai_reponse_jours``: working days, None = the policy of the platform.

    ``jeton_url``: where a FHIR server gives the token it asks for; None = the token derived for this partner.
    """

    canal: str
    url: str | None = None
    courriel: str | None = None
    adresse_securisee: str | None = None
    telephone: str | None = None
    delai_reponse_jours: int | None = None
    horaires: str | None = None
    jeton_url: str | None = None


@dataclass(frozen=True)
class Changement:
    """What a configuration changed; ``deplaces``: messages that follow, ``restants``: those that end by the former way."""

    champs: tuple[str, ...]
    deplaces: int = 0
    restants: int = 0


def configure_partenaire(
    conn: Connection, auteur: Auteur, partenaire_id: UUID, configuration: Configuration, maintenant: datetime
) -> Changement:
    """Write a configuration; the same again changes nothing. A new ``canal`` takes along the messages that have not left.

    Raises :class:`DonneeInvalide` when the way asks for an address that is not there, :class:`Introuvable` out of reach.
    """
    avant = _lock(conn, partenaire_id)
    voulue = check_configuration(configuration)
    return _apply(conn, avant, voulue, maintenant)


def create_partenaire(
    conn: Connection,
    auteur: Auteur,
    *,
    type: str,
    nom: str,
    configuration: Configuration,
    actif_du: date,
    cle_saisie: UUID | None,
    maintenant: datetime,
) -> UUID:
    """A partner that no list names; the same form sent again makes no second one. Nothing leaves for it before somebody agrees."""
    nom = nom.strip()
    if type not in DISPOSITIFS or not nom:
        raise DonneeInvalide("Choisissez un type et écrivez un nom. Rien n'a été enregistré.", code="missing_name")
    voulue = check_configuration(configuration)
    source = f"ici-{cle_saisie or uuid4()}"[:40]
    ident = conn.execute(
        query("partenaires.creer"),
        {
            "plateforme": auteur.plateforme_id,
            "id_source": source,
            "type": type,
            "nom": nom,
            "actif_du": actif_du,
            "maintenant": maintenant,
            **asdict(voulue),
        },
    ).scalar()
    if ident is None:
        raise Conflit("Ce partenaire vient d'être créé : rechargez la liste.")
    donnees = {"partenaire_id": ident, "type": type, "canal": voulue.canal}
    journal.record(conn, "partenaire_cree", plateforme_id=auteur.plateforme_id, donnees=donnees)
    require_porte(conn, auteur, "premier_envoi", str(ident), auteur.plateforme_id, {}, maintenant)
    return ident


def rename_partenaire(conn: Connection, auteur: Auteur, partenaire_id: UUID, nom: str, actif_au: date | None) -> None:
    """Name and last day of a partner that no list names. Raises :class:`DonneeInvalide` for the others: their list says them."""
    avant = _lock(conn, partenaire_id)
    if avant.annonce:
        raise DonneeInvalide(
            "Le nom et les dates de ce partenaire viennent de la liste reçue : ils se corrigent à la source.", code="from_list"
        )
    if not nom.strip() or (actif_au is not None and actif_au < avant.actif_du):
        raise DonneeInvalide("Écrivez un nom, et un dernier jour qui suit le premier. Rien n'a été enregistré.", code="bad_name")
    if (avant.nom, avant.actif_au) != (nom.strip(), actif_au):
        conn.execute(query("partenaires.renommer"), {"partenaire": partenaire_id, "nom": nom.strip(), "actif_au": actif_au})
        _journal(conn, avant, ("nom", "actif_au"))


def set_desserte(
    conn: Connection, auteur: Auteur, partenaire_id: UUID, genre: str, codes: Sequence[str], maintenant: datetime
) -> tuple[str, ...]:
    """Whom a partner serves, whole list of one kind (a key of :data:`GENRES`); returns the codes kept. The same again changes nothing."""
    avant = _lock(conn, partenaire_id)
    voulus = parse_codes(genre, " ".join(codes))
    connus = {d.code for d in conn.execute(query("partenaires.lister_desserte"), {"partenaire": partenaire_id}) if d.genre == genre}
    if connus == set(voulus):
        return voulus
    parametres = {"partenaire": partenaire_id, "genre": genre, "codes": list(voulus), "maintenant": maintenant}
    conn.execute(query("partenaires.ne_plus_desservir"), parametres)
    conn.execute(query("partenaires.desservir"), parametres)
    conn.execute(query("partenaires.toucher"), {"partenaire": partenaire_id, "maintenant": maintenant})
    _journal(conn, avant, (f"desserte_{genre}",))
    return voulus


def follow_liste(conn: Connection, auteur: Auteur, partenaire_id: UUID, maintenant: datetime) -> Changement:
    """Take what the last list says and follow the lists again. Raises :class:`DonneeInvalide` for a partner that no list names."""
    avant = _lock(conn, partenaire_id)
    if not avant.annonce:
        raise DonneeInvalide("Aucune liste reçue ne nomme ce partenaire. Rien n'a changé.", code="no_list")
    voulue = check_configuration(
        Configuration(**{c: avant.annonce.get(c) for c in REGLAGES}, horaires=avant.horaires, jeton_url=avant.jeton_url)
    )
    for genre, cle in (("zone", "zones"), ("spst", "spst")):
        if cle in avant.annonce:
            set_desserte(conn, auteur, partenaire_id, genre, avant.annonce[cle], maintenant)
    return _apply(conn, avant, voulue, maintenant, suit_la_liste=True)


def decide_adresse(conn: Connection, auteur: Auteur, partenaire_id: UUID, demande_id: UUID, accepte: bool, maintenant: datetime) -> None:
    """Accept or refuse a change of address asked by the partner, once. Raises :class:`Conflit` when it is settled already."""
    avant = _lock(conn, partenaire_id)
    decision = "acceptee" if accepte else "refusee"
    parametres = {"partenaire": partenaire_id, "demande": demande_id, "decision": decision, "maintenant": maintenant}
    demande = conn.execute(query("partenaires.trancher_adresse"), parametres).one_or_none()
    if demande is None:
        raise Conflit("Cette demande est déjà réglée, ou le partenaire en a fait une autre. Rechargez la page.")
    donnees = {"partenaire_id": partenaire_id, "champ": demande.champ, "decision": decision}
    journal.record(conn, "partenaire_adresse_decidee", plateforme_id=avant.plateforme_id, donnees=donnees)
    if accepte:
        voulue = Configuration(**{**_values(avant), demande.champ: demande.valeur})
        _apply(conn, avant, check_configuration(voulue), maintenant)


def check_configuration(configuration: Configuration) -> Configuration:
    """Same, with clean values. Raises :class:`DonneeInvalide` for an impossible value or a way without its address."""
    if configuration.canal not in CANAUX:
        raise DonneeInvalide("Choisissez un transport dans la liste. Rien n'a été enregistré.", code="unknown_transport")
    delai, horaires = configuration.delai_reponse_jours, (configuration.horaires or "").strip() or None
    if delai is not None and not 1 <= delai <= DELAI_MAX:
        raise DonneeInvalide(f"Le délai de réponse va de 1 à {DELAI_MAX} jours ouvrés. Rien n'a été enregistré.", code="bad_delay")
    if len(horaires or "") > HORAIRES_MAX:
        raise DonneeInvalide(f"Les horaires sont limités à {HORAIRES_MAX} caractères. Rien n'a été enregistré.", code="too_long")
    voulue = Configuration(
        configuration.canal,
        _check_url(configuration.url),
        check_adresse(configuration.courriel),
        check_adresse(configuration.adresse_securisee),
        check_telephone(configuration.telephone),
        delai,
        horaires,
        _check_url(configuration.jeton_url),
    )
    champ, libelle = _ADRESSE_DU_CANAL.get(voulue.canal, ("canal", ""))
    if getattr(voulue, champ) is None:
        raise DonneeInvalide(f"Ce transport demande {libelle}. Rien n'a été enregistré.", code=f"missing:{champ}")
    return voulue


def parse_codes(genre: str, texte: str) -> tuple[str, ...]:
    """Codes of one kind typed with spaces, commas or lines between, each once. :class:`DonneeInvalide` names the first wrong one."""
    forme = _FORMES.get(genre)
    if forme is None:
        raise DonneeInvalide("Choisissez ce que vous décrivez dans la liste. Rien n'a été enregistré.", code="unknown_kind")
    codes = tuple(sorted({code.upper() for code in _SEPARATEURS.split(texte.strip()) if code}))
    fautif = next((code for code in codes if forme.fullmatch(code) is None), None)
    if fautif is not None:
        raise DonneeInvalide(
            f"« {fautif[:20]} » n'a pas la forme attendue : {GENRES[genre].lower()}. Rien n'a été enregistré.", code="bad_code"
        )
    if len(codes) > CODES_MAX:
        raise DonneeInvalide(f"{CODES_MAX} codes au plus. Rien n'a été enregistré.", code="too_many_codes")
    return codes


def _check_url(url: str | None) -> str | None:
    texte = (url or "").strip()
    if not texte:
        return None
    try:
        if len(texte) > URL_MAX:
            raise AdresseRefusee("address_invalid")
        return check_url(texte)
    except AdresseRefusee:
        raise DonneeInvalide(
            "L'adresse doit commencer par https:// et ne contenir ni identifiant ni paramètre. Rien n'a été enregistré.", code="bad_url"
        ) from None


def _apply(conn: Connection, avant: Row[Any], voulue: Configuration, maintenant: datetime, *, suit_la_liste: bool = False) -> Changement:
    """Hours are in no list: changing them alone does not part the partner from its list."""
    champs = tuple(c for c, valeur in asdict(voulue).items() if getattr(avant, c) != valeur)
    if not champs and not (suit_la_liste and avant.configure_at is not None):
        return Changement(())
    configure_at = None if suit_la_liste else avant.configure_at if champs == ("horaires",) else maintenant
    journal.live_at(conn, maintenant)
    conn.execute(query("partenaires.configurer"), {"partenaire": avant.id, "configure_at": configure_at, **asdict(voulue)})
    _journal(conn, avant, champs)
    if "canal" not in champs:
        return Changement(champs)
    parametres = {"partenaire": avant.id, "canal": voulue.canal, "avant": avant.canal}
    deplaces = conn.execute(query("partenaires.suivre_transport"), parametres).rowcount
    restants = conn.execute(query("partenaires.compter_restants"), parametres).scalar_one()
    donnees = {"partenaire_id": avant.id, "avant": avant.canal, "apres": voulue.canal, "deplaces": deplaces, "restants": restants}
    journal.record(conn, "partenaire_transport_change", plateforme_id=avant.plateforme_id, donnees=donnees)
    return Changement(champs, deplaces, restants)


def _lock(conn: Connection, partenaire_id: UUID) -> Row[Any]:
    ligne = conn.execute(query("partenaires.verrouiller"), {"partenaire": partenaire_id}).one_or_none()
    if ligne is None:
        raise Introuvable("Ce partenaire n'existe pas ou n'est pas accessible.")
    return ligne


def _values(ligne: Row[Any]) -> dict[str, Any]:
    return {champ: getattr(ligne, champ) for champ in (*REGLAGES, "horaires", "jeton_url")}


def _journal(conn: Connection, partenaire: Row[Any], champs: Sequence[str]) -> None:
    donnees = {"partenaire_id": partenaire.id, "champs": list(champs)}
    journal.record(conn, "partenaire_configure", plateforme_id=partenaire.plateforme_id, donnees=donnees)
