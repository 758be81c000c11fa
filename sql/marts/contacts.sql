-- name: creer
CREATE TABLE evaluation.contacts_nouvelle (
    parcours text NOT NULL,
    canal text NOT NULL,
    resultat text NOT NULL,
    pseudonyme text NOT NULL,
    plateforme text NOT NULL,
    nombre integer NOT NULL,
    premier_jours integer NOT NULL,
    PRIMARY KEY (parcours, canal, resultat)
);
COMMENT ON TABLE evaluation.contacts_nouvelle IS 'Nombre de tentatives de contact par parcours, canal et résultat ; les saisies par erreur ne comptent pas';
COMMENT ON COLUMN evaluation.contacts_nouvelle.parcours IS 'Code du parcours';
COMMENT ON COLUMN evaluation.contacts_nouvelle.canal IS 'telephone, presentiel, visio ou ecrit (lettre, message, SMS)';
COMMENT ON COLUMN evaluation.contacts_nouvelle.resultat IS 'joint, sans_reponse, refus ou autre';
COMMENT ON COLUMN evaluation.contacts_nouvelle.pseudonyme IS 'Code de la personne';
COMMENT ON COLUMN evaluation.contacts_nouvelle.plateforme IS 'Plateforme, ou « regroupe »';
COMMENT ON COLUMN evaluation.contacts_nouvelle.nombre IS 'Nombre de tentatives';
COMMENT ON COLUMN evaluation.contacts_nouvelle.premier_jours IS 'Délai de la détection à la première de ces tentatives, en jours';
GRANT SELECT ON evaluation.contacts_nouvelle TO pdp_role_evaluateur;

-- name: remplir
INSERT INTO evaluation.contacts_nouvelle
SELECT c.parcours, x.canal, x.resultat, c.pseudonyme, c.plateforme, count(*), min((k.survenu_at AT TIME ZONE c.fuseau)::date - c.detection_le)
FROM pg_temp.cohorte_parcours c
JOIN pdp.contact k ON k.parcours_id = c.parcours_id AND k.saisie_par_erreur_at IS NULL
CROSS JOIN LATERAL (
    SELECT CASE WHEN k.canal IN ('telephone', 'presentiel', 'visio') THEN k.canal ELSE 'ecrit' END AS canal,
           CASE
               WHEN k.resultat IN ('joint', 'joint_rappel_demande') THEN 'joint'
               WHEN k.resultat IN ('messagerie', 'non_reponse', 'numero_faux') THEN 'sans_reponse'
               WHEN k.resultat = 'refus_echange' THEN 'refus'
               ELSE 'autre'
           END AS resultat
) x
GROUP BY c.parcours, x.canal, x.resultat, c.pseudonyme, c.plateforme;

-- name: lire
SELECT * FROM evaluation.contacts_nouvelle ORDER BY parcours, canal, resultat;

-- name: basculer
DROP TABLE IF EXISTS evaluation.contacts;
ALTER TABLE evaluation.contacts_nouvelle RENAME TO contacts;
