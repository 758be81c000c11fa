-- name: lire
-- Header of a case followed by this coordinator: person, absence, why this coordinator, appointment to come.
SELECT p.id, p.plateforme_id, p.assure_id, p.signalement_id, p.statut, p.csam_id, p.decide_at, p.clos_at, p.cloture_motif, p.version,
    s.nom, s.prenom, s.date_naissance, k.telephone, k.courriel, s.contact_prefere, s.contact_refus, s.langue, s.contrat,
    e.debut AS arret_debut, e.fin AS arret_fin, e.risque, e.motif_categorie, e.temps_partiel,
    f.motif AS affectation_motif, f.du AS affectation_du, f.retour_le AS affectation_retour_le, f.relais AS affectation_relais, t.id AS entretien_id, t.debut_at AS entretien_debut_at, t.fin_at AS entretien_fin_at,
    t.canal AS entretien_canal, g.telephone AS plateforme_telephone
FROM pdp.parcours p
JOIN identite.assure s ON s.id = p.assure_id
CROSS JOIN LATERAL identite.coordonnees(s.id) k
JOIN pdp.plateforme g ON g.id = p.plateforme_id
LEFT JOIN LATERAL (
    SELECT x.debut, x.fin, x.risque, x.motif_categorie, x.temps_partiel
    FROM pdp.episode x
    WHERE x.assure_id = p.assure_id
        AND (x.etat = 'courant'
            -- her facts left with her: the absence for which she was followed, as it was then
            OR p.cloture_motif = 'mutation_caisse' AND x.id = (SELECT g.episode_id FROM pdp.signalement g WHERE g.id = p.signalement_id))
    ORDER BY x.etat, x.debut DESC
    LIMIT 1
) e ON true
LEFT JOIN pdp.affectation f ON f.parcours_id = p.id AND f.au IS NULL
LEFT JOIN pdp.tele_echange t ON t.parcours_id = p.id AND t.statut IN ('planifie', 'confirme')
WHERE p.id = :parcours AND p.csam_id = :csam;

-- name: lister_taches
-- Open reasons, earliest first.
SELECT id, motif, balle, echeance_at, note, origine = 'manuelle' AS manuelle, attente_raison, attente_jusqu_au, attente_du_at, attente_cumul_jours, sujet
FROM pdp.tache
WHERE parcours_id = :parcours AND fermee_at IS NULL ORDER BY echeance_at, ouverte_at, id;

-- name: lister_contacts
-- Attempts, latest first, with who made them; those entered in error stay, marked.
SELECT c.id, c.survenu_at, c.canal, c.resultat, c.note, c.saisie_par_erreur_at, c.entrant, c.agent_id, a.prenom AS agent_prenom, a.nom AS agent_nom
FROM pdp.contact c JOIN pdp.agent a ON a.id = c.agent_id
WHERE c.parcours_id = :parcours ORDER BY c.survenu_at DESC, c.id;

-- name: lister_tele_echanges
-- Appointments, latest first, with the kind of contract that the person said.
SELECT id, debut_at, fin_at, canal, statut, synthese, renseigne_at, emploi ->> 'contrat' AS contrat_dit
FROM pdp.tele_echange WHERE parcours_id = :parcours AND saisie_par_erreur_at IS NULL ORDER BY debut_at DESC, id;

-- name: lister_accords
-- The last word of the person for each recipient.
SELECT DISTINCT ON (a.destinataire) a.id, a.destinataire, a.decision, a.modalite, a.texte_version, a.recueilli_at, a.expire_le, a.retire_at,
    a.retrait_canal, a.classes, a.classes_refusees, a.classes_retirees, n.nom AS partenaire_nom
FROM pdp.accord a LEFT JOIN pdp.partenaire n ON n.id = a.partenaire_id
WHERE a.parcours_id = :parcours AND a.saisie_par_erreur_at IS NULL ORDER BY a.destinataire, a.recueilli_at DESC, a.ordre DESC;

-- name: lister_orientations
-- Hand-overs, latest first, with the partner's answer and the state of the message.
SELECT o.id, o.partenaire_id, n.canal, o.dispositif, o.statut, o.motif, o.proposee_at, o.envoyee_at, o.repondue_at, o.reponse_attendue_le, o.refus_motif, o.compte_rendu,
    n.nom AS partenaire_nom, n.telephone AS partenaire_telephone,
    (SELECT x.etat FROM pdp.outbox x WHERE x.orientation_id = o.id AND x.type = 'orientation' ORDER BY x.cree_at DESC LIMIT 1) AS message_etat
FROM pdp.orientation o JOIN pdp.partenaire n ON n.id = o.partenaire_id
WHERE o.parcours_id = :parcours AND o.saisie_par_erreur_at IS NULL ORDER BY o.proposee_at DESC, o.id;

-- name: lire_soutien_psy
-- What came of the proposal of Mon soutien psy.
SELECT s.resultat, s.eligibilite, s.fenetre_au, s.enregistre_at, s.arrete_le, s.arret_motif FROM pdp.soutien_psy s WHERE s.parcours_id = :parcours AND s.saisie_par_erreur_at IS NULL;

-- name: lister_issues
-- Situations recorded, by milestone; contradictions stay side by side.
SELECT jalon, situation, survenu_le, provenance, decide_at FROM pdp.issue WHERE parcours_id = :parcours AND annule_at IS NULL ORDER BY decide_at DESC, id;

-- name: lister_evenements
-- The history of the person of a case, latest first, with the author of each event and, when its act was taken back, by whom.
SELECT v.id, v.survenu_at, v.evenement, v.donnees, v.auteur_type, v.parcours_id <> p.id AS autre_parcours, a.prenom AS agent_prenom, a.nom AS agent_nom,
    n.nom AS partenaire_nom, c.annule_at, c.erreur_motif, c.prenom AS annule_prenom, c.nom AS annule_nom
FROM pdp.parcours p
JOIN pdp.parcours q ON q.assure_id = p.assure_id
JOIN journal.evenement v ON v.parcours_id = q.id
LEFT JOIN pdp.agent a ON a.id = CASE v.auteur_type WHEN 'agent' THEN cast(v.auteur_id AS uuid) END -- the name of a service is no uuid
LEFT JOIN pdp.lien_partenaire w ON w.id = CASE v.auteur_role WHEN 'lien' THEN cast(v.auteur_id AS uuid) END -- through a link, the author is the link
LEFT JOIN pdp.partenaire n ON n.id = coalesce(w.partenaire_id, CASE v.auteur_type WHEN 'partenaire' THEN cast(v.auteur_id AS uuid) END)
LEFT JOIN LATERAL (
    SELECT x.annule_at, x.erreur_motif, g.prenom, g.nom
    FROM pdp.acte x JOIN pdp.agent g ON g.id = x.annule_par
    WHERE x.assure_id = p.assure_id AND x.annule_at IS NOT NULL AND v.id > x.evenement_avant AND v.id <= x.evenement_apres
        AND v.auteur_type = 'agent' AND v.auteur_id = x.agent_id::text
    ORDER BY x.rang LIMIT 1
) c ON true
WHERE p.id = :parcours
ORDER BY v.id DESC
LIMIT :limite;

-- name: lister_arrets
-- Absences of a person, latest first.
SELECT id, debut, fin FROM pdp.episode WHERE assure_id = :assure AND etat = 'courant' ORDER BY debut DESC, id;

-- name: lister_affectations
-- Who followed a case, when, by whose decision and why, latest first.
SELECT f.du, f.au, f.motif, f.retour_le, f.relais, f.note, a.prenom, a.nom, f.par_type, d.prenom AS par_prenom, d.nom AS par_nom
FROM pdp.affectation f
JOIN pdp.agent a ON a.id = f.csam_id
LEFT JOIN pdp.agent d ON f.par_type = 'agent' AND d.id::text = f.par_id
WHERE f.parcours_id = :parcours
ORDER BY f.du DESC, f.id;

-- name: lister_autres_parcours
-- Other cases of the same person, latest first.
SELECT q.id, q.statut, q.decide_at, q.clos_at, q.cloture_motif, a.prenom, a.nom, coalesce(q.csam_id = :csam, false) AS mien
FROM pdp.parcours p
JOIN pdp.parcours q ON q.assure_id = p.assure_id AND q.id <> p.id
LEFT JOIN pdp.agent a ON a.id = q.csam_id
WHERE p.id = :parcours AND q.cloture_motif IS DISTINCT FROM 'erreur'
ORDER BY q.decide_at DESC, q.id;

-- name: trouver_parcours
-- The case that a task, an attempt, an appointment, an agreement or a hand-over belongs to.
SELECT parcours_id FROM pdp.tache WHERE id = :piece
UNION ALL SELECT parcours_id FROM pdp.contact WHERE id = :piece
UNION ALL SELECT parcours_id FROM pdp.tele_echange WHERE id = :piece
UNION ALL SELECT parcours_id FROM pdp.accord WHERE id = :piece
UNION ALL SELECT parcours_id FROM pdp.orientation WHERE id = :piece;

-- name: est_suivi_par
-- Whether this coordinator follows this case.
SELECT 1 FROM pdp.parcours WHERE id = :parcours AND csam_id = :csam;

-- name: lire_tele_echange
-- One appointment of a case followed by this coordinator.
SELECT t.id, t.parcours_id, t.debut_at, t.fin_at, t.canal, t.statut, t.emploi, t.social, t.bilan, t.synthese, t.renseigne_at, s.nom, s.prenom,
    s.date_naissance, k.telephone, EXISTS (SELECT 1 FROM medical.sante_declaree m WHERE m.tele_echange_id = t.id) AS sante_recueillie
FROM pdp.tele_echange t
JOIN pdp.parcours p ON p.id = t.parcours_id
JOIN identite.assure s ON s.id = p.assure_id
CROSS JOIN LATERAL identite.coordonnees(s.id) k
WHERE t.id = :tele_echange AND p.csam_id = :csam;
