-- Somebody who left holds nothing, and an agreement covers what was shown to who agreed.

-- 1. A departure confirmed by a manager closes the access on its day, whatever the list of agents says: what is still in those hands (no place
-- elsewhere, or a mass re-assignment that nobody accepted) is stuck, and must be seen as such.
CREATE OR REPLACE FUNCTION pdp.suite_de_parcours(p_maintenant timestamptz) RETURNS TABLE (
    parcours_id uuid, plateforme_id text, csam_id uuid, statut text, tache_id uuid, motif text, balle text, echeance_at timestamptz, en_attente boolean,
    blocage text)
LANGUAGE sql STABLE AS $$
    SELECT p.id, p.plateforme_id, p.csam_id, p.statut, s.id, s.motif, s.balle, s.echeance_at, coalesce(s.en_attente, false),
        CASE
            WHEN p.csam_id IS NULL THEN 'S05'
            WHEN s.id IS NULL THEN 'S01'
            WHEN g.actif_au < j.jour THEN 'S04'
            WHEN EXISTS (
                SELECT 1 FROM pdp.redistribution AS r
                WHERE r.agent_id = p.csam_id AND r.au IS NULL AND r.du <= j.jour AND r.annulee_at IS NULL) THEN 'S04'
            WHEN s.balle = 'csam' AND EXISTS (
                SELECT 1 FROM pdp.absence_agent AS q
                WHERE q.agent_id = p.csam_id AND q.du <= j.jour AND q.au >= j.jour AND (s.echeance_at AT TIME ZONE f.fuseau)::date <= q.au) THEN 'S04'
            WHEN NOT EXISTS (
                SELECT 1 FROM pdp.tache AS v
                WHERE v.parcours_id = p.id AND v.fermee_at IS NULL AND (v.balle NOT IN ('assure', 'partenaire') OR v.echeance_at > p_maintenant)) THEN 'S03'
        END
    FROM pdp.parcours AS p
    JOIN pdp.plateforme AS f ON f.id = p.plateforme_id
    CROSS JOIN LATERAL (SELECT (p_maintenant AT TIME ZONE f.fuseau)::date AS jour) AS j
    LEFT JOIN pdp.agent AS g ON g.id = p.csam_id
    LEFT JOIN LATERAL (
        SELECT t.id, t.motif, CASE WHEN t.attente_jusqu_au > j.jour THEN t.attente_balle ELSE t.balle END AS balle, t.echeance_at,
            t.attente_jusqu_au > j.jour AS en_attente
        FROM pdp.tache AS t
        WHERE t.parcours_id = p.id AND t.fermee_at IS NULL
        ORDER BY t.echeance_at, t.ouverte_at, t.id
        LIMIT 1
    ) AS s ON true
    WHERE p.clos_at IS NULL
$$;
GRANT SELECT (plateforme_id, agent_id, du, au, annulee_at) ON pdp.redistribution TO pdp_role_medecin; -- who is there, as for a coordinator

-- 2. A question may be asked anew: when much more is at stake than what was agreed to, or the day after a refusal that only Airflow can change.
ALTER TABLE pdp.porte ADD COLUMN perimee_at timestamptz, ADD CONSTRAINT porte_perimee_check CHECK (perimee_at IS NULL OR decision IS NOT NULL);
COMMENT ON COLUMN pdp.porte.perimee_at IS 'When its decision stopped counting, because the same question was asked anew; NULL = it counts';
DROP INDEX pdp.porte_une_par_objet;
CREATE UNIQUE INDEX porte_une_par_objet ON pdp.porte (genre, objet) WHERE utilisee_at IS NULL AND perimee_at IS NULL;
GRANT UPDATE (perimee_at) ON pdp.porte TO pdp_app;
GRANT SELECT (perimee_at) ON pdp.porte TO pdp_expediteur;
