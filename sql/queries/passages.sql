-- name: ouvrir
-- A retry of the same task opens its row again.
INSERT INTO pdp.passage (id, dag, tache, instant_metier, detail) VALUES (:id, :dag, :tache, :instant, cast(:detail AS jsonb))
ON CONFLICT (id) DO UPDATE SET debut_at = clock_timestamp(), fin_at = NULL, instant_metier = excluded.instant_metier;

-- name: fermer
-- Counts of the sweep.
UPDATE pdp.passage
SET fin_at = clock_timestamp(), traites = :traites, ignores = :ignores, echoues = :echoues, detail = detail || cast(:detail AS jsonb)
WHERE id = :id;

