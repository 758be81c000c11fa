-- name: creer
CREATE TABLE evaluation.issues_nouvelle (
    parcours text NOT NULL,
    jalon text NOT NULL,
    provenance text NOT NULL,
    pseudonyme text NOT NULL,
    plateforme text NOT NULL,
    situation text NOT NULL,
    survenue_mois integer,
    connue_mois integer,
    suivi_mois integer NOT NULL,
    PRIMARY KEY (parcours, jalon, provenance)
);
COMMENT ON TABLE evaluation.issues_nouvelle IS 'Situation déclarée et confirmée par quelqu''un, par parcours, jalon et provenance ; deux sources qui se contredisent restent côte à côte. Un parcours sans situation confirmée a une ligne « inconnu » : la fin des arrêts n''est jamais une reprise';
COMMENT ON COLUMN evaluation.issues_nouvelle.parcours IS 'Code du parcours';
COMMENT ON COLUMN evaluation.issues_nouvelle.jalon IS 'cloture, m6, m12, ou aucun quand rien n''est confirmé';
COMMENT ON COLUMN evaluation.issues_nouvelle.provenance IS 'declare_assure, partenaire, donnee_administrative, employeur, ou aucune';
COMMENT ON COLUMN evaluation.issues_nouvelle.pseudonyme IS 'Code de la personne';
COMMENT ON COLUMN evaluation.issues_nouvelle.plateforme IS 'Plateforme, ou « regroupe »';
COMMENT ON COLUMN evaluation.issues_nouvelle.situation IS 'Situation d''emploi confirmée ; inconnu est une issue à part entière, jamais retirée des dénominateurs';
COMMENT ON COLUMN evaluation.issues_nouvelle.survenue_mois IS 'Mois entiers de la détection à la date de la situation ; vide = date non connue';
COMMENT ON COLUMN evaluation.issues_nouvelle.connue_mois IS 'Mois entiers de la détection au jour où la plateforme l''a su';
COMMENT ON COLUMN evaluation.issues_nouvelle.suivi_mois IS 'Mois entiers de la détection à l''extraction : recul disponible';
GRANT SELECT ON evaluation.issues_nouvelle TO pdp_role_evaluateur;

-- name: remplir
INSERT INTO evaluation.issues_nouvelle
SELECT c.parcours, coalesce(i.jalon, 'aucun'), coalesce(i.provenance, 'aucune'), c.pseudonyme, c.plateforme, coalesce(i.situation, 'inconnu'),
       floor((i.survenu_le - c.detection_le) / 30.4375), floor(((i.connu_at AT TIME ZONE c.fuseau)::date - c.detection_le) / 30.4375),
       floor((cast(:jour AS date) - c.detection_le) / 30.4375)
FROM pg_temp.cohorte_parcours c
LEFT JOIN pdp.issue i ON i.parcours_id = c.parcours_id AND i.annule_at IS NULL;

-- name: lire
SELECT * FROM evaluation.issues_nouvelle ORDER BY parcours, jalon, provenance;

-- name: basculer
DROP TABLE IF EXISTS evaluation.issues;
ALTER TABLE evaluation.issues_nouvelle RENAME TO issues;
