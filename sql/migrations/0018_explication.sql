-- What-if on past data: how many people would enter the call list under another value. Counts only, of one platform, and nothing is written.
-- A manager has no right to read prescriptions or birth dates: the count is made by a function of the owner, which checks who asks.

-- The owner is under row level security like everybody: within the count, and there only, it reads the platform that the function names.
DO $$
DECLARE
    nom text;
BEGIN
    FOREACH nom IN ARRAY ARRAY['pdp.arret_prescrit', 'pdp.fait_dsn', 'pdp.parcours', 'pdp.agent', 'identite.assure'] LOOP
        EXECUTE format('CREATE POLICY essai ON %s FOR SELECT TO pdp_owner USING (plateforme_id = (SELECT current_setting(''pdp.essai'', true)))', nom);
    END LOOP;
END $$;

CREATE FUNCTION pdp.compter_essai(p_plateforme text, p_du date, p_au date, p_jour date, p_risques text[], p_variantes jsonb)
RETURNS TABLE (semaine_actuel date, semaine_propose date, actuel_dans boolean, propose_dans boolean, suivi_par uuid, precedent uuid, couvreurs uuid[],
    nombre bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    qui securite.identite_contexte := securite.contexte();
BEGIN
    IF NOT coalesce(qui.type = 'systeme' OR (qui.role = 'responsable' AND qui.plateforme_id = p_plateforme), false) THEN
        RAISE EXCEPTION 'what_if_refused' USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM set_config('pdp.essai', p_plateforme, true);
    RETURN QUERY
    WITH variante AS (
        SELECT *
        FROM jsonb_to_recordset(p_variantes) AS v (nom text, tolerance integer, suspension_max integer, minimum integer, age_min integer, age_max integer,
            exclure_age boolean, exclure_tpt_seul boolean, codes_reprise jsonb, codes_arret jsonb, codes_retraite jsonb, codes_deces jsonb)
    ), personne AS (
        -- a threshold reached in the period lies in an absence, hence near a prescribed day
        SELECT DISTINCT a.assure_id
        FROM pdp.arret_prescrit a
        WHERE a.plateforme_id = p_plateforme AND NOT a.annule AND a.risque = ANY(p_risques) AND a.date_debut <= p_au
            AND a.date_fin >= p_du - (SELECT max(v.tolerance + v.suspension_max) FROM variante v)
    ), couvert AS (
        SELECT p.assure_id, lower(x.r) AS debut, upper(x.r) - 1 AS fin
        FROM personne p
        CROSS JOIN LATERAL (
            SELECT unnest(range_agg(daterange(a.date_debut, a.date_fin, '[]'))) AS r
            FROM pdp.arret_prescrit a
            WHERE a.assure_id = p.assure_id AND NOT a.annule AND a.risque = ANY(p_risques)
        ) x
    ), trou AS (
        SELECT c.*, lag(c.fin) OVER (PARTITION BY c.assure_id ORDER BY c.debut) AS avant FROM couvert c
    ), pese AS (
        SELECT t.*, t.debut - t.avant - 1 AS manquants, coalesce(n.neutres, 0) AS neutres
        FROM trou t
        LEFT JOIN LATERAL (
            SELECT sum(upper(g.r) - lower(g.r))::integer AS neutres
            FROM (
                SELECT unnest(range_agg(daterange(s.debut, coalesce(s.fin + 1, t.debut))) * datemultirange(daterange(t.avant + 1, t.debut))) AS r
                FROM pdp.fait_dsn s
                WHERE s.assure_id = t.assure_id AND s.genre = 'suspension' AND s.neutre AND NOT s.annule
                    AND s.debut < t.debut AND (s.fin > t.avant OR (s.fin IS NULL AND s.debut > t.avant))
            ) g
        ) n ON t.avant < t.debut - 1
    ), marque AS (
        SELECT p.*, v.nom,
            (p.avant IS NULL OR NOT (p.manquants <= v.tolerance OR (p.manquants - p.neutres <= v.tolerance AND p.neutres <= v.suspension_max)))::integer AS ouvre
        FROM pese p CROSS JOIN variante v
    ), numerote AS (
        SELECT m.*, sum(m.ouvre) OVER (PARTITION BY m.nom, m.assure_id ORDER BY m.debut) AS rang FROM marque m
    ), absence AS (
        SELECT n.nom, n.assure_id, min(n.debut) AS debut, max(n.fin) AS fin FROM numerote n GROUP BY n.nom, n.assure_id, n.rang
    ), franchi AS (
        SELECT a.assure_id, a.debut, a.fin, a.debut + v.minimum - 1 AS le, v.*
        FROM absence a JOIN variante v ON v.nom = a.nom
        WHERE a.fin >= a.debut + v.minimum - 1 AND a.debut <= p_au AND a.fin >= p_du
    ), retenu AS (
        -- outside the period too: the same absence may enter earlier or later than the period under the other value
        SELECT f.nom, f.assure_id, f.debut, f.fin, f.le, f.le BETWEEN p_du AND p_au AS dans
        FROM franchi f
        JOIN identite.assure i ON i.id = f.assure_id
        CROSS JOIN LATERAL (
            SELECT extract(year FROM f.le)::integer - extract(year FROM i.date_naissance)::integer
                - (to_char(f.le, 'MMDD') < to_char(i.date_naissance, 'MMDD'))::integer AS age
        ) an
        WHERE NOT (f.exclure_age AND an.age BETWEEN coalesce(f.age_min, an.age) AND coalesce(f.age_max, an.age))
            AND NOT (f.exclure_tpt_seul AND NOT EXISTS (
                SELECT 1 FROM pdp.arret_prescrit a
                WHERE a.assure_id = f.assure_id AND NOT a.annule AND a.risque = ANY(p_risques) AND a.date_debut BETWEEN f.debut AND f.fin AND NOT a.temps_partiel
            ))
            AND NOT EXISTS (
                SELECT 1 FROM pdp.fait_dsn d
                WHERE d.assure_id = f.assure_id AND d.genre = 'fin_contrat' AND NOT d.annule AND d.debut <= f.le
                    AND (f.codes_deces ? d.code OR (f.codes_retraite ? d.code AND d.debut >= f.debut))
            )
            AND NOT coalesce((
                SELECT bool_and(e.finie) AND max(e.reprise_le) <= f.le
                FROM (
                    SELECT DISTINCT ON (coalesce(d.siret, '')) d.reprise_le, coalesce(
                        d.reprise_le > f.debut AND f.codes_reprise ? d.reprise_code
                        AND NOT EXISTS (
                            SELECT 1 FROM pdp.fait_dsn s
                            WHERE s.assure_id = f.assure_id AND s.genre = 'suspension' AND s.neutre AND NOT s.annule
                                AND s.debut <= d.reprise_le AND (s.fin IS NULL OR d.reprise_le <= s.fin)
                        )
                        AND NOT EXISTS (
                            SELECT 1 FROM pdp.arret_prescrit a
                            WHERE a.assure_id = f.assure_id AND NOT a.annule AND a.risque = ANY(p_risques) AND a.date_debut BETWEEN d.reprise_le AND f.fin
                        ), false) AS finie
                    FROM pdp.fait_dsn d
                    WHERE d.assure_id = f.assure_id AND d.genre = 'arret' AND NOT d.annule AND f.codes_arret ? d.code
                        AND d.debut <= f.fin AND coalesce(d.reprise_le, d.fin, d.debut) >= f.debut
                    ORDER BY coalesce(d.siret, ''), d.debut DESC, d.cle COLLATE "C" DESC
                ) e
            ), false)
    ), entree AS (
        SELECT DISTINCT ON (r.nom, r.assure_id) r.nom, r.assure_id, r.le FROM retenu r WHERE r.dans ORDER BY r.nom, r.assure_id, r.le
    ), paire AS (
        SELECT assure_id, a.le AS actuel_dans_le, b.le AS propose_dans_le
        FROM (SELECT * FROM entree WHERE nom = 'actuel') a FULL JOIN (SELECT * FROM entree WHERE nom = 'propose') b USING (assure_id)
    ), datee AS (
        SELECT p.assure_id, p.actuel_dans_le IS NOT NULL AS actuel_dans, p.propose_dans_le IS NOT NULL AS propose_dans,
            coalesce(p.actuel_dans_le, min(r.le) FILTER (WHERE r.nom = 'actuel' AND p.propose_dans_le BETWEEN r.debut AND r.fin)) AS actuel_le,
            coalesce(p.propose_dans_le, min(r.le) FILTER (WHERE r.nom = 'propose' AND p.actuel_dans_le BETWEEN r.debut AND r.fin)) AS propose_le
        FROM paire p LEFT JOIN retenu r ON r.assure_id = p.assure_id
        GROUP BY p.assure_id, p.actuel_dans_le, p.propose_dans_le
    )
    SELECT date_trunc('week', p.actuel_le::timestamp)::date, date_trunc('week', p.propose_le::timestamp)::date, p.actuel_dans, p.propose_dans,
        ouvert.csam_id, ancien.csam_id, territoire.agents, count(*)
    FROM datee p
    JOIN identite.assure i ON i.id = p.assure_id
    LEFT JOIN LATERAL (SELECT q.csam_id FROM pdp.parcours q WHERE q.assure_id = p.assure_id AND q.clos_at IS NULL AND q.csam_id IS NOT NULL LIMIT 1) ouvert ON true
    LEFT JOIN LATERAL (
        SELECT q.csam_id FROM pdp.parcours q WHERE q.assure_id = p.assure_id AND q.csam_id IS NOT NULL ORDER BY q.decide_at DESC LIMIT 1
    ) ancien ON true
    CROSS JOIN LATERAL (
        SELECT coalesce(array_agg(g.id ORDER BY g.numero), '{}') AS agents
        FROM pdp.agent g
        WHERE g.plateforme_id = p_plateforme AND g.role = 'csam' AND g.actif_du <= p_jour AND (g.actif_au IS NULL OR p_jour <= g.actif_au)
            AND EXISTS (SELECT 1 FROM unnest(g.territoire) AS t (prefixe) WHERE t.prefixe = 'tous' OR starts_with(i.commune_insee, t.prefixe))
    ) territoire
    GROUP BY 1, 2, 3, 4, 5, 6, 7;
    PERFORM set_config('pdp.essai', '', true);
END $$;
COMMENT ON FUNCTION pdp.compter_essai(text, date, date, date, text[], jsonb) IS
    'People whose absence reaches the opening threshold in a period, under two sets of values, by week, coordinator who follows them and territory: counts only';
REVOKE EXECUTE ON FUNCTION pdp.compter_essai(text, date, date, date, text[], jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pdp.compter_essai(text, date, date, date, text[], jsonb) TO pdp_app, pdp_role_responsable;
