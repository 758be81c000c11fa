-- name: creer
CREATE TABLE evaluation.orientations_nouvelle (
    parcours text NOT NULL,
    rang integer NOT NULL,
    pseudonyme text NOT NULL,
    plateforme text NOT NULL,
    dispositif text NOT NULL,
    statut text NOT NULL,
    proposee_jours integer NOT NULL,
    envoyee_jours integer,
    repondue_jours integer,
    attente_jours integer,
    accuse_jours integer,
    acceptation_jours integer,
    rendez_vous_jours integer,
    fin_jours integer,
    relances integer NOT NULL,
    questions integer NOT NULL,
    PRIMARY KEY (parcours, rang)
);
COMMENT ON TABLE evaluation.orientations_nouvelle IS 'Une ligne par orientation proposée vers un partenaire ; les délais se comptent depuis la détection';
COMMENT ON COLUMN evaluation.orientations_nouvelle.parcours IS 'Code du parcours';
COMMENT ON COLUMN evaluation.orientations_nouvelle.rang IS 'Rang de l''orientation dans le parcours';
COMMENT ON COLUMN evaluation.orientations_nouvelle.pseudonyme IS 'Code de la personne';
COMMENT ON COLUMN evaluation.orientations_nouvelle.plateforme IS 'Plateforme, ou « regroupe »';
COMMENT ON COLUMN evaluation.orientations_nouvelle.dispositif IS 'service_social, spst, cap_emploi, psychologue ou medecin_traitant';
COMMENT ON COLUMN evaluation.orientations_nouvelle.statut IS 'Statut à l''extraction';
COMMENT ON COLUMN evaluation.orientations_nouvelle.proposee_jours IS 'Délai de la détection à la proposition, en jours';
COMMENT ON COLUMN evaluation.orientations_nouvelle.envoyee_jours IS 'Délai de la détection à la remise au partenaire, en jours ; vide = non remise';
COMMENT ON COLUMN evaluation.orientations_nouvelle.repondue_jours IS 'Délai de la détection à la dernière réponse, en jours ; vide = sans réponse';
COMMENT ON COLUMN evaluation.orientations_nouvelle.attente_jours IS 'De la remise à la réponse, ou à l''extraction sans réponse (censure), en jours';
COMMENT ON COLUMN evaluation.orientations_nouvelle.accuse_jours IS 'De la remise au premier signe du partenaire, en jours ; vide = aucun';
COMMENT ON COLUMN evaluation.orientations_nouvelle.acceptation_jours IS 'De la remise à l''acceptation, en jours ; vide = pas acceptée';
COMMENT ON COLUMN evaluation.orientations_nouvelle.rendez_vous_jours IS 'De l''acceptation au dernier rendez-vous fixé, en jours ; vide = aucun rendez-vous, ou pas encore passé à l''extraction';
COMMENT ON COLUMN evaluation.orientations_nouvelle.fin_jours IS 'De la remise à la fin (terminée, refusée, sans suite, retirée, expirée), en jours ; vide = encore en cours';
COMMENT ON COLUMN evaluation.orientations_nouvelle.relances IS 'Nombre de relances du partenaire';
COMMENT ON COLUMN evaluation.orientations_nouvelle.questions IS 'Nombre de questions du partenaire, qui arrêtent son délai';
GRANT SELECT ON evaluation.orientations_nouvelle TO pdp_role_evaluateur;

-- name: remplir
INSERT INTO evaluation.orientations_nouvelle
SELECT c.parcours, row_number() OVER (PARTITION BY c.parcours ORDER BY o.proposee_at, o.id), c.pseudonyme, c.plateforme, o.dispositif, o.statut,
       (o.proposee_at AT TIME ZONE c.fuseau)::date - c.detection_le, x.envoyee - c.detection_le, x.repondue - c.detection_le,
       coalesce(x.repondue, :jour) - x.envoyee, x.accuse - x.envoyee, x.acceptee - x.envoyee,
       CASE WHEN x.rendez_vous <= :jour THEN x.rendez_vous - x.acceptee END, x.close - x.envoyee,
       (SELECT count(*) FROM pdp.orientation_relance r WHERE r.orientation_id = o.id AND r.retiree_at IS NULL AND r.nature <> 'appel'),
       (SELECT count(*) FROM pdp.echange_question q WHERE q.orientation_id = o.id AND q.retiree_at IS NULL AND q.par = 'partenaire')
FROM pg_temp.cohorte_parcours c
JOIN pdp.orientation o ON o.parcours_id = c.parcours_id AND o.saisie_par_erreur_at IS NULL
CROSS JOIN LATERAL (
    SELECT (o.envoyee_at AT TIME ZONE c.fuseau)::date AS envoyee, (o.repondue_at AT TIME ZONE c.fuseau)::date AS repondue,
        (coalesce(o.recue_at, o.acceptee_at) AT TIME ZONE c.fuseau)::date AS accuse, (o.acceptee_at AT TIME ZONE c.fuseau)::date AS acceptee,
        (o.rendez_vous_at AT TIME ZONE c.fuseau)::date AS rendez_vous, (o.close_at AT TIME ZONE c.fuseau)::date AS close
) x;

-- name: lire
SELECT * FROM evaluation.orientations_nouvelle ORDER BY parcours, rang;

-- name: basculer
DROP TABLE IF EXISTS evaluation.orientations;
ALTER TABLE evaluation.orientations_nouvelle RENAME TO orientations;
