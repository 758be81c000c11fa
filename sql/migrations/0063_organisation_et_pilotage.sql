-- What a manager steers with: delays of each step and equity of contact, as counts; and the organisation, a dated tree with successions.
-- A manager may read neither contacts nor birth dates: the counts are made by functions of the owner, for the platform of the signed context.

DO $$
DECLARE
    nom text;
BEGIN
    FOREACH nom IN ARRAY ARRAY['pdp.signalement', 'pdp.contact', 'pdp.tele_echange', 'pdp.orientation', 'pdp.issue', 'identite.assure'] LOOP
        EXECUTE format('CREATE POLICY pilotage ON %s FOR SELECT TO pdp_owner USING ((SELECT (securite.contexte()).role) = ''responsable'''
            ' AND plateforme_id = (SELECT (securite.contexte()).plateforme_id))', nom);
    END LOOP;
END $$;

CREATE FUNCTION pdp.durees_des_etapes(p_du timestamptz, p_au timestamptz, p_maintenant timestamptz)
RETURNS TABLE (etape text, jours integer, survenu boolean, nombre bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    qui securite.identite_contexte := securite.contexte();
BEGIN
    IF NOT coalesce(qui.role = 'responsable' AND qui.plateforme_id IS NOT NULL, false) THEN
        RAISE EXCEPTION 'steering_refused' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN QUERY
    WITH suivi AS (
        SELECT s.connu_at AS signale, s.decide_at AS decide, p.decide_at AS ouvert, coalesce(p.clos_at, p_maintenant) AS fin,
            a.affecte, c.joint, t.echange, o.oriente, o.accepte, o.realise, i.issue
        FROM pdp.signalement s
        LEFT JOIN pdp.parcours p ON p.signalement_id = s.id
        LEFT JOIN LATERAL (SELECT min(x.du) AS affecte FROM pdp.affectation x WHERE x.parcours_id = p.id) a ON true
        LEFT JOIN LATERAL (
            SELECT min(x.survenu_at) AS joint FROM pdp.contact x
            WHERE x.parcours_id = p.id AND x.resultat IN ('joint', 'joint_rappel_demande') AND x.saisie_par_erreur_at IS NULL
        ) c ON true
        LEFT JOIN LATERAL (
            SELECT min(x.debut_at) AS echange FROM pdp.tele_echange x
            WHERE x.parcours_id = p.id AND x.statut IN ('realise', 'realise_partiel') AND x.saisie_par_erreur_at IS NULL
        ) t ON true
        LEFT JOIN LATERAL (
            SELECT min(x.envoyee_at) AS oriente, min(x.acceptee_at) AS accepte, min(x.close_at) FILTER (WHERE x.statut = 'realisee') AS realise
            FROM pdp.orientation x WHERE x.parcours_id = p.id AND x.saisie_par_erreur_at IS NULL
        ) o ON true
        LEFT JOIN LATERAL (SELECT min(x.decide_at) AS issue FROM pdp.issue x WHERE x.parcours_id = p.id AND x.annule_at IS NULL) i ON true
        WHERE s.plateforme_id = qui.plateforme_id AND s.connu_at >= p_du AND s.connu_at < p_au AND s.statut NOT IN ('veille', 'remplace')
    ), pas AS (
        SELECT x.*
        FROM suivi v
        CROSS JOIN LATERAL (VALUES
            ('signale', NULL::timestamptz, v.signale, v.signale), ('decide', v.signale, v.decide, p_maintenant), ('affecte', v.ouvert, v.affecte, v.fin),
            ('joint', v.affecte, v.joint, v.fin), ('echange', v.joint, v.echange, v.fin), ('oriente', v.echange, v.oriente, v.fin),
            ('accepte', v.oriente, v.accepte, v.fin), ('realise', v.accepte, v.realise, v.fin), ('issue', v.realise, v.issue, p_maintenant)
        ) AS x (etape, debut, fait, fin)
        WHERE x.debut IS NOT NULL OR x.fait IS NOT NULL
    )
    SELECT p.etape, floor(extract(epoch FROM greatest(coalesce(p.fait, p.fin) - p.debut, interval '0')) / 86400)::integer, p.fait IS NOT NULL, count(*)
    FROM pas p
    GROUP BY 1, 2, 3;
END $$;
COMMENT ON FUNCTION pdp.durees_des_etapes(timestamptz, timestamptz, timestamptz) IS
    'People first signalled in a period, on the platform of the manager who asks: for each step how many days after the step before, whether it came about or is still awaited, and how many people. No days = the step came without the one before';
REVOKE EXECUTE ON FUNCTION pdp.durees_des_etapes(timestamptz, timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pdp.durees_des_etapes(timestamptz, timestamptz, timestamptz) TO pdp_role_responsable;

CREATE FUNCTION pdp.equite_du_contact(p_du timestamptz, p_au timestamptz, p_jours integer)
RETURNS TABLE (axe text, groupe text, effectif bigint, joints bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    qui securite.identite_contexte := securite.contexte();
    seuil integer;
BEGIN
    IF NOT coalesce(qui.role = 'responsable' AND qui.plateforme_id IS NOT NULL, false) THEN
        RAISE EXCEPTION 'steering_refused' USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT max((r.valeur #>> '{}')::integer) INTO seuil FROM referentiel.parametre r WHERE r.cle = 'petite_cellule_min';
    IF seuil IS NULL THEN
        RAISE EXCEPTION 'no_small_cell_threshold';
    END IF;
    RETURN QUERY
    WITH affecte AS (
        SELECT a.parcours_id, min(a.du) AS du FROM pdp.affectation a WHERE a.plateforme_id = qui.plateforme_id GROUP BY a.parcours_id
    ), personne AS (
        SELECT s.sexe, s.contrat, s.commune_insee, extract(year FROM age(a.du, s.date_naissance))::integer AS age,
            EXISTS (SELECT FROM pdp.contact c WHERE c.parcours_id = p.id AND c.resultat IN ('joint', 'joint_rappel_demande')
                AND c.saisie_par_erreur_at IS NULL AND c.survenu_at < a.du + make_interval(days => p_jours)) AS joint
        FROM affecte a
        JOIN pdp.parcours p ON p.id = a.parcours_id AND p.plateforme_id = qui.plateforme_id
        JOIN identite.assure s ON s.id = p.assure_id
        WHERE a.du >= p_du AND a.du < p_au
    ), compte AS (
        SELECT x.axe, x.groupe, count(*) AS effectif, count(*) FILTER (WHERE p.joint) AS joints
        FROM personne p
        CROSS JOIN LATERAL (VALUES
            ('age', CASE WHEN p.age < 25 THEN 'moins_de_25' WHEN p.age < 35 THEN '25_34' WHEN p.age < 45 THEN '35_44' WHEN p.age < 55 THEN '45_54'
                WHEN p.age < 65 THEN '55_64' ELSE '65_et_plus' END),
            ('sexe', coalesce(p.sexe, 'inconnu')), ('territoire', coalesce(p.commune_insee, 'inconnu')), ('contrat', coalesce(p.contrat, 'inconnu'))
        ) AS x (axe, groupe)
        GROUP BY x.axe, x.groupe
    ), range AS (
        SELECT c.*, coalesce(sum(c.effectif) OVER (PARTITION BY c.axe ORDER BY c.effectif, c.groupe ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS avant
        FROM compte c
    )
    -- small groups are put together, with the next one when together they are still too few
    SELECT r.axe, CASE WHEN r.effectif < seuil OR r.avant BETWEEN 1 AND seuil - 1 THEN 'autres' ELSE r.groupe END, sum(r.effectif)::bigint, sum(r.joints)::bigint
    FROM range r
    GROUP BY 1, 2
    HAVING sum(r.effectif) >= seuil;
END $$;
COMMENT ON FUNCTION pdp.equite_du_contact(timestamptz, timestamptz, integer) IS
    'Parcours first assigned in a period, on the platform of the manager who asks: how many people were reached within so many days, by age, sex, commune and contract. No group under the small cell threshold: those are put together';
REVOKE EXECUTE ON FUNCTION pdp.equite_du_contact(timestamptz, timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pdp.equite_du_contact(timestamptz, timestamptz, integer) TO pdp_role_responsable;
