-- Partners as they are: what the list says and what people configured, whom they serve, how much they can take, who answers when one is away.

-- 1. Configuration. A list of partners tells facts of the directory (name, kind, dates) for ever, and the configuration until a person touched it.
ALTER TABLE pdp.partenaire
    ADD COLUMN horaires text CHECK (length(horaires) BETWEEN 1 AND 200),
    ADD COLUMN annonce jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(annonce) = 'object'),
    ADD COLUMN configure_at timestamptz;
-- What the last lists said is what is there. The owner sees rows for the length of this transaction only.
ALTER TABLE pdp.partenaire DISABLE TRIGGER USER, NO FORCE ROW LEVEL SECURITY;
ALTER TABLE pdp.partenaire_transport DISABLE TRIGGER USER, NO FORCE ROW LEVEL SECURITY;
UPDATE pdp.partenaire SET annonce = jsonb_build_object('canal', canal, 'url', url, 'courriel', courriel, 'telephone', telephone,
    'delai_reponse_jours', delai_reponse_jours);
COMMENT ON COLUMN pdp.partenaire.horaires IS 'Opening hours, in words';
COMMENT ON COLUMN pdp.partenaire.annonce IS 'Configuration as the last list of partners said it; {} = never in a list';
COMMENT ON COLUMN pdp.partenaire.configure_at IS 'When a person last changed the configuration here: since then lists no longer change it; NULL = it follows the lists';
COMMENT ON COLUMN pdp.partenaire.telephone IS 'Phone; belongs to the configuration';

ALTER TABLE pdp.partenaire_transport ADD COLUMN url text;
COMMENT ON COLUMN pdp.partenaire_transport.url IS 'Address of that transport: answers to what left there are still read there';
UPDATE pdp.partenaire_transport t SET url = p.url FROM pdp.partenaire p WHERE p.id = t.partenaire_id AND t.canal IN ('api', 'fhir') AND t.canal = p.canal;
ALTER TABLE pdp.partenaire ENABLE TRIGGER USER, FORCE ROW LEVEL SECURITY;
ALTER TABLE pdp.partenaire_transport ENABLE TRIGGER USER, FORCE ROW LEVEL SECURITY;

CREATE OR REPLACE FUNCTION pdp.suivre_transport() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    quand timestamptz := coalesce(nullif(current_setting('pdp.instant', true), '')::timestamptz, clock_timestamp());
    adresse text := CASE WHEN NEW.canal IN ('api', 'fhir') THEN NEW.url END;
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.canal = OLD.canal THEN
        UPDATE pdp.partenaire_transport SET url = adresse WHERE partenaire_id = NEW.id AND jusqu_at IS NULL AND url IS DISTINCT FROM adresse;
        RETURN NULL;
    END IF;
    UPDATE pdp.partenaire_transport SET jusqu_at = greatest(quand, depuis_at) WHERE partenaire_id = NEW.id AND jusqu_at IS NULL;
    INSERT INTO pdp.partenaire_transport (plateforme_id, partenaire_id, canal, url, depuis_at) VALUES (NEW.plateforme_id, NEW.id, NEW.canal, adresse, quand);
    RETURN NULL;
END $$;
DROP TRIGGER suivre_transport ON pdp.partenaire;
CREATE TRIGGER suivre_transport AFTER INSERT OR UPDATE OF canal, url ON pdp.partenaire FOR EACH ROW EXECUTE FUNCTION pdp.suivre_transport();

-- 2. Whom a partner serves.
CREATE TABLE pdp.partenaire_desserte (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    partenaire_id uuid NOT NULL,
    genre text NOT NULL CHECK (genre IN ('zone', 'spst', 'employeur')),
    code text NOT NULL,
    depuis_at timestamptz NOT NULL,
    retire_at timestamptz,
    FOREIGN KEY (plateforme_id, partenaire_id) REFERENCES pdp.partenaire (plateforme_id, id),
    CHECK (retire_at IS NULL OR retire_at >= depuis_at),
    CHECK (CASE genre WHEN 'zone' THEN code ~ '^([0-9]{2}|2[AB]|9[78][0-9]|[0-9]{5}|2[AB][0-9]{3})$' WHEN 'spst' THEN code ~ '^[0-9A-Z]{14}$'
        ELSE code ~ '^([0-9]{9}|[0-9A-Z]{14})$' END)
);
COMMENT ON TABLE pdp.partenaire_desserte IS 'Whom a partner serves; a partner without a zone serves the whole platform';
COMMENT ON COLUMN pdp.partenaire_desserte.id IS 'Opaque id';
COMMENT ON COLUMN pdp.partenaire_desserte.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.partenaire_desserte.partenaire_id IS 'Partner';
COMMENT ON COLUMN pdp.partenaire_desserte.genre IS 'zone (residence), spst (identifier of an occupational health service in DSN), employeur (SIREN or SIRET followed)';
COMMENT ON COLUMN pdp.partenaire_desserte.code IS 'Department or INSEE commune; DSN identifier; SIREN or SIRET';
COMMENT ON COLUMN pdp.partenaire_desserte.depuis_at IS 'Since when it is known';
COMMENT ON COLUMN pdp.partenaire_desserte.retire_at IS 'When it stopped; NULL = now';
CREATE UNIQUE INDEX partenaire_desserte_une_fois ON pdp.partenaire_desserte (partenaire_id, genre, code) WHERE retire_at IS NULL;

-- 3. How much a partner can take.
CREATE TABLE pdp.partenaire_capacite (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    partenaire_id uuid NOT NULL,
    places integer CHECK (places BETWEEN 0 AND 10000),
    periode text CHECK (periode IN ('semaine', 'mois')),
    complet_jusqu_au date,
    posee_at timestamptz NOT NULL,
    remplacee_at timestamptz,
    FOREIGN KEY (plateforme_id, partenaire_id) REFERENCES pdp.partenaire (plateforme_id, id),
    CHECK ((places IS NULL) = (periode IS NULL)),
    CHECK (remplacee_at IS NULL OR remplacee_at >= posee_at)
);
COMMENT ON TABLE pdp.partenaire_capacite IS 'Requests a partner can take; a row is replaced, never edited';
COMMENT ON COLUMN pdp.partenaire_capacite.id IS 'Opaque id';
COMMENT ON COLUMN pdp.partenaire_capacite.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.partenaire_capacite.partenaire_id IS 'Partner';
COMMENT ON COLUMN pdp.partenaire_capacite.places IS 'New requests per period from this platform; NULL = not said';
COMMENT ON COLUMN pdp.partenaire_capacite.periode IS 'semaine (Monday to Sunday) or mois, on the calendar of the platform';
COMMENT ON COLUMN pdp.partenaire_capacite.complet_jusqu_au IS 'No place until that day included; NULL = open';
COMMENT ON COLUMN pdp.partenaire_capacite.posee_at IS 'When said';
COMMENT ON COLUMN pdp.partenaire_capacite.remplacee_at IS 'When another took its place; NULL = now';
CREATE UNIQUE INDEX partenaire_capacite_une_active ON pdp.partenaire_capacite (partenaire_id) WHERE remplacee_at IS NULL;

-- 4. Who answers.
CREATE TABLE pdp.partenaire_contact (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    partenaire_id uuid NOT NULL,
    nom text NOT NULL CHECK (length(nom) BETWEEN 1 AND 120),
    fonction text CHECK (length(fonction) BETWEEN 1 AND 120),
    courriel text CHECK (length(courriel) <= 254),
    telephone text CHECK (length(telephone) <= 20),
    rappels boolean NOT NULL DEFAULT true,
    ajoute_at timestamptz NOT NULL,
    retire_at timestamptz,
    UNIQUE (plateforme_id, id),
    FOREIGN KEY (plateforme_id, partenaire_id) REFERENCES pdp.partenaire (plateforme_id, id),
    CHECK (retire_at IS NULL OR retire_at >= ajoute_at),
    CHECK (NOT rappels OR courriel IS NOT NULL)
);
COMMENT ON TABLE pdp.partenaire_contact IS 'People of a partner, as it names them; reminders are neutral and go to those who accept them';
COMMENT ON COLUMN pdp.partenaire_contact.id IS 'Opaque id';
COMMENT ON COLUMN pdp.partenaire_contact.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.partenaire_contact.partenaire_id IS 'Partner';
COMMENT ON COLUMN pdp.partenaire_contact.nom IS 'Name';
COMMENT ON COLUMN pdp.partenaire_contact.fonction IS 'What this person does there';
COMMENT ON COLUMN pdp.partenaire_contact.courriel IS 'Ordinary address: reminders only, nothing about a person';
COMMENT ON COLUMN pdp.partenaire_contact.telephone IS 'Direct line';
COMMENT ON COLUMN pdp.partenaire_contact.rappels IS 'Receives the reminders of the partner';
COMMENT ON COLUMN pdp.partenaire_contact.ajoute_at IS 'When named';
COMMENT ON COLUMN pdp.partenaire_contact.retire_at IS 'When no longer there; NULL = now';
CREATE INDEX ON pdp.partenaire_contact (partenaire_id) WHERE retire_at IS NULL;

CREATE TABLE pdp.partenaire_absence (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    partenaire_id uuid NOT NULL,
    contact_id uuid,
    du date NOT NULL,
    au date NOT NULL,
    relais_id uuid,
    posee_at timestamptz NOT NULL,
    retiree_at timestamptz,
    FOREIGN KEY (plateforme_id, partenaire_id) REFERENCES pdp.partenaire (plateforme_id, id),
    FOREIGN KEY (plateforme_id, contact_id) REFERENCES pdp.partenaire_contact (plateforme_id, id),
    FOREIGN KEY (plateforme_id, relais_id) REFERENCES pdp.partenaire_contact (plateforme_id, id),
    CHECK (du <= au),
    CHECK (relais_id <> contact_id),
    CHECK (retiree_at IS NULL OR retiree_at >= posee_at)
);
COMMENT ON TABLE pdp.partenaire_absence IS 'Days when a partner, or one of its people, does not answer, and who does meanwhile';
COMMENT ON COLUMN pdp.partenaire_absence.id IS 'Opaque id';
COMMENT ON COLUMN pdp.partenaire_absence.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.partenaire_absence.partenaire_id IS 'Partner';
COMMENT ON COLUMN pdp.partenaire_absence.contact_id IS 'Who is away; NULL = the whole structure is closed';
COMMENT ON COLUMN pdp.partenaire_absence.du IS 'First day';
COMMENT ON COLUMN pdp.partenaire_absence.au IS 'Last day';
COMMENT ON COLUMN pdp.partenaire_absence.relais_id IS 'Who answers meanwhile; NULL = nobody';
COMMENT ON COLUMN pdp.partenaire_absence.posee_at IS 'When said';
COMMENT ON COLUMN pdp.partenaire_absence.retiree_at IS 'When taken back; NULL = it counts';
CREATE INDEX ON pdp.partenaire_absence (partenaire_id, au) WHERE retiree_at IS NULL;

-- 5. An address is where things about people go: a partner asks for another one, a manager decides.
CREATE TABLE pdp.partenaire_adresse (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    partenaire_id uuid NOT NULL,
    champ text NOT NULL CHECK (champ IN ('courriel', 'adresse_securisee')),
    valeur text NOT NULL CHECK (length(valeur) <= 254),
    demandee_at timestamptz NOT NULL,
    decidee_at timestamptz,
    decision text CHECK (decision IN ('acceptee', 'refusee', 'remplacee')),
    FOREIGN KEY (plateforme_id, partenaire_id) REFERENCES pdp.partenaire (plateforme_id, id),
    CHECK ((decidee_at IS NULL) = (decision IS NULL)),
    CHECK (decidee_at IS NULL OR decidee_at >= demandee_at)
);
COMMENT ON TABLE pdp.partenaire_adresse IS 'Change of address asked by a partner; nothing goes there before a manager has checked it';
COMMENT ON COLUMN pdp.partenaire_adresse.id IS 'Opaque id';
COMMENT ON COLUMN pdp.partenaire_adresse.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.partenaire_adresse.partenaire_id IS 'Partner';
COMMENT ON COLUMN pdp.partenaire_adresse.champ IS 'courriel (notices and links) or adresse_securisee (contents)';
COMMENT ON COLUMN pdp.partenaire_adresse.valeur IS 'Address asked for';
COMMENT ON COLUMN pdp.partenaire_adresse.demandee_at IS 'When asked';
COMMENT ON COLUMN pdp.partenaire_adresse.decidee_at IS 'When settled';
COMMENT ON COLUMN pdp.partenaire_adresse.decision IS 'acceptee, refusee (by a manager), remplacee (the partner asked for another)';
CREATE UNIQUE INDEX partenaire_adresse_une_demande ON pdp.partenaire_adresse (partenaire_id, champ) WHERE decidee_at IS NULL;

-- 6. Row level security and rights.
DO $$
DECLARE
    nom text;
BEGIN
    FOREACH nom IN ARRAY ARRAY['partenaire_desserte', 'partenaire_capacite', 'partenaire_contact', 'partenaire_absence', 'partenaire_adresse'] LOOP
        EXECUTE format('ALTER TABLE pdp.%I ENABLE ROW LEVEL SECURITY', nom);
        EXECUTE format('ALTER TABLE pdp.%I FORCE ROW LEVEL SECURITY', nom);
        EXECUTE format('CREATE POLICY lot ON pdp.%I TO pdp_app, pdp_expediteur USING (true) WITH CHECK (true)', nom);
        EXECUTE format('CREATE POLICY plateforme ON pdp.%I TO pdp_role_csam, pdp_role_responsable'
            ' USING (plateforme_id = (SELECT securite.plateforme_courante())) WITH CHECK (plateforme_id = (SELECT securite.plateforme_courante()))', nom);
        EXECUTE format('CREATE TRIGGER exiger_auteur BEFORE INSERT OR UPDATE OR DELETE ON pdp.%I FOR EACH STATEMENT'
            ' EXECUTE FUNCTION securite.exiger_auteur()', nom);
    END LOOP;
END $$;
CREATE POLICY partenaire ON pdp.partenaire_desserte FOR SELECT TO pdp_role_partenaire USING (partenaire_id = (SELECT securite.partenaire_courant()));
CREATE POLICY partenaire ON pdp.partenaire_capacite TO pdp_role_partenaire
    USING (partenaire_id = (SELECT securite.partenaire_courant())) WITH CHECK (partenaire_id = (SELECT securite.partenaire_courant()));
CREATE POLICY partenaire ON pdp.partenaire_contact TO pdp_role_partenaire
    USING (partenaire_id = (SELECT securite.partenaire_courant())) WITH CHECK (partenaire_id = (SELECT securite.partenaire_courant()));
CREATE POLICY partenaire ON pdp.partenaire_absence TO pdp_role_partenaire
    USING (partenaire_id = (SELECT securite.partenaire_courant())) WITH CHECK (partenaire_id = (SELECT securite.partenaire_courant())
        AND (contact_id IS NULL OR EXISTS (SELECT 1 FROM pdp.partenaire_contact c WHERE c.id = contact_id))
        AND (relais_id IS NULL OR EXISTS (SELECT 1 FROM pdp.partenaire_contact c WHERE c.id = relais_id)));
CREATE POLICY partenaire ON pdp.partenaire_adresse TO pdp_role_partenaire
    USING (partenaire_id = (SELECT securite.partenaire_courant()))
    WITH CHECK (partenaire_id = (SELECT securite.partenaire_courant()) AND (decision IS NULL OR decision = 'remplacee'));
CREATE POLICY partenaire_modifie ON pdp.partenaire FOR UPDATE TO pdp_role_partenaire
    USING (id = (SELECT securite.partenaire_courant())) WITH CHECK (id = (SELECT securite.partenaire_courant()));

GRANT SELECT, INSERT ON pdp.partenaire_desserte, pdp.partenaire_capacite, pdp.partenaire_contact, pdp.partenaire_absence, pdp.partenaire_adresse
    TO pdp_app, pdp_role_responsable;
GRANT SELECT ON pdp.partenaire_desserte, pdp.partenaire_capacite, pdp.partenaire_contact, pdp.partenaire_absence TO pdp_role_csam;
GRANT SELECT ON pdp.partenaire_contact, pdp.partenaire_absence TO pdp_expediteur;
GRANT SELECT ON pdp.partenaire_desserte TO pdp_role_partenaire;
GRANT SELECT, INSERT ON pdp.partenaire_capacite, pdp.partenaire_contact, pdp.partenaire_absence, pdp.partenaire_adresse TO pdp_role_partenaire;
GRANT UPDATE (retire_at) ON pdp.partenaire_desserte TO pdp_app, pdp_role_responsable;
GRANT UPDATE (remplacee_at) ON pdp.partenaire_capacite TO pdp_app, pdp_role_responsable, pdp_role_partenaire;
GRANT UPDATE (retire_at) ON pdp.partenaire_contact TO pdp_app, pdp_role_responsable, pdp_role_partenaire;
GRANT UPDATE (retiree_at) ON pdp.partenaire_absence TO pdp_app, pdp_role_responsable, pdp_role_partenaire;
GRANT UPDATE (decidee_at, decision) ON pdp.partenaire_adresse TO pdp_app, pdp_role_responsable, pdp_role_partenaire;
GRANT UPDATE (url) ON pdp.partenaire_transport TO pdp_app, pdp_role_responsable;
CREATE POLICY envoi ON pdp.partenaire_transport FOR SELECT TO pdp_expediteur USING (true);
GRANT SELECT ON pdp.partenaire_transport TO pdp_expediteur;

GRANT INSERT ON pdp.partenaire TO pdp_role_responsable;
GRANT UPDATE (nom, canal, url, jeton_url, courriel, adresse_securisee, telephone, delai_reponse_jours, horaires, actif_au, configure_at)
    ON pdp.partenaire TO pdp_role_responsable;
GRANT UPDATE (horaires) ON pdp.partenaire TO pdp_role_partenaire;

-- Messages that wait follow the transport of their partner; delays are counted without a word of what was said.
GRANT SELECT (partenaire_id, orientation_id) ON pdp.outbox TO pdp_role_responsable;
GRANT UPDATE (canal) ON pdp.outbox TO pdp_role_responsable;
GRANT SELECT (id, plateforme_id, partenaire_id, orientation_id, nature, statut, transport, survenu_at, recu_at) ON pdp.inbox TO pdp_role_responsable;

-- 7. What is read of a partner on a day, the same for everybody: under the rights of the reader.
CREATE INDEX ON pdp.orientation (partenaire_id, proposee_at);

CREATE FUNCTION pdp.partenaires_au(jour date)
RETURNS TABLE (partenaire_id uuid, places integer, periode text, pris integer, complet_jusqu_au date, ferme_jusqu_au date, relais text)
LANGUAGE sql STABLE AS $$
    SELECT n.id, c.places, c.periode, coalesce(u.pris, 0), CASE WHEN c.complet_jusqu_au >= jour THEN c.complet_jusqu_au END, a.au, r.nom
    FROM pdp.partenaire n
    JOIN pdp.plateforme f ON f.id = n.plateforme_id
    LEFT JOIN pdp.partenaire_capacite c ON c.partenaire_id = n.id AND c.remplacee_at IS NULL
    LEFT JOIN LATERAL (
        SELECT count(*)::integer AS pris
        FROM pdp.orientation o
        WHERE o.partenaire_id = n.id AND o.statut IN ('envoyee', 'recue', 'acceptee', 'en_cours', 'realisee', 'sans_suite')
          AND o.proposee_at >= (date_trunc(CASE c.periode WHEN 'semaine' THEN 'week' ELSE 'month' END, jour::timestamp) AT TIME ZONE f.fuseau)
          AND o.proposee_at < ((jour + 1)::timestamp AT TIME ZONE f.fuseau)
    ) u ON c.periode IS NOT NULL
    LEFT JOIN LATERAL (
        SELECT b.au, b.relais_id
        FROM pdp.partenaire_absence b
        WHERE b.partenaire_id = n.id AND b.contact_id IS NULL AND b.retiree_at IS NULL AND jour BETWEEN b.du AND b.au
        ORDER BY b.au DESC, b.id LIMIT 1
    ) a ON true
    LEFT JOIN pdp.partenaire_contact r ON r.id = a.relais_id AND r.retire_at IS NULL
$$;
COMMENT ON FUNCTION pdp.partenaires_au(date) IS 'Places said and taken in the period of that day (refused, withdrawn and expired hand-overs take none), last day full or closed, who answers meanwhile';

CREATE FUNCTION pdp.delais_des_partenaires(depuis timestamptz, jour date)
RETURNS TABLE (partenaire_id uuid, envoyees integer, echues integer, repondues integer, refusees integer, reponse_jours numeric,
    rencontres integer, rencontre_jours numeric, finies integer, fin_jours numeric)
LANGUAGE sql STABLE AS $$
    SELECT o.partenaire_id, count(*)::integer, count(*) FILTER (WHERE r.reponse IS NOT NULL OR o.reponse_attendue_le < jour)::integer,
        count(r.reponse)::integer, count(*) FILTER (WHERE r.refus)::integer,
        round((percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM greatest(r.reponse - o.envoyee_at, interval '0')))
            FILTER (WHERE r.reponse IS NOT NULL) / 86400)::numeric, 1),
        count(r.rencontre)::integer,
        round((percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM greatest(r.rencontre - r.accord, interval '0')))
            FILTER (WHERE r.rencontre IS NOT NULL AND r.accord IS NOT NULL) / 86400)::numeric, 1),
        count(r.fin)::integer,
        round((percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM greatest(r.fin - r.accord, interval '0')))
            FILTER (WHERE r.fin IS NOT NULL AND r.accord IS NOT NULL) / 86400)::numeric, 1)
    FROM pdp.orientation o
    LEFT JOIN LATERAL (
        SELECT min(i.survenu_at) FILTER (WHERE i.statut IN ('acceptee', 'refusee')) AS reponse,
            min(i.survenu_at) FILTER (WHERE i.statut = 'acceptee') AS accord,
            coalesce(bool_or(i.statut = 'refusee'), false) AS refus,
            min(i.survenu_at) FILTER (WHERE i.statut = 'en_cours') AS rencontre,
            min(i.survenu_at) FILTER (WHERE i.statut IN ('realisee', 'sans_suite')) AS fin
        FROM pdp.inbox i
        WHERE i.orientation_id = o.id AND i.partenaire_id = o.partenaire_id AND i.nature = 'statut'
    ) r ON true
    WHERE o.envoyee_at >= depuis AND o.statut <> 'annulee'
    GROUP BY o.partenaire_id
$$;
COMMENT ON FUNCTION pdp.delais_des_partenaires(timestamptz, date) IS
    'Of the hand-overs received since then: sent, due by that day, answered, refused; medians in days of answer (from the delivery), first meeting and end (from the acceptance)';
GRANT EXECUTE ON FUNCTION pdp.partenaires_au(date) TO pdp_app, pdp_role_csam, pdp_role_responsable, pdp_role_partenaire;
GRANT EXECUTE ON FUNCTION pdp.delais_des_partenaires(timestamptz, date) TO pdp_app, pdp_role_csam, pdp_role_responsable, pdp_role_partenaire;
