-- Clocks of a hand-over: which step, who has the ball, until when; questions that stop them; reminders that were made.

ALTER TABLE pdp.orientation
    ADD COLUMN etape text CHECK (etape IN ('accuse', 'acceptation', 'rendez_vous', 'nouvelles', 'close')),
    ADD COLUMN balle text CHECK (balle IN ('partenaire', 'csam', 'assure')),
    ADD COLUMN echeance_at timestamptz,
    ADD COLUMN arretee boolean NOT NULL DEFAULT false,
    ADD COLUMN relances integer NOT NULL DEFAULT 0,
    ADD COLUMN a_revoir_at timestamptz DEFAULT 'epoch',
    ADD COLUMN recue_at timestamptz,
    ADD COLUMN acceptee_at timestamptz,
    ADD COLUMN rendez_vous_at timestamptz,
    ADD COLUMN rendez_vous_manque_at timestamptz,
    ADD COLUMN nouvelles_at timestamptz,
    ADD COLUMN close_at timestamptz;
COMMENT ON COLUMN pdp.orientation.etape IS 'Step of the clock (domain/horloge.py), a cache of the facts; NULL = not computed yet';
COMMENT ON COLUMN pdp.orientation.balle IS 'Who has the ball, a cache; NULL once over';
COMMENT ON COLUMN pdp.orientation.echeance_at IS 'Deadline of whoever has the ball, a cache; NULL once over';
COMMENT ON COLUMN pdp.orientation.arretee IS 'The clock of the partner waits for our answer to its question, a cache';
COMMENT ON COLUMN pdp.orientation.relances IS 'Reminders made for this deadline, a cache';
COMMENT ON COLUMN pdp.orientation.a_revoir_at IS 'When the sweep has something to do of it: epoch = a fact changed, NULL = only a person moves it';
COMMENT ON COLUMN pdp.orientation.recue_at IS 'When the partner acknowledged it';
COMMENT ON COLUMN pdp.orientation.acceptee_at IS 'When the partner accepted it';
COMMENT ON COLUMN pdp.orientation.rendez_vous_at IS 'Instant of the last meeting set with the person';
COMMENT ON COLUMN pdp.orientation.rendez_vous_manque_at IS 'When told that the person did not come; NULL = held, to come, or set anew';
COMMENT ON COLUMN pdp.orientation.nouvelles_at IS 'Last news of the partner';
COMMENT ON COLUMN pdp.orientation.close_at IS 'When it ended, whoever ended it';
CREATE INDEX orientation_a_revoir ON pdp.orientation (plateforme_id, a_revoir_at) WHERE a_revoir_at IS NOT NULL;

-- What was answered before clocks existed. The owner sees rows for the length of this transaction only.
ALTER TABLE pdp.orientation DISABLE TRIGGER USER, NO FORCE ROW LEVEL SECURITY;
ALTER TABLE pdp.inbox NO FORCE ROW LEVEL SECURITY;
UPDATE pdp.orientation o SET
    recue_at = f.recue_at, acceptee_at = f.acceptee_at, nouvelles_at = f.nouvelles_at,
    a_revoir_at = CASE WHEN o.statut IN ('envoyee', 'recue', 'acceptee', 'en_cours') THEN o.a_revoir_at END,
    etape = CASE WHEN o.statut IN ('refusee', 'realisee', 'sans_suite', 'annulee', 'expiree') THEN 'close' END,
    close_at = CASE WHEN o.statut IN ('refusee', 'realisee', 'sans_suite', 'annulee', 'expiree') THEN o.repondue_at END
FROM (
    SELECT x.id,
        min(least(i.survenu_at, i.recu_at)) FILTER (WHERE i.statut = 'recue') AS recue_at,
        coalesce(min(least(i.survenu_at, i.recu_at)) FILTER (WHERE i.statut IN ('acceptee', 'en_cours', 'realisee', 'sans_suite')),
            CASE WHEN x.statut IN ('acceptee', 'en_cours', 'realisee', 'sans_suite') THEN x.repondue_at END) AS acceptee_at,
        max(least(i.survenu_at, i.recu_at)) FILTER (WHERE i.statut = 'en_cours') AS nouvelles_at
    FROM pdp.orientation x
    LEFT JOIN pdp.inbox i ON i.orientation_id = x.id AND i.partenaire_id = x.partenaire_id AND i.resultat IN ('appliquee', 'ancienne')
    GROUP BY x.id
) f
WHERE f.id = o.id;
ALTER TABLE pdp.orientation ENABLE TRIGGER USER, FORCE ROW LEVEL SECURITY;
ALTER TABLE pdp.inbox FORCE ROW LEVEL SECURITY;

-- Whoever changes a fact, by whatever service: the clock is to be read again, and an ended hand-over has none.
CREATE FUNCTION pdp.suivre_horloge() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.statut IN ('refusee', 'realisee', 'sans_suite', 'annulee', 'expiree') THEN
        NEW.etape := 'close';
        NEW.balle := NULL;
        NEW.echeance_at := NULL;
        NEW.arretee := false;
        NEW.a_revoir_at := NULL;
        NEW.close_at := coalesce(NEW.close_at, nullif(current_setting('pdp.instant', true), '')::timestamptz, clock_timestamp());
    ELSE
        NEW.a_revoir_at := 'epoch';
        NEW.close_at := NULL;
    END IF;
    RETURN NEW;
END $$;
COMMENT ON FUNCTION pdp.suivre_horloge() IS 'A fact of a hand-over changed: its clock is read again at once or by the next sweep';
CREATE TRIGGER suivre_horloge BEFORE INSERT OR UPDATE OF statut, partenaire_id, parcours_id, envoyee_at, recue_at, acceptee_at, rendez_vous_at,
    rendez_vous_manque_at, nouvelles_at ON pdp.orientation FOR EACH ROW EXECUTE FUNCTION pdp.suivre_horloge();

CREATE FUNCTION pdp.reprendre_horloges() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE pdp.orientation SET a_revoir_at = 'epoch'
    WHERE parcours_id = NEW.id AND statut IN ('envoyee', 'recue', 'acceptee', 'en_cours');
    RETURN NULL;
END $$;
COMMENT ON FUNCTION pdp.reprendre_horloges() IS 'A parcours open again: the clocks of what was left with its partners run again';
CREATE TRIGGER reprendre_horloges AFTER UPDATE OF clos_at ON pdp.parcours
    FOR EACH ROW WHEN (OLD.clos_at IS NOT NULL AND NEW.clos_at IS NULL) EXECUTE FUNCTION pdp.reprendre_horloges();

CREATE TABLE pdp.echange_question (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    orientation_id uuid NOT NULL,
    partenaire_id uuid NOT NULL,
    par text NOT NULL CHECK (par IN ('partenaire', 'csam')),
    texte text NOT NULL CHECK (length(texte) BETWEEN 1 AND 1000),
    posee_at timestamptz NOT NULL,
    posee_par uuid,
    inbox_id uuid UNIQUE,
    reponse text CHECK (length(reponse) BETWEEN 1 AND 1000),
    repondue_at timestamptz,
    repondue_par uuid,
    reponse_inbox_id uuid,
    retiree_at timestamptz,
    cle_saisie uuid UNIQUE,
    cle_reponse uuid UNIQUE,
    UNIQUE (plateforme_id, id),
    FOREIGN KEY (plateforme_id, orientation_id) REFERENCES pdp.orientation (plateforme_id, id),
    FOREIGN KEY (plateforme_id, partenaire_id) REFERENCES pdp.partenaire (plateforme_id, id),
    FOREIGN KEY (plateforme_id, posee_par) REFERENCES pdp.agent (plateforme_id, id),
    FOREIGN KEY (plateforme_id, repondue_par) REFERENCES pdp.agent (plateforme_id, id),
    FOREIGN KEY (inbox_id) REFERENCES pdp.inbox (id),
    FOREIGN KEY (reponse_inbox_id) REFERENCES pdp.inbox (id),
    CHECK ((par = 'csam') = (posee_par IS NOT NULL)),
    CHECK ((par = 'partenaire') = (inbox_id IS NOT NULL)),
    CHECK ((repondue_at IS NULL) = (reponse IS NULL))
);
COMMENT ON TABLE pdp.echange_question IS 'Questions between a partner and the CSAM about one hand-over: words about the organisation, nothing medical';
COMMENT ON COLUMN pdp.echange_question.id IS 'Opaque id';
COMMENT ON COLUMN pdp.echange_question.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.echange_question.orientation_id IS 'Hand-over';
COMMENT ON COLUMN pdp.echange_question.partenaire_id IS 'Partner who asks or is asked';
COMMENT ON COLUMN pdp.echange_question.par IS 'partenaire (its clock stops until the answer) or csam (the partner has its own deadline to answer)';
COMMENT ON COLUMN pdp.echange_question.texte IS 'Question';
COMMENT ON COLUMN pdp.echange_question.posee_at IS 'When asked';
COMMENT ON COLUMN pdp.echange_question.posee_par IS 'Agent who asked; NULL = the partner';
COMMENT ON COLUMN pdp.echange_question.inbox_id IS 'Word of the partner that asks; NULL = asked by an agent';
COMMENT ON COLUMN pdp.echange_question.reponse IS 'Answer; NULL = none yet';
COMMENT ON COLUMN pdp.echange_question.repondue_at IS 'When answered; NULL = open';
COMMENT ON COLUMN pdp.echange_question.repondue_par IS 'Agent who answered; NULL = the partner, or nobody yet';
COMMENT ON COLUMN pdp.echange_question.reponse_inbox_id IS 'Word of the partner that answers';
COMMENT ON COLUMN pdp.echange_question.retiree_at IS 'Taken back: asked in error; NULL = it counts';
COMMENT ON COLUMN pdp.echange_question.cle_saisie IS 'Key of the form that asked: a double click asks once';
COMMENT ON COLUMN pdp.echange_question.cle_reponse IS 'Key of the form that answered: a double click answers once';
CREATE INDEX ON pdp.echange_question (orientation_id);

CREATE TABLE pdp.orientation_relance (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    orientation_id uuid NOT NULL,
    etape text NOT NULL CHECK (etape IN ('accuse', 'acceptation', 'rendez_vous', 'nouvelles')),
    echeance_at timestamptz NOT NULL,
    rang integer NOT NULL CHECK (rang > 0),
    nature text NOT NULL CHECK (nature IN ('automatique', 'a_la_main', 'appel')),
    due_at timestamptz NOT NULL,
    faite_at timestamptz NOT NULL,
    retard_minutes integer NOT NULL CHECK (retard_minutes >= 0),
    messages integer NOT NULL DEFAULT 0,
    faite_par uuid,
    retiree_at timestamptz,
    FOREIGN KEY (plateforme_id, orientation_id) REFERENCES pdp.orientation (plateforme_id, id),
    FOREIGN KEY (plateforme_id, faite_par) REFERENCES pdp.agent (plateforme_id, id)
);
COMMENT ON TABLE pdp.orientation_relance IS 'Reminders made to a partner, each once per deadline and rank, with how late they were';
COMMENT ON COLUMN pdp.orientation_relance.id IS 'Opaque id';
COMMENT ON COLUMN pdp.orientation_relance.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.orientation_relance.orientation_id IS 'Hand-over';
COMMENT ON COLUMN pdp.orientation_relance.etape IS 'Step of the clock';
COMMENT ON COLUMN pdp.orientation_relance.echeance_at IS 'Deadline that was missed';
COMMENT ON COLUMN pdp.orientation_relance.rang IS 'Number of this reminder for this deadline';
COMMENT ON COLUMN pdp.orientation_relance.nature IS 'automatique, a_la_main (a coordinator asked for it), appel (no message any more: a coordinator is asked to call)';
COMMENT ON COLUMN pdp.orientation_relance.due_at IS 'When it was due';
COMMENT ON COLUMN pdp.orientation_relance.faite_at IS 'When it was made';
COMMENT ON COLUMN pdp.orientation_relance.retard_minutes IS 'How late the platform was';
COMMENT ON COLUMN pdp.orientation_relance.messages IS 'Messages written: the structure, then its colleagues; 0 = no address, a coordinator is asked to call';
COMMENT ON COLUMN pdp.orientation_relance.faite_par IS 'Coordinator who asked for it; NULL = the sweep';
COMMENT ON COLUMN pdp.orientation_relance.retiree_at IS 'Taken back before it left; NULL = it counts';
CREATE UNIQUE INDEX orientation_relance_une_fois ON pdp.orientation_relance (orientation_id, etape, echeance_at, rang) WHERE retiree_at IS NULL;

CREATE FUNCTION pdp.revoir_orientation() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE pdp.orientation SET a_revoir_at = 'epoch' WHERE id = NEW.orientation_id AND statut IN ('envoyee', 'recue', 'acceptee', 'en_cours');
    RETURN NULL;
END $$;
COMMENT ON FUNCTION pdp.revoir_orientation() IS 'A question or a reminder changed: the clock of its hand-over is read again';
CREATE TRIGGER revoir_orientation AFTER INSERT OR UPDATE ON pdp.echange_question FOR EACH ROW EXECUTE FUNCTION pdp.revoir_orientation();
CREATE TRIGGER revoir_orientation AFTER UPDATE ON pdp.orientation_relance FOR EACH ROW EXECUTE FUNCTION pdp.revoir_orientation();

DO $$
DECLARE
    nom text;
BEGIN
    FOREACH nom IN ARRAY ARRAY['echange_question', 'orientation_relance'] LOOP
        EXECUTE format('ALTER TABLE pdp.%I ENABLE ROW LEVEL SECURITY', nom);
        EXECUTE format('ALTER TABLE pdp.%I FORCE ROW LEVEL SECURITY', nom);
        EXECUTE format('CREATE POLICY lot ON pdp.%I TO pdp_app USING (true) WITH CHECK (true)', nom);
        EXECUTE format('CREATE TRIGGER exiger_auteur BEFORE INSERT OR UPDATE OR DELETE ON pdp.%I FOR EACH STATEMENT'
            ' EXECUTE FUNCTION securite.exiger_auteur()', nom);
    END LOOP;
END $$;
CREATE POLICY plateforme ON pdp.echange_question TO pdp_role_csam
    USING (plateforme_id = (SELECT securite.plateforme_courante())) WITH CHECK (plateforme_id = (SELECT securite.plateforme_courante()));
CREATE POLICY plateforme ON pdp.orientation_relance TO pdp_role_csam, pdp_role_responsable
    USING (plateforme_id = (SELECT securite.plateforme_courante())) WITH CHECK (plateforme_id = (SELECT securite.plateforme_courante()));
CREATE POLICY partenaire ON pdp.echange_question FOR SELECT TO pdp_role_partenaire
    USING (partenaire_id = (SELECT securite.partenaire_courant()) AND retiree_at IS NULL
        AND EXISTS (SELECT 1 FROM pdp.orientation o WHERE o.id = orientation_id));

GRANT SELECT, INSERT ON pdp.echange_question, pdp.orientation_relance TO pdp_app, pdp_role_csam;
GRANT UPDATE (reponse, repondue_at, repondue_par, cle_reponse, reponse_inbox_id, retiree_at) ON pdp.echange_question TO pdp_app;
GRANT UPDATE (reponse, repondue_at, repondue_par, cle_reponse, retiree_at) ON pdp.echange_question TO pdp_role_csam;
GRANT UPDATE (retiree_at) ON pdp.orientation_relance TO pdp_app, pdp_role_csam;
GRANT SELECT (id, plateforme_id, orientation_id, partenaire_id, par, texte, posee_at, inbox_id, reponse, repondue_at, reponse_inbox_id, retiree_at)
    ON pdp.echange_question TO pdp_role_partenaire;
GRANT SELECT ON pdp.orientation_relance TO pdp_role_responsable;
GRANT UPDATE (etape, balle, echeance_at, arretee, relances, a_revoir_at, reponse_attendue_le) ON pdp.orientation TO pdp_role_csam;
GRANT UPDATE (a_revoir_at) ON pdp.orientation TO pdp_role_medecin;
GRANT SELECT (etape, balle, echeance_at, arretee, relances, recue_at, acceptee_at, rendez_vous_at, rendez_vous_manque_at, nouvelles_at, close_at)
    ON pdp.orientation TO pdp_role_partenaire, pdp_role_responsable;
