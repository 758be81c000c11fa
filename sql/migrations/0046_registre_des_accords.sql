-- Ledger of the agreements: the words read, who and what they cover, how they end; what a message holds; the sessions of Mon soutien psy.

-- 1. The words, published once and never changed.
CREATE TABLE referentiel.texte_accord (
    version text PRIMARY KEY,
    plateforme_id text,
    destinataire text NOT NULL,
    texte text NOT NULL CHECK (length(texte) BETWEEN 1 AND 4000),
    finalite text NOT NULL,
    partage jsonb NOT NULL,
    du date,
    au date,
    empreinte bytea NOT NULL UNIQUE CHECK (length(empreinte) = 32),
    publie_at timestamptz NOT NULL DEFAULT now(),
    CHECK (du IS NULL OR au IS NULL OR du <= au)
);
COMMENT ON TABLE referentiel.texte_accord IS 'Words read to the person for one kind of recipient, with what they let be sent; a version never changes and never leaves';
COMMENT ON COLUMN referentiel.texte_accord.version IS 'Version, as the agreements name it';
COMMENT ON COLUMN referentiel.texte_accord.plateforme_id IS 'Platform it is read on; NULL = all';
COMMENT ON COLUMN referentiel.texte_accord.destinataire IS 'Kind of recipient; accompagnement = being followed at all';
COMMENT ON COLUMN referentiel.texte_accord.texte IS 'The words, as read';
COMMENT ON COLUMN referentiel.texte_accord.finalite IS 'Purpose, as read';
COMMENT ON COLUMN referentiel.texte_accord.partage IS 'Class of data -> fields that the recipient may see';
COMMENT ON COLUMN referentiel.texte_accord.du IS 'First day it is read; NULL = since ever';
COMMENT ON COLUMN referentiel.texte_accord.au IS 'Last day it is read; NULL = still';
COMMENT ON COLUMN referentiel.texte_accord.empreinte IS 'SHA-256 of the version: words, purpose, classes and fields';
COMMENT ON COLUMN referentiel.texte_accord.publie_at IS 'When first published';
CREATE FUNCTION referentiel.garder_texte() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.empreinte = NEW.empreinte AND OLD.version = NEW.version AND OLD.texte = NEW.texte AND OLD.finalite = NEW.finalite
        AND OLD.partage = NEW.partage AND OLD.destinataire = NEW.destinataire AND OLD.plateforme_id IS NOT DISTINCT FROM NEW.plateforme_id
        AND OLD.du IS NOT DISTINCT FROM NEW.du THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'published_text_changed: %', OLD.version USING ERRCODE = 'integrity_constraint_violation';
END $$;
COMMENT ON FUNCTION referentiel.garder_texte() IS 'A published text is closed (au), never rewritten nor removed: an agreement keeps the words that were read';
CREATE TRIGGER garder_texte BEFORE UPDATE OR DELETE ON referentiel.texte_accord FOR EACH ROW EXECUTE FUNCTION referentiel.garder_texte();
GRANT SELECT ON referentiel.texte_accord TO pdp_app, pdp_role_csam, pdp_role_medecin;
GRANT INSERT, UPDATE (au) ON referentiel.texte_accord TO pdp_app;

-- 2. Each word of the person: for whom, which data, under which text, and how it was said.
ALTER TABLE pdp.accord
    ADD COLUMN partenaire_id uuid,
    ADD COLUMN classes_refusees text[] NOT NULL DEFAULT '{}',
    ADD COLUMN classes_retirees text[] NOT NULL DEFAULT '{}',
    ADD COLUMN texte_empreinte bytea REFERENCES referentiel.texte_accord (empreinte),
    ADD COLUMN texte_lu boolean NOT NULL DEFAULT false,
    ADD FOREIGN KEY (plateforme_id, partenaire_id) REFERENCES pdp.partenaire (plateforme_id, id),
    ADD CHECK (classes_retirees <@ classes),
    ADD CHECK (NOT classes && classes_refusees);
COMMENT ON COLUMN pdp.accord.partenaire_id IS 'The one service it is given for; NULL = any service of this kind';
COMMENT ON COLUMN pdp.accord.classes IS 'Data classes agreed to when it was given';
COMMENT ON COLUMN pdp.accord.classes_refusees IS 'Data classes of the text that the person did not agree to';
COMMENT ON COLUMN pdp.accord.classes_retirees IS 'Data classes taken back since: nothing that leaves may hold them';
COMMENT ON COLUMN pdp.accord.texte_empreinte IS 'Fingerprint of the very text; NULL = before texts were kept, its version tells it';
COMMENT ON COLUMN pdp.accord.texte_lu IS 'Who collected it says that the text was read word for word';
DROP INDEX pdp.accord_un_actif;
CREATE UNIQUE INDEX accord_un_actif ON pdp.accord (parcours_id, destinataire, partenaire_id) NULLS NOT DISTINCT
    WHERE decision = 'accorde' AND retire_at IS NULL;
GRANT UPDATE (classes_retirees) ON pdp.accord TO pdp_role_csam, pdp_role_medecin;

CREATE TABLE pdp.accord_retrait (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    accord_id uuid NOT NULL,
    classes text[],
    canal text NOT NULL CHECK (canal IN ('telephone', 'courrier', 'ameli', 'partenaire')),
    retire_at timestamptz NOT NULL,
    retire_par uuid,
    effets jsonb NOT NULL DEFAULT '{}',
    saisie_par_erreur_at timestamptz,
    ordre bigint GENERATED ALWAYS AS IDENTITY,
    FOREIGN KEY (plateforme_id, accord_id) REFERENCES pdp.accord (plateforme_id, id),
    FOREIGN KEY (plateforme_id, retire_par) REFERENCES pdp.agent (plateforme_id, id)
);
COMMENT ON TABLE pdp.accord_retrait IS 'One withdrawal by the person, of a whole agreement or of some classes of data, and what it did at once';
COMMENT ON COLUMN pdp.accord_retrait.id IS 'Opaque id';
COMMENT ON COLUMN pdp.accord_retrait.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.accord_retrait.accord_id IS 'Agreement';
COMMENT ON COLUMN pdp.accord_retrait.classes IS 'Classes taken back; NULL = the whole agreement';
COMMENT ON COLUMN pdp.accord_retrait.canal IS 'How the person said it';
COMMENT ON COLUMN pdp.accord_retrait.retire_at IS 'When';
COMMENT ON COLUMN pdp.accord_retrait.retire_par IS 'Who wrote it down; NULL = a machine';
COMMENT ON COLUMN pdp.accord_retrait.effets IS 'What it did, as counts: orientations, rappeles, prevenus, reduites';
COMMENT ON COLUMN pdp.accord_retrait.saisie_par_erreur_at IS 'Set when taken back: the person never withdrew';
COMMENT ON COLUMN pdp.accord_retrait.ordre IS 'Order of writing';
CREATE INDEX ON pdp.accord_retrait (accord_id);

-- 3. What a hand-over and its message hold.
ALTER TABLE pdp.orientation ADD COLUMN classes text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN pdp.orientation.classes IS 'Data classes agreed to for it, less those taken back since';
ALTER TABLE pdp.outbox ADD COLUMN classes text[];
COMMENT ON COLUMN pdp.outbox.classes IS 'Data classes that the message holds, all of them to be agreed to when it is claimed; NULL = none';
GRANT UPDATE (accord_id, contenu, classes) ON pdp.orientation TO pdp_role_csam, pdp_role_medecin;
GRANT SELECT (classes) ON pdp.orientation TO pdp_role_partenaire, pdp_role_lien;

-- 4. The last word of the person, asked in one place. A later refusal or withdrawal of the same recipient wins, whichever row it is on:
-- two cases joined may hold both.
CREATE FUNCTION pdp.accord_vivant(p_accord uuid, p_partenaire uuid, p_jour date) RETURNS text[]
LANGUAGE sql STABLE AS $$
    SELECT ARRAY(SELECT c FROM unnest(a.classes) AS c WHERE c <> ALL (a.classes_retirees))
    FROM pdp.accord AS a
    WHERE a.id = p_accord AND a.decision = 'accorde' AND a.retire_at IS NULL AND a.saisie_par_erreur_at IS NULL
        AND (a.expire_le IS NULL OR p_jour <= a.expire_le)
        AND (a.partenaire_id IS NULL OR a.partenaire_id = p_partenaire)
        AND NOT EXISTS (
            SELECT 1 FROM pdp.accord AS x
            WHERE x.parcours_id = a.parcours_id AND x.destinataire = a.destinataire AND x.id <> a.id AND x.saisie_par_erreur_at IS NULL
                AND (x.partenaire_id IS NULL OR x.partenaire_id = p_partenaire)
                AND ((x.decision = 'refuse' AND (x.recueilli_at, x.ordre) > (a.recueilli_at, a.ordre))
                    OR (x.retire_at > a.recueilli_at AND x.retrait_canal NOT IN ('expiration', 'reprise', 'fusion', 'saisie_erreur'))))
$$;
COMMENT ON FUNCTION pdp.accord_vivant(uuid, uuid, date) IS 'Data classes that may go to this partner that day under this agreement; no row (NULL) when nothing may';
CREATE FUNCTION pdp.accord_en_vigueur(p_parcours uuid, p_destinataire text, p_partenaire uuid, p_jour date) RETURNS TABLE (id uuid, classes text[])
LANGUAGE sql STABLE AS $$
    SELECT a.id, v.classes
    FROM pdp.accord AS a CROSS JOIN LATERAL (SELECT pdp.accord_vivant(a.id, p_partenaire, p_jour) AS classes) AS v
    WHERE a.parcours_id = p_parcours AND a.destinataire = p_destinataire AND a.decision = 'accorde' AND a.retire_at IS NULL AND v.classes IS NOT NULL
    ORDER BY (a.partenaire_id IS NULL), a.recueilli_at DESC, a.ordre DESC
    LIMIT 1
$$;
COMMENT ON FUNCTION pdp.accord_en_vigueur(uuid, text, uuid, date) IS 'The agreement that lets something go to this partner that day: the one given for it before the one for its kind';
CREATE FUNCTION pdp.accompagnement_refuse(p_parcours uuid) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT coalesce((
        SELECT NOT m.donne FROM (
            SELECT a.recueilli_at AS le, 2 * a.ordre AS rang, a.decision = 'accorde' AS donne FROM pdp.accord AS a
            WHERE a.parcours_id = p_parcours AND a.destinataire = 'accompagnement' AND a.saisie_par_erreur_at IS NULL
            UNION ALL
            SELECT a.retire_at, 2 * a.ordre + 1, false FROM pdp.accord AS a
            WHERE a.parcours_id = p_parcours AND a.destinataire = 'accompagnement' AND a.saisie_par_erreur_at IS NULL AND a.decision = 'accorde'
                AND a.retire_at IS NOT NULL AND a.retrait_canal NOT IN ('expiration', 'reprise', 'fusion')
        ) AS m ORDER BY m.le DESC, m.rang DESC LIMIT 1), false)
$$;
COMMENT ON FUNCTION pdp.accompagnement_refuse(uuid) IS 'Whether the last word of the person about being followed is a refusal or a withdrawal';
GRANT EXECUTE ON FUNCTION pdp.accord_vivant(uuid, uuid, date), pdp.accord_en_vigueur(uuid, text, uuid, date), pdp.accompagnement_refuse(uuid)
    TO pdp_app, pdp_expediteur, pdp_role_csam, pdp_role_medecin;

CREATE OR REPLACE FUNCTION pdp.ouvrir_lien(p_maintenant timestamptz) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    qui securite.identite_contexte := securite.contexte();
    i pdp.invitation;
    p pdp.parcours;
    jour date;
BEGIN
    IF qui IS NULL OR qui.type <> 'assure' OR qui.role <> 'assure' THEN
        RAISE EXCEPTION 'link_without_context' USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM set_config('pdp.lien_invitation', qui.id, true);
    SELECT * INTO i FROM pdp.invitation WHERE id = qui.id::uuid AND plateforme_id = qui.plateforme_id;
    IF i.id IS NULL THEN RETURN 'inconnu'; END IF;
    PERFORM set_config('pdp.lien_parcours', i.parcours_id::text, true);
    SELECT * INTO p FROM pdp.parcours WHERE id = i.parcours_id;
    PERFORM set_config('pdp.lien_assure', p.assure_id::text, true), set_config('pdp.lien_csam', coalesce(p.csam_id::text, ''), true);
    SELECT (p_maintenant AT TIME ZONE f.fuseau)::date INTO jour FROM pdp.plateforme f WHERE f.id = i.plateforme_id;
    IF p.clos_at IS NOT NULL OR p.csam_id IS NULL OR EXISTS (SELECT 1 FROM pdp.silence_du_jour(p.assure_id, jour))
        OR (i.fermee_at IS NOT NULL AND i.fermee_motif <> 'expiree')
        OR pdp.accompagnement_refuse(p.id)
    THEN
        RETURN 'ferme';
    END IF;
    IF i.expire_at <= p_maintenant OR i.fermee_at IS NOT NULL THEN RETURN 'expire'; END IF;
    RETURN CASE WHEN i.bloquee_at IS NOT NULL THEN 'bloque' ELSE 'ouvert' END;
END $$;

-- 5. Mon soutien psy: sessions by declared dates, never their content; a stop with its reason.
CREATE TABLE pdp.seance_psy (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    parcours_id uuid NOT NULL,
    seance_le date NOT NULL CHECK (seance_le >= DATE '2018-02-01'),
    source text NOT NULL CHECK (source IN ('personne', 'psychologue')),
    orientation_id uuid,
    declaree_par text NOT NULL,
    declaree_at timestamptz NOT NULL,
    saisie_par_erreur_at timestamptz,
    UNIQUE (plateforme_id, id),
    CHECK ((source = 'psychologue') = (orientation_id IS NOT NULL)),
    FOREIGN KEY (plateforme_id, parcours_id) REFERENCES pdp.parcours (plateforme_id, id),
    FOREIGN KEY (plateforme_id, orientation_id) REFERENCES pdp.orientation (plateforme_id, id)
);
COMMENT ON TABLE pdp.seance_psy IS 'A session of Mon soutien psy that took place, by its date only, as the person or, with her agreement, the psychologist says';
COMMENT ON COLUMN pdp.seance_psy.id IS 'Opaque id';
COMMENT ON COLUMN pdp.seance_psy.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.seance_psy.parcours_id IS 'Parcours';
COMMENT ON COLUMN pdp.seance_psy.seance_le IS 'Day of the session: one a day counts';
COMMENT ON COLUMN pdp.seance_psy.source IS 'personne, or psychologue under an agreement that covers it';
COMMENT ON COLUMN pdp.seance_psy.orientation_id IS 'Hand-over through which the psychologist said it';
COMMENT ON COLUMN pdp.seance_psy.declaree_par IS 'Who wrote it down: agent, or partner';
COMMENT ON COLUMN pdp.seance_psy.declaree_at IS 'When known';
COMMENT ON COLUMN pdp.seance_psy.saisie_par_erreur_at IS 'Set when taken back: it did not take place';
CREATE UNIQUE INDEX seance_psy_une_par_jour ON pdp.seance_psy (parcours_id, seance_le) WHERE saisie_par_erreur_at IS NULL;

ALTER TABLE pdp.soutien_psy
    DROP CONSTRAINT soutien_psy_resultat_check,
    ADD CONSTRAINT soutien_psy_resultat_check CHECK (resultat IN ('proposee', 'deja_suivie', 'refusee', 'contre_indiquee', 'non_eligible',
        'non_eligible_6m')),
    DROP COLUMN premiere_seance_le,
    ADD COLUMN arrete_le date,
    ADD COLUMN arret_motif text CHECK (arret_motif IN ('termine', 'quota_atteint', 'choix_personne', 'choix_psychologue', 'autres_soins',
        'sans_nouvelles')),
    ADD CHECK ((arrete_le IS NULL) = (arret_motif IS NULL));
COMMENT ON COLUMN pdp.soutien_psy.arrete_le IS 'Day the sessions stopped, as declared';
COMMENT ON COLUMN pdp.soutien_psy.arret_motif IS 'Why, a closed list; never a clinical reason';
GRANT UPDATE (arrete_le, arret_motif) ON pdp.soutien_psy TO pdp_role_csam;

ALTER TABLE pdp.inbox
    DROP CONSTRAINT inbox_nature_check,
    ADD CONSTRAINT inbox_nature_check CHECK (nature IN ('statut', 'rendez_vous', 'rendez_vous_manque', 'nouvelles', 'question', 'seances')),
    ADD COLUMN seances date[],
    ADD CONSTRAINT inbox_seances_check CHECK ((nature = 'seances') = (seances IS NOT NULL));
COMMENT ON COLUMN pdp.inbox.nature IS 'statut (a step), rendez_vous (first meeting set), rendez_vous_manque, nouvelles, question (stops the clock), seances (dates)';
COMMENT ON COLUMN pdp.inbox.seances IS 'Dates of sessions that took place, with the agreement of the person';
GRANT INSERT (seances) ON pdp.inbox TO pdp_role_partenaire, pdp_role_lien;

-- 6. Row level security and least grants.
DO $$
DECLARE
    nom text;
BEGIN
    FOREACH nom IN ARRAY ARRAY['pdp.accord_retrait', 'pdp.seance_psy'] LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', nom);
        EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', nom);
        EXECUTE format('CREATE POLICY lot ON %s TO pdp_app USING (true) WITH CHECK (true)', nom);
        EXECUTE format('CREATE POLICY plateforme ON %s TO pdp_role_csam, pdp_role_medecin'
            ' USING (plateforme_id = (SELECT securite.plateforme_courante())) WITH CHECK (plateforme_id = (SELECT securite.plateforme_courante()))', nom);
        EXECUTE format('CREATE TRIGGER exiger_auteur BEFORE INSERT OR UPDATE OR DELETE ON %s FOR EACH STATEMENT EXECUTE FUNCTION securite.exiger_auteur()',
            nom);
    END LOOP;
END $$;
GRANT SELECT, INSERT ON pdp.accord_retrait TO pdp_app, pdp_role_csam, pdp_role_medecin;
GRANT UPDATE (saisie_par_erreur_at) ON pdp.accord_retrait TO pdp_app, pdp_role_csam, pdp_role_medecin;
GRANT SELECT, INSERT ON pdp.seance_psy TO pdp_app, pdp_role_csam;
GRANT SELECT ON pdp.seance_psy TO pdp_role_medecin;
GRANT UPDATE (saisie_par_erreur_at) ON pdp.seance_psy TO pdp_app, pdp_role_csam, pdp_role_medecin;
GRANT UPDATE (parcours_id) ON pdp.seance_psy TO pdp_app;
