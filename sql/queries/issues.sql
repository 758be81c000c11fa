-- name: clore
-- End of the parcours, and the key of this closing.
UPDATE pdp.parcours SET clos_at = :maintenant, cloture_motif = :motif WHERE id = :parcours
RETURNING 'cloture:' || to_char(clos_at AT TIME ZONE 'UTC', 'YYYYMMDD"T"HH24MISSUS') AS cause;

-- name: rouvrir
-- No longer ended.
UPDATE pdp.parcours SET clos_at = NULL, cloture_motif = NULL WHERE id = :parcours;

-- name: rendre_tele_echanges
-- Appointments still to come that a wrong closing cancelled; the database refuses when the slot was given to somebody else.
UPDATE pdp.tele_echange SET statut = 'planifie', renseigne_at = NULL
WHERE parcours_id = :parcours AND statut = 'annule_service' AND renseigne_at = :clos_at AND saisie_par_erreur_at IS NULL AND debut_at > :maintenant
RETURNING id;

-- name: replanifier
-- The appointment is there again.
UPDATE pdp.parcours SET statut = 'entretien_planifie' WHERE id = :parcours;

-- name: rendre_taches
-- Reasons that a wrong closing closed, at their former deadlines; that of an appointment only when it is held again.
UPDATE pdp.tache t SET fermee_at = NULL, fermee_par = NULL, issue = NULL, retard_jours = NULL
WHERE t.parcours_id = :parcours AND t.fermee_at = :clos_at AND t.issue = 'parcours_clos'
    AND (t.motif <> 'tele_echange' OR t.cause = ANY (cast(:rendez_vous AS text[])))
    AND NOT EXISTS (SELECT 1 FROM pdp.tache d
        WHERE d.parcours_id = t.parcours_id AND d.motif = t.motif AND d.cause = t.cause AND d.fermee_at IS NULL)
RETURNING t.motif;

-- name: trouver_autre_ouvert
-- Another open parcours of the same person.
SELECT id FROM pdp.parcours WHERE assure_id = :assure AND id <> :parcours AND clos_at IS NULL;

-- name: lire_cloture
-- When and why a parcours ended.
SELECT id, plateforme_id, assure_id, clos_at, cloture_motif FROM pdp.parcours WHERE id = :parcours;

-- name: finir_tele_echanges
-- Appointments that no longer have an object: their slots are free again.
UPDATE pdp.tele_echange SET statut = 'annule_service', renseigne_at = :maintenant
WHERE parcours_id = :parcours AND statut IN ('planifie', 'confirme')
RETURNING id;

-- name: lister_orientations_a_retirer
-- Active hand-overs that do not outlive the parcours; what a partner accepted is kept when the closing is a relay.
SELECT id FROM pdp.orientation
WHERE parcours_id = :parcours AND statut IN ('envoyee', 'recue', 'acceptee', 'en_cours')
    AND NOT (cast(:relais AS boolean) AND statut IN ('acceptee', 'en_cours'))
ORDER BY id;

-- name: trouver
-- The outcome already recorded for a milestone by the same source.
SELECT id, situation, survenu_le FROM pdp.issue
WHERE parcours_id = :parcours AND jalon = :jalon AND provenance = :provenance AND annule_at IS NULL FOR UPDATE;

-- name: annuler
-- Entered in error or overtaken: the row stays.
UPDATE pdp.issue SET annule_at = :maintenant WHERE id = :issue;

-- name: annuler_jalon
-- Every outcome of a milestone that no longer stands.
UPDATE pdp.issue SET annule_at = :maintenant WHERE parcours_id = :parcours AND jalon = :jalon AND annule_at IS NULL;

-- name: enregistrer
-- One outcome per milestone and source.
INSERT INTO pdp.issue (plateforme_id, parcours_id, jalon, situation, survenu_le, provenance, confirme_par, connu_at, decide_at)
VALUES (:plateforme, :parcours, :jalon, :situation, :survenu, :provenance, :confirme_par, :maintenant, :maintenant)
RETURNING id;

-- name: lister_suivis_dus
-- Closed parcours that reached a milestone, without an outcome nor a reason ever opened for it; nobody is asked about the dead.
SELECT p.id AS parcours_id, c.clos_le, p.clos_at
FROM pdp.parcours p
CROSS JOIN LATERAL (SELECT (p.clos_at AT TIME ZONE :fuseau)::date AS clos_le) c
WHERE p.plateforme_id = :plateforme AND p.clos_at IS NOT NULL
    AND (c.clos_le + make_interval(months => cast(:mois AS integer)))::date <= cast(:jour AS date)
    AND p.cloture_motif <> ALL (cast(:sans_suivi AS text[]))
    AND NOT EXISTS (SELECT 1 FROM pdp.transfert f WHERE f.parcours_id = p.id AND f.applique_at IS NOT NULL) -- the other platform asks
    AND NOT EXISTS (SELECT 1 FROM pdp.issue i WHERE i.parcours_id = p.id AND i.annule_at IS NULL AND (i.jalon = :jalon OR i.situation = 'decede'))
    AND NOT EXISTS (SELECT 1 FROM pdp.tache t WHERE t.parcours_id = p.id AND t.motif = :motif AND t.cause = cast(:jalon AS text) || ':' || c.clos_le)
ORDER BY p.clos_at, p.id;
