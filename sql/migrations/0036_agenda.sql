-- Calendars of the coordinators, and what the insured decides alone through a link: the link, its acts, planned messages, calendar feeds.

-- 1. Working hours: a weekly pattern runs from its first day until the next one; without any, the hours of the platform.
CREATE TABLE pdp.semaine_type (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    numero integer GENERATED ALWAYS AS IDENTITY UNIQUE,
    plateforme_id text NOT NULL,
    agent_id uuid NOT NULL,
    du date NOT NULL,
    comme_plateforme boolean NOT NULL DEFAULT false,
    posee_par uuid NOT NULL,
    posee_at timestamptz NOT NULL,
    remplacee_at timestamptz,
    UNIQUE (plateforme_id, id),
    FOREIGN KEY (plateforme_id, agent_id) REFERENCES pdp.agent (plateforme_id, id),
    FOREIGN KEY (plateforme_id, posee_par) REFERENCES pdp.agent (plateforme_id, id)
);
COMMENT ON TABLE pdp.semaine_type IS 'Working week of an agent from a day on, until the next one; a row is replaced, never edited';
COMMENT ON COLUMN pdp.semaine_type.id IS 'Opaque id';
COMMENT ON COLUMN pdp.semaine_type.numero IS 'Integer twin of id, for the exclusion constraint of its ranges';
COMMENT ON COLUMN pdp.semaine_type.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.semaine_type.agent_id IS 'Agent';
COMMENT ON COLUMN pdp.semaine_type.du IS 'First day it counts';
COMMENT ON COLUMN pdp.semaine_type.comme_plateforme IS 'Back to the hours of the platform; it then has no range of its own';
COMMENT ON COLUMN pdp.semaine_type.posee_par IS 'Who wrote it: the agent or a manager';
COMMENT ON COLUMN pdp.semaine_type.posee_at IS 'When';
COMMENT ON COLUMN pdp.semaine_type.remplacee_at IS 'When another one with the same first day took its place';
CREATE UNIQUE INDEX semaine_type_une_par_jour ON pdp.semaine_type (agent_id, du) WHERE remplacee_at IS NULL;

CREATE TABLE pdp.plage_semaine (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    semaine_id uuid NOT NULL,
    semaine_numero integer NOT NULL,
    jour integer NOT NULL CHECK (jour BETWEEN 1 AND 6),
    debut_minutes integer NOT NULL CHECK (debut_minutes >= 0),
    fin_minutes integer NOT NULL CHECK (fin_minutes <= 1440),
    CHECK (debut_minutes < fin_minutes),
    FOREIGN KEY (plateforme_id, semaine_id) REFERENCES pdp.semaine_type (plateforme_id, id),
    FOREIGN KEY (semaine_numero) REFERENCES pdp.semaine_type (numero),
    CONSTRAINT plage_semaine_sans_recouvrement EXCLUDE USING gist (
        int4range(semaine_numero, semaine_numero, '[]') WITH &&, int4range(jour, jour, '[]') WITH &&, int4range(debut_minutes, fin_minutes) WITH &&
    )
);
COMMENT ON TABLE pdp.plage_semaine IS 'Working range of one weekday of a weekly pattern; a day without a row is not worked';
COMMENT ON COLUMN pdp.plage_semaine.id IS 'Opaque id';
COMMENT ON COLUMN pdp.plage_semaine.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.plage_semaine.semaine_id IS 'Weekly pattern';
COMMENT ON COLUMN pdp.plage_semaine.semaine_numero IS 'Integer twin of semaine_id';
COMMENT ON COLUMN pdp.plage_semaine.jour IS 'Weekday, 1 = Monday; never Sunday';
COMMENT ON COLUMN pdp.plage_semaine.debut_minutes IS 'Start, minutes since midnight on the clock of the platform';
COMMENT ON COLUMN pdp.plage_semaine.fin_minutes IS 'End, same unit, excluded';
CREATE INDEX ON pdp.plage_semaine (semaine_id);

CREATE TABLE pdp.plage_agent (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    agent_id uuid NOT NULL,
    genre text NOT NULL CHECK (genre IN ('fermee', 'ouverte')),
    jour date NOT NULL,
    debut_minutes integer NOT NULL CHECK (debut_minutes >= 0),
    fin_minutes integer NOT NULL CHECK (fin_minutes <= 1440),
    posee_par uuid NOT NULL,
    posee_at timestamptz NOT NULL,
    retiree_at timestamptz,
    retiree_par uuid,
    CHECK (debut_minutes < fin_minutes),
    CHECK ((retiree_at IS NULL) = (retiree_par IS NULL)),
    FOREIGN KEY (plateforme_id, agent_id) REFERENCES pdp.agent (plateforme_id, id),
    FOREIGN KEY (plateforme_id, posee_par) REFERENCES pdp.agent (plateforme_id, id),
    FOREIGN KEY (plateforme_id, retiree_par) REFERENCES pdp.agent (plateforme_id, id)
);
COMMENT ON TABLE pdp.plage_agent IS 'One day that differs from the weekly pattern: a range closed or opened; why is nobody''s business';
COMMENT ON COLUMN pdp.plage_agent.id IS 'Opaque id';
COMMENT ON COLUMN pdp.plage_agent.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.plage_agent.agent_id IS 'Agent';
COMMENT ON COLUMN pdp.plage_agent.genre IS 'fermee (no slot) or ouverte (slots beyond the pattern); closed wins';
COMMENT ON COLUMN pdp.plage_agent.jour IS 'Day, calendar of the platform';
COMMENT ON COLUMN pdp.plage_agent.debut_minutes IS 'Start, minutes since midnight on the clock of the platform';
COMMENT ON COLUMN pdp.plage_agent.fin_minutes IS 'End, same unit, excluded';
COMMENT ON COLUMN pdp.plage_agent.posee_par IS 'Who wrote it: the agent or a manager';
COMMENT ON COLUMN pdp.plage_agent.posee_at IS 'When';
COMMENT ON COLUMN pdp.plage_agent.retiree_at IS 'When taken back; NULL = it counts';
COMMENT ON COLUMN pdp.plage_agent.retiree_par IS 'Who took it back';
CREATE UNIQUE INDEX plage_agent_une_fois ON pdp.plage_agent (agent_id, jour, genre, debut_minutes, fin_minutes) WHERE retiree_at IS NULL;

-- 2. The link sent to the insured.
CREATE TABLE pdp.invitation (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    parcours_id uuid NOT NULL,
    invitee_par uuid,
    invitee_at timestamptz NOT NULL,
    expire_at timestamptz NOT NULL,
    relance_due_at timestamptz,
    relance_at timestamptz,
    essais integer NOT NULL DEFAULT 0,
    essais_max integer NOT NULL CHECK (essais_max > 0),
    bloquee_at timestamptz,
    acces_empreinte bytea CHECK (length(acces_empreinte) = 32),
    acces_expire_at timestamptz,
    repondue_at timestamptz,
    fermee_at timestamptz,
    fermee_motif text CHECK (fermee_motif IN ('expiree', 'remplacee', 'annulee', 'parcours_clos', 'silence', 'accord_retire', 'honoree')),
    UNIQUE (plateforme_id, id),
    CHECK (invitee_at < expire_at),
    CHECK ((fermee_at IS NULL) = (fermee_motif IS NULL)),
    CHECK ((acces_empreinte IS NULL) = (acces_expire_at IS NULL)),
    FOREIGN KEY (plateforme_id, parcours_id) REFERENCES pdp.parcours (plateforme_id, id),
    FOREIGN KEY (plateforme_id, invitee_par) REFERENCES pdp.agent (plateforme_id, id)
);
COMMENT ON TABLE pdp.invitation IS 'Link by which the insured chooses, moves or cancels an appointment; one open at a time for a parcours';
COMMENT ON COLUMN pdp.invitation.id IS 'Opaque id; the author of what is done through the link';
COMMENT ON COLUMN pdp.invitation.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.invitation.parcours_id IS 'Parcours, never shown';
COMMENT ON COLUMN pdp.invitation.invitee_par IS 'Who invited; NULL = by itself: with a confirmation, or because the insured asked for a new link';
COMMENT ON COLUMN pdp.invitation.invitee_at IS 'When';
COMMENT ON COLUMN pdp.invitation.expire_at IS 'End of the link; an appointment taken lets it live until its start';
COMMENT ON COLUMN pdp.invitation.relance_due_at IS 'When to remind once if unanswered; NULL = no reminder';
COMMENT ON COLUMN pdp.invitation.relance_at IS 'When that was settled, sent or not';
COMMENT ON COLUMN pdp.invitation.essais IS 'Wrong birth dates';
COMMENT ON COLUMN pdp.invitation.essais_max IS 'How many wrong ones lock the link (policy on the day of the invitation)';
COMMENT ON COLUMN pdp.invitation.bloquee_at IS 'When locked by too many wrong birth dates';
COMMENT ON COLUMN pdp.invitation.acces_empreinte IS 'SHA-256 of the cookie of who gave the right birth date';
COMMENT ON COLUMN pdp.invitation.acces_expire_at IS 'End of that cookie';
COMMENT ON COLUMN pdp.invitation.repondue_at IS 'First act of the insured through the link';
COMMENT ON COLUMN pdp.invitation.fermee_at IS 'When the link stopped';
COMMENT ON COLUMN pdp.invitation.fermee_motif IS 'Why';
CREATE UNIQUE INDEX invitation_une_ouverte ON pdp.invitation (parcours_id) WHERE fermee_at IS NULL;
CREATE INDEX ON pdp.invitation (plateforme_id, expire_at) WHERE fermee_at IS NULL;
CREATE INDEX ON pdp.invitation (parcours_id);

CREATE TABLE pdp.jeton_invitation (
    empreinte bytea PRIMARY KEY CHECK (length(empreinte) = 32),
    plateforme_id text NOT NULL,
    invitation_id uuid NOT NULL,
    cree_at timestamptz NOT NULL,
    FOREIGN KEY (plateforme_id, invitation_id) REFERENCES pdp.invitation (plateforme_id, id)
);
COMMENT ON TABLE pdp.jeton_invitation IS 'Random tokens of a link, by their hash only: each message carries its own, none can be read again';
COMMENT ON COLUMN pdp.jeton_invitation.empreinte IS 'SHA-256 of the token';
COMMENT ON COLUMN pdp.jeton_invitation.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.jeton_invitation.invitation_id IS 'Invitation it opens';
COMMENT ON COLUMN pdp.jeton_invitation.cree_at IS 'When made';
CREATE INDEX ON pdp.jeton_invitation (invitation_id);

CREATE TABLE pdp.geste_assure (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    rang bigint GENERATED ALWAYS AS IDENTITY,
    plateforme_id text NOT NULL,
    parcours_id uuid NOT NULL,
    invitation_id uuid NOT NULL,
    genre text NOT NULL CHECK (genre IN ('choisi', 'deplace', 'annule', 'rappelez_moi', 'nouveau_lien', 'bloque')),
    tele_echange_id uuid,
    survenu_at timestamptz NOT NULL,
    processed_at timestamptz,
    resultat text CHECK (resultat IN ('applique', 'sans_objet')),
    CHECK ((processed_at IS NULL) = (resultat IS NULL)),
    CHECK ((tele_echange_id IS NOT NULL) = (genre IN ('choisi', 'deplace', 'annule'))),
    FOREIGN KEY (plateforme_id, parcours_id) REFERENCES pdp.parcours (plateforme_id, id),
    FOREIGN KEY (plateforme_id, invitation_id) REFERENCES pdp.invitation (plateforme_id, id),
    FOREIGN KEY (plateforme_id, tele_echange_id) REFERENCES pdp.tele_echange (plateforme_id, id)
);
COMMENT ON TABLE pdp.geste_assure IS 'What the insured did through a link: the appointment is already moved, what follows (status, reasons, messages) is still to be done';
COMMENT ON COLUMN pdp.geste_assure.id IS 'Opaque id';
COMMENT ON COLUMN pdp.geste_assure.rang IS 'Order of the acts';
COMMENT ON COLUMN pdp.geste_assure.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.geste_assure.parcours_id IS 'Parcours';
COMMENT ON COLUMN pdp.geste_assure.invitation_id IS 'Link';
COMMENT ON COLUMN pdp.geste_assure.genre IS 'Slot chosen, moved, cancelled; « call me »; new link asked for; link locked by wrong birth dates';
COMMENT ON COLUMN pdp.geste_assure.tele_echange_id IS 'Appointment chosen or cancelled';
COMMENT ON COLUMN pdp.geste_assure.survenu_at IS 'When';
COMMENT ON COLUMN pdp.geste_assure.processed_at IS 'When what follows was done; NULL = to do';
COMMENT ON COLUMN pdp.geste_assure.resultat IS 'applique, or sans_objet when a person had already settled it';
CREATE UNIQUE INDEX geste_assure_un_en_attente ON pdp.geste_assure (invitation_id, genre)
    WHERE processed_at IS NULL AND genre IN ('rappelez_moi', 'nouveau_lien', 'bloque');
CREATE INDEX ON pdp.geste_assure (plateforme_id, rang) WHERE processed_at IS NULL;
CREATE INDEX ON pdp.geste_assure (parcours_id);

-- 3. Messages of an appointment, planned with it: a date is a row, and an outage loses nobody.
CREATE TABLE pdp.message_rendez_vous (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    parcours_id uuid NOT NULL,
    tele_echange_id uuid NOT NULL,
    genre text NOT NULL CHECK (genre IN ('confirmation', 'rappel_j2', 'rappel_j1', 'annulation', 'manque')),
    due_at timestamptz NOT NULL,
    trop_tard_at timestamptz NOT NULL,
    processed_at timestamptz,
    resultat text,
    retard_minutes integer,
    UNIQUE (tele_echange_id, genre),
    CHECK ((processed_at IS NULL) = (resultat IS NULL)),
    FOREIGN KEY (plateforme_id, parcours_id) REFERENCES pdp.parcours (plateforme_id, id),
    FOREIGN KEY (plateforme_id, tele_echange_id) REFERENCES pdp.tele_echange (plateforme_id, id)
);
COMMENT ON TABLE pdp.message_rendez_vous IS 'Message to write about an appointment, with its day; every fact is checked again when it is due';
COMMENT ON COLUMN pdp.message_rendez_vous.id IS 'Opaque id';
COMMENT ON COLUMN pdp.message_rendez_vous.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.message_rendez_vous.parcours_id IS 'Parcours';
COMMENT ON COLUMN pdp.message_rendez_vous.tele_echange_id IS 'Appointment';
COMMENT ON COLUMN pdp.message_rendez_vous.genre IS 'Confirmation, reminder, cancellation, no-show';
COMMENT ON COLUMN pdp.message_rendez_vous.due_at IS 'When to write it';
COMMENT ON COLUMN pdp.message_rendez_vous.trop_tard_at IS 'From then on it is dropped: a reminder after the appointment does harm';
COMMENT ON COLUMN pdp.message_rendez_vous.processed_at IS 'When settled; NULL = to do';
COMMENT ON COLUMN pdp.message_rendez_vous.resultat IS 'ecrit, trop_tard, sans_objet, or refuse: and the code of the refusal';
COMMENT ON COLUMN pdp.message_rendez_vous.retard_minutes IS 'How late it was settled';
CREATE INDEX ON pdp.message_rendez_vous (plateforme_id, due_at) WHERE processed_at IS NULL;

-- 4. Calendar feeds.
CREATE TABLE pdp.flux_agenda (
    empreinte bytea PRIMARY KEY CHECK (length(empreinte) = 32),
    plateforme_id text NOT NULL,
    agent_id uuid NOT NULL,
    cree_at timestamptz NOT NULL,
    revoque_at timestamptz,
    FOREIGN KEY (plateforme_id, agent_id) REFERENCES pdp.agent (plateforme_id, id)
);
COMMENT ON TABLE pdp.flux_agenda IS 'Secret address of the calendar of an agent, by its hash only; no name, no reason in what it shows';
COMMENT ON COLUMN pdp.flux_agenda.empreinte IS 'SHA-256 of the token of the address';
COMMENT ON COLUMN pdp.flux_agenda.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.flux_agenda.agent_id IS 'Agent';
COMMENT ON COLUMN pdp.flux_agenda.cree_at IS 'When made';
COMMENT ON COLUMN pdp.flux_agenda.revoque_at IS 'When it stopped';
CREATE UNIQUE INDEX flux_agenda_un_par_agent ON pdp.flux_agenda (agent_id) WHERE revoque_at IS NULL;

ALTER TABLE pdp.tele_echange ADD COLUMN ics_uid uuid NOT NULL DEFAULT gen_random_uuid(), ADD COLUMN ics_sequence integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN pdp.tele_echange.ics_uid IS 'Identity of the appointment in a calendar: an appointment moved keeps that of the one before';
COMMENT ON COLUMN pdp.tele_echange.ics_sequence IS 'How many times it was moved: calendars show the highest';

ALTER TABLE pdp.tache DROP CONSTRAINT tache_balle_check,
    ADD CONSTRAINT tache_balle_check CHECK (balle IN ('csam', 'assure', 'partenaire', 'medecin_conseil', 'responsable'));

-- 5. Row level security, and least grants.
DO $$
DECLARE
    nom text;
BEGIN
    FOREACH nom IN ARRAY ARRAY['semaine_type', 'plage_semaine', 'plage_agent', 'invitation', 'jeton_invitation', 'geste_assure', 'message_rendez_vous',
        'flux_agenda']
    LOOP
        EXECUTE format('ALTER TABLE pdp.%I ENABLE ROW LEVEL SECURITY', nom);
        EXECUTE format('ALTER TABLE pdp.%I FORCE ROW LEVEL SECURITY', nom);
        EXECUTE format('CREATE POLICY lot ON pdp.%I TO pdp_app USING (true) WITH CHECK (true)', nom);
        EXECUTE format(
            'CREATE POLICY plateforme ON pdp.%I TO %s USING (plateforme_id = (SELECT securite.plateforme_courante()))'
            ' WITH CHECK (plateforme_id = (SELECT securite.plateforme_courante()))', nom,
            CASE WHEN nom IN ('semaine_type', 'plage_semaine', 'plage_agent') THEN 'pdp_role_responsable' ELSE 'pdp_role_csam, pdp_role_responsable' END);
        EXECUTE format(
            'CREATE TRIGGER exiger_auteur BEFORE INSERT OR UPDATE OR DELETE ON pdp.%I'
            ' FOR EACH STATEMENT EXECUTE FUNCTION securite.exiger_auteur()', nom);
    END LOOP;
    -- a coordinator reads the hours of the team, and writes their own only
    FOREACH nom IN ARRAY ARRAY['semaine_type', 'plage_agent'] LOOP
        EXECUTE format('CREATE POLICY equipe ON pdp.%I FOR SELECT TO pdp_role_csam USING (plateforme_id = (SELECT securite.plateforme_courante()))', nom);
        EXECUTE format(
            'CREATE POLICY les_siennes ON pdp.%I TO pdp_role_csam'
            ' USING (plateforme_id = (SELECT securite.plateforme_courante()) AND agent_id = (SELECT securite.agent_courant()))'
            ' WITH CHECK (plateforme_id = (SELECT securite.plateforme_courante()) AND agent_id = (SELECT securite.agent_courant()))', nom);
    END LOOP;
END $$;
CREATE POLICY equipe ON pdp.plage_semaine FOR SELECT TO pdp_role_csam USING (plateforme_id = (SELECT securite.plateforme_courante()));
CREATE POLICY les_siennes ON pdp.plage_semaine FOR INSERT TO pdp_role_csam
    WITH CHECK (plateforme_id = (SELECT securite.plateforme_courante())
        AND EXISTS (SELECT 1 FROM pdp.semaine_type s WHERE s.id = semaine_id AND s.agent_id = (SELECT securite.agent_courant())));
DROP POLICY plateforme ON pdp.flux_agenda;
CREATE POLICY le_sien ON pdp.flux_agenda TO pdp_role_csam
    USING (plateforme_id = (SELECT securite.plateforme_courante()) AND agent_id = (SELECT securite.agent_courant()))
    WITH CHECK (plateforme_id = (SELECT securite.plateforme_courante()) AND agent_id = (SELECT securite.agent_courant()));

GRANT SELECT, INSERT ON pdp.semaine_type, pdp.plage_semaine, pdp.plage_agent TO pdp_role_csam, pdp_role_responsable, pdp_app;
GRANT UPDATE (remplacee_at) ON pdp.semaine_type TO pdp_role_csam, pdp_role_responsable, pdp_app;
GRANT UPDATE (retiree_at, retiree_par) ON pdp.plage_agent TO pdp_role_csam, pdp_role_responsable, pdp_app;
GRANT SELECT (id, plateforme_id, parcours_id, invitee_par, invitee_at, expire_at, relance_due_at, relance_at, essais, essais_max, bloquee_at, repondue_at,
    fermee_at, fermee_motif) ON pdp.invitation TO pdp_role_csam, pdp_role_responsable, pdp_app;
GRANT INSERT (id, plateforme_id, parcours_id, invitee_par, invitee_at, expire_at, relance_due_at, essais_max) ON pdp.invitation TO pdp_role_csam, pdp_app;
GRANT UPDATE (fermee_at, fermee_motif) ON pdp.invitation TO pdp_role_csam, pdp_app;
GRANT UPDATE (relance_at) ON pdp.invitation TO pdp_app;
GRANT INSERT ON pdp.jeton_invitation TO pdp_role_csam, pdp_app;
GRANT SELECT ON pdp.geste_assure TO pdp_role_csam, pdp_app;
GRANT UPDATE (processed_at, resultat) ON pdp.geste_assure TO pdp_role_csam, pdp_app;
GRANT SELECT, INSERT ON pdp.message_rendez_vous TO pdp_role_csam, pdp_app;
GRANT UPDATE (due_at, trop_tard_at, processed_at, resultat, retard_minutes) ON pdp.message_rendez_vous TO pdp_role_csam, pdp_app;
GRANT SELECT, INSERT ON pdp.flux_agenda TO pdp_role_csam;
GRANT UPDATE (revoque_at) ON pdp.flux_agenda TO pdp_role_csam;

-- 6. The role of the insured owns nothing and reads no table: it may call three functions, which believe the signed context only.
GRANT USAGE ON SCHEMA pdp, securite TO pdp_role_assure;
-- The owner is under row level security like everybody: within these functions, and there only, it reads what one link names.
CREATE FUNCTION pdp.lien(p_nom text) RETURNS uuid
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$ SELECT nullif(current_setting('pdp.lien_' || p_nom, true), '')::uuid $$;
COMMENT ON FUNCTION pdp.lien(text) IS 'What the link in use names (invitation, parcours, assure, csam), for the policies of the owner alone';

CREATE POLICY lien ON pdp.jeton_invitation FOR SELECT TO pdp_owner USING (empreinte = (SELECT decode(current_setting('pdp.lien_jeton', true), 'hex')));
CREATE POLICY lien ON pdp.invitation TO pdp_owner USING (id = (SELECT pdp.lien('invitation'))) WITH CHECK (id = (SELECT pdp.lien('invitation')));
CREATE POLICY lien ON pdp.geste_assure TO pdp_owner
    USING (invitation_id = (SELECT pdp.lien('invitation'))) WITH CHECK (invitation_id = (SELECT pdp.lien('invitation')));
CREATE POLICY lien ON pdp.parcours TO pdp_owner USING (id = (SELECT pdp.lien('parcours'))) WITH CHECK (id = (SELECT pdp.lien('parcours')));
CREATE POLICY lien ON pdp.accord FOR SELECT TO pdp_owner USING (parcours_id = (SELECT pdp.lien('parcours')));
CREATE POLICY lien ON identite.assure FOR SELECT TO pdp_owner USING (id = (SELECT pdp.lien('assure')));
CREATE POLICY lien ON pdp.mise_en_silence FOR SELECT TO pdp_owner USING (assure_id = (SELECT pdp.lien('assure')));
CREATE POLICY lien ON pdp.agent FOR SELECT TO pdp_owner USING (id = (SELECT pdp.lien('csam')));
CREATE POLICY lien ON pdp.absence_agent FOR SELECT TO pdp_owner USING (agent_id = (SELECT pdp.lien('csam')));
CREATE POLICY lien ON pdp.semaine_type FOR SELECT TO pdp_owner USING (agent_id = (SELECT pdp.lien('csam')));
CREATE POLICY lien ON pdp.plage_agent FOR SELECT TO pdp_owner USING (agent_id = (SELECT pdp.lien('csam')));
CREATE POLICY lien ON pdp.plage_semaine FOR SELECT TO pdp_owner USING (EXISTS (SELECT 1 FROM pdp.semaine_type s WHERE s.id = semaine_id));
CREATE POLICY lien_csam ON pdp.tele_echange FOR SELECT TO pdp_owner USING (csam_id = (SELECT pdp.lien('csam')));
CREATE POLICY lien ON pdp.tele_echange TO pdp_owner USING (parcours_id = (SELECT pdp.lien('parcours'))) WITH CHECK (parcours_id = (SELECT pdp.lien('parcours')));
CREATE POLICY lien ON pdp.flux_agenda FOR SELECT TO pdp_owner USING (empreinte = (SELECT decode(current_setting('pdp.lien_jeton', true), 'hex')));

CREATE FUNCTION pdp.trouver_lien(p_empreinte bytea) RETURNS TABLE (invitation_id uuid, plateforme_id text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('pdp.lien_jeton', encode(p_empreinte, 'hex'), true);
    RETURN QUERY SELECT j.invitation_id, j.plateforme_id FROM pdp.jeton_invitation j WHERE j.empreinte = p_empreinte;
    PERFORM set_config('pdp.lien_jeton', '', true);
END $$;
COMMENT ON FUNCTION pdp.trouver_lien(bytea) IS 'The invitation that a token opens, so that the portal signs the context of its holder; nothing else is told';

CREATE FUNCTION pdp.ouvrir_lien(p_maintenant timestamptz) RETURNS text
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
        OR (SELECT a.decision = 'refuse' OR a.retire_at IS NOT NULL FROM pdp.accord a WHERE a.parcours_id = p.id AND a.destinataire = 'accompagnement'
            AND a.saisie_par_erreur_at IS NULL ORDER BY a.recueilli_at DESC LIMIT 1)
    THEN
        RETURN 'ferme';
    END IF;
    IF i.expire_at <= p_maintenant OR i.fermee_at IS NOT NULL THEN RETURN 'expire'; END IF;
    RETURN CASE WHEN i.bloquee_at IS NOT NULL THEN 'bloque' ELSE 'ouvert' END;
END $$;
COMMENT ON FUNCTION pdp.ouvrir_lien(timestamptz) IS
    'State of the link of the verified context, every fact looked at again: inconnu, ferme (closed, silence, agreement withdrawn), expire, bloque, ouvert';

CREATE FUNCTION pdp.lire_lien(p_acces bytea, p_maintenant timestamptz, p_fin timestamptz)
RETURNS TABLE (etat text, identifie boolean, essais_restants integer, expire_at timestamptz, departement text, tele_echange_id uuid, debut_at timestamptz,
    fin_at timestamptz, canal text, statut text, ics_uid uuid, ics_sequence integer, agenda jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    ouverture text := pdp.ouvrir_lien(p_maintenant);
    i pdp.invitation;
    connu boolean;
    commune text;
BEGIN
    SELECT * INTO i FROM pdp.invitation v WHERE v.id = pdp.lien('invitation');
    connu := ouverture = 'ouvert' AND coalesce(i.acces_empreinte = p_acces AND i.acces_expire_at > p_maintenant, false);
    IF NOT connu THEN
        RETURN QUERY SELECT ouverture, false, i.essais_max - i.essais, i.expire_at, NULL::text, NULL::uuid, NULL::timestamptz, NULL::timestamptz, NULL::text,
            NULL::text, NULL::uuid, NULL::integer, NULL::jsonb;
        RETURN;
    END IF;
    SELECT a.commune_insee INTO commune FROM identite.assure a WHERE a.id = pdp.lien('assure');
    RETURN QUERY
    SELECT ouverture, true, i.essais_max - i.essais, i.expire_at, CASE WHEN commune LIKE '97%' THEN left(commune, 3) ELSE left(commune, 2) END,
        t.id, t.debut_at, t.fin_at, t.canal, t.statut, t.ics_uid, t.ics_sequence,
        jsonb_build_object(
            'absences', (SELECT coalesce(jsonb_agg(jsonb_build_array(b.du, b.au)), '[]') FROM pdp.absence_agent b
                WHERE b.agent_id = pdp.lien('csam') AND b.au >= p_maintenant::date - 1),
            'occupes', (SELECT coalesce(jsonb_agg(jsonb_build_array(o.debut_at, o.fin_at)), '[]') FROM pdp.tele_echange o
                WHERE o.csam_id = pdp.lien('csam') AND o.statut IN ('planifie', 'confirme', 'realise', 'realise_partiel')
                    AND o.fin_at > p_maintenant AND o.debut_at < p_fin),
            'semaines', (SELECT coalesce(jsonb_agg(jsonb_build_object('du', s.du, 'comme_plateforme', s.comme_plateforme, 'plages',
                    (SELECT coalesce(jsonb_agg(jsonb_build_array(g.jour, g.debut_minutes, g.fin_minutes)), '[]') FROM pdp.plage_semaine g WHERE g.semaine_id = s.id))
                    ORDER BY s.du), '[]')
                FROM pdp.semaine_type s WHERE s.agent_id = pdp.lien('csam') AND s.remplacee_at IS NULL),
            'plages', (SELECT coalesce(jsonb_agg(jsonb_build_array(x.genre, x.jour, x.debut_minutes, x.fin_minutes)), '[]') FROM pdp.plage_agent x
                WHERE x.agent_id = pdp.lien('csam') AND x.retiree_at IS NULL AND x.jour >= p_maintenant::date - 1)
        )
    FROM (SELECT 1) u
    LEFT JOIN pdp.tele_echange t ON t.parcours_id = pdp.lien('parcours') AND t.statut IN ('planifie', 'confirme') AND t.fin_at > p_maintenant;
END $$;
COMMENT ON FUNCTION pdp.lire_lien(bytea, timestamptz, timestamptz) IS
    'What the holder of a link may see: its state; once the birth date was given, the appointment and the free and busy hours of the coordinator, no name';

CREATE FUNCTION pdp.identifier_lien(p_naissance date, p_acces bytea, p_acces_expire_at timestamptz, p_maintenant timestamptz) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    ouverture text := pdp.ouvrir_lien(p_maintenant);
    i pdp.invitation;
    juste boolean;
BEGIN
    IF ouverture <> 'ouvert' THEN RETURN ouverture; END IF;
    PERFORM 1 FROM pdp.parcours WHERE id = pdp.lien('parcours') FOR UPDATE;  -- first, as whoever acts on the case does
    SELECT * INTO i FROM pdp.invitation WHERE id = pdp.lien('invitation') FOR UPDATE;
    IF i.bloquee_at IS NOT NULL THEN RETURN 'bloque'; END IF;
    SELECT a.date_naissance = p_naissance INTO juste FROM identite.assure a WHERE a.id = pdp.lien('assure');
    IF coalesce(juste, false) THEN
        UPDATE pdp.invitation SET acces_empreinte = p_acces, acces_expire_at = p_acces_expire_at WHERE id = i.id;
        RETURN 'ok';
    END IF;
    UPDATE pdp.invitation SET essais = essais + 1, bloquee_at = CASE WHEN i.essais + 1 >= i.essais_max THEN p_maintenant END WHERE id = i.id;
    IF i.essais + 1 < i.essais_max THEN RETURN 'faux'; END IF;
    INSERT INTO pdp.geste_assure (plateforme_id, parcours_id, invitation_id, genre, survenu_at)
    VALUES (i.plateforme_id, i.parcours_id, i.id, 'bloque', p_maintenant) ON CONFLICT DO NOTHING;
    PERFORM journal.consigner('lien_bloque', i.plateforme_id, pdp.lien('assure'), i.parcours_id, jsonb_build_object('invitation_id', i.id));
    RETURN 'bloque';
END $$;
COMMENT ON FUNCTION pdp.identifier_lien(date, bytea, timestamptz, timestamptz) IS
    'Light check before anything is shown: ok keeps the hash of the cookie, a wrong date is counted, too many lock the link and ask for a call';

CREATE FUNCTION pdp.decider_lien(p_acces bytea, p_geste text, p_debut timestamptz, p_fin timestamptz, p_canal text, p_au_plus_tot timestamptz,
    p_maintenant timestamptz) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    ouverture text := pdp.ouvrir_lien(p_maintenant);
    i pdp.invitation;
    avant pdp.tele_echange;
    nouveau uuid;
    jour date;
BEGIN
    IF p_geste = 'nouveau_lien' AND ouverture = 'expire' THEN
        INSERT INTO pdp.geste_assure (plateforme_id, parcours_id, invitation_id, genre, survenu_at)
        SELECT v.plateforme_id, v.parcours_id, v.id, 'nouveau_lien', p_maintenant FROM pdp.invitation v WHERE v.id = pdp.lien('invitation')
        ON CONFLICT DO NOTHING;
        RETURN 'fait';
    END IF;
    IF ouverture <> 'ouvert' THEN RETURN ouverture; END IF;
    PERFORM 1 FROM pdp.parcours WHERE id = pdp.lien('parcours') FOR UPDATE;  -- first, as whoever acts on the case does
    SELECT * INTO i FROM pdp.invitation WHERE id = pdp.lien('invitation') FOR UPDATE;
    IF NOT coalesce(i.acces_empreinte = p_acces AND i.acces_expire_at > p_maintenant, false) THEN RETURN 'a_identifier'; END IF;
    ouverture := pdp.ouvrir_lien(p_maintenant);  -- again, now that the parcours is locked
    IF ouverture <> 'ouvert' THEN RETURN ouverture; END IF;
    SELECT * INTO avant FROM pdp.tele_echange WHERE parcours_id = i.parcours_id AND statut IN ('planifie', 'confirme') FOR UPDATE;
    IF p_geste = 'rappelez_moi' THEN
        INSERT INTO pdp.geste_assure (plateforme_id, parcours_id, invitation_id, genre, survenu_at)
        VALUES (i.plateforme_id, i.parcours_id, i.id, 'rappelez_moi', p_maintenant) ON CONFLICT DO NOTHING;
    ELSIF p_geste = 'annuler' THEN
        IF avant.id IS NULL THEN RETURN 'deja'; END IF;
        IF avant.debut_at <= p_maintenant THEN RETURN 'trop_tard'; END IF;
        UPDATE pdp.tele_echange SET statut = 'annule_assure', renseigne_at = p_maintenant WHERE id = avant.id;
        INSERT INTO pdp.geste_assure (plateforme_id, parcours_id, invitation_id, genre, tele_echange_id, survenu_at)
        VALUES (i.plateforme_id, i.parcours_id, i.id, 'annule', avant.id, p_maintenant);
        PERFORM journal.consigner('tele_echange_annule', i.plateforme_id, pdp.lien('assure'), i.parcours_id,
            jsonb_build_object('tele_echange_id', avant.id, 'statut', 'annule_assure'));
    ELSIF p_geste = 'choisir' THEN
        IF avant.debut_at = p_debut THEN RETURN 'deja'; END IF;
        IF avant.debut_at <= p_maintenant OR p_debut < p_au_plus_tot OR p_debut <= p_maintenant THEN RETURN 'trop_tard'; END IF;
        SELECT (p_debut AT TIME ZONE f.fuseau)::date INTO jour FROM pdp.plateforme f WHERE f.id = i.plateforme_id;
        IF p_fin <= p_debut OR p_fin > p_debut + interval '3 hours' OR EXISTS (SELECT 1 FROM pdp.silence_du_jour(pdp.lien('assure'), jour))
            OR EXISTS (SELECT 1 FROM pdp.absence_agent b WHERE b.agent_id = pdp.lien('csam') AND jour BETWEEN b.du AND b.au)
        THEN
            RETURN 'pris';
        END IF;
        BEGIN
            IF avant.id IS NOT NULL THEN
                UPDATE pdp.tele_echange SET statut = 'reporte', renseigne_at = p_maintenant WHERE id = avant.id;
            END IF;
            INSERT INTO pdp.tele_echange (plateforme_id, parcours_id, csam_id, csam_numero, debut_at, fin_at, canal, statut, planifie_at, ics_uid, ics_sequence)
            SELECT i.plateforme_id, i.parcours_id, g.id, g.numero, p_debut, p_fin, coalesce(avant.canal, p_canal), 'planifie', p_maintenant,
                coalesce(avant.ics_uid, gen_random_uuid()), coalesce(avant.ics_sequence + 1, 0)
            FROM pdp.agent g WHERE g.id = pdp.lien('csam')
            RETURNING id INTO nouveau;
        EXCEPTION WHEN exclusion_violation THEN
            RETURN 'pris';
        END;
        INSERT INTO pdp.geste_assure (plateforme_id, parcours_id, invitation_id, genre, tele_echange_id, survenu_at)
        VALUES (i.plateforme_id, i.parcours_id, i.id, CASE WHEN avant.id IS NULL THEN 'choisi' ELSE 'deplace' END, nouveau, p_maintenant);
        UPDATE pdp.invitation SET expire_at = greatest(expire_at, p_debut) WHERE id = i.id;
        PERFORM journal.consigner('tele_echange_choisi', i.plateforme_id, pdp.lien('assure'), i.parcours_id,
            jsonb_build_object('tele_echange_id', nouveau, 'debut_at', p_debut));
    ELSE
        RAISE EXCEPTION 'unknown_act' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    UPDATE pdp.invitation SET repondue_at = coalesce(repondue_at, p_maintenant) WHERE id = i.id;
    RETURN 'fait';
END $$;
COMMENT ON FUNCTION pdp.decider_lien(bytea, text, timestamptz, timestamptz, text, timestamptz, timestamptz) IS
    'What the holder of a link decides (choisir, annuler, rappelez_moi, nouveau_lien): fait, deja, pris (the exclusion constraint decides), trop_tard, or the state of the link';

CREATE FUNCTION pdp.lire_flux_agenda(p_empreinte bytea, p_depuis timestamptz)
RETURNS TABLE (plateforme_id text, ics_uid uuid, ics_sequence integer, debut_at timestamptz, fin_at timestamptz, statut text, change_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    f pdp.flux_agenda;
BEGIN
    PERFORM set_config('pdp.lien_jeton', encode(p_empreinte, 'hex'), true);
    SELECT * INTO f FROM pdp.flux_agenda x WHERE x.empreinte = p_empreinte AND x.revoque_at IS NULL;
    PERFORM set_config('pdp.lien_jeton', '', true), set_config('pdp.lien_csam', coalesce(f.agent_id::text, ''), true);
    IF f.agent_id IS NOT NULL THEN
        RETURN QUERY SELECT f.plateforme_id, NULL::uuid, NULL::integer, NULL::timestamptz, NULL::timestamptz, NULL::text, f.cree_at;
        RETURN QUERY
        SELECT DISTINCT ON (t.ics_uid) t.plateforme_id, t.ics_uid, t.ics_sequence, t.debut_at, t.fin_at, t.statut, coalesce(t.renseigne_at, t.planifie_at)
        FROM pdp.tele_echange t WHERE t.csam_id = f.agent_id AND t.debut_at >= p_depuis
        ORDER BY t.ics_uid, t.ics_sequence DESC, t.planifie_at DESC;
    END IF;
    PERFORM set_config('pdp.lien_csam', '', true);
END $$;
COMMENT ON FUNCTION pdp.lire_flux_agenda(bytea, timestamptz) IS
    'Busy hours of the agent whose feed it is, a first row for the feed itself; no row when the address is unknown or revoked';

REVOKE EXECUTE ON FUNCTION pdp.lien(text), pdp.trouver_lien(bytea), pdp.ouvrir_lien(timestamptz), pdp.lire_lien(bytea, timestamptz, timestamptz),
    pdp.identifier_lien(date, bytea, timestamptz, timestamptz),
    pdp.decider_lien(bytea, text, timestamptz, timestamptz, text, timestamptz, timestamptz), pdp.lire_flux_agenda(bytea, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pdp.trouver_lien(bytea), pdp.lire_flux_agenda(bytea, timestamptz) TO pdp_portail;
GRANT EXECUTE ON FUNCTION pdp.lire_lien(bytea, timestamptz, timestamptz), pdp.identifier_lien(date, bytea, timestamptz, timestamptz),
    pdp.decider_lien(bytea, text, timestamptz, timestamptz, text, timestamptz, timestamptz) TO pdp_role_assure;
