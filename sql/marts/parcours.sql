-- name: creer
CREATE TABLE evaluation.parcours_nouvelle (
    parcours text PRIMARY KEY,
    pseudonyme text NOT NULL,
    plateforme text NOT NULL,
    mois_entree text NOT NULL,
    rang integer NOT NULL,
    palier integer NOT NULL,
    mode_decision text,
    statut text NOT NULL,
    detection_jour integer NOT NULL,
    decision_jours integer,
    affectation_jours integer,
    premier_contact_jours integer,
    joint_jours integer,
    tele_echange_jours integer,
    accord_jours integer,
    orientation_jours integer,
    reponse_jours integer,
    cloture_jours integer,
    suivi_jours integer NOT NULL,
    clos boolean NOT NULL,
    cloture_motif text,
    tele_echanges_passes integer NOT NULL,
    tele_echanges_manques integer NOT NULL,
    accord_demande boolean NOT NULL
);
COMMENT ON TABLE evaluation.parcours_nouvelle IS 'Une ligne par parcours. Les délais se comptent en jours depuis la détection, dans l''ordre détection, décision, affectation, premier contact, télé-échange, accord, orientation, réponse, clôture ; vide = étape non atteinte à l''extraction (donnée censurée à suivi_jours)';
COMMENT ON COLUMN evaluation.parcours_nouvelle.parcours IS 'Code du parcours, propre à l''étude';
COMMENT ON COLUMN evaluation.parcours_nouvelle.pseudonyme IS 'Code de la personne';
COMMENT ON COLUMN evaluation.parcours_nouvelle.plateforme IS 'Plateforme, ou « regroupe »';
COMMENT ON COLUMN evaluation.parcours_nouvelle.mois_entree IS 'Cohorte : mois du premier signalement de la personne (AAAA-MM)';
COMMENT ON COLUMN evaluation.parcours_nouvelle.rang IS 'Rang du parcours pour cette personne, 1 = premier';
COMMENT ON COLUMN evaluation.parcours_nouvelle.palier IS 'Seuil de durée d''absence franchi par le signalement, en jours';
COMMENT ON COLUMN evaluation.parcours_nouvelle.mode_decision IS 'mc (médecin-conseil), delegue (document d''orientation local) ou systeme';
COMMENT ON COLUMN evaluation.parcours_nouvelle.statut IS 'Statut à l''extraction';
COMMENT ON COLUMN evaluation.parcours_nouvelle.detection_jour IS 'Jour de la détection, en jours depuis J0, premier jour de l''absence';
COMMENT ON COLUMN evaluation.parcours_nouvelle.decision_jours IS 'Délai de la détection à la décision d''orientation, en jours';
COMMENT ON COLUMN evaluation.parcours_nouvelle.affectation_jours IS 'Délai de la détection à la première affectation à un CSAM, en jours';
COMMENT ON COLUMN evaluation.parcours_nouvelle.premier_contact_jours IS 'Délai de la détection à la première tentative de contact, en jours';
COMMENT ON COLUMN evaluation.parcours_nouvelle.joint_jours IS 'Délai de la détection au premier contact où la personne est jointe, en jours';
COMMENT ON COLUMN evaluation.parcours_nouvelle.tele_echange_jours IS 'Délai de la détection au premier télé-échange réalisé, même partiel, en jours';
COMMENT ON COLUMN evaluation.parcours_nouvelle.accord_jours IS 'Délai de la détection au premier accord donné, en jours';
COMMENT ON COLUMN evaluation.parcours_nouvelle.orientation_jours IS 'Délai de la détection à la première orientation remise à un partenaire, en jours';
COMMENT ON COLUMN evaluation.parcours_nouvelle.reponse_jours IS 'Délai de la détection à la première réponse d''un partenaire, en jours';
COMMENT ON COLUMN evaluation.parcours_nouvelle.cloture_jours IS 'Délai de la détection à la clôture, en jours';
COMMENT ON COLUMN evaluation.parcours_nouvelle.suivi_jours IS 'Durée observée : de la détection à la clôture, ou à l''extraction si le parcours est ouvert, en jours';
COMMENT ON COLUMN evaluation.parcours_nouvelle.clos IS 'Faux = parcours encore ouvert, donnée censurée à l''extraction';
COMMENT ON COLUMN evaluation.parcours_nouvelle.cloture_motif IS 'Motif de la clôture ; ce n''est pas la situation de la personne, voir la table issues';
COMMENT ON COLUMN evaluation.parcours_nouvelle.tele_echanges_passes IS 'Nombre de télé-échanges réalisés, partiels ou manqués';
COMMENT ON COLUMN evaluation.parcours_nouvelle.tele_echanges_manques IS 'Nombre de télé-échanges où la personne était absente';
COMMENT ON COLUMN evaluation.parcours_nouvelle.accord_demande IS 'Un accord au moins a été demandé, quelle que soit la réponse';
GRANT SELECT ON evaluation.parcours_nouvelle TO pdp_role_evaluateur;

-- name: remplir
WITH affectations AS (
    SELECT parcours_id, min(du) AS premiere FROM pdp.affectation GROUP BY parcours_id
), contacts AS (
    SELECT parcours_id, min(survenu_at) AS premier, min(survenu_at) FILTER (WHERE resultat IN ('joint', 'joint_rappel_demande')) AS joint
    FROM pdp.contact WHERE saisie_par_erreur_at IS NULL GROUP BY parcours_id
), echanges AS (
    SELECT parcours_id, min(debut_at) FILTER (WHERE statut IN ('realise', 'realise_partiel')) AS realise,
           count(*) FILTER (WHERE statut IN ('realise', 'realise_partiel', 'absent')) AS passes, count(*) FILTER (WHERE statut = 'absent') AS manques
    FROM pdp.tele_echange WHERE saisie_par_erreur_at IS NULL GROUP BY parcours_id
), accords AS (
    SELECT parcours_id, min(recueilli_at) FILTER (WHERE decision = 'accorde') AS accorde FROM pdp.accord WHERE saisie_par_erreur_at IS NULL GROUP BY parcours_id
), orientations AS (
    SELECT parcours_id, min(envoyee_at) AS envoyee, min(repondue_at) AS repondue FROM pdp.orientation WHERE saisie_par_erreur_at IS NULL GROUP BY parcours_id
)
INSERT INTO evaluation.parcours_nouvelle
SELECT c.parcours, c.pseudonyme, c.plateforme, c.mois_entree, c.rang, s.palier, s.mode_decision, p.statut, c.detection_le - c.j0,
       (p.decide_at AT TIME ZONE c.fuseau)::date - c.detection_le,
       (a.premiere AT TIME ZONE c.fuseau)::date - c.detection_le,
       (k.premier AT TIME ZONE c.fuseau)::date - c.detection_le,
       (k.joint AT TIME ZONE c.fuseau)::date - c.detection_le,
       (t.realise AT TIME ZONE c.fuseau)::date - c.detection_le,
       (r.accorde AT TIME ZONE c.fuseau)::date - c.detection_le,
       (o.envoyee AT TIME ZONE c.fuseau)::date - c.detection_le,
       (o.repondue AT TIME ZONE c.fuseau)::date - c.detection_le,
       (p.clos_at AT TIME ZONE c.fuseau)::date - c.detection_le,
       coalesce((p.clos_at AT TIME ZONE c.fuseau)::date, :jour) - c.detection_le,
       p.clos_at IS NOT NULL, p.cloture_motif, coalesce(t.passes, 0), coalesce(t.manques, 0), r.parcours_id IS NOT NULL
FROM pg_temp.cohorte_parcours c
JOIN pdp.parcours p ON p.id = c.parcours_id
JOIN pdp.signalement s ON s.id = p.signalement_id
LEFT JOIN affectations a ON a.parcours_id = p.id
LEFT JOIN contacts k ON k.parcours_id = p.id
LEFT JOIN echanges t ON t.parcours_id = p.id
LEFT JOIN accords r ON r.parcours_id = p.id
LEFT JOIN orientations o ON o.parcours_id = p.id;

-- name: lire
SELECT * FROM evaluation.parcours_nouvelle ORDER BY parcours;

-- name: basculer
DROP TABLE IF EXISTS evaluation.parcours;
ALTER TABLE evaluation.parcours_nouvelle RENAME TO parcours;
