-- name: demander
-- A preview is asked once while it waits.
INSERT INTO pdp.apercu_passage (plateforme_id, passage_id, demande_at, demande_par) VALUES (:plateforme, :passage, :maintenant, :par)
ON CONFLICT (plateforme_id, passage_id) WHERE calcule_at IS NULL DO NOTHING
RETURNING id;

-- name: dernier
-- Latest preview of a passage, on the platform of the signed context.
SELECT demande_at, calcule_at, etat, comptes, parcours, code FROM pdp.apercu_passage
WHERE passage_id = :passage ORDER BY demande_at DESC, id LIMIT 1;

-- name: demander_pour_echecs
-- A sweep left open (killed, or failed for good) and not done again since: who it should have touched is worked out without being asked.
INSERT INTO pdp.apercu_passage (plateforme_id, passage_id, demande_at, demande_par)
SELECT p.detail ->> 'plateforme', p.id, :maintenant, 'preview_passage'
FROM pdp.passage p
WHERE p.fin_at IS NULL AND p.debut_at BETWEEN clock_timestamp() - interval '1 day' AND clock_timestamp() - make_interval(mins => :patience_minutes)
    AND p.detail ->> 'plateforme' IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM pdp.apercu_passage a WHERE a.passage_id = p.id)
    AND NOT EXISTS (SELECT 1 FROM pdp.passage q WHERE q.dag = p.dag AND q.tache = p.tache AND q.debut_at > p.debut_at AND q.fin_at IS NOT NULL
        AND q.detail ->> 'plateforme' = p.detail ->> 'plateforme')
ON CONFLICT (plateforme_id, passage_id) WHERE calcule_at IS NULL DO NOTHING;

-- name: lister_demandes
-- Previews to compute, oldest first.
SELECT a.id, a.plateforme_id, a.passage_id, p.dag, p.tache, p.detail ->> 'plateforme' AS plateforme_du_passage
FROM pdp.apercu_passage a JOIN pdp.passage p ON p.id = a.passage_id
WHERE a.calcule_at IS NULL ORDER BY a.demande_at, a.id LIMIT :limite;

-- name: conclure
-- Outcome of a preview.
UPDATE pdp.apercu_passage
SET calcule_at = :maintenant, etat = :etat, comptes = cast(:comptes AS jsonb), parcours = cast(:parcours AS jsonb), code = :code
WHERE id = :id AND calcule_at IS NULL;

-- name: limiter
-- A preview waits for nobody: it gives up rather than make a person wait behind its locks.
SELECT set_config('statement_timeout', :duree, true), set_config('lock_timeout', '2s', true);

-- name: lister_effets
-- What the dry run wrote about each parcours of the platform that asks, read inside it: a transfer writes on both.
SELECT e.parcours_id, array_agg(DISTINCT e.evenement ORDER BY e.evenement) AS evenements
FROM journal.evenement e
WHERE e.passage_id = :marque AND e.parcours_id IS NOT NULL AND e.plateforme_id = :plateforme
GROUP BY e.parcours_id ORDER BY min(e.id) LIMIT :limite;

-- name: compter_effets
-- Events of the dry run, and the parcours whose same event the passage had already written.
SELECT (SELECT count(*) FROM journal.evenement e WHERE e.passage_id = :marque) AS evenements,
    (SELECT count(DISTINCT e.parcours_id) FROM journal.evenement e WHERE e.passage_id = :marque AND e.plateforme_id = :plateforme) AS parcours,
    (SELECT count(*) FROM (SELECT e.parcours_id, e.evenement FROM journal.evenement e
        WHERE e.passage_id = :marque AND e.parcours_id IS NOT NULL AND e.plateforme_id = :plateforme
        INTERSECT SELECT d.parcours_id, d.evenement FROM journal.evenement d WHERE d.passage_id = :passage) x) AS refaits;

-- name: compter_messages
-- Messages of a platform written at an instant.
SELECT count(*) FROM pdp.outbox o WHERE o.plateforme_id = :plateforme AND o.cree_at = :maintenant;

-- name: compter_deja
-- What the passage itself wrote on the platform: it stays, and none of it is written again.
SELECT count(*) AS evenements, count(DISTINCT e.parcours_id) AS parcours
FROM journal.evenement e WHERE e.passage_id = :passage AND e.plateforme_id = :plateforme;

-- name: messages_dus
-- Messages that the next sending would take, by parcours; keys protect those already delivered.
SELECT o.parcours_id, array_agg(DISTINCT o.type ORDER BY o.type) AS types, count(*) AS nombre
FROM pdp.outbox o
WHERE o.plateforme_id = :plateforme AND o.etat = 'a_envoyer' AND o.prochain_essai_at <= :maintenant AND o.parcours_id IS NOT NULL
GROUP BY o.parcours_id ORDER BY min(o.prochain_essai_at), o.parcours_id LIMIT :limite;

-- name: parcours_passages
-- Passages that touched a parcours, latest first.
SELECT p.id, p.dag, p.tache, p.debut_at, p.fin_at, count(*) AS evenements
FROM journal.evenement e JOIN pdp.passage p ON p.id = e.passage_id
WHERE e.parcours_id = :parcours
GROUP BY p.id, p.dag, p.tache, p.debut_at, p.fin_at
ORDER BY p.debut_at DESC LIMIT :limite;
