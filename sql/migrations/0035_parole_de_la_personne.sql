-- What the person said of how to reach her, drafts of calls and interviews, and what an interview concluded.
--
-- To read elsewhere:
--   pdp.preference_contact: one row per word of the person, never edited; the last one not withdrawn is in force: pdp.preference_du(assure).
--     langue (ISO 639, NULL = not said, the feed holds) · interprete (NULL = not said) · accessibilite text[] (ecrit, lsf, gros_caracteres,
--     facile_a_lire, lentement, proche) · canal_prefere (telephone, sms, courriel, courrier; NULL = not said) · moments text[] (matin, midi,
--     fin_apres_midi) · refus text[] (telephone, sms, courriel, courrier; adds to identite.assure.contact_refus) · dit_at.
--   identite.coordonnees(assure): one row, the number and the address to use, with who said them and when: telephone, telephone_provenance
--     ('personne' or 'flux'), telephone_genre (mobile takes a short message, fixe does not, NULL = foreign or unknown), telephone_le, telephone_faux_at (found wrong on a call: do not
--     use), telephone_flux (another value that the feed brought since the person spoke; NULL = none), and the same for courriel.

CREATE TABLE pdp.preference_contact (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    assure_id uuid NOT NULL,
    langue text CHECK (langue ~ '^[a-z]{2,3}$'),
    interprete boolean,
    accessibilite text[] NOT NULL DEFAULT '{}'
        CHECK (accessibilite <@ ARRAY['ecrit', 'lsf', 'gros_caracteres', 'facile_a_lire', 'lentement', 'proche']),
    canal_prefere text CHECK (canal_prefere IN ('telephone', 'sms', 'courriel', 'courrier')),
    moments text[] NOT NULL DEFAULT '{}' CHECK (moments <@ ARRAY['matin', 'midi', 'fin_apres_midi']),
    refus text[] NOT NULL DEFAULT '{}' CHECK (refus <@ ARRAY['telephone', 'sms', 'courriel', 'courrier']),
    cle_saisie uuid NOT NULL UNIQUE,
    dit_at timestamptz NOT NULL,
    saisi_par uuid NOT NULL REFERENCES pdp.agent,
    retiree_at timestamptz,
    CHECK (canal_prefere <> ALL (refus)),
    FOREIGN KEY (plateforme_id, assure_id) REFERENCES identite.assure (plateforme_id, id)
);
COMMENT ON TABLE pdp.preference_contact IS 'How the person asked to be reached, each word of hers in full; the last one not withdrawn is in force. The need, never its cause';
COMMENT ON COLUMN pdp.preference_contact.id IS 'Opaque id';
COMMENT ON COLUMN pdp.preference_contact.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.preference_contact.assure_id IS 'Insured person';
COMMENT ON COLUMN pdp.preference_contact.langue IS 'Language she speaks, ISO 639; NULL = not said, the feed holds';
COMMENT ON COLUMN pdp.preference_contact.interprete IS 'An interpreter is needed on the phone; NULL = not said';
COMMENT ON COLUMN pdp.preference_contact.accessibilite IS 'Needs: ecrit (in writing rather than by voice), lsf (sign language), gros_caracteres, facile_a_lire, lentement, proche (somebody helps her)';
COMMENT ON COLUMN pdp.preference_contact.canal_prefere IS 'Preferred channel; NULL = not said, the feed holds';
COMMENT ON COLUMN pdp.preference_contact.moments IS 'Parts of the day that suit her; empty = any';
COMMENT ON COLUMN pdp.preference_contact.refus IS 'Channels she refuses, in addition to those of the feed';
COMMENT ON COLUMN pdp.preference_contact.cle_saisie IS 'Key of the form: a double click or a resend makes one row';
COMMENT ON COLUMN pdp.preference_contact.dit_at IS 'When she said it';
COMMENT ON COLUMN pdp.preference_contact.saisi_par IS 'Who wrote it down';
COMMENT ON COLUMN pdp.preference_contact.retiree_at IS 'When taken back, entered in error; the word before is in force again';
CREATE INDEX ON pdp.preference_contact (assure_id, dit_at DESC) WHERE retiree_at IS NULL;

CREATE TABLE identite.coordonnee_dite (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    assure_id uuid NOT NULL,
    genre text NOT NULL CHECK (genre IN ('telephone', 'courriel')),
    valeur text NOT NULL CHECK (length(valeur) <= 254),
    etat text NOT NULL CHECK (etat IN ('dite', 'fausse')),
    flux_valeur text,
    cle_saisie uuid NOT NULL,
    dit_at timestamptz NOT NULL,
    saisi_par uuid NOT NULL REFERENCES pdp.agent,
    retiree_at timestamptz,
    UNIQUE (cle_saisie, genre),
    FOREIGN KEY (plateforme_id, assure_id) REFERENCES identite.assure (plateforme_id, id)
);
COMMENT ON TABLE identite.coordonnee_dite IS 'Numbers and addresses that the person gave, or that a call found wrong; a feed never overwrites them, a row is withdrawn, never edited';
COMMENT ON COLUMN identite.coordonnee_dite.id IS 'Opaque id';
COMMENT ON COLUMN identite.coordonnee_dite.plateforme_id IS 'Platform';
COMMENT ON COLUMN identite.coordonnee_dite.assure_id IS 'Insured person';
COMMENT ON COLUMN identite.coordonnee_dite.genre IS 'telephone or courriel';
COMMENT ON COLUMN identite.coordonnee_dite.valeur IS 'Number in international form (+33612345678), or address';
COMMENT ON COLUMN identite.coordonnee_dite.etat IS 'dite: to use; fausse: a call reached somebody else or nobody, not to be used';
COMMENT ON COLUMN identite.coordonnee_dite.flux_valeur IS 'What the feed said at that instant: another value since is shown, never taken by itself';
COMMENT ON COLUMN identite.coordonnee_dite.cle_saisie IS 'Key of the form: a double click or a resend makes one row; a value found wrong bears that of its call, and falls with it';
COMMENT ON COLUMN identite.coordonnee_dite.dit_at IS 'When said, or found wrong';
COMMENT ON COLUMN identite.coordonnee_dite.saisi_par IS 'Who wrote it down';
COMMENT ON COLUMN identite.coordonnee_dite.retiree_at IS 'When taken back, entered in error';
CREATE INDEX ON identite.coordonnee_dite (assure_id, genre, dit_at DESC) WHERE retiree_at IS NULL;
CREATE INDEX ON identite.coordonnee_dite (plateforme_id, valeur) WHERE retiree_at IS NULL AND etat = 'dite';

CREATE FUNCTION pdp.preference_du(p_assure uuid) RETURNS TABLE (
    langue text, interprete boolean, accessibilite text[], canal_prefere text, moments text[], refus text[], dit_at timestamptz
)
LANGUAGE sql STABLE AS $$
    SELECT d.langue, d.interprete, d.accessibilite, d.canal_prefere, d.moments, d.refus, d.dit_at
    FROM pdp.preference_contact AS d
    WHERE d.assure_id = p_assure AND d.retiree_at IS NULL
    ORDER BY d.dit_at DESC, d.id DESC
    LIMIT 1
$$;
COMMENT ON FUNCTION pdp.preference_du(uuid) IS 'The word of the person in force; no row when she said nothing';

CREATE FUNCTION identite.coordonnees(p_assure uuid) RETURNS TABLE (
    telephone text, telephone_provenance text, telephone_genre text, telephone_le timestamptz, telephone_faux_at timestamptz, telephone_flux text,
    courriel text, courriel_provenance text, courriel_le timestamptz, courriel_faux_at timestamptz, courriel_flux text
)
LANGUAGE sql STABLE AS $$
    SELECT coalesce(t.valeur, a.telephone), CASE WHEN t.valeur IS NOT NULL THEN 'personne' WHEN a.telephone IS NOT NULL THEN 'flux' END,
        CASE WHEN coalesce(t.valeur, a.telephone) ~ '^\+(33[67]|590690|590691|594694|59669[67]|26269[23]|262639)' THEN 'mobile'
            WHEN coalesce(t.valeur, a.telephone) ~ '^\+(33[1-59]|590|594|596|262)' THEN 'fixe' END,
        coalesce(t.dit_at, a.mis_a_jour_source_at), tf.dit_at,
        CASE WHEN t.valeur IS NOT NULL AND a.telephone IS DISTINCT FROM t.flux_valeur AND a.telephone <> t.valeur THEN a.telephone END,
        coalesce(c.valeur, a.courriel), CASE WHEN c.valeur IS NOT NULL THEN 'personne' WHEN a.courriel IS NOT NULL THEN 'flux' END,
        coalesce(c.dit_at, a.mis_a_jour_source_at), cf.dit_at,
        CASE WHEN c.valeur IS NOT NULL AND a.courriel IS DISTINCT FROM c.flux_valeur AND a.courriel <> c.valeur THEN a.courriel END
    FROM identite.assure AS a
    LEFT JOIN LATERAL (
        SELECT d.valeur, d.flux_valeur, d.dit_at FROM identite.coordonnee_dite AS d
        WHERE d.assure_id = a.id AND d.genre = 'telephone' AND d.etat = 'dite' AND d.retiree_at IS NULL
        ORDER BY d.dit_at DESC, d.id DESC LIMIT 1
    ) AS t ON true
    LEFT JOIN LATERAL (
        SELECT d.dit_at FROM identite.coordonnee_dite AS d
        WHERE d.assure_id = a.id AND d.genre = 'telephone' AND d.etat = 'fausse' AND d.retiree_at IS NULL
            AND d.valeur = coalesce(t.valeur, a.telephone) AND (t.dit_at IS NULL OR d.dit_at > t.dit_at)
            AND NOT EXISTS (SELECT 1 FROM pdp.contact AS k WHERE k.cle_saisie = d.cle_saisie AND k.saisie_par_erreur_at IS NOT NULL)
        ORDER BY d.dit_at DESC LIMIT 1
    ) AS tf ON true
    LEFT JOIN LATERAL (
        SELECT d.valeur, d.flux_valeur, d.dit_at FROM identite.coordonnee_dite AS d
        WHERE d.assure_id = a.id AND d.genre = 'courriel' AND d.etat = 'dite' AND d.retiree_at IS NULL
        ORDER BY d.dit_at DESC, d.id DESC LIMIT 1
    ) AS c ON true
    LEFT JOIN LATERAL (
        SELECT d.dit_at FROM identite.coordonnee_dite AS d
        WHERE d.assure_id = a.id AND d.genre = 'courriel' AND d.etat = 'fausse' AND d.retiree_at IS NULL
            AND d.valeur = coalesce(c.valeur, a.courriel) AND (c.dit_at IS NULL OR d.dit_at > c.dit_at)
        ORDER BY d.dit_at DESC LIMIT 1
    ) AS cf ON true
    WHERE a.id = p_assure
$$;
COMMENT ON FUNCTION identite.coordonnees(uuid) IS 'Number and address to use: what the person said before what the feed says, with provenance, date, and what the feed says otherwise';

-- Drafts: one per agent and form, read by that agent alone, gone once recorded or out of date. Health answers have their own drawer.
CREATE TABLE pdp.brouillon (
    agent_id uuid NOT NULL,
    ecran text NOT NULL CHECK (ecran IN ('appel', 'entretien')),
    piece_id uuid NOT NULL,
    plateforme_id text NOT NULL,
    parcours_id uuid NOT NULL,
    contenu jsonb NOT NULL CHECK (pg_column_size(contenu) <= 65536),
    enregistre_at timestamptz NOT NULL,
    expire_at timestamptz NOT NULL,
    PRIMARY KEY (agent_id, ecran, piece_id),
    FOREIGN KEY (plateforme_id, parcours_id) REFERENCES pdp.parcours (plateforme_id, id),
    FOREIGN KEY (plateforme_id, agent_id) REFERENCES pdp.agent (plateforme_id, id)
);
COMMENT ON TABLE pdp.brouillon IS 'What an agent is typing and has not recorded yet, without any health answer; read by that agent alone';
COMMENT ON COLUMN pdp.brouillon.agent_id IS 'Who types';
COMMENT ON COLUMN pdp.brouillon.ecran IS 'Form: appel (call sheet) or entretien (questionnaire)';
COMMENT ON COLUMN pdp.brouillon.piece_id IS 'Parcours of the call, or télé-échange';
COMMENT ON COLUMN pdp.brouillon.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.brouillon.parcours_id IS 'Parcours';
COMMENT ON COLUMN pdp.brouillon.contenu IS 'Fields as typed: {name: [values]}';
COMMENT ON COLUMN pdp.brouillon.enregistre_at IS 'Last save, shown to the agent';
COMMENT ON COLUMN pdp.brouillon.expire_at IS 'Not shown from then on, and deleted by the next sweep';
CREATE INDEX ON pdp.brouillon (expire_at);

CREATE TABLE medical.brouillon_sante (
    csam_id uuid NOT NULL,
    tele_echange_id uuid NOT NULL,
    plateforme_id text NOT NULL,
    reponses jsonb NOT NULL CHECK (pg_column_size(reponses) <= 65536),
    enregistre_at timestamptz NOT NULL,
    expire_at timestamptz NOT NULL,
    PRIMARY KEY (csam_id, tele_echange_id),
    FOREIGN KEY (tele_echange_id) REFERENCES pdp.tele_echange (id),
    FOREIGN KEY (plateforme_id, csam_id) REFERENCES pdp.agent (plateforme_id, id)
);
COMMENT ON TABLE medical.brouillon_sante IS 'Health answers being typed: health data like those recorded, read by the coordinator who types them and by nobody else';
COMMENT ON COLUMN medical.brouillon_sante.csam_id IS 'Coordinator who types';
COMMENT ON COLUMN medical.brouillon_sante.tele_echange_id IS 'Télé-échange';
COMMENT ON COLUMN medical.brouillon_sante.plateforme_id IS 'Platform';
COMMENT ON COLUMN medical.brouillon_sante.reponses IS 'Fields as typed: {name: [values]}';
COMMENT ON COLUMN medical.brouillon_sante.enregistre_at IS 'Last save';
COMMENT ON COLUMN medical.brouillon_sante.expire_at IS 'Not shown from then on, and deleted by the next sweep';
CREATE INDEX ON medical.brouillon_sante (expire_at);

ALTER TABLE pdp.contact ADD COLUMN script_version text;
COMMENT ON COLUMN pdp.contact.script_version IS 'Version of the call script on screen when the call was recorded; NULL = before scripts were versioned';
ALTER TABLE pdp.tele_echange ADD COLUMN bilan jsonb NOT NULL DEFAULT '{}';
COMMENT ON COLUMN pdp.tele_echange.bilan IS 'Conclusion kept by the person in charge: obstacles, leviers, motivation (1 to 5), urgence, suites retained and set aside; codes only, no health';

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['pdp.preference_contact', 'identite.coordonnee_dite', 'pdp.brouillon', 'medical.brouillon_sante'] LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE TRIGGER exiger_auteur BEFORE INSERT OR UPDATE OR DELETE ON %s'
            ' FOR EACH STATEMENT EXECUTE FUNCTION securite.exiger_auteur()', t);
        EXECUTE format('CREATE POLICY lot ON %s TO pdp_app, pdp_expediteur USING (true) WITH CHECK (true)', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['pdp.preference_contact', 'identite.coordonnee_dite'] LOOP
        EXECUTE format('CREATE POLICY plateforme ON %s TO pdp_role_csam, pdp_role_medecin'
            ' USING (plateforme_id = (SELECT securite.plateforme_courante()))'
            ' WITH CHECK (plateforme_id = (SELECT securite.plateforme_courante()))', t);
    END LOOP;
END $$;
CREATE POLICY csam_les_siens ON pdp.brouillon TO pdp_role_csam
    USING (plateforme_id = (SELECT securite.plateforme_courante()) AND agent_id = (SELECT securite.agent_courant()))
    WITH CHECK (plateforme_id = (SELECT securite.plateforme_courante()) AND agent_id = (SELECT securite.agent_courant()));
CREATE POLICY csam_les_siens ON medical.brouillon_sante TO pdp_role_csam
    USING (plateforme_id = (SELECT securite.plateforme_courante()) AND csam_id = (SELECT securite.agent_courant()))
    WITH CHECK (plateforme_id = (SELECT securite.plateforme_courante()) AND csam_id = (SELECT securite.agent_courant()));

GRANT SELECT, INSERT ON pdp.preference_contact, identite.coordonnee_dite TO pdp_app, pdp_role_csam;
GRANT UPDATE (retiree_at) ON pdp.preference_contact, identite.coordonnee_dite TO pdp_role_csam;
GRANT SELECT ON pdp.preference_contact, identite.coordonnee_dite TO pdp_role_medecin;
GRANT SELECT (id, assure_id, langue, interprete, accessibilite, canal_prefere, moments, refus, dit_at, retiree_at) ON pdp.preference_contact
    TO pdp_expediteur;
GRANT SELECT, INSERT, DELETE ON pdp.brouillon, medical.brouillon_sante TO pdp_role_csam;
GRANT UPDATE (contenu, enregistre_at, expire_at) ON pdp.brouillon TO pdp_role_csam;
GRANT UPDATE (reponses, enregistre_at, expire_at) ON medical.brouillon_sante TO pdp_role_csam;
-- The sweep deletes what is out of date without reading it.
GRANT DELETE ON pdp.brouillon, medical.brouillon_sante TO pdp_app;
GRANT SELECT (expire_at) ON pdp.brouillon, medical.brouillon_sante TO pdp_app;
GRANT UPDATE (bilan) ON pdp.tele_echange TO pdp_role_csam;
GRANT EXECUTE ON FUNCTION pdp.preference_du(uuid) TO pdp_app, pdp_expediteur, pdp_role_csam, pdp_role_medecin;
GRANT EXECUTE ON FUNCTION identite.coordonnees(uuid) TO pdp_app, pdp_role_csam, pdp_role_medecin;
