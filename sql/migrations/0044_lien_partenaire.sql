-- The e-mailed link of a partner without an account: one hand-over, seen by who opens it and types the code mailed to its structure.
-- The database refuses, not the page: the role of a link sees the one hand-over of its verified context, once a code was given, and no other row.

-- 1. The link, the codes asked for it, what a right code opens.
CREATE TABLE pdp.lien_partenaire (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    orientation_id uuid NOT NULL,
    partenaire_id uuid NOT NULL,
    generation integer NOT NULL CHECK (generation > 0),
    cree_at timestamptz NOT NULL,
    expire_at timestamptz NOT NULL,
    remplace_at timestamptz,
    ouvert_at timestamptz,
    UNIQUE (plateforme_id, id),
    UNIQUE (orientation_id, generation),
    CHECK (cree_at < expire_at),
    FOREIGN KEY (plateforme_id, orientation_id) REFERENCES pdp.orientation (plateforme_id, id),
    FOREIGN KEY (plateforme_id, partenaire_id) REFERENCES pdp.partenaire (plateforme_id, id)
);
COMMENT ON TABLE pdp.lien_partenaire IS 'Link mailed to a partner for one hand-over; its token derives from the id and a key the database does not have';
COMMENT ON COLUMN pdp.lien_partenaire.id IS 'Opaque id; the author of what is done through the link';
COMMENT ON COLUMN pdp.lien_partenaire.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.lien_partenaire.orientation_id IS 'The one hand-over it opens';
COMMENT ON COLUMN pdp.lien_partenaire.partenaire_id IS 'The partner it was mailed to';
COMMENT ON COLUMN pdp.lien_partenaire.generation IS 'Rank among the links of the hand-over; the highest is the one in use';
COMMENT ON COLUMN pdp.lien_partenaire.cree_at IS 'When made, just before its first mail left';
COMMENT ON COLUMN pdp.lien_partenaire.expire_at IS 'End of the link; its holder may then ask for another';
COMMENT ON COLUMN pdp.lien_partenaire.remplace_at IS 'When another took its place, or a person stopped it; NULL = the one in use';
COMMENT ON COLUMN pdp.lien_partenaire.ouvert_at IS 'First time a right code opened it';
CREATE UNIQUE INDEX lien_partenaire_un_courant ON pdp.lien_partenaire (orientation_id) WHERE remplace_at IS NULL;

CREATE TABLE pdp.code_lien (
    id uuid PRIMARY KEY,
    plateforme_id text NOT NULL,
    lien_id uuid NOT NULL,
    empreinte bytea NOT NULL CHECK (length(empreinte) = 32),
    demande_at timestamptz NOT NULL,
    validite_minutes integer NOT NULL CHECK (validite_minutes > 0),
    essais integer NOT NULL DEFAULT 0,
    essais_max integer NOT NULL CHECK (essais_max > 0),
    utilise_at timestamptz,
    FOREIGN KEY (plateforme_id, lien_id) REFERENCES pdp.lien_partenaire (plateforme_id, id)
);
COMMENT ON TABLE pdp.code_lien IS 'Code of six digits asked by the holder of a link and mailed to the address of the partner; the last one asked counts';
COMMENT ON COLUMN pdp.code_lien.id IS 'Opaque id, the key of its mail; the digits derive from it and a key the database does not have';
COMMENT ON COLUMN pdp.code_lien.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.code_lien.lien_id IS 'Link it opens';
COMMENT ON COLUMN pdp.code_lien.empreinte IS 'HMAC-SHA-256 of the digits, under a key the database does not have';
COMMENT ON COLUMN pdp.code_lien.demande_at IS 'When asked for';
COMMENT ON COLUMN pdp.code_lien.validite_minutes IS 'How long it is good, counted from the departure of its mail (policy of the day)';
COMMENT ON COLUMN pdp.code_lien.essais IS 'Wrong codes typed';
COMMENT ON COLUMN pdp.code_lien.essais_max IS 'How many wrong ones end it (policy of the day)';
COMMENT ON COLUMN pdp.code_lien.utilise_at IS 'When typed right';
CREATE INDEX ON pdp.code_lien (lien_id, demande_at);

CREATE TABLE pdp.acces_lien (
    empreinte bytea PRIMARY KEY CHECK (length(empreinte) = 32),
    plateforme_id text NOT NULL,
    lien_id uuid NOT NULL,
    code_id uuid NOT NULL REFERENCES pdp.code_lien,
    repondant text CHECK (length(repondant) <= 160),
    ouvert_at timestamptz NOT NULL,
    expire_at timestamptz NOT NULL,
    ferme_at timestamptz,
    FOREIGN KEY (plateforme_id, lien_id) REFERENCES pdp.lien_partenaire (plateforme_id, id)
);
COMMENT ON TABLE pdp.acces_lien IS 'What a right code opens: one browser, for a while';
COMMENT ON COLUMN pdp.acces_lien.empreinte IS 'SHA-256 of the cookie given';
COMMENT ON COLUMN pdp.acces_lien.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.acces_lien.lien_id IS 'Link opened';
COMMENT ON COLUMN pdp.acces_lien.code_id IS 'Code that opened it';
COMMENT ON COLUMN pdp.acces_lien.repondant IS 'Name and function that the reader chose to leave; never a login';
COMMENT ON COLUMN pdp.acces_lien.ouvert_at IS 'When';
COMMENT ON COLUMN pdp.acces_lien.expire_at IS 'Until when';
COMMENT ON COLUMN pdp.acces_lien.ferme_at IS 'When the reader left';
CREATE INDEX ON pdp.acces_lien (lien_id);

ALTER TABLE pdp.inbox ADD COLUMN repondant text DEFAULT nullif(current_setting('pdp.repondant', true), '') CHECK (length(repondant) <= 160);
COMMENT ON COLUMN pdp.inbox.repondant IS 'Name and function left by who answered through a link, set by its transaction; NULL = not said, or another transport';

-- 2. Row level security, and least grants.
DO $$
DECLARE
    nom text;
BEGIN
    FOREACH nom IN ARRAY ARRAY['lien_partenaire', 'code_lien', 'acces_lien'] LOOP
        EXECUTE format('ALTER TABLE pdp.%I ENABLE ROW LEVEL SECURITY', nom);
        EXECUTE format('ALTER TABLE pdp.%I FORCE ROW LEVEL SECURITY', nom);
        EXECUTE format('CREATE POLICY lot ON pdp.%I TO pdp_app, pdp_expediteur USING (true) WITH CHECK (true)', nom);
        EXECUTE format(
            'CREATE POLICY plateforme ON pdp.%I TO pdp_role_csam, pdp_role_medecin, pdp_role_responsable'
            ' USING (plateforme_id = (SELECT securite.plateforme_courante()))'
            ' WITH CHECK (plateforme_id = (SELECT securite.plateforme_courante()))', nom);
        EXECUTE format(
            'CREATE TRIGGER exiger_auteur BEFORE INSERT OR UPDATE OR DELETE ON pdp.%I FOR EACH STATEMENT EXECUTE FUNCTION securite.exiger_auteur()', nom);
    END LOOP;
END $$;
GRANT SELECT ON pdp.lien_partenaire TO pdp_app, pdp_expediteur, pdp_role_csam, pdp_role_responsable;
GRANT SELECT (id, plateforme_id, partenaire_id) ON pdp.lien_partenaire TO pdp_role_medecin;  -- the author of an event
GRANT INSERT (plateforme_id, orientation_id, partenaire_id, generation, cree_at, expire_at) ON pdp.lien_partenaire TO pdp_expediteur;
GRANT UPDATE (remplace_at) ON pdp.lien_partenaire TO pdp_app, pdp_expediteur, pdp_role_csam;

-- The owner is under row level security like everybody: within the functions below it reads what one link names, and nothing else.
CREATE POLICY lien ON pdp.lien_partenaire FOR SELECT TO pdp_owner USING (id = (SELECT pdp.lien('partenaire')));
CREATE POLICY lien_orientation ON pdp.lien_partenaire TO pdp_owner
    USING (orientation_id = (SELECT pdp.lien('orientation'))) WITH CHECK (orientation_id = (SELECT pdp.lien('orientation')));
CREATE POLICY lien ON pdp.code_lien TO pdp_owner USING (lien_id = (SELECT pdp.lien('partenaire'))) WITH CHECK (lien_id = (SELECT pdp.lien('partenaire')));
CREATE POLICY lien ON pdp.acces_lien TO pdp_owner USING (lien_id = (SELECT pdp.lien('partenaire'))) WITH CHECK (lien_id = (SELECT pdp.lien('partenaire')));
CREATE POLICY lien ON pdp.orientation TO pdp_owner USING (id = (SELECT pdp.lien('orientation'))) WITH CHECK (id = (SELECT pdp.lien('orientation')));
CREATE POLICY lien ON pdp.outbox TO pdp_owner
    USING (orientation_id = (SELECT pdp.lien('orientation'))) WITH CHECK (orientation_id = (SELECT pdp.lien('orientation')));
CREATE POLICY lien ON pdp.partenaire FOR SELECT TO pdp_owner USING (id = (SELECT pdp.lien('structure')));

-- 3. Functions: they believe the signed context only, and look at every fact again.
CREATE FUNCTION pdp.trouver_lien_partenaire(p_lien uuid) RETURNS TABLE (plateforme_id text, partenaire_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('pdp.lien_partenaire', p_lien::text, true);
    RETURN QUERY SELECT l.plateforme_id, l.partenaire_id FROM pdp.lien_partenaire l WHERE l.id = p_lien;
    PERFORM set_config('pdp.lien_partenaire', '', true);
END $$;
COMMENT ON FUNCTION pdp.trouver_lien_partenaire(uuid) IS 'Whose link it is, so that the portal signs the context of its holder; nothing else is told';

CREATE FUNCTION pdp.ouvrir_lien_partenaire() RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    qui securite.identite_contexte := securite.contexte();
    quand timestamptz := journal.instant_metier();
    l pdp.lien_partenaire;
    o pdp.orientation;
    personne uuid;
    jour date;
BEGIN
    PERFORM set_config('pdp.lien_' || n, '', true) FROM unnest(ARRAY['partenaire', 'orientation', 'structure', 'parcours', 'assure']) AS n;
    IF qui.type IS DISTINCT FROM 'partenaire' OR qui.role IS DISTINCT FROM 'lien' THEN RETURN 'inconnu'; END IF;
    PERFORM set_config('pdp.lien_partenaire', qui.id, true);
    SELECT * INTO l FROM pdp.lien_partenaire WHERE id = qui.id::uuid AND plateforme_id = qui.plateforme_id AND partenaire_id::text = qui.partenaire_id;
    IF l.id IS NULL THEN RETURN 'inconnu'; END IF;
    PERFORM set_config('pdp.lien_orientation', l.orientation_id::text, true), set_config('pdp.lien_structure', l.partenaire_id::text, true);
    SELECT * INTO o FROM pdp.orientation WHERE id = l.orientation_id;
    PERFORM set_config('pdp.lien_parcours', o.parcours_id::text, true);
    SELECT p.assure_id INTO personne FROM pdp.parcours p WHERE p.id = o.parcours_id;
    PERFORM set_config('pdp.lien_assure', coalesce(personne::text, ''), true);
    SELECT (quand AT TIME ZONE f.fuseau)::date INTO jour FROM pdp.plateforme f WHERE f.id = l.plateforme_id;
    IF o.statut IN ('brouillon', 'en_attente_accord', 'annulee', 'expiree')
        OR NOT EXISTS (
            SELECT 1 FROM pdp.accord a
            WHERE a.id = o.accord_id AND a.decision = 'accorde' AND a.retire_at IS NULL AND a.saisie_par_erreur_at IS NULL
                AND (a.expire_le IS NULL OR a.expire_le >= jour))
        OR EXISTS (SELECT 1 FROM pdp.silence_du_jour(personne, jour) s WHERE s.motif = 'deces')
    THEN
        RETURN 'retire';
    END IF;
    IF l.remplace_at IS NOT NULL THEN RETURN 'remplace'; END IF;
    RETURN CASE WHEN l.expire_at <= quand THEN 'expire' ELSE 'ouvert' END;
END $$;
COMMENT ON FUNCTION pdp.ouvrir_lien_partenaire() IS
    'State of the link of the verified context, every fact looked at again: inconnu, retire (hand-over or agreement gone), remplace, expire, ouvert';

CREATE FUNCTION pdp.orientation_du_lien() RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF pdp.ouvrir_lien_partenaire() <> 'ouvert' OR NOT EXISTS (
        SELECT 1 FROM pdp.acces_lien a
        WHERE a.lien_id = pdp.lien('partenaire') AND a.empreinte = decode(current_setting('pdp.lien_acces', true), 'hex')
            AND a.ferme_at IS NULL AND a.expire_at > journal.instant_metier())
    THEN
        RETURN NULL;
    END IF;
    RETURN pdp.lien('orientation');
END $$;
COMMENT ON FUNCTION pdp.orientation_du_lien() IS
    'The one hand-over that the transaction of a link may see: open link, right code given by this browser; NULL otherwise';

CREATE FUNCTION pdp.lire_lien_partenaire()
RETURNS TABLE (etat text, identifie boolean, orientation_id uuid, expire_at timestamptz, remplace_at timestamptz, terminee boolean, structure text,
    courriel text, compte boolean, plateforme text, telephone text, code_demande_at timestamptz, code_parti boolean, code_essais_restants integer,
    nouveau_lien_at timestamptz, repondant text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    vue uuid := pdp.orientation_du_lien();
    ouverture text := pdp.ouvrir_lien_partenaire();
BEGIN
    RETURN QUERY
    SELECT ouverture, vue IS NOT NULL, l.orientation_id, l.expire_at, l.remplace_at, o.statut IN ('refusee', 'realisee', 'sans_suite'), s.nom,
        s.courriel, EXISTS (SELECT 1 FROM securite.compte c WHERE c.partenaire_id = s.id AND c.actif), f.libelle, f.telephone,
        c.demande_at, coalesce(m.etat = 'livre', false), c.essais_max - c.essais,
        (SELECT max(x.cree_at) FROM pdp.outbox x WHERE x.orientation_id = l.orientation_id AND x.charge ->> 'genre' = 'nouveau_lien'),
        (SELECT a.repondant FROM pdp.acces_lien a WHERE vue IS NOT NULL AND a.empreinte = decode(current_setting('pdp.lien_acces', true), 'hex'))
    FROM pdp.lien_partenaire l
    JOIN pdp.orientation o ON o.id = l.orientation_id
    JOIN pdp.partenaire s ON s.id = l.partenaire_id
    JOIN pdp.plateforme f ON f.id = l.plateforme_id
    LEFT JOIN LATERAL (SELECT * FROM pdp.code_lien k WHERE k.lien_id = l.id AND k.utilise_at IS NULL ORDER BY k.demande_at DESC LIMIT 1) c ON true
    LEFT JOIN pdp.outbox m ON m.cle = c.id
    WHERE l.id = pdp.lien('partenaire');
END $$;
COMMENT ON FUNCTION pdp.lire_lien_partenaire() IS 'What the holder of a link may know before any code: its state, its own structure, the platform; nothing of the person';

CREATE FUNCTION pdp.demander_code_lien(p_code uuid, p_empreinte bytea, p_ecart_secondes integer, p_par_jour integer, p_essais_max integer,
    p_validite_minutes integer) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    ouverture text := pdp.ouvrir_lien_partenaire();
    quand timestamptz := journal.instant_metier();
    l pdp.lien_partenaire;
    v_charge text;
BEGIN
    IF ouverture <> 'ouvert' THEN RETURN ouverture; END IF;
    SELECT * INTO l FROM pdp.lien_partenaire WHERE id = pdp.lien('partenaire') FOR UPDATE;
    IF EXISTS (SELECT 1 FROM pdp.code_lien WHERE lien_id = l.id AND utilise_at IS NULL AND demande_at > quand - make_interval(secs => p_ecart_secondes)) THEN
        RETURN 'attendre';
    END IF;
    IF (SELECT count(*) FROM pdp.code_lien WHERE lien_id = l.id AND demande_at > quand - interval '1 day') >= p_par_jour THEN RETURN 'trop'; END IF;
    INSERT INTO pdp.code_lien (id, plateforme_id, lien_id, empreinte, demande_at, validite_minutes, essais_max)
    VALUES (p_code, l.plateforme_id, l.id, p_empreinte, quand, p_validite_minutes, p_essais_max);
    v_charge := '{"genre":"code","orientation_id":"' || l.orientation_id || '"}';
    INSERT INTO pdp.outbox (cle, plateforme_id, parcours_id, orientation_id, partenaire_id, canal, type, charge, empreinte, prochain_essai_at, horizon_at,
        cree_at)
    VALUES (p_code, l.plateforme_id, pdp.lien('parcours'), l.orientation_id, l.partenaire_id, 'lien', 'avis_partenaire', v_charge::jsonb,
        sha256(convert_to(v_charge, 'UTF8')), quand - interval '1 day',  -- ahead of what waits: somebody is in front of the page
        quand + make_interval(mins => p_validite_minutes), quand);
    PERFORM journal.consigner('lien_partenaire_code', l.plateforme_id, pdp.lien('assure'), pdp.lien('parcours'),
        jsonb_build_object('orientation_id', l.orientation_id, 'lien_id', l.id));
    RETURN 'envoye';
END $$;
COMMENT ON FUNCTION pdp.demander_code_lien(uuid, bytea, integer, integer, integer, integer) IS
    'Mails a code to the address of the partner: envoye, attendre (one has just left), trop (today''s are spent), or the state of the link';

CREATE FUNCTION pdp.verifier_code_lien(p_empreinte bytea, p_acces bytea, p_acces_minutes integer, p_repondant text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    ouverture text := pdp.ouvrir_lien_partenaire();
    quand timestamptz := journal.instant_metier();
    l pdp.lien_partenaire;
    c pdp.code_lien;
    depart timestamptz;
    service text;
BEGIN
    IF ouverture <> 'ouvert' THEN RETURN ouverture; END IF;
    SELECT * INTO l FROM pdp.lien_partenaire WHERE id = pdp.lien('partenaire') FOR UPDATE;
    SELECT * INTO c FROM pdp.code_lien WHERE lien_id = l.id ORDER BY demande_at DESC LIMIT 1;
    IF c.id IS NULL OR c.utilise_at < quand - interval '1 minute' THEN RETURN 'sans_code'; END IF;  -- a double click is one opening
    IF c.essais >= c.essais_max THEN RETURN 'bloque'; END IF;
    SELECT greatest(c.demande_at, m.livre_at) INTO depart FROM pdp.outbox m WHERE m.cle = c.id;
    IF quand >= coalesce(depart, c.demande_at) + make_interval(mins => c.validite_minutes) THEN RETURN 'perime'; END IF;
    IF c.empreinte <> p_empreinte THEN
        UPDATE pdp.code_lien SET essais = essais + 1 WHERE id = c.id;
        IF c.essais + 1 < c.essais_max THEN RETURN 'faux'; END IF;
        PERFORM journal.consigner('lien_partenaire_bloque', l.plateforme_id, pdp.lien('assure'), pdp.lien('parcours'),
            jsonb_build_object('orientation_id', l.orientation_id, 'lien_id', l.id));
        RETURN 'bloque';
    END IF;
    UPDATE pdp.code_lien SET utilise_at = coalesce(utilise_at, quand) WHERE id = c.id;
    INSERT INTO pdp.acces_lien (empreinte, plateforme_id, lien_id, code_id, repondant, ouvert_at, expire_at)
    VALUES (p_acces, l.plateforme_id, l.id, c.id, nullif(p_repondant, ''), quand, quand + make_interval(mins => p_acces_minutes));
    UPDATE pdp.lien_partenaire SET ouvert_at = coalesce(ouvert_at, quand) WHERE id = l.id;
    -- Whoever opens it has it: a mail of which nobody knew what became did arrive.
    UPDATE pdp.outbox SET etat = 'livre', dernier_code = 'lien_ouvert', livre_at = quand
    WHERE orientation_id = l.orientation_id AND canal = 'lien' AND etat = 'incertain';
    UPDATE pdp.orientation SET envoyee_at = quand WHERE id = l.orientation_id AND envoyee_at IS NULL RETURNING dispositif INTO service;
    IF service IS NOT NULL THEN
        PERFORM journal.consigner('orientation_envoyee', l.plateforme_id, pdp.lien('assure'), pdp.lien('parcours'),
            jsonb_build_object('orientation_id', l.orientation_id, 'dispositif', service, 'canal', 'lien'));
    END IF;
    PERFORM journal.consigner('lien_partenaire_ouvert', l.plateforme_id, pdp.lien('assure'), pdp.lien('parcours'),
        jsonb_build_object('orientation_id', l.orientation_id, 'lien_id', l.id));
    RETURN 'ok';
END $$;
COMMENT ON FUNCTION pdp.verifier_code_lien(bytea, bytea, integer, text) IS
    'Second step: ok opens the link to one browser, faux is counted, bloque, perime, sans_code, or the state of the link';

CREATE FUNCTION pdp.renouveler_lien_partenaire(p_par_jour integer, p_ecart_secondes integer, p_horizon_jours integer) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    ouverture text := pdp.ouvrir_lien_partenaire();
    quand timestamptz := journal.instant_metier();
    o pdp.orientation;
    v_charge text;
BEGIN
    IF ouverture IN ('inconnu', 'retire') THEN RETURN ouverture; END IF;
    PERFORM 1 FROM pdp.lien_partenaire WHERE orientation_id = pdp.lien('orientation') ORDER BY generation FOR UPDATE;
    SELECT * INTO o FROM pdp.orientation WHERE id = pdp.lien('orientation');
    IF o.statut IN ('refusee', 'realisee', 'sans_suite') THEN RETURN 'terminee'; END IF;
    v_charge := '{"genre":"nouveau_lien","orientation_id":"' || o.id || '"}';
    IF EXISTS (SELECT 1 FROM pdp.outbox m WHERE m.orientation_id = o.id AND m.charge = v_charge::jsonb
        AND (m.etat IN ('a_envoyer', 'en_cours') OR m.cree_at > quand - make_interval(secs => p_ecart_secondes)))
    THEN
        RETURN 'deja';
    END IF;
    IF (SELECT count(*) FROM pdp.outbox m WHERE m.orientation_id = o.id AND m.charge = v_charge::jsonb AND m.cree_at > quand - interval '1 day') >= p_par_jour
    THEN
        RETURN 'trop';
    END IF;
    INSERT INTO pdp.outbox (cle, plateforme_id, parcours_id, orientation_id, partenaire_id, canal, type, charge, empreinte, prochain_essai_at, horizon_at,
        cree_at)
    VALUES (gen_random_uuid(), o.plateforme_id, o.parcours_id, o.id, o.partenaire_id, 'lien', 'avis_partenaire', v_charge::jsonb,
        sha256(convert_to(v_charge, 'UTF8')), quand, quand + make_interval(days => p_horizon_jours), quand);
    PERFORM journal.consigner('lien_partenaire_renouvele', o.plateforme_id, pdp.lien('assure'), o.parcours_id,
        jsonb_build_object('orientation_id', o.id, 'lien_id', pdp.lien('partenaire'), 'par', 'porteur'));
    RETURN 'fait';
END $$;
COMMENT ON FUNCTION pdp.renouveler_lien_partenaire(integer, integer, integer) IS
    'Mails the link in use, or another when it expired, to the address of the partner: fait, deja, trop, terminee, or the state of the link';

CREATE FUNCTION pdp.fermer_acces_lien() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pdp.ouvrir_lien_partenaire();
    UPDATE pdp.acces_lien SET ferme_at = journal.instant_metier()
    WHERE lien_id = pdp.lien('partenaire') AND empreinte = decode(current_setting('pdp.lien_acces', true), 'hex') AND ferme_at IS NULL;
END $$;
COMMENT ON FUNCTION pdp.fermer_acces_lien() IS 'The reader leaves: this browser needs another code';

REVOKE EXECUTE ON FUNCTION pdp.trouver_lien_partenaire(uuid), pdp.ouvrir_lien_partenaire(), pdp.orientation_du_lien(), pdp.lire_lien_partenaire(),
    pdp.demander_code_lien(uuid, bytea, integer, integer, integer, integer), pdp.verifier_code_lien(bytea, bytea, integer, text),
    pdp.renouveler_lien_partenaire(integer, integer, integer), pdp.fermer_acces_lien() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pdp.trouver_lien_partenaire(uuid) TO pdp_portail;

-- 4. The role of a link: the hand-over it opens, the answers given to it, and nothing else of this database.
GRANT USAGE ON SCHEMA pdp, securite, journal TO pdp_role_lien;
GRANT EXECUTE ON FUNCTION pdp.orientation_du_lien(), pdp.lire_lien_partenaire(),
    pdp.demander_code_lien(uuid, bytea, integer, integer, integer, integer), pdp.verifier_code_lien(bytea, bytea, integer, text),
    pdp.renouveler_lien_partenaire(integer, integer, integer), pdp.fermer_acces_lien(), securite.contexte(), securite.exiger_auteur(),
    journal.consigner(text, text, uuid, uuid, jsonb) TO pdp_role_lien;
GRANT SELECT (id, plateforme_id, partenaire_id, dispositif, statut, motif, contenu, proposee_at, envoyee_at, repondue_at, reponse_attendue_le, refus_motif,
    compte_rendu, version_partenaire) ON pdp.orientation TO pdp_role_lien;
GRANT SELECT ON pdp.inbox TO pdp_role_lien;
GRANT INSERT (id, plateforme_id, partenaire_id, evenement_id, orientation_id, version, nature, statut, motif, compte_rendu, rendez_vous_at, transport,
    survenu_at, empreinte, recu_at) ON pdp.inbox TO pdp_role_lien;
CREATE POLICY porteur ON pdp.orientation FOR SELECT TO pdp_role_lien USING (id = (SELECT pdp.orientation_du_lien()));
CREATE POLICY porteur ON pdp.inbox TO pdp_role_lien USING (orientation_id = (SELECT pdp.orientation_du_lien()))
    WITH CHECK (orientation_id = (SELECT pdp.orientation_du_lien()) AND transport = 'lien'
        AND partenaire_id = (SELECT (securite.contexte()).partenaire_id::uuid));
