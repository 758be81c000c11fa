-- What an act changed, put back as it was photographed, one kind of row each.

-- name: remettre_parcours
-- As it was; the version only goes up.
UPDATE pdp.parcours t SET statut = a.statut, clos_at = a.clos_at, cloture_motif = a.cloture_motif, dernier_evenement_at = a.dernier_evenement_at
FROM jsonb_to_recordset(cast(:lignes AS jsonb)) AS a (id uuid, statut text, clos_at timestamptz, cloture_motif text, dernier_evenement_at timestamptz)
WHERE t.id = a.id;

-- name: remettre_parcours_responsable
-- In the hands it was in, as a manager may do.
UPDATE pdp.parcours t SET statut = a.statut, csam_id = a.csam_id, dernier_evenement_at = a.dernier_evenement_at
FROM jsonb_to_recordset(cast(:lignes AS jsonb)) AS a (id uuid, statut text, csam_id uuid, dernier_evenement_at timestamptz)
WHERE t.id = a.id;

-- name: remettre_tache
-- Open again, or back at its former deadline.
UPDATE pdp.tache t SET echeance_at = a.echeance_at, balle = a.balle, fermee_at = a.fermee_at, fermee_par = a.fermee_par, issue = a.issue,
    retard_jours = a.retard_jours, silence_id = a.silence_id, echeance_avant_at = a.echeance_avant_at
FROM jsonb_to_recordset(cast(:lignes AS jsonb)) AS a (id uuid, echeance_at timestamptz, balle text, fermee_at timestamptz, fermee_par text, issue text,
    retard_jours integer, silence_id uuid, echeance_avant_at timestamptz)
WHERE t.id = a.id;

-- name: remettre_attente
-- Waiting as it was: a coordinator's own.
UPDATE pdp.tache t SET attente_raison = a.attente_raison, attente_du_at = a.attente_du_at, attente_jusqu_au = a.attente_jusqu_au,
    attente_cumul_jours = a.attente_cumul_jours
FROM jsonb_to_recordset(cast(:lignes AS jsonb)) AS a (id uuid, attente_raison text, attente_du_at timestamptz, attente_jusqu_au date,
    attente_cumul_jours integer)
WHERE t.id = a.id;

-- name: remettre_tache_responsable
-- Open again, as a manager may do.
UPDATE pdp.tache t SET fermee_at = a.fermee_at, fermee_par = a.fermee_par, issue = a.issue, retard_jours = a.retard_jours
FROM jsonb_to_recordset(cast(:lignes AS jsonb)) AS a (id uuid, fermee_at timestamptz, fermee_par text, issue text, retard_jours integer)
WHERE t.id = a.id;

-- name: remettre_affectation
-- Still running.
UPDATE pdp.affectation t SET au = a.au
FROM jsonb_to_recordset(cast(:lignes AS jsonb)) AS a (id uuid, au timestamptz) WHERE t.id = a.id;

-- name: remettre_contact
-- An attempt again.
UPDATE pdp.contact t SET saisie_par_erreur_at = a.saisie_par_erreur_at
FROM jsonb_to_recordset(cast(:lignes AS jsonb)) AS a (id uuid, saisie_par_erreur_at timestamptz) WHERE t.id = a.id;

-- name: remettre_tele_echange
-- To be held again.
UPDATE pdp.tele_echange t SET statut = a.statut, renseigne_at = a.renseigne_at, saisie_par_erreur_at = a.saisie_par_erreur_at
FROM jsonb_to_recordset(cast(:lignes AS jsonb)) AS a (id uuid, statut text, renseigne_at timestamptz, saisie_par_erreur_at timestamptz)
WHERE t.id = a.id;

-- name: remettre_parole
-- Said again.
UPDATE pdp.preference_contact t SET retiree_at = a.retiree_at
FROM jsonb_to_recordset(cast(:lignes AS jsonb)) AS a (id uuid, retiree_at timestamptz) WHERE t.id = a.id;

-- name: remettre_coordonnee
-- Said again.
UPDATE identite.coordonnee_dite t SET retiree_at = a.retiree_at
FROM jsonb_to_recordset(cast(:lignes AS jsonb)) AS a (id uuid, retiree_at timestamptz) WHERE t.id = a.id;

-- name: remettre_invitation
-- Open again.
UPDATE pdp.invitation t SET fermee_at = a.fermee_at, fermee_motif = a.fermee_motif
FROM jsonb_to_recordset(cast(:lignes AS jsonb)) AS a (id uuid, fermee_at timestamptz, fermee_motif text) WHERE t.id = a.id;

-- name: remettre_message_rendez_vous
-- Due when it was.
UPDATE pdp.message_rendez_vous t SET due_at = a.due_at, trop_tard_at = a.trop_tard_at, processed_at = a.processed_at, resultat = a.resultat,
    retard_minutes = a.retard_minutes
FROM jsonb_to_recordset(cast(:lignes AS jsonb)) AS a (id uuid, due_at timestamptz, trop_tard_at timestamptz, processed_at timestamptz, resultat text,
    retard_minutes integer)
WHERE t.id = a.id;

-- name: remettre_courrier
-- Printed or posted as it was.
UPDATE pdp.outbox t SET imprime_at = a.imprime_at, livre_at = a.livre_at
FROM jsonb_to_recordset(cast(:lignes AS jsonb)) AS a (id uuid, imprime_at timestamptz, livre_at timestamptz) WHERE t.id = a.id;

-- name: remettre_accord
-- In force again.
UPDATE pdp.accord t SET retire_at = a.retire_at, retrait_canal = a.retrait_canal, saisie_par_erreur_at = a.saisie_par_erreur_at,
    classes_retirees = coalesce(a.classes_retirees, t.classes_retirees)
FROM jsonb_to_recordset(cast(:lignes AS jsonb)) AS a (id uuid, retire_at timestamptz, retrait_canal text, saisie_par_erreur_at timestamptz,
    classes_retirees text[])
WHERE t.id = a.id;

-- name: remettre_orientation
-- Active again.
UPDATE pdp.orientation t SET statut = a.statut, repondue_at = a.repondue_at, saisie_par_erreur_at = a.saisie_par_erreur_at,
    accord_id = coalesce(a.accord_id, t.accord_id)
FROM jsonb_to_recordset(cast(:lignes AS jsonb)) AS a (id uuid, statut text, repondue_at timestamptz, saisie_par_erreur_at timestamptz, accord_id uuid)
WHERE t.id = a.id;

-- name: remettre_question
-- Open again; the answer taken back is not kept.
UPDATE pdp.echange_question t SET repondue_at = a.repondue_at, repondue_par = a.repondue_par, retiree_at = a.retiree_at,
    reponse = CASE WHEN a.repondue_at IS NULL THEN NULL ELSE t.reponse END, cle_reponse = CASE WHEN a.repondue_at IS NULL THEN NULL ELSE t.cle_reponse END
FROM jsonb_to_recordset(cast(:lignes AS jsonb)) AS a (id uuid, repondue_at timestamptz, repondue_par uuid, retiree_at timestamptz)
WHERE t.id = a.id;

-- name: remettre_outbox
-- To leave again.
UPDATE pdp.outbox t SET etat = a.etat, dernier_code = a.dernier_code
FROM jsonb_to_recordset(cast(:lignes AS jsonb)) AS a (id uuid, etat text, dernier_code text) WHERE t.id = a.id;

-- name: remettre_seance_psy
-- It took place.
UPDATE pdp.seance_psy t SET saisie_par_erreur_at = a.saisie_par_erreur_at
FROM jsonb_to_recordset(cast(:lignes AS jsonb)) AS a (id uuid, saisie_par_erreur_at timestamptz) WHERE t.id = a.id;

-- name: remettre_soutien_psy
-- The former answer.
UPDATE pdp.soutien_psy t SET resultat = a.resultat, eligibilite = a.eligibilite, fenetre_au = a.fenetre_au, enregistre_par = a.enregistre_par,
    enregistre_at = a.enregistre_at, saisie_par_erreur_at = a.saisie_par_erreur_at, arrete_le = a.arrete_le, arret_motif = a.arret_motif
FROM jsonb_to_recordset(cast(:lignes AS jsonb)) AS a (id uuid, resultat text, eligibilite text, fenetre_au date, enregistre_par uuid,
    enregistre_at timestamptz, saisie_par_erreur_at timestamptz, arrete_le date, arret_motif text)
WHERE t.id = a.id;

-- name: remettre_issue
-- Stands again.
UPDATE pdp.issue t SET annule_at = a.annule_at
FROM jsonb_to_recordset(cast(:lignes AS jsonb)) AS a (id uuid, annule_at timestamptz) WHERE t.id = a.id;

-- name: remettre_silence
-- Runs again.
UPDATE pdp.mise_en_silence t SET courante = a.courante, levee_at = a.levee_at, levee_par = a.levee_par, saisie_par_erreur_at = a.saisie_par_erreur_at
FROM jsonb_to_recordset(cast(:lignes AS jsonb)) AS a (id uuid, courante boolean, levee_at timestamptz, levee_par uuid, saisie_par_erreur_at timestamptz)
WHERE t.id = a.id;

-- name: remettre_alerte
-- To be decided again.
UPDATE pdp.alerte t SET decide_at = a.decide_at, decide_par = a.decide_par, decision = a.decision, decision_note = NULL
FROM jsonb_to_recordset(cast(:lignes AS jsonb)) AS a (id uuid, decide_at timestamptz, decide_par uuid, decision text) WHERE t.id = a.id;

-- name: remettre_verdict
-- Holds again.
UPDATE pdp.verdict_detection t SET annule_at = a.annule_at
FROM jsonb_to_recordset(cast(:lignes AS jsonb)) AS a (id uuid, annule_at timestamptz) WHERE t.id = a.id;

-- name: remettre_signalement
-- Waits for the tri again, or as the rule of the delegation had decided.
UPDATE pdp.signalement t SET statut = a.statut, mode_decision = a.mode_decision, decide_par = a.decide_par, decide_at = a.decide_at,
    motif_decision = (SELECT r.libelle FROM pdp.dol_regle r WHERE r.id = a.dol_regle_id),
    dol_version_id = a.dol_version_id, dol_regle_id = a.dol_regle_id
FROM jsonb_to_recordset(cast(:lignes AS jsonb)) AS a (id uuid, statut text, mode_decision text, decide_par uuid, decide_at timestamptz,
    dol_version_id uuid, dol_regle_id uuid)
WHERE t.id = a.id;

-- name: remettre_suivi_medical
-- Open again, or due when it was.
UPDATE pdp.suivi_medical t SET echeance_at = a.echeance_at, reports = a.reports, clos_at = a.clos_at, clos_par = a.clos_par, issue = a.issue,
    saisie_par_erreur_at = a.saisie_par_erreur_at
FROM jsonb_to_recordset(cast(:lignes AS jsonb)) AS a (id uuid, echeance_at timestamptz, reports integer, clos_at timestamptz, clos_par uuid, issue text,
    saisie_par_erreur_at timestamptz)
WHERE t.id = a.id;
