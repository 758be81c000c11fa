-- What an act wrote and no longer counts, one kind of row each: kept, and said to be taken back.

-- name: neutraliser_parcours
-- Opened in error: closed at once, nobody is asked what became of it.
UPDATE pdp.parcours SET statut = 'cloture', clos_at = :maintenant, cloture_motif = 'erreur' WHERE id = ANY (cast(:ids AS uuid[]));

-- name: neutraliser_tache
-- Opened by what is taken back.
UPDATE pdp.tache SET fermee_at = coalesce(fermee_at, :maintenant), fermee_par = coalesce(fermee_par, :par), issue = 'annulee', retard_jours = 0
WHERE id = ANY (cast(:ids AS uuid[]));

-- name: neutraliser_affectation
-- No longer in these hands.
UPDATE pdp.affectation SET au = :maintenant WHERE id = ANY (cast(:ids AS uuid[])) AND au IS NULL;

-- name: neutraliser_contact
-- Entered in error: the row stays.
UPDATE pdp.contact SET saisie_par_erreur_at = :maintenant WHERE id = ANY (cast(:ids AS uuid[]));

-- name: neutraliser_tele_echange
-- Planned in error: the slot is free again.
UPDATE pdp.tele_echange SET statut = 'annule_service', renseigne_at = :maintenant, saisie_par_erreur_at = :maintenant
WHERE id = ANY (cast(:ids AS uuid[]));

-- name: neutraliser_parole
-- Never said.
UPDATE pdp.preference_contact SET retiree_at = :maintenant WHERE id = ANY (cast(:ids AS uuid[])) AND retiree_at IS NULL;

-- name: neutraliser_coordonnee
-- Never said.
UPDATE identite.coordonnee_dite SET retiree_at = :maintenant WHERE id = ANY (cast(:ids AS uuid[])) AND retiree_at IS NULL;

-- name: neutraliser_invitation
-- The link opens nothing any more.
UPDATE pdp.invitation SET fermee_at = :maintenant, fermee_motif = 'annulee' WHERE id = ANY (cast(:ids AS uuid[])) AND fermee_at IS NULL;

-- name: neutraliser_message_rendez_vous
-- Nothing to write.
UPDATE pdp.message_rendez_vous SET processed_at = :maintenant, resultat = 'sans_objet' WHERE id = ANY (cast(:ids AS uuid[])) AND processed_at IS NULL;

-- name: neutraliser_sante_declaree
-- What was written of a person's health in an appointment taken back is not kept.
DELETE FROM medical.sante_declaree WHERE tele_echange_id = ANY (cast(:ids AS uuid[]));

-- name: neutraliser_accord
-- Never was the word of the person.
UPDATE pdp.accord SET retire_at = coalesce(retire_at, :maintenant), retrait_canal = coalesce(retrait_canal, 'saisie_erreur'), saisie_par_erreur_at = :maintenant
WHERE id = ANY (cast(:ids AS uuid[]));

-- name: neutraliser_accord_retrait
-- The person never withdrew.
UPDATE pdp.accord_retrait SET saisie_par_erreur_at = :maintenant WHERE id = ANY (cast(:ids AS uuid[]));

-- name: neutraliser_seance_psy
-- It did not take place.
UPDATE pdp.seance_psy SET saisie_par_erreur_at = :maintenant WHERE id = ANY (cast(:ids AS uuid[]));

-- name: neutraliser_orientation
-- Proposed in error, before anything left.
UPDATE pdp.orientation SET statut = 'annulee', repondue_at = :maintenant, saisie_par_erreur_at = :maintenant WHERE id = ANY (cast(:ids AS uuid[]));

-- name: neutraliser_question
-- Asked in error, before anything left.
UPDATE pdp.echange_question SET retiree_at = :maintenant WHERE id = ANY (cast(:ids AS uuid[]));

-- name: neutraliser_relance
-- Asked for in error, before anything left.
UPDATE pdp.orientation_relance SET retiree_at = :maintenant WHERE id = ANY (cast(:ids AS uuid[]));

-- name: neutraliser_soutien_psy
-- Entered in error: nothing was proposed.
UPDATE pdp.soutien_psy SET saisie_par_erreur_at = :maintenant WHERE id = ANY (cast(:ids AS uuid[]));

-- name: neutraliser_issue
-- Entered in error: the row stays.
UPDATE pdp.issue SET annule_at = :maintenant WHERE id = ANY (cast(:ids AS uuid[]));

-- name: neutraliser_silence
-- Asked for in error: lifted.
UPDATE pdp.mise_en_silence SET courante = false, levee_at = coalesce(levee_at, :maintenant), levee_par = coalesce(levee_par, cast(:par AS uuid)),
    saisie_par_erreur_at = :maintenant
WHERE id = ANY (cast(:ids AS uuid[]));

-- name: neutraliser_derogation
-- The rule stands again.
UPDATE pdp.dol_derogation SET annulee_at = :maintenant WHERE id = ANY (cast(:ids AS uuid[]));

-- name: neutraliser_verdict
-- Taken back.
UPDATE pdp.verdict_detection SET annule_at = :maintenant WHERE id = ANY (cast(:ids AS uuid[]));

-- name: neutraliser_suivi_medical
-- Opened by a tri taken back.
UPDATE pdp.suivi_medical SET clos_at = coalesce(clos_at, :maintenant), clos_par = coalesce(clos_par, cast(:par AS uuid)),
    issue = coalesce(issue, 'sans_suite'), saisie_par_erreur_at = :maintenant
WHERE id = ANY (cast(:ids AS uuid[]));
