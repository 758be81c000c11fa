-- name: planifier_message
-- A message of an appointment, once per kind; planned again when it had been dropped without object (an act taken back, then made again).
INSERT INTO pdp.message_rendez_vous (plateforme_id, parcours_id, tele_echange_id, genre, due_at, trop_tard_at)
SELECT plateforme_id, parcours_id, id, :genre, :due, :trop_tard FROM pdp.tele_echange WHERE id = :tele_echange
ON CONFLICT (tele_echange_id, genre) DO UPDATE
SET due_at = excluded.due_at, trop_tard_at = excluded.trop_tard_at, processed_at = NULL, resultat = NULL, retard_minutes = NULL
WHERE message_rendez_vous.resultat = 'sans_objet';

-- name: lister_ecrits
-- Messages of an appointment already written, which may still be recalled.
SELECT genre FROM pdp.message_rendez_vous WHERE tele_echange_id = :tele_echange AND resultat = 'ecrit';

-- name: verrouiller_dus
-- Cases of all that is due, and of the links to stop, locked in one order, before any step takes them in its own.
SELECT p.id FROM pdp.parcours p
WHERE p.plateforme_id = :plateforme AND p.id IN (
    SELECT unnest(cast(:aussi AS uuid[]))
    UNION ALL SELECT g.parcours_id FROM pdp.geste_assure g WHERE g.plateforme_id = :plateforme AND g.processed_at IS NULL
    UNION ALL SELECT v.parcours_id FROM pdp.invitation v
        WHERE v.plateforme_id = :plateforme AND v.fermee_at IS NULL AND v.relance_at IS NULL AND v.relance_due_at <= :maintenant
    UNION ALL SELECT m.parcours_id FROM pdp.message_rendez_vous m
        WHERE m.plateforme_id = :plateforme AND m.processed_at IS NULL AND m.due_at <= :maintenant)
ORDER BY p.id FOR NO KEY UPDATE;

-- name: prendre_dus
-- Messages due, however late, each taken by one sweep only; with the appointment as it is now.
SELECT m.id, m.parcours_id, m.tele_echange_id, m.genre, m.due_at, m.trop_tard_at, t.debut_at, t.planifie_at, t.canal, t.statut, p.clos_at, a.commune_insee,
    v.id AS invitation_id
FROM pdp.message_rendez_vous m
JOIN pdp.tele_echange t ON t.id = m.tele_echange_id
JOIN pdp.parcours p ON p.id = m.parcours_id
JOIN identite.assure a ON a.id = p.assure_id
LEFT JOIN pdp.invitation v ON v.parcours_id = m.parcours_id AND v.fermee_at IS NULL AND v.expire_at > :maintenant AND v.bloquee_at IS NULL
WHERE m.plateforme_id = :plateforme AND m.processed_at IS NULL AND m.due_at <= :maintenant
ORDER BY m.due_at, m.id
LIMIT :lot
FOR UPDATE OF m SKIP LOCKED;

-- name: regler_message
-- Settled, with how late.
UPDATE pdp.message_rendez_vous
SET processed_at = :maintenant, resultat = :resultat,
    retard_minutes = greatest(0, extract(epoch FROM cast(:maintenant AS timestamptz) - due_at) / 60)::integer
WHERE id = :message;

-- name: lire_parcours
-- What an invitation needs to know of a parcours.
SELECT p.id, p.plateforme_id, p.assure_id, p.csam_id, p.statut, p.clos_at, a.commune_insee,
    pdp.accompagnement_refuse(p.id) AS refuse
FROM pdp.parcours p JOIN identite.assure a ON a.id = p.assure_id
WHERE p.id = :parcours;

-- name: trouver_invitation
-- The open link of a parcours.
SELECT id, invitee_at, expire_at, relance_at, bloquee_at, repondue_at FROM pdp.invitation WHERE parcours_id = :parcours AND fermee_at IS NULL;

-- name: lien_refuse_depuis
-- Whether a person stopped a link, or wrong dates locked it, since an instant: no other is then made by itself.
SELECT EXISTS (SELECT 1 FROM pdp.invitation WHERE parcours_id = :parcours AND (fermee_at IS NULL OR (fermee_motif = 'annulee' AND fermee_at >= :depuis)));

-- name: inviter
-- A new link.
INSERT INTO pdp.invitation (id, plateforme_id, parcours_id, invitee_par, invitee_at, expire_at, relance_due_at, essais_max)
VALUES (:id, :plateforme, :parcours, :par, :maintenant, :expire, :relance, :essais_max);

-- name: ajouter_jeton
-- A token that opens it, by its hash.
INSERT INTO pdp.jeton_invitation (empreinte, plateforme_id, invitation_id, cree_at) VALUES (:empreinte, :plateforme, :invitation, :maintenant);

-- name: fermer_invitations
-- The open link of a parcours stops.
UPDATE pdp.invitation SET fermee_at = :maintenant, fermee_motif = :motif WHERE parcours_id = :parcours AND fermee_at IS NULL RETURNING id;

-- name: lister_relances_dues
-- Unanswered invitations to remind of, however late.
SELECT v.id, v.parcours_id, v.expire_at FROM pdp.invitation v
WHERE v.plateforme_id = :plateforme AND v.fermee_at IS NULL AND v.relance_at IS NULL AND v.relance_due_at <= :maintenant
ORDER BY v.relance_due_at, v.id LIMIT :lot;

-- name: regler_relance
-- The reminder is settled, sent or not.
UPDATE pdp.invitation SET relance_at = :maintenant WHERE id = :invitation;

-- name: lister_a_fermer
-- Links with no object any more: expired, closed parcours, silence, agreement withdrawn, appointment held.
SELECT v.id, v.parcours_id, v.repondue_at, v.expire_at,
    CASE WHEN p.clos_at IS NOT NULL THEN 'parcours_clos'
        WHEN EXISTS (SELECT 1 FROM pdp.silence_du_jour(p.assure_id, :jour)) THEN 'silence'
        WHEN pdp.accompagnement_refuse(p.id) THEN 'accord_retire'
        WHEN EXISTS (SELECT 1 FROM pdp.tele_echange t WHERE t.parcours_id = p.id AND t.statut IN ('realise', 'realise_partiel') AND t.debut_at >= v.invitee_at)
            THEN 'honoree'
        ELSE 'expiree' END AS motif,
    EXISTS (SELECT 1 FROM pdp.tele_echange t WHERE t.parcours_id = p.id AND t.statut IN ('planifie', 'confirme')) AS planifie
FROM pdp.invitation v JOIN pdp.parcours p ON p.id = v.parcours_id
WHERE v.plateforme_id = :plateforme AND v.fermee_at IS NULL
    AND (v.expire_at <= :maintenant OR p.clos_at IS NOT NULL OR EXISTS (SELECT 1 FROM pdp.silence_du_jour(p.assure_id, :jour))
        OR pdp.accompagnement_refuse(p.id)
        OR EXISTS (SELECT 1 FROM pdp.tele_echange t WHERE t.parcours_id = p.id AND t.statut IN ('realise', 'realise_partiel') AND t.debut_at >= v.invitee_at))
ORDER BY v.expire_at, v.id LIMIT :lot;

-- name: lister_invites_en_attente
-- People invited who have neither answered nor an appointment, with their coordinator.
SELECT v.id, v.parcours_id, v.invitee_at, v.expire_at, p.csam_id, g.nom AS csam_nom, g.prenom AS csam_prenom
FROM pdp.invitation v JOIN pdp.parcours p ON p.id = v.parcours_id JOIN pdp.agent g ON g.id = p.csam_id
WHERE v.plateforme_id = :plateforme AND v.fermee_at IS NULL AND v.expire_at > :maintenant AND p.clos_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM pdp.tele_echange t WHERE t.parcours_id = p.id AND t.statut IN ('planifie', 'confirme'))
ORDER BY v.expire_at, v.id;

-- name: lister_attentes_creneaux
-- Parcours whose manager is asked to open slots.
SELECT t.id, t.parcours_id, p.csam_id, t.cause, t.ouverte_at, g.nom AS csam_nom, g.prenom AS csam_prenom
FROM pdp.tache t JOIN pdp.parcours p ON p.id = t.parcours_id JOIN pdp.agent g ON g.id = p.csam_id
WHERE t.plateforme_id = :plateforme AND t.motif = 'ouvrir_creneaux' AND t.fermee_at IS NULL AND p.clos_at IS NULL
ORDER BY t.ouverte_at, t.id;

-- name: lister_gestes
-- Acts of the insured whose consequences are still to be drawn, in order; of one parcours or of a platform.
SELECT g.id, g.parcours_id, g.invitation_id, g.genre, g.tele_echange_id, g.survenu_at
FROM pdp.geste_assure g
WHERE g.processed_at IS NULL AND (cast(:parcours AS uuid) IS NULL OR g.parcours_id = :parcours)
    AND (cast(:plateforme AS text) IS NULL OR g.plateforme_id = :plateforme)
ORDER BY g.rang LIMIT :lot FOR UPDATE SKIP LOCKED;

-- name: regler_geste
-- Its consequences are drawn.
UPDATE pdp.geste_assure SET processed_at = :maintenant, resultat = :resultat WHERE id = :geste;

-- name: lire_tele_echange
-- An appointment as it is now.
SELECT id, debut_at, fin_at, canal, statut, ics_uid, ics_sequence FROM pdp.tele_echange WHERE id = :tele_echange;

-- name: dernier_reporte
-- The appointment that this one moved.
SELECT b.id FROM pdp.tele_echange a JOIN pdp.tele_echange b ON b.ics_uid = a.ics_uid AND b.ics_sequence = a.ics_sequence - 1 AND b.parcours_id = a.parcours_id
WHERE a.id = :tele_echange;

-- name: trouver_lien
-- The invitation that a token opens.
SELECT invitation_id, plateforme_id FROM pdp.trouver_lien(:empreinte);

-- name: lire_lien
-- What its holder may see.
SELECT * FROM pdp.lire_lien(:acces, :maintenant, :fin);

-- name: identifier_lien
-- Light check.
SELECT pdp.identifier_lien(:naissance, :acces, :acces_expire, :maintenant);

-- name: decider_lien
-- What its holder decides.
SELECT pdp.decider_lien(:acces, :geste, :debut, :fin, :canal, :au_plus_tot, :maintenant);
