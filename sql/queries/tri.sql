-- name: lire_dol
-- Signed version of the document d'orientation local in force that day.
SELECT id, version, signe_par, empreinte FROM pdp.dol_version
WHERE plateforme_id = :plateforme AND signe_at IS NOT NULL AND du <= :jour AND (au IS NULL OR :jour <= au);

-- name: lire_regles
-- Its rules, in order.
SELECT id, rang, libelle, conditions, cible FROM pdp.dol_regle WHERE dol_version_id = :version ORDER BY rang;

-- name: verrouiller_a_trier
-- Signalements waiting for tri, highest priority of the day first; rows another sweep holds are left to it.
SELECT s.id, s.palier, pdp.priorite_du_jour(s.id, :jour) AS priorite, e.motif_categorie, e.risque, e.ald,
    extract(year FROM age(cast(:jour AS date), a.date_naissance))::integer AS age
FROM pdp.signalement s
JOIN pdp.episode e ON e.id = s.episode_id
JOIN identite.assure a ON a.id = s.assure_id
WHERE s.plateforme_id = :plateforme AND s.statut = 'a_trier'
ORDER BY priorite DESC, s.survenu_le, s.id
FOR UPDATE OF s SKIP LOCKED;

-- name: verrouiller_un
-- One signalement, locked.
SELECT id, statut FROM pdp.signalement WHERE id = :signalement FOR UPDATE;

-- name: decider
-- The decision, with who holds it and under which rule.
UPDATE pdp.signalement
SET statut = :statut, mode_decision = :mode, decide_par = :par, decide_at = :maintenant, dol_version_id = :version, dol_regle_id = :regle,
    motif_decision = :motif
WHERE id = :signalement
RETURNING plateforme_id, assure_id, mode_decision;
