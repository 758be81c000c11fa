-- The panel that shows one person without leaving the list.

-- name: joindre
-- The number to use today, and the silence that would forbid it.
SELECT c.telephone, c.telephone_provenance, c.telephone_faux_at, s.motif AS silence_motif
FROM identite.coordonnees(:assure) c
LEFT JOIN LATERAL pdp.silence_du_jour(:assure, (cast(:maintenant AS timestamptz) AT TIME ZONE 'Europe/Paris')::date) s ON true;

-- name: lister_taches
-- Open reasons, earliest first, with their waits.
SELECT id, motif, CASE WHEN attente_jusqu_au > :jour THEN attente_balle ELSE balle END AS balle, echeance_at, note, origine = 'manuelle' AS manuelle, attente_raison, attente_jusqu_au, attente_du_at,
    attente_cumul_jours, sujet
FROM pdp.tache WHERE parcours_id = :parcours AND fermee_at IS NULL ORDER BY echeance_at, ouverte_at, id;
