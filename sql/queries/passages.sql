-- name: ouvrir
-- A retry of the same task opens its row again.
INSERT INTO pdp.passage (id, dag, tache, instant_metier, detail) VALUES (:id, :dag, :tache, :instant, cast(:detail AS jsonb))
ON CONFLICT (id) DO UPDATE SET debut_at = clock_timestamp(), fin_at = NULL, instant_metier = excluded.instant_metier;

-- name: fermer
-- Counts of the sweep.
UPDATE pdp.passage
SET fin_at = clock_timestamp(), traites = :traites, ignores = :ignores, echoues = :echoues, detail = detail || cast(:detail AS jsonb)
WHERE id = :id;


-- name: purger
-- Traces older than the policy, oldest first, of passages that nothing leads to: no event of the journal and no preview names them, and the last
-- success of a task stays, whenever it was. Looked for as long again before the limit: what stays is not read every night for ever.
DELETE FROM pdp.passage WHERE id IN (
    SELECT p.id FROM pdp.passage p
    WHERE p.instant_metier < cast(:limite AS timestamptz) AND p.instant_metier >= cast(:limite AS timestamptz) - make_interval(days => cast(:jours AS integer))
        AND p.debut_at < clock_timestamp() - interval '2 days' -- an old day done again today is at work
        AND NOT EXISTS (SELECT 1 FROM journal.evenement e WHERE e.passage_id = p.id)
        AND NOT EXISTS (SELECT 1 FROM pdp.apercu_passage a WHERE a.passage_id = p.id)
        AND CASE WHEN p.detail ->> 'plateforme' IS NULL
            THEN EXISTS (SELECT 1 FROM pdp.passage q WHERE q.dag = p.dag AND q.tache = p.tache AND q.detail ->> 'plateforme' IS NULL
                AND q.instant_metier > p.instant_metier AND q.fin_at IS NOT NULL)
            ELSE EXISTS (SELECT 1 FROM pdp.passage q WHERE q.dag = p.dag AND q.tache = p.tache AND q.detail ->> 'plateforme' = p.detail ->> 'plateforme'
                AND q.instant_metier > p.instant_metier AND q.fin_at IS NOT NULL)
        END
    ORDER BY p.instant_metier LIMIT :lot
);
