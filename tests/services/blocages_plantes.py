"""How each stall of the catalogue comes about, and who or what ends it: for the tests of the eighteen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from test_sweep_veille import close_by_hand, plant_s01, plant_s03, plant_s08, plant_s12, plant_s13, plant_s14
from veille_dossiers import JOUR, JOURS, add_orientation, add_tache, medecin, plant_s11, set_parcours

import fabrique
from fabrique import MAINTENANT, Dossier, auteur_agent, lot, text
from pdp.services.decide_alerte import decide_alerte
from pdp.services.manage_taches import close_tache
from pdp.services.orient_parcours import cancel_orientation
from pdp.services.repair_blocage import repair_blocage
from pdp.storage import db


def ecrire(requete: str, **valeurs: Any) -> Any:
    with lot() as conn:
        resultat = conn.execute(text(requete), valeurs)
        return resultat.scalar() if resultat.returns_rows else None


def conseiller(d: Dossier) -> Any:
    return auteur_agent(d.csam)


def plant_s02(d: Dossier) -> None:
    """One reason, on hold for two months and a day."""
    tache = add_tache(d, echeance=MAINTENANT + 61 * JOURS)
    ecrire(
        "UPDATE pdp.tache SET attente_raison = 'soins_en_cours', attente_du_at = :m, attente_jusqu_au = :j WHERE id = :t",
        t=tache,
        m=MAINTENANT,
        j=JOUR + 61 * JOURS,
    )


def plant_s04(d: Dossier) -> None:
    add_tache(d)
    ecrire("UPDATE pdp.agent SET actif_au = :j WHERE id = :a", j=JOUR - JOURS, a=d.csam)


def plant_s05(d: Dossier) -> None:
    """The day after the last of the delay; nobody is there to be given it."""
    set_parcours(d, statut="a_affecter", csam_id=None, decide_at=MAINTENANT - 3 * JOURS)
    ecrire("UPDATE pdp.agent SET actif_au = :j", j=JOUR - JOURS)


def _clock(d: Dossier, statut: str) -> None:
    add_tache(d)
    orientation = add_orientation(d, statut, repondue=MAINTENANT if statut == "acceptee" else None)
    etape = "nouvelles" if statut == "acceptee" else "acceptation"
    ecrire(
        "UPDATE pdp.orientation SET etape = :e, balle = 'partenaire', echeance_at = :m, a_revoir_at = :m WHERE id = :o",
        e=etape,
        m=MAINTENANT,
        o=orientation,
    )


def plant_s06(d: Dossier) -> None:
    _clock(d, "envoyee")


def plant_s07(d: Dossier) -> None:
    _clock(d, "acceptee")


def plant_s09(d: Dossier) -> None:
    add_tache(d, "ouvrir_creneaux", balle="responsable")


def plant_s10(d: Dossier) -> None:
    add_tache(d, "message_en_echec")


def plant_s15(d: Dossier) -> None:
    close_by_hand(d, "injoignable")
    add_tache(d, "rechute", cause="rechute:nouvel_arret:essai")


def plant_s16(d: Dossier) -> None:
    add_tache(d, "decision_medecin", balle="medecin_conseil", cause="essai")
    ecrire(
        "INSERT INTO pdp.alerte (plateforme_id, assure_id, parcours_id, type, cause, phrase, faits, survenu_at, connu_at)"
        " VALUES ('PF35', :a, :p, 'enlisement', 'essai', 'Essai.', '{}', :m, :m)",
        a=d.assure,
        p=d.parcours,
        m=MAINTENANT - 30 * JOURS,
    )


def plant_s17(d: Dossier) -> None:
    close_by_hand(d, "injoignable")
    add_tache(d, "suivi_m6", echeance=MAINTENANT)


def plant_s18(d: Dossier) -> None:
    add_tache(d)
    with lot() as conn:
        autre = fabrique.assure(conn)
    ecrire(
        "INSERT INTO pdp.doublon (plateforme_id, garde_id, efface_id, raisons, constate_at) VALUES ('PF35', :a, :b, '{meme_identite}', :m)",
        a=d.assure,
        b=autre,
        m=MAINTENANT,
    )


def by_watch(d: Dossier) -> None:
    """Nothing to do: the watch repaired it."""


def by_click(code: str) -> Callable[[Dossier], None]:
    def click(d: Dossier) -> None:
        with db.begin_as(conseiller(d)) as conn:
            assert repair_blocage(conn, conseiller(d), d.parcours, code, MAINTENANT)

    return click


def by_closing(d: Dossier) -> None:
    """The coordinator does what was asked."""
    with db.begin_as(conseiller(d)) as conn:
        taches = text("SELECT id FROM pdp.tache WHERE parcours_id = :p AND fermee_at IS NULL")
        for tache in conn.execute(taches, {"p": d.parcours}).scalars().all():
            close_tache(conn, conseiller(d), tache, "fait", MAINTENANT)
    if ecrire("SELECT clos_at IS NULL FROM pdp.parcours WHERE id = :p", p=d.parcours):
        add_tache(d, cause="la suite")


def by_withdrawal(d: Dossier) -> None:
    with db.begin_as(conseiller(d)) as conn:
        orientation = conn.execute(text("SELECT id FROM pdp.orientation WHERE parcours_id = :p"), {"p": d.parcours}).scalar_one()
        cancel_orientation(conn, conseiller(d), orientation, "sans_reponse", MAINTENANT)


def by_colleague(d: Dossier) -> None:
    """Somebody is there: given by the manager for an open one, by the watch for one that nobody followed."""
    with lot() as conn:
        collegue = fabrique.agent(conn)
    ecrire("UPDATE pdp.parcours SET csam_id = :c WHERE id = :p AND csam_id IS NOT NULL", c=collegue, p=d.parcours)


def by_decision(d: Dossier) -> None:
    auteur = medecin()
    with db.begin_as(auteur) as conn:
        alerte = conn.execute(text("SELECT id FROM pdp.alerte WHERE parcours_id = :p"), {"p": d.parcours}).scalar_one()
        decide_alerte(conn, auteur, alerte, "relancer_parcours", None, MAINTENANT)


def by_comparison(d: Dossier) -> None:
    ecrire("UPDATE pdp.doublon SET etat = 'ecarte', decide_par = :c, decide_at = :m, ecart_motif = 'homonymes'", c=d.csam, m=MAINTENANT)


# code -> (how it comes about, who or what ends it); repaired by the watch = seen once, as repaired
CAS: dict[str, tuple[Callable[[Dossier], None], Callable[[Dossier], None]]] = {
    "S01": (plant_s01, by_watch),
    "S02": (plant_s02, by_click("S02")),
    "S03": (plant_s03, by_watch),
    "S04": (plant_s04, by_colleague),
    "S05": (plant_s05, by_colleague),
    "S06": (plant_s06, by_withdrawal),
    "S07": (plant_s07, by_withdrawal),
    "S08": (plant_s08, by_watch),
    "S09": (plant_s09, by_closing),
    "S10": (plant_s10, by_closing),
    "S11": (plant_s11, by_watch),
    "S12": (plant_s12, by_watch),
    "S13": (plant_s13, by_watch),
    "S14": (plant_s14, by_watch),
    "S15": (plant_s15, by_closing),
    "S16": (plant_s16, by_decision),
    "S17": (plant_s17, by_closing),
    "S18": (plant_s18, by_comparison),
}
