-- name: lister
-- Files to orient, grouped by what a médecin-conseil would decide alike; nothing medical beyond the category.
SELECT s.palier, e.motif_categorie, e.risque, count(*) AS nombre, min(s.connu_at) AS plus_ancien_at, min(s.priorite) AS priorite_min,
    max(s.priorite) AS priorite_max, count(*) FILTER (WHERE e.fin < :jour) AS arrets_finis
FROM pdp.signalement s
JOIN pdp.episode e ON e.id = s.episode_id
WHERE s.statut = 'a_trier'
GROUP BY s.palier, e.motif_categorie, e.risque
ORDER BY count(*) DESC, s.palier DESC, e.motif_categorie, e.risque;

-- name: apercu
-- The group as it is now: how many, and the first ones.
SELECT s.id, s.palier, s.priorite, a.nom, a.prenom, e.debut, e.fin, count(*) OVER () AS total
FROM pdp.signalement s
JOIN pdp.episode e ON e.id = s.episode_id
JOIN identite.assure a ON a.id = s.assure_id
WHERE s.statut = 'a_trier' AND s.palier = :palier AND e.motif_categorie = :categorie AND e.risque = :risque
    AND s.priorite BETWEEN :priorite_min AND :priorite_max
ORDER BY s.priorite DESC, s.connu_at, s.id
LIMIT :limite;

-- name: verrouiller
-- The first files of the group that nobody else is deciding, locked.
SELECT s.id
FROM pdp.signalement s
JOIN pdp.episode e ON e.id = s.episode_id
WHERE s.statut = 'a_trier' AND s.palier = :palier AND e.motif_categorie = :categorie AND e.risque = :risque
    AND s.priorite BETWEEN :priorite_min AND :priorite_max AND s.connu_at <= :vu_at
ORDER BY s.priorite DESC, s.connu_at, s.id
LIMIT :limite
FOR UPDATE OF s SKIP LOCKED;
