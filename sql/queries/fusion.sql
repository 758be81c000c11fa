-- Two rows that are one person: what moves from one to the other, and back.

-- name: retenir_pieces
-- What moves from the case that closes to the case that goes on: contacts, past appointments and the one to come when there is only one,
-- agreements with the hand-overs they cover, messages, and the reasons to act that go with them. Where both hold the same, the case that goes on wins.
INSERT INTO pdp.doublon_ligne (doublon_id, plateforme_id, genre, ligne_id)
WITH accord AS (
    SELECT a.id FROM pdp.accord a
    WHERE a.parcours_id = :clos AND NOT (a.decision = 'accorde' AND a.retire_at IS NULL AND EXISTS (
        SELECT 1 FROM pdp.accord b WHERE b.parcours_id = :garde AND b.destinataire = a.destinataire AND b.decision = 'accorde' AND b.retire_at IS NULL
            AND b.partenaire_id IS NOT DISTINCT FROM a.partenaire_id))
), orientation AS (
    SELECT o.id FROM pdp.orientation o JOIN accord c ON c.id = o.accord_id
    WHERE o.parcours_id = :clos AND NOT (o.statut IN ('envoyee', 'recue', 'acceptee', 'en_cours') AND EXISTS (
        SELECT 1 FROM pdp.orientation b WHERE b.parcours_id = :garde AND b.dispositif = o.dispositif
            AND b.statut IN ('brouillon', 'en_attente_accord', 'envoyee', 'recue', 'acceptee', 'en_cours')))
), tele_echange AS (
    SELECT t.id FROM pdp.tele_echange t
    WHERE t.parcours_id = :clos AND NOT (t.statut IN ('planifie', 'confirme') AND EXISTS (
        SELECT 1 FROM pdp.tele_echange b WHERE b.parcours_id = :garde AND b.statut IN ('planifie', 'confirme')))
), piece AS (
    SELECT id::text AS cause FROM orientation UNION ALL SELECT id::text FROM tele_echange UNION ALL SELECT id::text FROM accord
), ligne AS (
    SELECT 'contact' AS genre, c.id FROM pdp.contact c WHERE c.parcours_id = :clos
    UNION ALL SELECT 'tele_echange', id FROM tele_echange
    UNION ALL SELECT 'message_rendez_vous', m.id FROM pdp.message_rendez_vous m JOIN tele_echange t ON t.id = m.tele_echange_id
    UNION ALL SELECT 'accord', id FROM accord
    UNION ALL SELECT 'orientation', id FROM orientation
    UNION ALL SELECT 'outbox', x.id FROM pdp.outbox x
        WHERE x.parcours_id = :clos AND (x.orientation_id IS NULL OR x.orientation_id IN (SELECT id FROM orientation))
    UNION ALL SELECT 'soutien_psy', y.id FROM pdp.soutien_psy y
        WHERE y.parcours_id = :clos AND NOT EXISTS (SELECT 1 FROM pdp.soutien_psy z WHERE z.parcours_id = :garde)
    UNION ALL SELECT 'seance_psy', q.id FROM pdp.seance_psy q
        WHERE q.parcours_id = :clos AND (q.saisie_par_erreur_at IS NOT NULL OR NOT EXISTS (
            SELECT 1 FROM pdp.seance_psy z WHERE z.parcours_id = :garde AND z.seance_le = q.seance_le AND z.saisie_par_erreur_at IS NULL))
    UNION ALL SELECT 'tache', t.id FROM pdp.tache t
        WHERE t.parcours_id = :clos AND t.fermee_at IS NULL
            AND (t.cause IN (SELECT cause FROM piece) OR t.motif IN ('rappel_promis', 'tache_personnelle', 'lire_reponse', 'message_en_echec'))
            AND NOT EXISTS (SELECT 1 FROM pdp.tache d WHERE d.parcours_id = :garde AND d.motif = t.motif AND d.cause = t.cause AND d.fermee_at IS NULL)
)
SELECT :doublon, :plateforme, genre, id FROM ligne;

-- name: deplacer_contact
-- To the case given.
UPDATE pdp.contact t SET parcours_id = :vers FROM pdp.doublon_ligne l WHERE l.doublon_id = :doublon AND l.genre = 'contact' AND t.id = l.ligne_id;

-- name: deplacer_tele_echange
-- To the case given.
UPDATE pdp.tele_echange t SET parcours_id = :vers FROM pdp.doublon_ligne l
WHERE l.doublon_id = :doublon AND l.genre = 'tele_echange' AND t.id = l.ligne_id;

-- name: deplacer_message_rendez_vous
-- To the case given.
UPDATE pdp.message_rendez_vous t SET parcours_id = :vers FROM pdp.doublon_ligne l
WHERE l.doublon_id = :doublon AND l.genre = 'message_rendez_vous' AND t.id = l.ligne_id;

-- name: deplacer_accord
-- To the case given, bound to the wording heard then.
UPDATE pdp.accord t SET parcours_id = :vers FROM pdp.doublon_ligne l WHERE l.doublon_id = :doublon AND l.genre = 'accord' AND t.id = l.ligne_id;

-- name: remplacer_accords
-- Once both histories are on one case: an agreement older than the person's later refusal or withdrawal on the other no longer stands.
UPDATE pdp.accord a SET retire_at = :maintenant, retrait_canal = 'fusion'
WHERE a.parcours_id = :garde AND a.decision = 'accorde' AND a.retire_at IS NULL
    AND (a.expire_le IS NULL OR :jour <= a.expire_le) AND pdp.accord_vivant(a.id, a.partenaire_id, :jour) IS NULL
RETURNING a.destinataire, a.partenaire_id;

-- name: resserrer_accords
-- Both cases hold an agreement for the same recipient: where the later one, which stays with the other case, shares less, no more is shared.
UPDATE pdp.accord g SET classes_retirees = ARRAY(
        SELECT c FROM unnest(g.classes) AS c WHERE c = ANY (g.classes_retirees) OR c <> ALL (a.classes) OR c = ANY (a.classes_retirees))
FROM pdp.accord a
WHERE g.parcours_id = :garde AND a.parcours_id = :clos AND a.destinataire = g.destinataire AND a.partenaire_id IS NOT DISTINCT FROM g.partenaire_id
    AND g.decision = 'accorde' AND g.retire_at IS NULL AND a.decision = 'accorde' AND a.retire_at IS NULL
    AND (a.recueilli_at, a.ordre) > (g.recueilli_at, g.ordre) AND NOT g.classes <@ a.classes;

-- name: accompagnement_refuse
-- Last word of the person about being followed, both cases together.
SELECT pdp.accompagnement_refuse(:garde);

-- name: rendre_accords
-- Each case has its own words again.
UPDATE pdp.accord t SET retire_at = NULL, retrait_canal = NULL
FROM pdp.doublon d
WHERE d.id = :doublon AND t.parcours_id IN (d.parcours_clos_id, d.parcours_garde_id) AND t.retrait_canal = 'fusion' AND t.retire_at = d.applique_at;

-- name: deplacer_seance_psy
-- To the case given.
UPDATE pdp.seance_psy t SET parcours_id = :vers FROM pdp.doublon_ligne l
WHERE l.doublon_id = :doublon AND l.genre = 'seance_psy' AND t.id = l.ligne_id;

-- name: deplacer_orientation
-- To the case given; the partner sees nothing of it.
UPDATE pdp.orientation t SET parcours_id = :vers FROM pdp.doublon_ligne l
WHERE l.doublon_id = :doublon AND l.genre = 'orientation' AND t.id = l.ligne_id;

-- name: deplacer_outbox
-- To the case given.
UPDATE pdp.outbox t SET parcours_id = :vers FROM pdp.doublon_ligne l WHERE l.doublon_id = :doublon AND l.genre = 'outbox' AND t.id = l.ligne_id;

-- name: deplacer_soutien_psy
-- To the case given.
UPDATE pdp.soutien_psy t SET parcours_id = :vers FROM pdp.doublon_ligne l
WHERE l.doublon_id = :doublon AND l.genre = 'soutien_psy' AND t.id = l.ligne_id;

-- name: deplacer_tache
-- To the case given.
UPDATE pdp.tache t SET parcours_id = :vers FROM pdp.doublon_ligne l WHERE l.doublon_id = :doublon AND l.genre = 'tache' AND t.id = l.ligne_id;

-- name: retenir_personne
-- What moves from the row that gives way to the row that goes on.
INSERT INTO pdp.doublon_ligne (doublon_id, plateforme_id, genre, ligne_id)
SELECT :doublon, :plateforme, x.genre, x.id FROM (
    SELECT 'parcours' AS genre, p.id FROM pdp.parcours p WHERE p.assure_id = :efface
    UNION ALL SELECT 'alerte', a.id FROM pdp.alerte a
        WHERE a.assure_id = :efface
            AND NOT EXISTS (SELECT 1 FROM pdp.alerte b WHERE b.assure_id = :garde AND b.type = a.type
                AND (b.cause = a.cause OR (a.decide_at IS NULL AND b.decide_at IS NULL)))
    UNION ALL SELECT 'silence', s.id FROM pdp.mise_en_silence s
        WHERE s.assure_id = :efface
            AND NOT (s.courante AND EXISTS (SELECT 1 FROM pdp.mise_en_silence b WHERE b.assure_id = :garde AND b.courante))
    UNION ALL SELECT 'preference', c.id FROM pdp.preference_contact c WHERE c.assure_id = :efface
    UNION ALL SELECT 'coordonnee', c.id FROM identite.coordonnee_dite c WHERE c.assure_id = :efface
) x;

-- name: repointer_parcours
-- To the row given.
UPDATE pdp.parcours t SET assure_id = :vers FROM pdp.doublon_ligne l WHERE l.doublon_id = :doublon AND l.genre = 'parcours' AND t.id = l.ligne_id;

-- name: repointer_alerte
-- To the row given.
UPDATE pdp.alerte t SET assure_id = :vers FROM pdp.doublon_ligne l WHERE l.doublon_id = :doublon AND l.genre = 'alerte' AND t.id = l.ligne_id;

-- name: repointer_silence
-- To the row given.
UPDATE pdp.mise_en_silence t SET assure_id = :vers FROM pdp.doublon_ligne l
WHERE l.doublon_id = :doublon AND l.genre = 'silence' AND t.id = l.ligne_id;

-- name: repointer_preference
-- To the row given.
UPDATE pdp.preference_contact t SET assure_id = :vers FROM pdp.doublon_ligne l
WHERE l.doublon_id = :doublon AND l.genre = 'preference' AND t.id = l.ligne_id;

-- name: repointer_coordonnee
-- To the row given.
UPDATE identite.coordonnee_dite t SET assure_id = :vers FROM pdp.doublon_ligne l
WHERE l.doublon_id = :doublon AND l.genre = 'coordonnee' AND t.id = l.ligne_id;

-- name: rendre_taches
-- Reasons that the merge had closed.
UPDATE pdp.tache t SET fermee_at = NULL, fermee_par = NULL, issue = NULL, retard_jours = NULL
FROM pdp.doublon d
WHERE d.id = :doublon AND t.parcours_id IN (d.parcours_clos_id, d.parcours_garde_id) AND t.fermee_at = d.applique_at
    AND t.issue IN ('parcours_clos', 'doublon')
    AND NOT EXISTS (SELECT 1 FROM pdp.tache x WHERE x.parcours_id = t.parcours_id AND x.motif = t.motif AND x.cause = t.cause AND x.fermee_at IS NULL);

-- name: rendre_rendez_vous
-- Appointments that the merge had cancelled, when the slot is still free.
UPDATE pdp.tele_echange t SET statut = 'planifie', renseigne_at = NULL
FROM pdp.doublon d
WHERE d.id = :doublon AND t.parcours_id = d.parcours_clos_id AND t.statut = 'annule_service' AND t.renseigne_at = d.applique_at;
