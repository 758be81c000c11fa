-- The stock of the worklist benchmark.

-- name: plateformes
-- Those of the referential stay as they are.
INSERT INTO pdp.plateforme (id, libelle, departement)
SELECT 'PF' || code, 'Plateforme ' || code, code FROM unnest(%(codes)s::text[]) AS a (code)
ON CONFLICT DO NOTHING;

-- name: fraicheur
-- A file received this night, a detection after it on each platform, the one before three days earlier: an outage to catch up.
WITH recu AS (
    INSERT INTO pdp.flux_fichier (flux, nom, empreinte, taille_octets, etat, recu_at)
    VALUES ('arrets_prescrits', 'bench.csv', 'bench', 0, 'charge', to_timestamp(%(instant)s) - interval '4 hours')
)
INSERT INTO pdp.passage (id, dag, tache, instant_metier, debut_at, fin_at, detail)
SELECT code || '/' || heures, 'pdp_detection', 'detecter', quand, quand, quand + interval '1 minute', jsonb_build_object('plateforme', 'PF' || code)
FROM unnest(%(codes)s::text[]) AS a (code)
CROSS JOIN unnest(ARRAY[2, 74, 98]) AS h (heures)
CROSS JOIN LATERAL (SELECT to_timestamp(%(instant)s) - heures * interval '1 hour' AS quand) AS q;

-- name: comptes
-- Accounts of the readers, all with the same password.
INSERT INTO securite.compte (login, mot_de_passe, role, plateforme_id, agent_id, nom_affiche)
SELECT login, %(mot_de_passe)s, 'csam', plateforme, agent, 'Compte ' || login
FROM unnest(%(logins)s::text[], %(agents)s::uuid[], %(plateformes)s::text[]) AS a (login, agent, plateforme);

-- name: backends
-- Connections of the portal.
SELECT pid FROM pg_stat_activity WHERE usename = 'pdp_portail';
