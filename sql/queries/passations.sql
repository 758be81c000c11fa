-- name: lister
-- Cases that changed hands, to or from a coordinator: not read yet, or since a day; latest first, with the last attempts made before.
SELECT f.id, f.parcours_id, f.csam_id = :agent AS recue, f.du, f.motif, f.relais, f.note, f.retour_le, s.nom, s.prenom, a.nom AS autre_nom,
    a.prenom AS autre_prenom, CASE WHEN f.csam_id = :agent THEN f.lue_at ELSE f.depart_lu_at END AS lue_at, p.csam_id = :agent AS suivie,
    coalesce((
        SELECT jsonb_agg(jsonb_build_object('survenu_at', c.survenu_at, 'resultat', c.resultat) ORDER BY c.survenu_at DESC)
        FROM (SELECT survenu_at, resultat FROM pdp.contact WHERE parcours_id = f.parcours_id AND saisie_par_erreur_at IS NULL AND survenu_at <= f.du
            ORDER BY survenu_at DESC LIMIT 3) c), '[]') AS contacts
FROM pdp.affectation f
JOIN pdp.parcours p ON p.id = f.parcours_id
JOIN identite.assure s ON s.id = p.assure_id
JOIN pdp.agent a ON a.id = CASE WHEN f.csam_id = :agent THEN f.de_csam_id ELSE f.csam_id END
WHERE f.de_csam_id IS NOT NULL AND f.de_csam_id <> f.csam_id
    AND (f.csam_id = :agent AND (f.lue_at IS NULL OR f.du >= cast(:depuis AS timestamptz))
        OR f.de_csam_id = :agent AND (f.depart_lu_at IS NULL OR f.du >= cast(:depuis AS timestamptz)))
ORDER BY f.du DESC, s.nom, s.prenom, f.id
LIMIT :limite;

-- name: changer_de_mains
-- The cases that a coordinator passes on or takes back change hands; the others are left alone.
SELECT pdp.passer_de_mains(cast(:parcours AS uuid[]), cast(:de AS uuid[]), cast(:vers AS uuid[]));

-- name: lire_recues
-- Read by who received.
UPDATE pdp.affectation SET lue_at = :maintenant
WHERE id = ANY (cast(:ids AS uuid[])) AND csam_id = :agent AND de_csam_id IS NOT NULL AND lue_at IS NULL;

-- name: lire_parties
-- Seen leaving by who gave.
UPDATE pdp.affectation SET depart_lu_at = :maintenant
WHERE id = ANY (cast(:ids AS uuid[])) AND de_csam_id = :agent AND depart_lu_at IS NULL;
