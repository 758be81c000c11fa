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
    PRIMARY KEY (parcours, rang)
);
COMMENT ON TABLE evaluation.orientations_nouvelle IS 'Une ligne par orientation proposée vers un partenaire ; les délais se comptent depuis la détection';
COMMENT ON COLUMN evaluation.orientations_nouvelle.parcours IS 'Code du parcours';
COMMENT ON COLUMN evaluation.orientations_nouvelle.rang IS 'Rang de l''orientation dans le parcours';
COMMENT ON COLUMN evaluation.orientations_nouvelle.pseudonyme IS 'Code de la personne';
COMMENT ON COLUMN evaluation.orientations_nouvelle.plateforme IS 'Plateforme, ou « regroupe »';
COMMENT ON COLUMN evaluation.orientations_nouvelle.dispositif IS 'service_social, spst, cap_emploi ou psychologue';
COMMENT ON COLUMN evaluation.orientations_nouvelle.statut IS 'Statut à l''extraction';
COMMENT ON COLUMN evaluation.orientations_nouvelle.proposee_jours IS 'Délai de la détection à la proposition, en jours';
COMMENT ON COLUMN evaluation.orientations_nouvelle.envoyee_jours IS 'Délai de la détection à la remise au partenaire, en jours ; vide = non remise';
COMMENT ON COLUMN evaluation.orientations_nouvelle.repondue_jours IS 'Délai de la détection à la dernière réponse, en jours ; vide = sans réponse';
COMMENT ON COLUMN evaluation.orientations_nouvelle.attente_jours IS 'De la remise à la réponse, ou à l''extraction sans réponse (censure), en jours';
GRANT SELECT ON evaluation.orientations_nouvelle TO pdp_role_evaluateur;

-- name: remplir
INSERT INTO evaluation.orientations_nouvelle
SELECT c.parcours, row_number() OVER (PARTITION BY c.parcours ORDER BY o.proposee_at, o.id), c.pseudonyme, c.plateforme, o.dispositif, o.statut,
       (o.proposee_at AT TIME ZONE c.fuseau)::date - c.detection_le, x.envoyee - c.detection_le, x.repondue - c.detection_le,
       coalesce(x.repondue, :jour) - x.envoyee
FROM pg_temp.cohorte_parcours c
JOIN pdp.orientation o ON o.parcours_id = c.parcours_id AND o.saisie_par_erreur_at IS NULL
CROSS JOIN LATERAL (
    SELECT (o.envoyee_at AT TIME ZONE c.fuseau)::date AS envoyee, (o.repondue_at AT TIME ZONE c.fuseau)::date AS repondue
) x;

-- name: lire
SELECT * FROM evaluation.orientations_nouvelle ORDER BY parcours, rang;

-- name: basculer
DROP TABLE IF EXISTS evaluation.orientations;
ALTER TABLE evaluation.orientations_nouvelle RENAME TO orientations;
