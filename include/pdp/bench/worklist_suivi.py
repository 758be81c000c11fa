"""Rows of the stock of ``bench worklist``: the parcours and all that happens on them."""

from __future__ import annotations

import numpy as np
import polars as pl

from pdp.bench import worklist_cas as cas
from pdp.bench.population import Entiers, dates, names
from pdp.bench.worklist_cas import Stock, ident
from pdp.bench.worklist_colonnes import Table, at, frame, only


def table_parcours(stock: Stock) -> Table:
    jour = cas.jour_du(stock)

    def tranche(debut: int, fin: int) -> pl.DataFrame:
        n = np.arange(debut, fin)
        ouvert_at = stock.maintenant_ms - stock.age[n] * cas.JOUR_MS - n % 3_600_000
        clos = n >= stock.ouverts
        return frame(
            id=ident(cas.PARCOURS, n), plateforme_id=stock.plateformes_de(n), assure_id=ident(cas.ASSURE, n),
            signalement_id=ident(cas.SIGNALEMENT, n), statut=names(stock.statut[n], (*cas.STATUTS, "cloture")),
            csam_id=ident(cas.AGENT, stock.agent[n]), priorite=n % 60,
            survenu_le=dates(jour - np.maximum(stock.age[n], 2)), connu_at=at(ouvert_at),
            decide_at=at(ouvert_at), dernier_evenement_at=at(np.maximum(ouvert_at, stock.maintenant_ms - n % 30 * cas.JOUR_MS)),
            clos_at=only(clos, at(np.full(len(n), stock.maintenant_ms - 3_600_000))),
            cloture_motif=only(clos, "reprise_meme_poste"),
        )  # fmt: skip

    return Table("pdp.parcours", stock.personnes, tranche)


def table_affectations(stock: Stock) -> Table:
    def tranche(debut: int, fin: int) -> pl.DataFrame:
        n = np.arange(debut, fin)
        return frame(
            plateforme_id=stock.plateformes_de(n), parcours_id=ident(cas.PARCOURS, n), csam_id=ident(cas.AGENT, stock.agent[n]),
            du=at(stock.maintenant_ms - stock.age[n] * cas.JOUR_MS), motif="territoire", par_type="systeme", par_id="bench",
        )  # fmt: skip

    return Table("pdp.affectation", stock.personnes, tranche)


def table_taches(stock: Stock) -> Table:
    taches, jour = cas.generate_taches(stock), cas.jour_du(stock)

    def tranche(debut: int, fin: int) -> pl.DataFrame:
        n = taches.parcours[debut:fin]
        manuelle = taches.manuelle[debut:fin]
        attente = np.arange(debut, fin) % 20 == 0  # put off with a reason; half of them are back
        retour = dates(jour - 3 + np.arange(debut, fin) // 20 % 7)
        return frame(
            id=ident(cas.TACHE, np.arange(debut, fin)), plateforme_id=stock.plateformes_de(n), parcours_id=ident(cas.PARCOURS, n),
            motif=taches.motif[debut:fin], balle=taches.balle[debut:fin], echeance_at=at(taches.echeance[debut:fin]),
            note=only(manuelle, "Rappeler le service du personnel"), cause="bench",
            origine=np.where(manuelle, "manuelle", "automatique"), ouverte_at=at(taches.echeance[debut:fin] - 9 * cas.JOUR_MS),
            ouverte_par="bench",
            attente_raison=only(attente, "soins_en_cours"), attente_jusqu_au=only(attente, retour),
            attente_du_at=only(attente, at(np.full(fin - debut, stock.maintenant_ms - 9 * cas.JOUR_MS))),
        )  # fmt: skip

    return Table("pdp.tache", len(taches.parcours), tranche)


def table_actes(stock: Stock) -> Table:
    """What was done today and can be taken back: half of the first calls of the day."""
    personnes = np.flatnonzero((stock.statut > 0) & (np.arange(stock.personnes) % 80 == 0))

    def tranche(debut: int, fin: int) -> pl.DataFrame:
        n = personnes[debut:fin]
        return frame(
            id=ident(cas.ACTE, n), plateforme_id=stock.plateformes_de(n), assure_id=ident(cas.ASSURE, n),
            parcours_id=ident(cas.PARCOURS, n),
            agent_id=ident(cas.AGENT, stock.agent[n]), genre="contact", fait_at=at(stock.maintenant_ms - n % 60 * 60_000),
            evenement_avant=0, evenement_apres=0, lignes="[]",
        )  # fmt: skip

    return Table("pdp.acte", len(personnes), tranche)


def table_accords(stock: Stock) -> Table:
    personnes = cas.draw_orientes(stock)

    def tranche(debut: int, fin: int) -> pl.DataFrame:
        n = personnes[debut:fin]
        return frame(
            id=ident(cas.ACCORD, n), plateforme_id=stock.plateformes_de(n), parcours_id=ident(cas.PARCOURS, n),
            destinataire=names((n % 4).astype(np.int8), cas.DISPOSITIFS), decision="accorde", finalite="Aide", modalite="oral",
            texte_version="v1", recueilli_par=ident(cas.AGENT, stock.agent[n]), recueilli_at=at(stock.maintenant_ms - n % 9 * cas.JOUR_MS),
        )  # fmt: skip

    return Table("pdp.accord", len(personnes), tranche)


def table_orientations(stock: Stock) -> Table:
    personnes = cas.draw_orientes(stock)

    def tranche(debut: int, fin: int) -> pl.DataFrame:
        n = personnes[debut:fin]
        return frame(
            id=ident(cas.ORIENTATION, n), plateforme_id=stock.plateformes_de(n), parcours_id=ident(cas.PARCOURS, n),
            partenaire_id=ident(cas.PARTENAIRE, stock.plateforme_agent[stock.agent[n]] * 4 + n % 4),
            dispositif=names((n % 4).astype(np.int8), cas.DISPOSITIFS), accord_id=ident(cas.ACCORD, n),
            statut=np.where(stock.statut[n] == 5, "envoyee", "en_cours"), motif="Aide", contenu="{}",
            propose_par=ident(cas.AGENT, stock.agent[n]), proposee_at=at(stock.maintenant_ms - n % 9 * cas.JOUR_MS),
            reponse_attendue_le=dates(cas.jour_du(stock) + n % 9 - 2),
        )  # fmt: skip

    return Table("pdp.orientation", len(personnes), tranche)


def table_fermees(stock: Stock) -> Table:
    """The first call of everybody who was called: closed over the last weeks, some of them today."""
    personnes = np.flatnonzero(stock.statut > 0)

    def tranche(debut: int, fin: int) -> pl.DataFrame:
        n = personnes[debut:fin]
        fermee = stock.maintenant_ms - n % 40 * cas.JOUR_MS - n % 60 * 60_000
        csam = ident(cas.AGENT, stock.agent[n])
        return frame(
            id=ident(cas.FERMEE, n), plateforme_id=stock.plateformes_de(n), parcours_id=ident(cas.PARCOURS, n), motif="premier_appel",
            balle="csam", echeance_at=at(fermee - cas.JOUR_MS), cause="bench", origine="automatique",
            ouverte_at=at(fermee - 3 * cas.JOUR_MS), ouverte_par="bench", fermee_at=at(fermee),
            fermee_par=csam.str.replace(r"^(.{8})(.{4})(.{4})(.{4})(.{12})$", "${1}-${2}-${3}-${4}-${5}"), issue="joint",
        )  # fmt: skip

    return Table("pdp.tache", len(personnes), tranche)


def table_contacts(stock: Stock) -> Table:
    personnes, instants, resultats = cas.draw_contacts(stock)

    def tranche(debut: int, fin: int) -> pl.DataFrame:
        n = personnes[debut:fin]
        return frame(
            id=ident(cas.CONTACT, np.arange(debut, fin)), plateforme_id=stock.plateformes_de(n), parcours_id=ident(cas.PARCOURS, n),
            agent_id=ident(cas.AGENT, stock.agent[n]), survenu_at=at(instants[debut:fin]), canal="telephone",
            resultat=names(resultats[debut:fin], cas.RESULTATS), cle_saisie=ident(cas.CLE, np.arange(debut, fin)),
        )  # fmt: skip

    return Table("pdp.contact", len(personnes), tranche)


def table_entretiens(stock: Stock) -> Table:
    personnes, debuts, prevus = cas.draw_entretiens(stock)

    def tranche(debut: int, fin: int) -> pl.DataFrame:
        n, instants = personnes[debut:fin], debuts[debut:fin]
        return frame(
            id=ident(cas.ENTRETIEN, n), plateforme_id=stock.plateformes_de(n), parcours_id=ident(cas.PARCOURS, n),
            csam_id=ident(cas.AGENT, stock.agent[n]), csam_numero=stock.agent[n] + 1, debut_at=at(instants),
            fin_at=at(instants + 45 * 60_000), statut=np.where(prevus[debut:fin], "planifie", "realise"),
            planifie_at=at(instants - 9 * cas.JOUR_MS),
        )  # fmt: skip

    return Table("pdp.tele_echange", len(personnes), tranche)


def table_messages(stock: Stock, etat: str, personnes: Entiers) -> Table:
    suite = 0 if etat == "rebut" else stock.personnes

    def tranche(debut: int, fin: int) -> pl.DataFrame:
        n = personnes[debut:fin]
        return frame(
            cle=ident(cas.MESSAGE, n + suite), plateforme_id=stock.plateformes_de(n), parcours_id=ident(cas.PARCOURS, n), canal="courriel",
            type="invitation", charge="{}", empreinte="\\x", etat=etat, essais=3, 
            prochain_essai_at=at(np.full(len(n), stock.maintenant_ms)),
            horizon_at=at(np.full(len(n), stock.maintenant_ms)), cree_at=at(np.full(len(n), stock.maintenant_ms - cas.JOUR_MS)),
        )  # fmt: skip

    return Table("pdp.outbox", len(personnes), tranche)


def table_silences(stock: Stock) -> Table:
    personnes, jour = cas.draw_silences(stock), cas.jour_du(stock)

    def tranche(debut: int, fin: int) -> pl.DataFrame:
        n = personnes[debut:fin]
        return frame(
            id=ident(cas.SILENCE, n), plateforme_id=stock.plateformes_de(n), assure_id=ident(cas.ASSURE, n), motif="hospitalisation",
            du=dates(np.full(len(n), jour - 2)), au=dates(jour + 5 + n % 9), posee_par=ident(cas.AGENT, stock.agent[n]),
            posee_at=at(np.full(len(n), stock.maintenant_ms - 2 * cas.JOUR_MS)),
        )  # fmt: skip

    return Table("pdp.mise_en_silence", len(personnes), tranche)
