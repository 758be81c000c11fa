-- What-if: another value of the policy on past data. Counts only; nothing is written.

-- name: compter
-- People who would enter under each of two sets of values, by week, coordinator and territory.
SELECT semaine_actuel, semaine_propose, actuel_dans, propose_dans, suivi_par, precedent, couvreurs, nombre
FROM pdp.compter_essai(:plateforme, :du, :au, :jour, cast(:risques AS text[]), cast(:variantes AS jsonb))
ORDER BY least(semaine_actuel, semaine_propose), suivi_par, precedent, couvreurs, semaine_actuel, semaine_propose, actuel_dans, propose_dans;

-- name: lister_csam
-- Coordinators in service on a day with their open parcours; their absences are not looked at.
SELECT a.id, a.numero, a.prenom, a.nom, a.quotite,
    (SELECT count(*) FROM pdp.parcours p WHERE p.csam_id = a.id AND p.clos_at IS NULL)::integer AS ouverts
FROM pdp.agent a
WHERE a.plateforme_id = :plateforme AND a.role = 'csam' AND a.actif_du <= :jour AND (a.actif_au IS NULL OR :jour <= a.actif_au)
ORDER BY a.numero;

-- name: comparer_ordre
-- Signalements of the period ranked by the points that count on its last day, with a key of points at two values: how many of the first N change.
WITH poids AS (
    SELECT s.id, s.connu_at,
        coalesce(sum(CASE WHEN m.regle IN (SELECT r.cle FROM referentiel.regle r WHERE r.points = :cle) THEN cast(:actuel AS integer) ELSE m.points END), 0) AS actuel,
        coalesce(sum(CASE WHEN m.regle IN (SELECT r.cle FROM referentiel.regle r WHERE r.points = :cle) THEN cast(:propose AS integer) ELSE m.points END), 0) AS propose
    FROM pdp.signalement s
    LEFT JOIN pdp.signalement_motif m ON m.signalement_id = s.id AND (m.valable_jusqu_au IS NULL OR m.valable_jusqu_au >= :au)
    WHERE s.plateforme_id = :plateforme AND s.survenu_le BETWEEN :du AND :au AND s.statut NOT IN ('veille', 'remplace')
    GROUP BY s.id, s.connu_at
), rangs AS (
    SELECT p.*, row_number() OVER (ORDER BY p.actuel DESC, p.connu_at, p.id) AS avant, row_number() OVER (ORDER BY p.propose DESC, p.connu_at, p.id) AS apres
    FROM poids p
)
SELECT count(*) AS signalements, count(*) FILTER (WHERE actuel <> propose) AS points_changes, count(*) FILTER (WHERE avant <> apres) AS rangs_changes,
    count(*) FILTER (WHERE avant > :premiers AND apres <= :premiers) AS entrent_en_tete
FROM rangs;

-- name: lister_plateformes
-- Platforms, in order.
SELECT id FROM pdp.plateforme ORDER BY id;
