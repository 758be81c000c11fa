-- Acts of a person on a case: the case as it stands, what an act changed, and how each kind of row is put back.

-- name: trouver_personne
-- Person and platform of a parcours.
SELECT assure_id, plateforme_id, id AS parcours_id FROM pdp.parcours WHERE id = :parcours;

-- name: trouver_personne_de_la_piece
-- Person of a signalement, of an alert or of a medical follow-up, with her open parcours, or the one the alert speaks of.
SELECT x.assure_id, x.plateforme_id, coalesce(x.parcours_id, p.id) AS parcours_id
FROM (
    SELECT assure_id, plateforme_id, cast(NULL AS uuid) AS parcours_id FROM pdp.signalement WHERE id = :piece
    UNION ALL SELECT assure_id, plateforme_id, parcours_id FROM pdp.alerte WHERE id = :piece
    UNION ALL SELECT assure_id, plateforme_id, NULL FROM pdp.suivi_medical WHERE id = :piece
) x
LEFT JOIN pdp.parcours p ON p.assure_id = x.assure_id AND p.clos_at IS NULL;

-- name: verrouiller_personne
-- One act at a time for a person: her parcours first, as every act does, then herself for what happens before any parcours.
SELECT pg_advisory_xact_lock(hashtext('acte'), hashtext(cast(:assure AS text)))
FROM (SELECT count(*) FROM (SELECT 1 FROM pdp.parcours WHERE assure_id = :assure ORDER BY id FOR NO KEY UPDATE) AS lignes) AS verrou;

-- name: photographier
-- Every row of a person that an act may create or change: what could be changed of it, as codes and dates, no words.
SELECT 'parcours' AS table, p.id, jsonb_build_object('statut', p.statut, 'clos_at', p.clos_at, 'cloture_motif', p.cloture_motif, 'csam_id', p.csam_id,
    'dernier_evenement_at', p.dernier_evenement_at) AS valeurs
FROM pdp.parcours p WHERE p.assure_id = :assure
UNION ALL
SELECT 'tache', t.id, jsonb_build_object('echeance_at', t.echeance_at, 'balle', t.balle, 'fermee_at', t.fermee_at, 'fermee_par', t.fermee_par,
    'issue', t.issue, 'retard_jours', t.retard_jours, 'silence_id', t.silence_id, 'echeance_avant_at', t.echeance_avant_at,
    'attente_raison', t.attente_raison, 'attente_du_at', t.attente_du_at, 'attente_jusqu_au', t.attente_jusqu_au,
    'attente_cumul_jours', t.attente_cumul_jours)
FROM pdp.tache t JOIN pdp.parcours p ON p.id = t.parcours_id WHERE p.assure_id = :assure
UNION ALL
SELECT 'affectation', f.id, jsonb_build_object('csam_id', f.csam_id, 'au', f.au)
FROM pdp.affectation f JOIN pdp.parcours p ON p.id = f.parcours_id WHERE p.assure_id = :assure
UNION ALL
SELECT 'contact', c.id, jsonb_build_object('saisie_par_erreur_at', c.saisie_par_erreur_at)
FROM pdp.contact c JOIN pdp.parcours p ON p.id = c.parcours_id WHERE p.assure_id = :assure
UNION ALL
SELECT 'tele_echange', e.id, jsonb_build_object('statut', e.statut, 'csam_id', e.csam_id, 'debut_at', e.debut_at, 'renseigne_at', e.renseigne_at,
    'saisie_par_erreur_at', e.saisie_par_erreur_at)
FROM pdp.tele_echange e JOIN pdp.parcours p ON p.id = e.parcours_id WHERE p.assure_id = :assure
UNION ALL
SELECT 'sante_declaree', s.tele_echange_id, jsonb_build_object('recueilli_at', s.recueilli_at)
FROM medical.sante_declaree s JOIN pdp.tele_echange e ON e.id = s.tele_echange_id JOIN pdp.parcours p ON p.id = e.parcours_id
WHERE p.assure_id = :assure
UNION ALL
SELECT 'accord', a.id, jsonb_build_object('retire_at', a.retire_at, 'retrait_canal', a.retrait_canal, 'saisie_par_erreur_at', a.saisie_par_erreur_at,
    'classes_retirees', a.classes_retirees)
FROM pdp.accord a JOIN pdp.parcours p ON p.id = a.parcours_id WHERE p.assure_id = :assure
UNION ALL
SELECT 'accord_retrait', r.id, jsonb_build_object('saisie_par_erreur_at', r.saisie_par_erreur_at)
FROM pdp.accord_retrait r JOIN pdp.accord a ON a.id = r.accord_id JOIN pdp.parcours p ON p.id = a.parcours_id WHERE p.assure_id = :assure
UNION ALL
SELECT 'seance_psy', x.id, jsonb_build_object('saisie_par_erreur_at', x.saisie_par_erreur_at)
FROM pdp.seance_psy x JOIN pdp.parcours p ON p.id = x.parcours_id WHERE p.assure_id = :assure
UNION ALL
SELECT 'orientation', o.id, jsonb_build_object('statut', o.statut, 'repondue_at', o.repondue_at, 'saisie_par_erreur_at', o.saisie_par_erreur_at,
    'accord_id', o.accord_id, 'classes', o.classes)
FROM pdp.orientation o JOIN pdp.parcours p ON p.id = o.parcours_id WHERE p.assure_id = :assure
UNION ALL
SELECT 'outbox', x.id, jsonb_build_object('etat', x.etat, 'dernier_code', x.dernier_code, 'essais', x.essais)
FROM pdp.outbox x JOIN pdp.parcours p ON p.id = x.parcours_id WHERE p.assure_id = :assure
UNION ALL
SELECT 'soutien_psy', y.id, jsonb_build_object('resultat', y.resultat, 'eligibilite', y.eligibilite, 'fenetre_au', y.fenetre_au,
    'enregistre_par', y.enregistre_par, 'enregistre_at', y.enregistre_at, 'saisie_par_erreur_at', y.saisie_par_erreur_at,
    'arrete_le', y.arrete_le, 'arret_motif', y.arret_motif)
FROM pdp.soutien_psy y JOIN pdp.parcours p ON p.id = y.parcours_id WHERE p.assure_id = :assure
UNION ALL
SELECT 'issue', i.id, jsonb_build_object('annule_at', i.annule_at)
FROM pdp.issue i JOIN pdp.parcours p ON p.id = i.parcours_id WHERE p.assure_id = :assure
UNION ALL
SELECT 'silence', m.id, jsonb_build_object('courante', m.courante, 'levee_at', m.levee_at, 'levee_par', m.levee_par,
    'saisie_par_erreur_at', m.saisie_par_erreur_at)
FROM pdp.mise_en_silence m WHERE m.assure_id = :assure
UNION ALL
SELECT 'alerte', l.id, jsonb_build_object('decide_at', l.decide_at, 'decide_par', l.decide_par, 'decision', l.decision)
FROM pdp.alerte l WHERE l.assure_id = :assure
UNION ALL
SELECT 'verdict', v.id, jsonb_build_object('annule_at', v.annule_at)
FROM pdp.verdict_detection v JOIN pdp.signalement s ON s.id = v.signalement_id WHERE s.assure_id = :assure;

-- name: photographier_csam
-- What a coordinator alone writes: what the person said of how to reach her, links, planned messages, letters.
SELECT 'parole' AS table, d.id, jsonb_build_object('retiree_at', d.retiree_at) AS valeurs FROM pdp.preference_contact d WHERE d.assure_id = :assure
UNION ALL
SELECT 'coordonnee', c.id, jsonb_build_object('retiree_at', c.retiree_at) FROM identite.coordonnee_dite c WHERE c.assure_id = :assure
UNION ALL
SELECT 'question', q.id, jsonb_build_object('repondue_at', q.repondue_at, 'repondue_par', q.repondue_par, 'retiree_at', q.retiree_at)
FROM pdp.echange_question q JOIN pdp.orientation o ON o.id = q.orientation_id JOIN pdp.parcours p ON p.id = o.parcours_id WHERE p.assure_id = :assure
UNION ALL
SELECT 'relance', r.id, jsonb_build_object('retiree_at', r.retiree_at)
FROM pdp.orientation_relance r JOIN pdp.orientation o ON o.id = r.orientation_id JOIN pdp.parcours p ON p.id = o.parcours_id WHERE p.assure_id = :assure
UNION ALL
SELECT 'invitation', i.id, jsonb_build_object('fermee_at', i.fermee_at, 'fermee_motif', i.fermee_motif, 'repondue_at', i.repondue_at)
FROM pdp.invitation i JOIN pdp.parcours p ON p.id = i.parcours_id WHERE p.assure_id = :assure
UNION ALL
SELECT 'message_rendez_vous', m.id, jsonb_build_object('due_at', m.due_at, 'trop_tard_at', m.trop_tard_at, 'processed_at', m.processed_at,
    'resultat', m.resultat, 'retard_minutes', m.retard_minutes)
FROM pdp.message_rendez_vous m JOIN pdp.tele_echange e ON e.id = m.tele_echange_id JOIN pdp.parcours p ON p.id = e.parcours_id
WHERE p.assure_id = :assure
UNION ALL
SELECT 'courrier', x.id, jsonb_build_object('imprime_at', x.imprime_at, 'livre_at', x.livre_at)
FROM pdp.outbox x JOIN pdp.parcours p ON p.id = x.parcours_id WHERE p.assure_id = :assure AND x.canal = 'courrier';

-- name: photographier_medecin_conseil
-- What a médecin-conseil alone changes; the rule of a delegated file is there when there is one.
SELECT 'signalement' AS table, s.id, jsonb_build_object('statut', s.statut, 'mode_decision', s.mode_decision, 'decide_par', s.decide_par,
    'decide_at', s.decide_at, 'dol_version_id', s.dol_version_id, 'dol_regle_id', s.dol_regle_id) AS valeurs
FROM pdp.signalement s WHERE s.assure_id = :assure
UNION ALL
SELECT 'derogation', d.id, jsonb_build_object('annulee_at', d.annulee_at) FROM pdp.dol_derogation d WHERE d.assure_id = :assure
UNION ALL
SELECT 'suivi_medical', m.id, jsonb_build_object('echeance_at', m.echeance_at, 'reports', m.reports, 'clos_at', m.clos_at, 'clos_par', m.clos_par,
    'issue', m.issue, 'saisie_par_erreur_at', m.saisie_par_erreur_at)
FROM pdp.suivi_medical m WHERE m.assure_id = :assure;

-- name: photographier_responsable
-- What a manager may see and change: who has the case, and its open reasons without their notes.
SELECT 'parcours' AS table, p.id, jsonb_build_object('statut', p.statut, 'csam_id', p.csam_id, 'dernier_evenement_at', p.dernier_evenement_at) AS valeurs
FROM pdp.parcours p WHERE p.assure_id = :assure
UNION ALL
SELECT 'tache', t.id, jsonb_build_object('fermee_at', t.fermee_at, 'fermee_par', t.fermee_par, 'issue', t.issue, 'retard_jours', t.retard_jours)
FROM pdp.tache t JOIN pdp.parcours p ON p.id = t.parcours_id WHERE p.assure_id = :assure
UNION ALL
SELECT 'affectation', f.id, jsonb_build_object('csam_id', f.csam_id, 'au', f.au)
FROM pdp.affectation f JOIN pdp.parcours p ON p.id = f.parcours_id WHERE p.assure_id = :assure;

-- name: dernier_evenement
-- Last event of the parcours of a person.
SELECT coalesce(max(v.id), 0) FROM pdp.parcours p CROSS JOIN LATERAL (
    SELECT e.id FROM journal.evenement e WHERE e.parcours_id = p.id ORDER BY e.id DESC LIMIT 1) v
WHERE p.assure_id = :assure;

-- name: consigner
-- The act and what it changed.
INSERT INTO pdp.acte (plateforme_id, assure_id, parcours_id, agent_id, genre, fait_at, evenement_avant, evenement_apres, statut_avant, statut_apres, lignes)
VALUES (:plateforme, :assure, :parcours, :agent, :genre, :maintenant, :evenement_avant, :evenement_apres, :statut_avant, :statut_apres,
    cast(:lignes AS jsonb))
RETURNING id;

-- name: lire
-- One act of this agent.
SELECT id, rang, plateforme_id, assure_id, parcours_id, agent_id, genre, fait_at, evenement_apres, statut_avant, lignes, annule_at
FROM pdp.acte WHERE id = :acte AND agent_id = :agent;

-- name: trouver_suivant
-- The next act that stands on the same person, of whoever it is.
SELECT a.genre, a.fait_at, a.agent_id, g.prenom, g.nom
FROM pdp.acte a JOIN pdp.agent g ON g.id = a.agent_id
WHERE a.assure_id = :assure AND a.rang > :rang AND a.annule_at IS NULL AND a.genre <> ALL (cast(:independants AS text[]))
ORDER BY a.rang DESC LIMIT 1;

-- name: trouver_depuis
-- The first thing written on a case after an act, and by whom.
SELECT v.survenu_at, v.evenement, v.auteur_type, a.prenom, a.nom, n.nom AS partenaire_nom
FROM journal.evenement v
LEFT JOIN pdp.agent a ON a.id = CASE WHEN v.auteur_type = 'agent' THEN cast(v.auteur_id AS uuid) END
LEFT JOIN pdp.lien_partenaire w ON w.id = CASE WHEN v.auteur_role = 'lien' THEN cast(v.auteur_id AS uuid) END
LEFT JOIN pdp.partenaire n ON n.id = coalesce(w.partenaire_id, CASE WHEN v.auteur_type = 'partenaire' THEN cast(v.auteur_id AS uuid) END)
WHERE v.parcours_id = :parcours AND v.id > :evenement
ORDER BY v.id LIMIT 1;

-- name: lire_conseiller
-- Who follows a case, and since when.
SELECT p.csam_id, g.prenom, g.nom, f.du
FROM pdp.parcours p
LEFT JOIN pdp.agent g ON g.id = p.csam_id
LEFT JOIN pdp.affectation f ON f.parcours_id = p.id AND f.au IS NULL
WHERE p.id = :parcours;

-- name: marquer
-- Taken back, once.
UPDATE pdp.acte SET annule_at = :maintenant, annule_par = :agent, erreur_motif = :motif WHERE id = :acte AND annule_at IS NULL;

-- name: verser
-- Whoever saw the case before the undo is told that it changed.
UPDATE pdp.parcours SET version = version + 1 WHERE assure_id = :assure AND clos_at IS NULL OR id = cast(:parcours AS uuid);

-- name: rappeler_messages
-- Messages that nobody has tried to send; those that left give no row.
UPDATE pdp.outbox SET etat = 'rappele', dernier_code = 'saisie_annulee'
WHERE id = ANY (cast(:ids AS uuid[])) AND etat = 'a_envoyer' AND essais = 0
RETURNING plateforme_id, parcours_id, orientation_id, type;

-- name: compter_jamais_partis
-- Messages that were taken back before anybody tried to send them.
SELECT count(*) FROM pdp.outbox WHERE id = ANY (cast(:ids AS uuid[])) AND etat = 'rappele' AND essais = 0;

-- name: lister_ecrits_non_partis
-- Appointments whose messages the sweep wrote, none of which left or may have left.
SELECT DISTINCT m.tele_echange_id FROM pdp.message_rendez_vous m
WHERE m.id = ANY (cast(:ids AS uuid[])) AND m.resultat = 'ecrit' AND NOT EXISTS (
    SELECT 1 FROM pdp.outbox o WHERE o.parcours_id = m.parcours_id AND starts_with(o.cause, m.tele_echange_id || ':')
        AND (o.etat NOT IN ('a_envoyer', 'rappele') OR o.essais > 0 OR o.imprime_at IS NOT NULL));

-- name: remettre_a_ecrire
-- As the act left it.
UPDATE pdp.message_rendez_vous SET processed_at = NULL, resultat = NULL, retard_minutes = NULL
WHERE id = ANY (cast(:ids AS uuid[])) AND tele_echange_id = :tele_echange AND resultat = 'ecrit';

-- name: lien_de_confirmation
-- Whether the open link was made by itself with a confirmation since the act: nobody knows it.
SELECT EXISTS (SELECT 1 FROM pdp.invitation
    WHERE parcours_id = :parcours AND fermee_at IS NULL AND invitee_par IS NULL AND repondue_at IS NULL AND invitee_at >= :depuis);

-- name: rouvrir_liens
-- A link that a sweep stopped because the case was closed.
UPDATE pdp.invitation v SET fermee_at = NULL, fermee_motif = NULL
WHERE v.parcours_id = ANY (cast(:parcours AS uuid[])) AND v.fermee_motif = 'parcours_clos' AND v.fermee_at >= :depuis
    AND NOT EXISTS (SELECT 1 FROM pdp.invitation w WHERE w.parcours_id = v.parcours_id AND w.fermee_at IS NULL);

-- name: rendre_messages
-- Messages that a sweep found without object while the appointment was taken back.
UPDATE pdp.message_rendez_vous SET processed_at = NULL, resultat = NULL, retard_minutes = NULL
WHERE tele_echange_id = ANY (cast(:tele_echanges AS uuid[])) AND resultat = 'sans_objet' AND genre IN ('confirmation', 'rappel_j2', 'rappel_j1')
    AND processed_at >= :depuis;

-- name: retirer_alertes
-- Alerts that the act raised and nobody decided.
SELECT pdp.retirer_alertes(:acte, :maintenant);

-- name: lire_reponses
-- What was said in an appointment that this coordinator recorded.
SELECT e.id, e.parcours_id, e.emploi, e.social, e.bilan, e.synthese, s.reponses AS sante
FROM pdp.tele_echange e LEFT JOIN medical.sante_declaree s ON s.tele_echange_id = e.id
WHERE e.id = cast(:tele_echange AS uuid);

-- name: vider_tele_echange
-- To be held again: what had been written of it is not kept.
UPDATE pdp.tele_echange SET emploi = '{}', social = '{}', bilan = '{}', synthese = NULL
WHERE id = ANY (cast(:ids AS uuid[])) AND statut IN ('planifie', 'confirme');

-- name: lister
-- Own acts since the beginning of the window, latest first, with whether a later act of the same person's case still stands.
SELECT a.id, a.genre, a.fait_at, a.parcours_id, s.nom, s.prenom, a.annule_at, a.erreur_motif,
    coalesce(p.csam_id = a.agent_id, true) OR g.role <> 'csam' AS mien,
    a.genre <> ALL (cast(:independants AS text[])) AND EXISTS (
        SELECT 1 FROM pdp.acte b
        WHERE b.assure_id = a.assure_id AND b.rang > a.rang AND b.annule_at IS NULL AND b.genre <> ALL (cast(:independants AS text[]))
    ) AS suivie
FROM pdp.acte a
JOIN pdp.agent g ON g.id = a.agent_id
JOIN identite.assure s ON s.id = a.assure_id
LEFT JOIN pdp.parcours p ON p.id = a.parcours_id
WHERE a.agent_id = :agent AND a.fait_at >= :depuis AND (cast(:parcours AS uuid) IS NULL OR a.parcours_id = cast(:parcours AS uuid))
ORDER BY a.rang DESC
LIMIT :limite;

-- name: trouver_parcours
-- The case of an act of this agent.
SELECT p.id, coalesce(p.csam_id = a.agent_id, false) AS mien
FROM pdp.acte a JOIN pdp.parcours p ON p.id = a.parcours_id
WHERE a.id = :acte AND a.agent_id = :agent;
