-- name: noter
-- One row per run and platform, whoever sees it first and however often.
INSERT INTO pdp.retard_traitement (plateforme_id, dag, run, echeance_at, constate_at, constate_par)
SELECT f.id, :dag, :run, :echeance, :maintenant, :par FROM pdp.plateforme f
ON CONFLICT (plateforme_id, dag, run) DO NOTHING;

-- name: lister_ouverts
-- Runs with a task opened and not closed since longer than it may last, on the database's own clock; a row older than two days is history.
SELECT p.dag, split_part(p.id, '/', 2) AS run, min(p.debut_at) + make_interval(mins => :minutes) AS echeance_at
FROM pdp.passage p
WHERE p.dag = :dag AND p.fin_at IS NULL AND p.debut_at > clock_timestamp() - interval '2 days'
GROUP BY p.dag, split_part(p.id, '/', 2)
HAVING min(p.debut_at) < clock_timestamp() - make_interval(mins => :minutes);

-- name: marquer_finis
-- Late runs that have caught up: every task closed, or a later run of the same treatment did what was left (one run at a time, it takes all that is due).
UPDATE pdp.retard_traitement r SET fini_at = :maintenant
WHERE r.fini_at IS NULL AND (
    EXISTS (SELECT 1 FROM pdp.passage p WHERE p.dag = r.dag AND split_part(p.id, '/', 2) = r.run)
    AND NOT EXISTS (SELECT 1 FROM pdp.passage p WHERE p.dag = r.dag AND split_part(p.id, '/', 2) = r.run AND p.fin_at IS NULL)
    OR EXISTS (SELECT 1 FROM pdp.passage q WHERE q.dag = r.dag AND q.instant_metier > r.echeance_at AND q.fin_at IS NOT NULL));

-- name: lister_a_dire
-- Late runs that managers were not told, locked so that one worker tells.
SELECT id, plateforme_id, dag, run, echeance_at FROM pdp.retard_traitement
WHERE prevenu_at IS NULL AND fini_at IS NULL ORDER BY plateforme_id, echeance_at, id FOR UPDATE SKIP LOCKED;

-- name: marquer_dits
-- Told, or nobody to tell: once.
UPDATE pdp.retard_traitement SET prevenu_at = :maintenant WHERE id = ANY (cast(:ids AS uuid[]));

-- name: lister_responsables
-- Managers in post on a platform who can be written to.
SELECT id FROM pdp.agent
WHERE plateforme_id = :plateforme AND role = 'responsable' AND courriel IS NOT NULL AND actif_du <= :jour AND (actif_au IS NULL OR actif_au >= :jour)
ORDER BY id;

-- name: lister_en_cours
-- Late runs of the platform, still late or caught up lately.
SELECT dag, run, echeance_at, constate_at, constate_par, prevenu_at, fini_at FROM pdp.retard_traitement
WHERE fini_at IS NULL OR constate_at > cast(:maintenant AS timestamptz) - interval '2 days'
ORDER BY fini_at IS NOT NULL, echeance_at DESC LIMIT :limite;

-- name: derniers_passages
-- Last start of each treatment, and its end.
SELECT d.dag, p.debut_at, p.fin_at,
    EXISTS (SELECT 1 FROM pdp.passage o WHERE o.dag = d.dag AND o.fin_at IS NULL AND o.debut_at > clock_timestamp() - interval '1 day') AS ouvert
FROM unnest(cast(:dags AS text[])) AS d (dag)
CROSS JOIN LATERAL (SELECT x.debut_at, x.fin_at FROM pdp.passage x WHERE x.dag = d.dag ORDER BY x.debut_at DESC LIMIT 1) p;
