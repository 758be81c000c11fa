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
    WITH signale AS (
        SELECT s.connu_at AS signale, s.decide_at AS decide, p.id, p.decide_at AS ouvert, coalesce(p.clos_at, p_maintenant) AS fin
        FROM pdp.signalement s
        LEFT JOIN pdp.parcours p ON p.signalement_id = s.id
        WHERE s.plateforme_id = qui.plateforme_id AND s.connu_at >= p_du AND s.connu_at < p_au AND s.statut NOT IN ('veille', 'remplace')
    ), suivi AS (
        SELECT v.*, a.affecte, c.joint, t.echange, o.oriente, o.accepte, o.realise, i.issue
        FROM signale v
        LEFT JOIN (SELECT x.parcours_id, min(x.du) AS affecte FROM pdp.affectation x GROUP BY x.parcours_id) a ON a.parcours_id = v.id
        LEFT JOIN (
            SELECT x.parcours_id, min(x.survenu_at) AS joint FROM pdp.contact x
            WHERE x.resultat IN ('joint', 'joint_rappel_demande') AND x.saisie_par_erreur_at IS NULL GROUP BY x.parcours_id
        ) c ON c.parcours_id = v.id
        LEFT JOIN (
            SELECT x.parcours_id, min(x.debut_at) AS echange FROM pdp.tele_echange x
            WHERE x.statut IN ('realise', 'realise_partiel') AND x.saisie_par_erreur_at IS NULL GROUP BY x.parcours_id
        ) t ON t.parcours_id = v.id
        LEFT JOIN (
            SELECT x.parcours_id, min(x.envoyee_at) AS oriente, min(x.acceptee_at) AS accepte,
                min(x.close_at) FILTER (WHERE x.statut = 'realisee') AS realise
            FROM pdp.orientation x WHERE x.saisie_par_erreur_at IS NULL GROUP BY x.parcours_id
        ) o ON o.parcours_id = v.id
        LEFT JOIN (SELECT x.parcours_id, min(x.decide_at) AS issue FROM pdp.issue x WHERE x.annule_at IS NULL GROUP BY x.parcours_id) i ON i.parcours_id = v.id
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

-- The organisation: units, their names, their place, what became of them, who works there. Nothing is ever deleted: a closed unit keeps its past.
CREATE TABLE pdp.reorganisation (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL REFERENCES pdp.plateforme,
    acte text NOT NULL CHECK (acte IN ('creation', 'renommage', 'mutation', 'fusion')),
    le date NOT NULL,
    unite_id uuid,
    vers_id uuid,
    agents integer NOT NULL DEFAULT 0,
    parcours integer NOT NULL DEFAULT 0,
    demandee_par uuid NOT NULL,
    demandee_at timestamptz NOT NULL,
    annulee_at timestamptz,
    annulee_par uuid,
    UNIQUE (plateforme_id, id),
    CHECK ((annulee_at IS NULL) = (annulee_par IS NULL)),
    FOREIGN KEY (plateforme_id, demandee_par) REFERENCES pdp.agent (plateforme_id, id),
    FOREIGN KEY (plateforme_id, annulee_par) REFERENCES pdp.agent (plateforme_id, id)
);
COMMENT ON TABLE pdp.reorganisation IS 'Act of a manager on the organisation, in force from a day on';
COMMENT ON COLUMN pdp.reorganisation.id IS 'Opaque id';
COMMENT ON COLUMN pdp.reorganisation.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.reorganisation.acte IS 'creation of a unit, renommage, mutation (people change unit), fusion (a unit ends in another)';
COMMENT ON COLUMN pdp.reorganisation.le IS 'First day in force';
COMMENT ON COLUMN pdp.reorganisation.unite_id IS 'Unit made, renamed or ended; NULL for a mutation';
COMMENT ON COLUMN pdp.reorganisation.vers_id IS 'Unit that receives';
COMMENT ON COLUMN pdp.reorganisation.agents IS 'How many people moved';
COMMENT ON COLUMN pdp.reorganisation.parcours IS 'Open parcours they held when it was confirmed';
COMMENT ON COLUMN pdp.reorganisation.demandee_par IS 'Manager who confirmed';
COMMENT ON COLUMN pdp.reorganisation.demandee_at IS 'When';
COMMENT ON COLUMN pdp.reorganisation.annulee_at IS 'When a manager took it back, before its day';
COMMENT ON COLUMN pdp.reorganisation.annulee_par IS 'Manager who took it back';

CREATE TABLE pdp.unite (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL REFERENCES pdp.plateforme,
    code text NOT NULL CHECK (length(code) <= 60),
    type text NOT NULL CHECK (type IN ('CNAM', 'DRSM', 'ELSM', 'CPAM', 'CGSS', 'CCSS', 'CARSAT', 'POLE_MEDICAL', 'PLATEFORME_PDP', 'EQUIPE')),
    accueille text[] NOT NULL DEFAULT '{}',
    du date,
    au date,
    acte_id uuid,
    fin_acte_id uuid,
    annulee_at timestamptz,
    UNIQUE (plateforme_id, id),
    UNIQUE (plateforme_id, code),
    CHECK (du <= au),
    FOREIGN KEY (plateforme_id, acte_id) REFERENCES pdp.reorganisation (plateforme_id, id),
    FOREIGN KEY (plateforme_id, fin_acte_id) REFERENCES pdp.reorganisation (plateforme_id, id)
);
COMMENT ON TABLE pdp.unite IS 'A unit of the organisation as one platform sees it';
COMMENT ON COLUMN pdp.unite.id IS 'Opaque id';
COMMENT ON COLUMN pdp.unite.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.unite.code IS 'Short name in the referential, or opaque for a unit made on screen';
COMMENT ON COLUMN pdp.unite.type IS 'Kind of unit';
COMMENT ON COLUMN pdp.unite.accueille IS 'Functions of the people who are here when nobody said otherwise; its successor takes them over';
COMMENT ON COLUMN pdp.unite.du IS 'First day; NULL = since ever';
COMMENT ON COLUMN pdp.unite.au IS 'Last day; NULL = still';
COMMENT ON COLUMN pdp.unite.acte_id IS 'Act that made it; NULL = referential';
COMMENT ON COLUMN pdp.unite.fin_acte_id IS 'Act that ends it';
COMMENT ON COLUMN pdp.unite.annulee_at IS 'Taken back before its first day: as if it had never been';

CREATE TABLE pdp.unite_nom (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    unite_id uuid NOT NULL,
    libelle text NOT NULL CHECK (length(libelle) BETWEEN 1 AND 120),
    du date,
    au date,
    acte_id uuid,
    fin_acte_id uuid,
    annulee_at timestamptz,
    CHECK (du <= au),
    FOREIGN KEY (plateforme_id, unite_id) REFERENCES pdp.unite (plateforme_id, id),
    FOREIGN KEY (plateforme_id, acte_id) REFERENCES pdp.reorganisation (plateforme_id, id),
    FOREIGN KEY (plateforme_id, fin_acte_id) REFERENCES pdp.reorganisation (plateforme_id, id),
    CONSTRAINT unite_nom_un_seul EXCLUDE USING gist (
        int8range(hashtextextended(unite_id::text, 0), hashtextextended(unite_id::text, 0), '[]') WITH &&, daterange(du, au, '[]') WITH &&
    ) WHERE (annulee_at IS NULL)
);
COMMENT ON TABLE pdp.unite_nom IS 'Name of a unit over time';
COMMENT ON COLUMN pdp.unite_nom.id IS 'Opaque id';
COMMENT ON COLUMN pdp.unite_nom.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.unite_nom.unite_id IS 'Unit';
COMMENT ON COLUMN pdp.unite_nom.libelle IS 'Name shown';
COMMENT ON COLUMN pdp.unite_nom.du IS 'First day; NULL = since ever';
COMMENT ON COLUMN pdp.unite_nom.au IS 'Last day; NULL = still';
COMMENT ON COLUMN pdp.unite_nom.acte_id IS 'Act that gave it; NULL = referential';
COMMENT ON COLUMN pdp.unite_nom.fin_acte_id IS 'Act that ends it';
COMMENT ON COLUMN pdp.unite_nom.annulee_at IS 'Taken back before its first day';

CREATE TABLE pdp.unite_lien (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    enfant_id uuid NOT NULL,
    parent_id uuid NOT NULL,
    nature text NOT NULL CHECK (nature IN ('hierarchique', 'fonctionnel', 'territorial', 'partenaire')),
    du date,
    au date,
    acte_id uuid,
    fin_acte_id uuid,
    annulee_at timestamptz,
    CHECK (du <= au),
    CHECK (enfant_id <> parent_id),
    FOREIGN KEY (plateforme_id, enfant_id) REFERENCES pdp.unite (plateforme_id, id),
    FOREIGN KEY (plateforme_id, parent_id) REFERENCES pdp.unite (plateforme_id, id),
    FOREIGN KEY (plateforme_id, acte_id) REFERENCES pdp.reorganisation (plateforme_id, id),
    FOREIGN KEY (plateforme_id, fin_acte_id) REFERENCES pdp.reorganisation (plateforme_id, id),
    CONSTRAINT unite_lien_un_seul_chef EXCLUDE USING gist (
        int8range(hashtextextended(enfant_id::text, 0), hashtextextended(enfant_id::text, 0), '[]') WITH &&, daterange(du, au, '[]') WITH &&
    ) WHERE (annulee_at IS NULL AND nature = 'hierarchique')
);
COMMENT ON TABLE pdp.unite_lien IS 'Place of a unit over time: one hierarchy at most a day, other links beside. Gives no right on any case';
COMMENT ON COLUMN pdp.unite_lien.id IS 'Opaque id';
COMMENT ON COLUMN pdp.unite_lien.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.unite_lien.enfant_id IS 'Unit';
COMMENT ON COLUMN pdp.unite_lien.parent_id IS 'Unit it belongs to';
COMMENT ON COLUMN pdp.unite_lien.nature IS 'hierarchique, fonctionnel, territorial, partenaire';
COMMENT ON COLUMN pdp.unite_lien.du IS 'First day; NULL = since ever';
COMMENT ON COLUMN pdp.unite_lien.au IS 'Last day; NULL = still';
COMMENT ON COLUMN pdp.unite_lien.acte_id IS 'Act that made it; NULL = referential';
COMMENT ON COLUMN pdp.unite_lien.fin_acte_id IS 'Act that ends it';
COMMENT ON COLUMN pdp.unite_lien.annulee_at IS 'Taken back before its first day';

CREATE TABLE pdp.unite_succession (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    de_id uuid NOT NULL,
    vers_id uuid NOT NULL,
    le date NOT NULL,
    acte_id uuid,
    annulee_at timestamptz,
    CHECK (de_id <> vers_id),
    FOREIGN KEY (plateforme_id, de_id) REFERENCES pdp.unite (plateforme_id, id),
    FOREIGN KEY (plateforme_id, vers_id) REFERENCES pdp.unite (plateforme_id, id),
    FOREIGN KEY (plateforme_id, acte_id) REFERENCES pdp.reorganisation (plateforme_id, id)
);
COMMENT ON TABLE pdp.unite_succession IS 'What became of a unit that ended: figures are read as they were, or in the organisation of today';
COMMENT ON COLUMN pdp.unite_succession.id IS 'Opaque id';
COMMENT ON COLUMN pdp.unite_succession.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.unite_succession.de_id IS 'Unit that ended the day before';
COMMENT ON COLUMN pdp.unite_succession.vers_id IS 'Unit that took everything over';
COMMENT ON COLUMN pdp.unite_succession.le IS 'First day of the successor in that part';
COMMENT ON COLUMN pdp.unite_succession.acte_id IS 'Act; NULL = referential';
COMMENT ON COLUMN pdp.unite_succession.annulee_at IS 'Taken back before its day';
CREATE UNIQUE INDEX unite_succession_une_seule ON pdp.unite_succession (de_id) WHERE annulee_at IS NULL;

CREATE TABLE pdp.unite_agent (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    agent_id uuid NOT NULL,
    unite_id uuid NOT NULL,
    du date NOT NULL,
    au date,
    acte_id uuid NOT NULL,
    fin_acte_id uuid,
    annulee_at timestamptz,
    CHECK (du <= au),
    FOREIGN KEY (plateforme_id, agent_id) REFERENCES pdp.agent (plateforme_id, id),
    FOREIGN KEY (plateforme_id, unite_id) REFERENCES pdp.unite (plateforme_id, id),
    FOREIGN KEY (plateforme_id, acte_id) REFERENCES pdp.reorganisation (plateforme_id, id),
    FOREIGN KEY (plateforme_id, fin_acte_id) REFERENCES pdp.reorganisation (plateforme_id, id),
    CONSTRAINT unite_agent_une_seule EXCLUDE USING gist (
        int8range(hashtextextended(agent_id::text, 0), hashtextextended(agent_id::text, 0), '[]') WITH &&, daterange(du, au, '[]') WITH &&
    ) WHERE (annulee_at IS NULL)
);
COMMENT ON TABLE pdp.unite_agent IS 'Where somebody works over time, when a manager said so; else the unit that takes in that function. The id of the person never changes';
COMMENT ON COLUMN pdp.unite_agent.id IS 'Opaque id';
COMMENT ON COLUMN pdp.unite_agent.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.unite_agent.agent_id IS 'Somebody of the platform';
COMMENT ON COLUMN pdp.unite_agent.unite_id IS 'Unit';
COMMENT ON COLUMN pdp.unite_agent.du IS 'First day';
COMMENT ON COLUMN pdp.unite_agent.au IS 'Last day; NULL = still';
COMMENT ON COLUMN pdp.unite_agent.acte_id IS 'Act';
COMMENT ON COLUMN pdp.unite_agent.fin_acte_id IS 'Act that ends it';
COMMENT ON COLUMN pdp.unite_agent.annulee_at IS 'Taken back before its first day';

DO $$
DECLARE
    nom text;
BEGIN
    FOREACH nom IN ARRAY ARRAY['reorganisation', 'unite', 'unite_nom', 'unite_lien', 'unite_succession', 'unite_agent'] LOOP
        EXECUTE format('ALTER TABLE pdp.%I ENABLE ROW LEVEL SECURITY', nom);
        EXECUTE format('ALTER TABLE pdp.%I FORCE ROW LEVEL SECURITY', nom);
        EXECUTE format('CREATE POLICY lot ON pdp.%I TO pdp_app USING (true) WITH CHECK (true)', nom);
        EXECUTE format('CREATE POLICY plateforme ON pdp.%I TO pdp_role_responsable USING (plateforme_id = (SELECT securite.plateforme_courante()))'
            ' WITH CHECK (plateforme_id = (SELECT securite.plateforme_courante()))', nom);
        EXECUTE format('CREATE TRIGGER exiger_auteur BEFORE INSERT OR UPDATE OR DELETE ON pdp.%I FOR EACH STATEMENT EXECUTE FUNCTION securite.exiger_auteur()', nom);
    END LOOP;
END $$;
GRANT SELECT, INSERT ON pdp.reorganisation, pdp.unite, pdp.unite_nom, pdp.unite_lien, pdp.unite_succession, pdp.unite_agent TO pdp_role_responsable;
GRANT SELECT, INSERT ON pdp.unite, pdp.unite_nom, pdp.unite_lien, pdp.unite_succession TO pdp_app;
GRANT UPDATE (annulee_at, annulee_par) ON pdp.reorganisation TO pdp_role_responsable;
GRANT UPDATE (au, fin_acte_id, annulee_at) ON pdp.unite, pdp.unite_nom, pdp.unite_lien, pdp.unite_agent TO pdp_role_responsable;
GRANT UPDATE (annulee_at) ON pdp.unite_succession TO pdp_role_responsable;

CREATE FUNCTION pdp.unite_actuelle(p_unite uuid, p_jour date) RETURNS uuid
LANGUAGE sql STABLE AS $$
    WITH RECURSIVE suite AS (
        SELECT p_unite AS unite_id, 0 AS rang
        UNION ALL
        SELECT s.vers_id, t.rang + 1 FROM suite t JOIN pdp.unite_succession s ON s.de_id = t.unite_id AND s.annulee_at IS NULL AND s.le <= p_jour
        WHERE t.rang < 100
    )
    SELECT unite_id FROM suite ORDER BY rang DESC LIMIT 1
$$;
COMMENT ON FUNCTION pdp.unite_actuelle(uuid, date) IS 'The unit itself, or on that day the one that took it over, however many times';

CREATE FUNCTION pdp.unite_de(p_agent uuid, p_jour date) RETURNS uuid
LANGUAGE sql STABLE AS $$
    SELECT coalesce(
        (SELECT pdp.unite_actuelle(x.unite_id, p_jour) FROM pdp.unite_agent x WHERE x.agent_id = p_agent AND x.annulee_at IS NULL AND p_jour >= x.du AND (x.au IS NULL OR p_jour <= x.au)),
        (SELECT pdp.unite_actuelle(u.id, p_jour) FROM pdp.agent g JOIN pdp.unite u ON u.plateforme_id = g.plateforme_id AND g.role = ANY (u.accueille)
         WHERE g.id = p_agent ORDER BY u.code LIMIT 1))
$$;
COMMENT ON FUNCTION pdp.unite_de(uuid, date) IS 'Unit where somebody works on a day';
REVOKE EXECUTE ON FUNCTION pdp.unite_actuelle(uuid, date), pdp.unite_de(uuid, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pdp.unite_actuelle(uuid, date), pdp.unite_de(uuid, date) TO pdp_role_responsable;

-- Somebody who left signs in no more from that day on; what was theirs is read by whoever took it over.
ALTER TABLE securite.compte ADD COLUMN ferme_le date;
COMMENT ON COLUMN securite.compte.ferme_le IS 'First day without access, when a departure was confirmed';
CREATE FUNCTION securite.fermer_acces(p_agent uuid, p_le date) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE securite.compte AS c SET ferme_le = p_le
    FROM securite.contexte() AS qui
    WHERE c.agent_id = p_agent AND c.role = 'csam' AND (qui.type = 'systeme' OR qui.role = 'responsable' AND c.plateforme_id = qui.plateforme_id)
        AND c.ferme_le IS DISTINCT FROM p_le
$$;
COMMENT ON FUNCTION securite.fermer_acces(uuid, date) IS 'The manager of the verified context ends the access of a coordinator of the platform from a day on, or gives it back (NULL)';
REVOKE EXECUTE ON FUNCTION securite.fermer_acces(uuid, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION securite.fermer_acces(uuid, date) TO pdp_app, pdp_role_responsable;
GRANT SELECT (ferme_le), UPDATE (ferme_le) ON securite.compte TO pdp_app; -- an account opened again is open
