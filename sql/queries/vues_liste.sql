-- Filters in use on a coordinator's list, and the views she named.

-- name: lire
-- Her views by name, each row with the filters in use; one row without a view when she has none.
SELECT v.id, v.nom, v.filtres, v.par_defaut, f.filtres AS filtres_en_usage, f.vue_id AS vue_en_usage
FROM (SELECT cast(:agent AS uuid) AS agent_id) a
LEFT JOIN pdp.filtre_liste f ON f.agent_id = a.agent_id
LEFT JOIN pdp.vue_liste v ON v.agent_id = a.agent_id AND v.supprimee_at IS NULL
ORDER BY lower(v.nom), v.id;

-- name: garder
-- What is looked at now.
INSERT INTO pdp.filtre_liste (agent_id, plateforme_id, filtres, vue_id, modifie_at)
VALUES (:agent, :plateforme, cast(:filtres AS jsonb), :vue, :maintenant)
ON CONFLICT (agent_id) DO UPDATE SET filtres = excluded.filtres, vue_id = excluded.vue_id, modifie_at = excluded.modifie_at;

-- name: creer
-- A new view.
INSERT INTO pdp.vue_liste (plateforme_id, agent_id, nom, filtres, creee_at, modifiee_at)
VALUES (:plateforme, :agent, :nom, cast(:filtres AS jsonb), :maintenant, :maintenant)
RETURNING id;

-- name: modifier
-- Another name, other filters, default or not; what is NULL stays.
UPDATE pdp.vue_liste
SET nom = coalesce(:nom, nom), filtres = coalesce(cast(:filtres AS jsonb), filtres), par_defaut = coalesce(cast(:par_defaut AS boolean), par_defaut),
    modifiee_at = :maintenant
WHERE id = :vue AND agent_id = :agent AND supprimee_at IS NULL;

-- name: supprimer
-- Taken away, and no longer the default.
UPDATE pdp.vue_liste SET supprimee_at = :maintenant, par_defaut = false, modifiee_at = :maintenant
WHERE id = :vue AND agent_id = :agent AND supprimee_at IS NULL;

-- name: trouver_supprimee
-- Name of a deleted view.
SELECT nom FROM pdp.vue_liste WHERE id = :vue AND agent_id = :agent AND supprimee_at IS NOT NULL;

-- name: retablir
-- A deleted view is back.
UPDATE pdp.vue_liste SET supprimee_at = NULL, modifiee_at = :maintenant WHERE id = :vue AND agent_id = :agent AND supprimee_at IS NOT NULL;
