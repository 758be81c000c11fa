-- name: lire_arret
-- Absence under way of the person of a parcours, for the legal dates that a wait must not hide.
SELECT p.assure_id, s.date_naissance, e.debut, e.risque, e.motif_categorie
FROM pdp.parcours p
JOIN identite.assure s ON s.id = p.assure_id
JOIN LATERAL (
    SELECT x.debut, x.risque, x.motif_categorie FROM pdp.episode x WHERE x.assure_id = p.assure_id AND x.etat = 'courant' ORDER BY x.debut DESC LIMIT 1
) e ON true
WHERE p.id = :parcours;
