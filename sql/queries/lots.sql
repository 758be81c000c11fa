-- name: lire_arret
-- Absence under way of the person of a parcours, for the legal dates that a wait must not hide.
SELECT p.assure_id, s.date_naissance, e.debut, e.fin, e.risque, e.motif_categorie
FROM pdp.parcours p
JOIN identite.assure s ON s.id = p.assure_id
JOIN LATERAL (
    SELECT x.debut, x.fin, x.risque, x.motif_categorie FROM pdp.episode x WHERE x.assure_id = p.assure_id AND x.etat = 'courant' ORDER BY x.debut DESC LIMIT 1
) e ON true
WHERE p.id = :parcours;

-- name: creer
-- A lot before its rehearsal.
INSERT INTO pdp.lot (plateforme_id, agent_id, geste, prepare_at) VALUES (:plateforme, :agent, :geste, :maintenant) RETURNING id;

-- name: ajouter
-- The people chosen, in order; those that this person does not see are left out.
INSERT INTO pdp.lot_ligne (lot_id, parcours_id, plateforme_id, rang, change_at)
SELECT :lot, p.id, :plateforme, c.rang, :maintenant
FROM unnest(cast(:parcours AS uuid[])) WITH ORDINALITY AS c (id, rang)
JOIN pdp.parcours p ON p.id = c.id AND p.plateforme_id = :plateforme;

-- name: verrouiller
-- One lot of this person, locked.
SELECT id, plateforme_id, agent_id, geste, raison, jour, vers_csam_id, note, prepare_at, repete_at, confirme_at, annule_at
FROM pdp.lot WHERE id = :lot FOR UPDATE;

-- name: lire
-- One lot of this person, with the colleague who receives.
SELECT l.id, l.plateforme_id, l.agent_id, l.geste, l.raison, l.jour, l.vers_csam_id, l.note, l.prepare_at, l.repete_at, l.confirme_at, l.annule_at
FROM pdp.lot l WHERE l.id = :lot;

-- name: preciser
-- Parameters of the act, chosen again as long as it is not confirmed.
UPDATE pdp.lot SET raison = :raison, jour = :jour, vers_csam_id = :vers, note = :note, repete_at = :maintenant WHERE id = :lot AND confirme_at IS NULL;

-- name: confirmer
-- Confirmed, once.
UPDATE pdp.lot SET confirme_at = :maintenant WHERE id = :lot AND confirme_at IS NULL;

-- name: annuler
-- Taken back.
UPDATE pdp.lot SET annule_at = :maintenant WHERE id = :lot;

-- name: lister_lignes
-- People of a lot, in the order in which their cases are locked.
SELECT parcours_id, etat, empreinte, acte_id FROM pdp.lot_ligne WHERE lot_id = :lot ORDER BY parcours_id;

-- name: verrouiller_parcours
-- Cases of a lot, locked in one order.
SELECT p.id FROM pdp.parcours p JOIN pdp.lot_ligne l ON l.parcours_id = p.id WHERE l.lot_id = :lot ORDER BY p.id FOR NO KEY UPDATE OF p;

-- name: lire_empreintes
-- Digest of each case of a lot: hands, status, open reasons with their deadlines.
SELECT p.id, md5(concat_ws('|', p.statut, p.csam_id, p.clos_at, p.version,
    (SELECT string_agg(concat_ws(',', t.id, t.motif, t.echeance_at), ';' ORDER BY t.id) FROM pdp.tache t WHERE t.parcours_id = p.id AND t.fermee_at IS NULL)))
FROM pdp.parcours p JOIN pdp.lot_ligne l ON l.parcours_id = p.id
WHERE l.lot_id = :lot;

-- name: ecrire
-- What became of some people of a lot.
UPDATE pdp.lot_ligne l SET etat = r.etat, phrase = r.phrase, acte_id = r.acte, empreinte = coalesce(r.empreinte, l.empreinte), change_at = :maintenant
FROM unnest(cast(:parcours AS uuid[]), cast(:etats AS text[]), cast(:phrases AS text[]), cast(:actes AS uuid[]), cast(:empreintes AS text[]))
    AS r (parcours, etat, phrase, acte, empreinte)
WHERE l.lot_id = :lot AND l.parcours_id = r.parcours;

-- name: lister_taches
-- Open reasons of one case, earliest first.
SELECT id, motif, echeance_at FROM pdp.tache WHERE parcours_id = :parcours AND fermee_at IS NULL ORDER BY echeance_at, id;

-- name: lister_personnes
-- People of a lot in the order chosen. Those who changed hands meanwhile keep the name their coordinator knew; who was never hers has none.
SELECT l.parcours_id, l.etat, l.phrase, l.acte_id, CASE WHEN c.connue THEN s.nom ELSE 'Dossier' END AS nom,
    CASE WHEN c.connue THEN s.prenom ELSE 'suivi par un collègue' END AS prenom, p.csam_id = :csam AS suivie
FROM pdp.lot_ligne l
JOIN pdp.parcours p ON p.id = l.parcours_id
JOIN identite.assure s ON s.id = p.assure_id
CROSS JOIN LATERAL (
    SELECT coalesce(p.csam_id = :csam, false)
        OR EXISTS (SELECT 1 FROM pdp.affectation f WHERE f.parcours_id = p.id AND :csam IN (f.csam_id, f.de_csam_id)) AS connue
) c
WHERE l.lot_id = :lot
ORDER BY l.rang;

-- name: lister_neutres
-- Cases of a lot without identity, in the order chosen.
SELECT l.parcours_id, l.etat, l.phrase, l.acte_id FROM pdp.lot_ligne l WHERE l.lot_id = :lot ORDER BY l.rang;
