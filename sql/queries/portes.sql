-- name: demander
-- Stop an act until somebody decides; no row when it is already stopped.
INSERT INTO pdp.porte (plateforme_id, genre, objet, detail, demandee_at, demandee_par)
VALUES (:plateforme, :genre, :objet, cast(:detail AS jsonb), :maintenant, :par)
ON CONFLICT (genre, objet) WHERE utilisee_at IS NULL AND perimee_at IS NULL DO NOTHING
RETURNING id;

-- name: trouver
-- The gate of an act that was not done yet.
SELECT id, decision, detail, decidee_at FROM pdp.porte WHERE genre = :genre AND objet = :objet AND utilisee_at IS NULL AND perimee_at IS NULL;

-- name: perimer
-- Its decision counts no more: the question is asked anew.
UPDATE pdp.porte SET perimee_at = :maintenant WHERE id = :porte AND decision IS NOT NULL AND utilisee_at IS NULL AND perimee_at IS NULL;

-- name: lister
-- Waiting ones first, then the latest decided.
SELECT g.id, g.plateforme_id, g.genre, g.objet, g.detail, g.demandee_at, g.demandee_par, g.decision, g.decidee_at, g.decidee_ou, g.utilisee_at, g.perimee_at,
    p.nom AS partenaire, a.prenom || ' ' || a.nom AS demandeur, d.prenom || ' ' || d.nom AS decideur
FROM pdp.porte g
LEFT JOIN pdp.partenaire p ON g.genre = 'premier_envoi' AND p.id::text = g.objet
LEFT JOIN pdp.agent a ON a.id::text = g.demandee_par
LEFT JOIN pdp.agent d ON d.id::text = g.decidee_par
WHERE g.decision IS NOT NULL OR NOT EXISTS (
    SELECT 1 FROM pdp.redistribution r WHERE g.genre = 'reaffectation' AND r.id::text = g.objet AND r.annulee_at IS NOT NULL)
ORDER BY g.decision IS NOT NULL, coalesce(g.decidee_at, g.demandee_at) DESC, g.id
LIMIT :limite;

-- name: lister_en_attente
-- What Airflow asks its operators, first what they alone decide, and nothing for a redistribution taken back: no name of anybody.
SELECT g.id, g.plateforme_id, g.genre, g.detail, g.demandee_at FROM pdp.porte g
WHERE g.decision IS NULL AND NOT EXISTS (
    SELECT 1 FROM pdp.redistribution r WHERE g.genre = 'reaffectation' AND r.id::text = g.objet AND r.annulee_at IS NOT NULL)
ORDER BY g.plateforme_id IS NOT NULL, g.demandee_at, g.id LIMIT :limite;

-- name: verrouiller
-- One gate, locked while it is decided.
SELECT id, plateforme_id, genre, objet, demandee_par, decision, utilisee_at, perimee_at FROM pdp.porte WHERE id = :porte FOR UPDATE;

-- name: decider
-- The decision of a person.
UPDATE pdp.porte SET decision = :decision, decidee_at = :maintenant, decidee_par = :par, decidee_ou = :ou WHERE id = :porte;

-- name: marquer_utilisee
-- The act was done: the next one of its kind asks again.
UPDATE pdp.porte SET utilisee_at = :maintenant WHERE genre = :genre AND objet = :objet AND decision = 'acceptee' AND utilisee_at IS NULL AND perimee_at IS NULL;
