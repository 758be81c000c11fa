-- name: lister
-- One row per person followed by a coordinator, with all open reasons; earliest deadline first, then priority, then oldest. Closed parcours stay while a follow-up is due.
SELECT p.id, p.statut, p.priorite, p.signalement_id, s.nom, s.prenom, s.date_naissance, e.debut AS arret_debut, e.fin AS arret_fin,
    t.taches, c.sans_reponse AS essais, c.dernier_resultat, c.dernier_at, te.id AS entretien_id, te.debut_at AS entretien_debut_at,
    te.fin_at AS entretien_fin_at, si.motif AS silence_motif, si.au AS silence_au, EXISTS (SELECT 1 FROM pdp.outbox o WHERE o.parcours_id = p.id AND o.etat IN ('rebut', 'incertain')) AS message_en_echec
FROM pdp.parcours p
JOIN identite.assure s ON s.id = p.assure_id
LEFT JOIN LATERAL (
    SELECT debut, fin FROM pdp.episode WHERE assure_id = p.assure_id AND etat = 'courant' ORDER BY debut DESC LIMIT 1
) e ON true
LEFT JOIN LATERAL (
    SELECT min(echeance_at) AS premiere,
        jsonb_agg(jsonb_build_object('id', id, 'motif', motif, 'balle', balle, 'echeance_at', echeance_at, 'note', note, 'origine', origine)
            ORDER BY echeance_at, ouverte_at, id) AS taches
    FROM pdp.tache WHERE parcours_id = p.id AND fermee_at IS NULL
) t ON true
LEFT JOIN LATERAL (
    SELECT (array_agg(resultat ORDER BY survenu_at DESC))[1] AS dernier_resultat, max(survenu_at) AS dernier_at,
        count(*) FILTER (WHERE resultat IN ('messagerie', 'non_reponse', 'tiers') AND survenu_at > coalesce(joint_at, '-infinity')) AS sans_reponse
    FROM (SELECT resultat, survenu_at, max(survenu_at) FILTER (WHERE resultat IN ('joint', 'joint_rappel_demande')) OVER () AS joint_at
        FROM pdp.contact WHERE parcours_id = p.id AND saisie_par_erreur_at IS NULL) x
) c ON true
LEFT JOIN LATERAL (
    SELECT id, debut_at, fin_at FROM pdp.tele_echange WHERE parcours_id = p.id AND statut IN ('planifie', 'confirme') LIMIT 1
) te ON true
LEFT JOIN LATERAL pdp.silence_du_jour(p.assure_id, :jour) si ON true
WHERE p.csam_id = :csam AND (p.clos_at IS NULL OR t.premiere IS NOT NULL)
ORDER BY t.premiere NULLS LAST, p.priorite DESC, p.decide_at, p.id;

-- name: lister_pourquoi
-- Why these people were signalled: the sentences of the rules that fired, and who decided to open the parcours.
SELECT g.id AS signalement_id, g.palier, g.survenu_le, g.mode_decision, g.motif_decision, r.libelle AS regle_libelle, v.version AS dol_version,
    a.prenom AS decideur_prenom, a.nom AS decideur_nom,
    (SELECT jsonb_agg(jsonb_build_object('libelle', m.libelle, 'regle', m.regle, 'regle_version', m.regle_version, 'parametre_id', m.parametre_id)
        ORDER BY m.points DESC, m.regle) FROM pdp.signalement_motif m WHERE m.signalement_id = g.id) AS motifs
FROM pdp.signalement g
LEFT JOIN pdp.dol_regle r ON r.id = g.dol_regle_id
LEFT JOIN pdp.dol_version v ON v.id = g.dol_version_id
LEFT JOIN pdp.agent a ON a.id = g.decide_par
WHERE g.id = ANY (cast(:signalements AS uuid[]));

-- name: lister_fait
-- What this coordinator closed since an instant, latest first; one line per person and reason.
SELECT p.id AS parcours_id, s.nom, s.prenom, t.motif, max(t.fermee_at) AS fermee_at
FROM pdp.tache t
JOIN pdp.parcours p ON p.id = t.parcours_id
JOIN identite.assure s ON s.id = p.assure_id
WHERE t.fermee_par = :agent AND t.fermee_at >= :depuis
GROUP BY p.id, s.nom, s.prenom, t.motif
ORDER BY max(t.fermee_at) DESC, p.id, t.motif
LIMIT 100;

-- name: lire_fraicheur
-- Last prescriptions received, and last detection ended.
SELECT (SELECT max(recu_at) FROM pdp.flux_fichier WHERE flux = 'arrets_prescrits' AND etat = 'charge') AS recu_at,
    (SELECT max(fin_at) FROM pdp.passage WHERE dag = 'pdp_detection') AS detection_at;

-- name: chercher
-- A person by exact name and birth date: both are needed, so that the search cannot be used to browse.
SELECT p.id AS parcours_id, p.csam_id, a.prenom AS csam_prenom, a.nom AS csam_nom
FROM identite.assure s
JOIN pdp.parcours p ON p.assure_id = s.id
LEFT JOIN pdp.agent a ON a.id = p.csam_id
WHERE s.date_naissance = :naissance
    AND translate(lower(s.nom), 'àâäçéèêëîïôöùûüÿ-''’', 'aaaceeeeiioouuuy   ') = translate(lower(:nom), 'àâäçéèêëîïôöùûüÿ-''’', 'aaaceeeeiioouuuy   ')
ORDER BY (p.clos_at IS NULL) DESC, p.decide_at DESC;
