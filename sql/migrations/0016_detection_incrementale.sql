-- The night costs what changed: a queue of people touched, rights kept as sets of days, the day each person falls due.

-- 1. Whoever writes a fact, the person it concerns is looked at again: a queue fed by the database itself. Rows are only added, and
-- removed by the detection that has seen them: a fact committed meanwhile keeps its row for the next run.
CREATE TABLE pdp.fait_nouveau (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    plateforme_id text NOT NULL,
    assure_id uuid NOT NULL
);
COMMENT ON TABLE pdp.fait_nouveau IS 'People of whom something was learnt since the last detection; may name one several times';
COMMENT ON COLUMN pdp.fait_nouveau.id IS 'Order of arrival';
COMMENT ON COLUMN pdp.fait_nouveau.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.fait_nouveau.assure_id IS 'Insured person';
CREATE INDEX ON pdp.fait_nouveau (plateforme_id);

CREATE FUNCTION pdp.signaler_fait_ajoute() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO pdp.fait_nouveau (plateforme_id, assure_id) SELECT DISTINCT plateforme_id, assure_id FROM apres;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION pdp.signaler_fait_ajoute() IS 'Queues the people of inserted facts';
CREATE FUNCTION pdp.signaler_fait_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO pdp.fait_nouveau (plateforme_id, assure_id)
    SELECT plateforme_id, assure_id FROM avant UNION SELECT plateforme_id, assure_id FROM apres;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION pdp.signaler_fait_change() IS 'Queues the people of updated facts, former holders included';
CREATE FUNCTION pdp.signaler_assure_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO pdp.fait_nouveau (plateforme_id, assure_id)
    SELECT apres.plateforme_id, apres.id FROM apres JOIN avant ON avant.id = apres.id
    WHERE (avant.date_naissance, avant.contrat) IS DISTINCT FROM (apres.date_naissance, apres.contrat);
    RETURN NULL;
END $$;
COMMENT ON FUNCTION pdp.signaler_assure_change() IS 'Queues people whose birth date or work situation changed';
CREATE FUNCTION pdp.signaler_suivi_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO pdp.fait_nouveau (plateforme_id, assure_id)
    SELECT apres.plateforme_id, apres.assure_id FROM apres JOIN avant ON avant.id = apres.id
    WHERE (avant.clos_at IS NULL) IS DISTINCT FROM (apres.clos_at IS NULL);
    RETURN NULL;
END $$;
COMMENT ON FUNCTION pdp.signaler_suivi_change() IS 'Queues people whose parcours closes or reopens: alerts are for followed people';
DO $$
DECLARE
    nom text;
BEGIN
    FOREACH nom IN ARRAY ARRAY['pdp.arret_prescrit', 'pdp.ij_versee', 'pdp.affection', 'pdp.fait_dsn'] LOOP
        EXECUTE format('CREATE TRIGGER signaler_ajout AFTER INSERT ON %s REFERENCING NEW TABLE AS apres FOR EACH STATEMENT EXECUTE FUNCTION pdp.signaler_fait_ajoute()', nom);
        EXECUTE format('CREATE TRIGGER signaler_changement AFTER UPDATE ON %s REFERENCING OLD TABLE AS avant NEW TABLE AS apres FOR EACH STATEMENT EXECUTE FUNCTION pdp.signaler_fait_change()', nom);
    END LOOP;
END $$;
CREATE TRIGGER signaler_changement AFTER UPDATE ON identite.assure
    REFERENCING OLD TABLE AS avant NEW TABLE AS apres FOR EACH STATEMENT EXECUTE FUNCTION pdp.signaler_assure_change();
CREATE TRIGGER signaler_ajout AFTER INSERT ON pdp.parcours
    REFERENCING NEW TABLE AS apres FOR EACH STATEMENT EXECUTE FUNCTION pdp.signaler_fait_ajoute();
CREATE TRIGGER signaler_changement AFTER UPDATE ON pdp.parcours
    REFERENCING OLD TABLE AS avant NEW TABLE AS apres FOR EACH STATEMENT EXECUTE FUNCTION pdp.signaler_suivi_change();

-- 2. Rights of a person as sets of days, which the passing of time does not change; what is used on a day is read from them.
DROP TABLE pdp.compteur_ij;
CREATE TABLE pdp.droits_ij (
    assure_id uuid PRIMARY KEY,
    plateforme_id text NOT NULL,
    carence datemultirange NOT NULL DEFAULT '{}',
    comptees datemultirange NOT NULL DEFAULT '{}',
    refusees datemultirange NOT NULL DEFAULT '{}',
    l324 datemultirange NOT NULL DEFAULT '{}',
    atmp datemultirange NOT NULL DEFAULT '{}',
    verse_jusqu_au date,
    epuisement_le date,
    seuil_1_le date,
    seuil_2_le date,
    calcule_at timestamptz NOT NULL,
    FOREIGN KEY (plateforme_id, assure_id) REFERENCES identite.assure (plateforme_id, id)
);
COMMENT ON TABLE pdp.droits_ij IS 'Indemnity view of a person: days by what they are, from payments as far as they are known, then from prescriptions';
COMMENT ON COLUMN pdp.droits_ij.assure_id IS 'Insured person';
COMMENT ON COLUMN pdp.droits_ij.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.droits_ij.carence IS 'Illness days covered by a prescription that carry no IJ: waiting period';
COMMENT ON COLUMN pdp.droits_ij.comptees IS 'Illness days that enter the count of the rolling three years (CSS R.323-1 4°)';
COMMENT ON COLUMN pdp.droits_ij.refusees IS 'Illness days beyond the cap: no IJ';
COMMENT ON COLUMN pdp.droits_ij.l324 IS 'IJ of an affection of CSS L.324-1, counted apart';
COMMENT ON COLUMN pdp.droits_ij.atmp IS 'Days of AT, MP and trajet, which have a regime of their own';
COMMENT ON COLUMN pdp.droits_ij.verse_jusqu_au IS 'Last day known to be paid; prescriptions speak after it; NULL = no payment known';
COMMENT ON COLUMN pdp.droits_ij.epuisement_le IS 'First day, from the day of calculation on, when a prescribed arrêt meets the cap; NULL = none';
COMMENT ON COLUMN pdp.droits_ij.seuil_1_le IS 'First day, from the day of calculation on, when the count comes to meet the first alert threshold, not met on the IJ day before; NULL = none known';
COMMENT ON COLUMN pdp.droits_ij.seuil_2_le IS 'The same for the second alert threshold';
COMMENT ON COLUMN pdp.droits_ij.calcule_at IS 'When last written';

CREATE FUNCTION pdp.jours_comptes(jours datemultirange, au date, annees integer) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(sum(upper(r) - lower(r)), 0)::integer
    FROM unnest(jours * datemultirange(daterange((au - make_interval(years => annees))::date, au, '(]'))) AS r
$$;
COMMENT ON FUNCTION pdp.jours_comptes(datemultirange, date, integer) IS 'Days of the set in ]au - annees years, au], date to date (29 February falls on 28 February)';

-- 3. The passing of time enters by one door: the day a person must be looked at again.
CREATE TABLE pdp.echeance_detection (
    assure_id uuid PRIMARY KEY,
    plateforme_id text NOT NULL,
    le date NOT NULL,
    cause text NOT NULL,
    FOREIGN KEY (plateforme_id, assure_id) REFERENCES identite.assure (plateforme_id, id)
);
COMMENT ON TABLE pdp.echeance_detection IS 'Next day on which time alone changes something for a person; kept only for people with something ahead';
COMMENT ON COLUMN pdp.echeance_detection.assure_id IS 'Insured person';
COMMENT ON COLUMN pdp.echeance_detection.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.echeance_detection.le IS 'That day';
COMMENT ON COLUMN pdp.echeance_detection.cause IS 'What falls due: palier_60, j180_approche, seuil_ij…';
CREATE INDEX ON pdp.echeance_detection (plateforme_id, le);

CREATE TABLE pdp.detection_reglage (
    plateforme_id text PRIMARY KEY REFERENCES pdp.plateforme,
    empreinte bytea NOT NULL,
    depuis timestamptz NOT NULL
);
COMMENT ON TABLE pdp.detection_reglage IS 'Law, policy and rules with which the state of a platform was computed; when they change, everybody is looked at again';
COMMENT ON COLUMN pdp.detection_reglage.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.detection_reglage.empreinte IS 'SHA-256 of the values used';
COMMENT ON COLUMN pdp.detection_reglage.depuis IS 'When they came into use';

-- 4. Rules as data, motives that say until when they hold, and what workers think of a detection.
CREATE TABLE referentiel.regle (
    identifiant text PRIMARY KEY,
    cle text NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    plateforme_id text,
    du date,
    au date,
    phrase text NOT NULL,
    levier text NOT NULL,
    source text NOT NULL,
    observation text NOT NULL,
    parametre text NOT NULL,
    points text NOT NULL,
    fenetre text,
    motif_categorie text,
    groupe text,
    rang integer NOT NULL,
    CHECK (du IS NULL OR au IS NULL OR du <= au)
);
COMMENT ON TABLE referentiel.regle IS 'Rules of the signalement, from referentiel/regles.toml; a platform''s own rule replaces the general one';
COMMENT ON COLUMN referentiel.regle.identifiant IS 'key.version@start, plus the platform when it is its own';
COMMENT ON COLUMN referentiel.regle.cle IS 'Key of the rule';
COMMENT ON COLUMN referentiel.regle.version IS 'Raised whenever the meaning changes';
COMMENT ON COLUMN referentiel.regle.plateforme_id IS 'Platform it is for; NULL = all';
COMMENT ON COLUMN referentiel.regle.du IS 'First day in force; NULL = since ever';
COMMENT ON COLUMN referentiel.regle.au IS 'Last day in force; NULL = still';
COMMENT ON COLUMN referentiel.regle.phrase IS 'French sentence with {observe}, {s} and {seuil}';
COMMENT ON COLUMN referentiel.regle.levier IS 'What a call can still change, in French';
COMMENT ON COLUMN referentiel.regle.source IS 'Where the rule comes from';
COMMENT ON COLUMN referentiel.regle.observation IS 'Fact observed';
COMMENT ON COLUMN referentiel.regle.parametre IS 'Key of the value it is compared to';
COMMENT ON COLUMN referentiel.regle.points IS 'Key of its points';
COMMENT ON COLUMN referentiel.regle.fenetre IS 'What closes the window of action, hence the points; NULL = nothing';
COMMENT ON COLUMN referentiel.regle.motif_categorie IS 'Only for this category of motif; NULL = all';
COMMENT ON COLUMN referentiel.regle.groupe IS 'Of the rules of one group only the last that fires counts';
COMMENT ON COLUMN referentiel.regle.rang IS 'Order of reading';

ALTER TABLE pdp.signalement_motif ADD COLUMN regle_id text, ADD COLUMN levier text, ADD COLUMN valable_jusqu_au date;
COMMENT ON COLUMN pdp.signalement_motif.regle_id IS 'Rule used, with its version and date';
COMMENT ON COLUMN pdp.signalement_motif.levier IS 'What a call can still change, as the rule said then';
COMMENT ON COLUMN pdp.signalement_motif.valable_jusqu_au IS 'Last day on which the points count: after it a call can no longer change that; NULL = no end';

CREATE TABLE pdp.verdict_detection (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    signalement_id uuid NOT NULL,
    agent_id uuid NOT NULL,
    verdict text NOT NULL CHECK (verdict IN ('pertinente', 'non_pertinente')),
    motif text CHECK (motif IN ('deja_repris', 'reprise_imminente', 'deja_suivi', 'donnees_fausses', 'situation_exclue', 'autre')),
    note text,
    rendu_at timestamptz NOT NULL,
    annule_at timestamptz,
    CHECK (verdict = 'pertinente' OR motif IS NOT NULL),
    FOREIGN KEY (plateforme_id, signalement_id) REFERENCES pdp.signalement (plateforme_id, id),
    FOREIGN KEY (plateforme_id, agent_id) REFERENCES pdp.agent (plateforme_id, id)
);
COMMENT ON TABLE pdp.verdict_detection IS 'What a worker thinks of a detection: the measure of each rule';
COMMENT ON COLUMN pdp.verdict_detection.id IS 'Opaque id';
COMMENT ON COLUMN pdp.verdict_detection.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.verdict_detection.signalement_id IS 'Signalement judged';
COMMENT ON COLUMN pdp.verdict_detection.agent_id IS 'Who judges';
COMMENT ON COLUMN pdp.verdict_detection.verdict IS 'pertinente or non_pertinente';
COMMENT ON COLUMN pdp.verdict_detection.motif IS 'Closed reason of a détection non pertinente';
COMMENT ON COLUMN pdp.verdict_detection.note IS 'Free words, no health';
COMMENT ON COLUMN pdp.verdict_detection.rendu_at IS 'When';
COMMENT ON COLUMN pdp.verdict_detection.annule_at IS 'When taken back';
CREATE UNIQUE INDEX ON pdp.verdict_detection (signalement_id, agent_id) WHERE annule_at IS NULL;

-- 5. Who may touch these tables.
DO $$
DECLARE
    nom text;
BEGIN
    FOREACH nom IN ARRAY ARRAY['pdp.ij_versee', 'pdp.affection', 'medical.affection', 'pdp.fait_dsn', 'pdp.fait_version', 'identite.nir_ancien', 'pdp.fait_nouveau',
        'pdp.droits_ij', 'pdp.echeance_detection', 'pdp.detection_reglage', 'pdp.verdict_detection'] LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', nom);
        EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', nom);
        EXECUTE format('CREATE POLICY lot ON %s TO pdp_app, pdp_expediteur USING (true) WITH CHECK (true)', nom);
        EXECUTE format('CREATE POLICY plateforme ON %s TO pdp_role_csam, pdp_role_medecin, pdp_role_responsable'
            ' USING (plateforme_id = (SELECT securite.plateforme_courante())) WITH CHECK (plateforme_id = (SELECT securite.plateforme_courante()))', nom);
        EXECUTE format('CREATE TRIGGER exiger_auteur BEFORE INSERT OR UPDATE OR DELETE ON %s FOR EACH STATEMENT EXECUTE FUNCTION securite.exiger_auteur()', nom);
    END LOOP;
END $$;

GRANT SELECT, INSERT, UPDATE ON pdp.ij_versee, pdp.affection, pdp.fait_dsn TO pdp_app;
GRANT SELECT, INSERT ON pdp.fait_version, identite.nir_ancien TO pdp_app;
GRANT INSERT, UPDATE ON medical.affection TO pdp_app;
GRANT SELECT (plateforme_id, affection_id, assure_id, connu_at) ON medical.affection TO pdp_app;
GRANT SELECT, INSERT, DELETE ON pdp.fait_nouveau TO pdp_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON pdp.droits_ij, pdp.echeance_detection TO pdp_app;
GRANT SELECT, INSERT, UPDATE ON pdp.detection_reglage, pdp.verdict_detection TO pdp_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON referentiel.regle TO pdp_app;

GRANT INSERT ON pdp.fait_nouveau TO pdp_role_csam, pdp_role_medecin;
GRANT SELECT ON pdp.ij_versee, pdp.affection, pdp.fait_dsn, pdp.fait_version, pdp.arret_prescrit_version, pdp.droits_ij, pdp.verdict_detection
    TO pdp_role_csam, pdp_role_medecin;
GRANT INSERT ON pdp.verdict_detection TO pdp_role_csam, pdp_role_medecin;
GRANT UPDATE (annule_at) ON pdp.verdict_detection TO pdp_role_csam, pdp_role_medecin;
GRANT SELECT ON medical.affection TO pdp_role_medecin;
GRANT SELECT ON referentiel.regle TO pdp_role_csam, pdp_role_medecin, pdp_role_responsable;
GRANT SELECT (id, plateforme_id, signalement_id, verdict, motif, rendu_at, annule_at) ON pdp.verdict_detection TO pdp_role_responsable;
GRANT SELECT ON pdp.signalement_motif, pdp.detection_reglage TO pdp_role_responsable;
GRANT EXECUTE ON FUNCTION pdp.jours_comptes(datemultirange, date, integer) TO pdp_app, pdp_role_csam, pdp_role_medecin, pdp_role_responsable;
GRANT EXECUTE ON FUNCTION pdp.signaler_fait_ajoute(), pdp.signaler_fait_change(), pdp.signaler_assure_change(), pdp.signaler_suivi_change()
    TO pdp_app, pdp_role_csam, pdp_role_medecin;

-- The primary key on the opaque id is served by the pair (platform, id): one index less on every prescription written.
ALTER TABLE pdp.arret_prescrit DROP CONSTRAINT arret_prescrit_pkey;
ALTER TABLE pdp.arret_prescrit DROP CONSTRAINT arret_prescrit_plateforme_id_id_key CASCADE;
ALTER TABLE pdp.arret_prescrit ADD PRIMARY KEY (plateforme_id, id);
ALTER TABLE medical.motif_arret ADD FOREIGN KEY (plateforme_id, arret_id) REFERENCES pdp.arret_prescrit (plateforme_id, id);
DROP INDEX pdp.arret_prescrit_connu_at_idx;
