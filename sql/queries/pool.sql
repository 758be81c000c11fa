-- name: lister
-- Parcours that nobody follows, without identity: territory, language, priority, and how long the absence had lasted at its threshold.
SELECT p.id, p.statut, p.priorite, p.decide_at, p.survenu_le, g.palier, s.commune_insee, s.langue
FROM pdp.parcours p
JOIN identite.assure s ON s.id = p.assure_id
JOIN pdp.signalement g ON g.id = p.signalement_id
WHERE p.clos_at IS NULL AND p.csam_id IS NULL
ORDER BY p.priorite DESC, p.decide_at, p.id;

-- name: affecter
-- Everything of one assignment by hand: coordinator, history with its reason, first call, journal.
WITH change AS (
    SELECT c.id, c.plateforme_id, c.assure_id, c.signalement_id, cast(:csam AS uuid) AS csam_id, cast(:motif AS text) AS motif
    FROM pdp.affecter_a_la_main(:parcours, :csam, :maintenant) AS c
), historique AS (
    INSERT INTO pdp.affectation (plateforme_id, parcours_id, csam_id, du, motif, par_type, par_id)
    SELECT plateforme_id, id, csam_id, :maintenant, motif, :type, :par FROM change
), appel AS (
    INSERT INTO pdp.tache (plateforme_id, parcours_id, motif, balle, echeance_at, cause, origine, ouverte_at, ouverte_par)
    SELECT plateforme_id, id, :appel, :balle, :echeance, signalement_id, 'automatique', :maintenant, :par FROM change ORDER BY id
    ON CONFLICT (parcours_id, motif, cause) WHERE fermee_at IS NULL DO NOTHING
    RETURNING plateforme_id, parcours_id
), consigne AS (
    SELECT journal.consigner_lot('parcours_affecte', coalesce((
        SELECT jsonb_agg(jsonb_build_object('plateforme_id', plateforme_id, 'assure_id', assure_id, 'parcours_id', id,
            'donnees', jsonb_build_object('csam_id', csam_id, 'motif', motif)) ORDER BY id) FROM change), '[]')) AS affectes
), consigne_tache AS (
    SELECT journal.consigner_lot('tache_ouverte', coalesce((
        SELECT jsonb_agg(jsonb_build_object('plateforme_id', plateforme_id, 'parcours_id', parcours_id,
            'donnees', jsonb_build_object('motif', cast(:appel AS text), 'echeance_at', cast(:echeance AS timestamptz))) ORDER BY parcours_id)
        FROM appel), '[]')) AS ouvertes
)
SELECT consigne.affectes, consigne_tache.ouvertes FROM consigne, consigne_tache;

-- name: clore_affectation
-- End of what this manager gave, when nothing happened since: same hands, same status, first call still to be made.
UPDATE pdp.affectation f SET au = :maintenant
FROM pdp.parcours p
WHERE f.parcours_id = :parcours AND f.au IS NULL AND f.par_type = 'agent' AND f.par_id = :par AND f.du = :fait_at
    AND p.id = f.parcours_id AND p.csam_id = f.csam_id AND p.statut = 'affecte' AND p.clos_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM pdp.tache t WHERE t.parcours_id = p.id AND t.fermee_at > :fait_at)
    AND NOT EXISTS (SELECT 1 FROM journal.evenement v WHERE v.parcours_id = p.id AND v.survenu_at > :fait_at AND v.auteur_type = 'agent')
RETURNING f.csam_id;

-- name: rendre
-- Back to the pool.
SELECT pdp.remettre_a_affecter(:parcours, :csam);

-- name: fermer_appel
-- The first call that the assignment had opened.
UPDATE pdp.tache SET fermee_at = :maintenant, fermee_par = :par, issue = 'annulee', retard_jours = 0
WHERE parcours_id = :parcours AND motif = :appel AND fermee_at IS NULL;
