-- Probable duplicates: found, compared, merged and parted again.

-- name: reperer
-- Pairs of rows of one platform that look like one person, at least one of them followed; a pair is told once. The row that the caisse keeps up
-- to date goes on: a definitive NIR first, then the pivot id in force, then the newest.
INSERT INTO pdp.doublon (plateforme_id, garde_id, efface_id, raisons, constate_at)
WITH suivi AS (
    SELECT DISTINCT p.assure_id FROM pdp.parcours p WHERE p.plateforme_id = :plateforme AND p.clos_at IS NULL
), paire AS (
    SELECT a.id AS a_id, b.id AS b_id, array_remove(ARRAY[
        CASE WHEN identite.nom_compare(a.nom) = identite.nom_compare(b.nom) AND identite.nom_compare(a.prenom) = identite.nom_compare(b.prenom)
            THEN 'meme_identite' END,
        CASE WHEN identite.nom_compare(a.nom) = identite.nom_compare(b.prenom) AND identite.nom_compare(a.prenom) = identite.nom_compare(b.nom)
            AND identite.nom_compare(a.nom) <> identite.nom_compare(a.prenom) THEN 'noms_inverses' END,
        CASE WHEN a.nir_empreinte = b.nir_empreinte THEN 'nir_partage' END], NULL) AS raisons
    FROM suivi s
    JOIN identite.assure a ON a.id = s.assure_id
    JOIN identite.assure b ON b.plateforme_id = a.plateforme_id AND b.date_naissance = a.date_naissance AND b.sexe = a.sexe AND b.id <> a.id
    WHERE a.fusionne_vers IS NULL AND b.fusionne_vers IS NULL
    UNION ALL  -- a pivot id replaced by another, and a case under each: the caisse says it is one person, and nobody was told
    SELECT a.id, b.id, ARRAY['identifiant_remplace']
    FROM identite.id_source_ancien x
    JOIN identite.assure a ON a.id_source = x.actuel AND a.plateforme_id = :plateforme
    JOIN identite.assure b ON b.id_source = x.ancien AND b.plateforme_id = a.plateforme_id
    WHERE a.fusionne_vers IS NULL AND b.fusionne_vers IS NULL
        AND EXISTS (SELECT 1 FROM pdp.parcours p WHERE p.assure_id = b.id AND p.clos_at IS NULL)
        AND EXISTS (SELECT 1 FROM pdp.parcours p WHERE p.assure_id = a.id)
), unique_paire AS (
    SELECT least(a_id, b_id) AS a_id, greatest(a_id, b_id) AS b_id, array_agg(DISTINCT r.raison) AS raisons
    FROM paire CROSS JOIN LATERAL unnest(raisons) AS r (raison)
    GROUP BY 1, 2
)
SELECT :plateforme, CASE WHEN o.premier THEN u.a_id ELSE u.b_id END, CASE WHEN o.premier THEN u.b_id ELSE u.a_id END,
    CASE WHEN a.nir_provisoire OR b.nir_provisoire THEN u.raisons || cast('nir_provisoire' AS text) ELSE u.raisons END, :maintenant
FROM unique_paire u
JOIN identite.assure a ON a.id = u.a_id
JOIN identite.assure b ON b.id = u.b_id
CROSS JOIN LATERAL (
    SELECT (NOT a.nir_provisoire, NOT EXISTS (SELECT 1 FROM identite.id_source_ancien x WHERE x.ancien = a.id_source), a.mis_a_jour_source_at, a.id)
        > (NOT b.nir_provisoire, NOT EXISTS (SELECT 1 FROM identite.id_source_ancien x WHERE x.ancien = b.id_source), b.mis_a_jour_source_at, b.id) AS premier
) o
ON CONFLICT (least(garde_id, efface_id), greatest(garde_id, efface_id)) DO NOTHING
RETURNING id, garde_id, efface_id;

-- name: lister_ouverts
-- Open cases of the two rows, the one that would go on first: followed, then the one where something was done, then the oldest.
SELECT p.id, p.assure_id, p.statut, p.csam_id
FROM pdp.parcours p
WHERE p.assure_id IN (:garde, :efface) AND p.clos_at IS NULL
ORDER BY p.csam_id IS NULL, NOT EXISTS (SELECT 1 FROM pdp.contact c WHERE c.parcours_id = p.id AND c.saisie_par_erreur_at IS NULL), p.decide_at, p.id;

-- name: verrouiller_personnes
-- Both rows and their cases, always in the same order.
SELECT count(*) FROM (SELECT 1 FROM pdp.parcours WHERE assure_id IN (:garde, :efface) ORDER BY id FOR NO KEY UPDATE) AS verrou;

-- name: verrouiller
-- One pair, locked.
SELECT id, plateforme_id, garde_id, efface_id, etat, decide_par, decide_at, applique_at, parcours_garde_id, parcours_clos_id
FROM pdp.doublon WHERE id = :doublon FOR UPDATE;

-- name: decider
-- What the coordinator says of a pair.
UPDATE pdp.doublon SET etat = :etat, decide_par = :par, decide_at = :maintenant, ecart_motif = :motif, refus_code = NULL WHERE id = :doublon;

-- name: lister_du_parcours
-- Pairs of the person of a case, with both identities side by side for who compares them.
SELECT d.id, d.raisons, d.constate_at, d.etat, d.decide_at, d.applique_at, d.refus_code, d.parcours_garde_id, d.parcours_clos_id, d.ecart_motif,
    a.id AS garde_id, a.nom AS garde_nom, a.prenom AS garde_prenom, a.date_naissance AS garde_naissance, a.sexe AS garde_sexe,
    a.commune_insee AS garde_commune, a.telephone AS garde_telephone, a.courriel AS garde_courriel, a.mis_a_jour_source_at AS garde_a_jour_at,
    b.id AS efface_id, b.nom AS efface_nom, b.prenom AS efface_prenom, b.date_naissance AS efface_naissance, b.sexe AS efface_sexe,
    b.commune_insee AS efface_commune, b.telephone AS efface_telephone, b.courriel AS efface_courriel, b.mis_a_jour_source_at AS efface_a_jour_at,
    g.prenom AS decideur_prenom, g.nom AS decideur_nom
FROM pdp.parcours p
JOIN pdp.doublon d ON p.assure_id IN (d.garde_id, d.efface_id)
JOIN identite.assure a ON a.id = d.garde_id
JOIN identite.assure b ON b.id = d.efface_id
LEFT JOIN pdp.agent g ON g.id = d.decide_par
WHERE p.id = :parcours
ORDER BY d.constate_at DESC, d.id;

-- name: lister_cas
-- Cases of the rows of these pairs, for the comparison: who follows them, and what was done in each.
SELECT p.assure_id, p.id AS parcours_id, p.statut, p.clos_at, g.prenom AS csam_prenom, g.nom AS csam_nom, p.decide_at,
    (SELECT count(*) FROM pdp.contact c WHERE c.parcours_id = p.id AND c.saisie_par_erreur_at IS NULL) AS contacts,
    (SELECT min(t.debut_at) FROM pdp.tele_echange t WHERE t.parcours_id = p.id AND t.statut IN ('planifie', 'confirme')) AS rendez_vous_at,
    (SELECT count(*) FROM pdp.accord c WHERE c.parcours_id = p.id AND c.decision = 'accorde' AND c.retire_at IS NULL) AS accords,
    (SELECT count(*) FROM pdp.orientation o WHERE o.parcours_id = p.id AND o.statut IN ('envoyee', 'recue', 'acceptee', 'en_cours')) AS orientations
FROM pdp.parcours p LEFT JOIN pdp.agent g ON g.id = p.csam_id
WHERE p.assure_id = ANY (cast(:assures AS uuid[]))
ORDER BY p.clos_at IS NOT NULL, p.decide_at DESC, p.id;

-- name: lister_responsable
-- Pairs not settled, by opaque cases: who is to compare, since when.
SELECT d.id, d.raisons, d.constate_at, d.etat, d.decide_at, p.id AS parcours_id, p.statut, g.prenom AS csam_prenom, g.nom AS csam_nom
FROM pdp.doublon d
JOIN pdp.parcours p ON p.assure_id IN (d.garde_id, d.efface_id) AND p.clos_at IS NULL
LEFT JOIN pdp.agent g ON g.id = p.csam_id
WHERE d.etat IN ('a_comparer', 'demande', 'annulation_demandee')
ORDER BY d.constate_at, d.id, p.decide_at, p.id
LIMIT :limite;

-- name: lister_demandes
-- Requests of the coordinators that wait for the sweep, oldest first.
SELECT id FROM pdp.doublon WHERE plateforme_id = :plateforme AND etat IN ('demande', 'annulation_demandee') ORDER BY decide_at, id FOR UPDATE SKIP LOCKED;

-- name: est_libre
-- Neither row has been merged meanwhile.
SELECT count(*) = 2 FROM identite.assure WHERE id IN (:garde, :efface) AND fusionne_vers IS NULL;

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

-- name: retenir_faits
-- Facts that came under a row that gave way, merged today or earlier.
INSERT INTO pdp.doublon_ligne (doublon_id, plateforme_id, genre, ligne_id)
SELECT d.id, d.plateforme_id, x.genre, x.id
FROM pdp.doublon d CROSS JOIN LATERAL (
    SELECT 'arret' AS genre, f.id FROM pdp.arret_prescrit f WHERE f.assure_id = d.efface_id
    UNION ALL SELECT 'ij', f.id FROM pdp.ij_versee f WHERE f.assure_id = d.efface_id
    UNION ALL SELECT 'affection', f.id FROM pdp.affection f WHERE f.assure_id = d.efface_id
    UNION ALL SELECT 'fait_dsn', f.id FROM pdp.fait_dsn f WHERE f.assure_id = d.efface_id
) x
WHERE d.plateforme_id = :plateforme AND d.etat = 'fusionne'
ON CONFLICT DO NOTHING;

-- name: oublier_demenagement
-- Work table of an earlier merge in the same transaction.
DROP TABLE IF EXISTS pg_temp.demenagement;

-- name: preparer_demenagement
-- Facts still under a row that gave way follow it to the row that goes on.
CREATE TEMPORARY TABLE demenagement ON COMMIT DROP AS
SELECT d.efface_id AS de, d.plateforme_id AS de_plateforme_id, d.garde_id AS vers, d.plateforme_id
FROM pdp.doublon d WHERE d.plateforme_id = :plateforme AND d.etat = 'fusionne';

-- name: preparer_retour
-- Facts of a merge taken back go where they were.
CREATE TEMPORARY TABLE demenagement ON COMMIT DROP AS
SELECT d.garde_id AS de, d.plateforme_id AS de_plateforme_id, d.efface_id AS vers, d.plateforme_id FROM pdp.doublon d WHERE d.id = :doublon;

-- name: rendre_arrets
-- Only those that the merge had moved.
WITH deplace AS (
    UPDATE pdp.arret_prescrit f SET assure_id = d.vers, connu_at = :maintenant
    FROM demenagement d, pdp.doublon_ligne l
    WHERE l.doublon_id = :doublon AND l.genre = 'arret' AND f.id = l.ligne_id AND f.assure_id = d.de
    RETURNING f.id, f.assure_id
)
UPDATE medical.motif_arret m SET assure_id = c.assure_id FROM deplace c WHERE m.arret_id = c.id;

-- name: rendre_ij
-- Only those that the merge had moved.
UPDATE pdp.ij_versee f SET assure_id = d.vers, connu_at = :maintenant FROM demenagement d, pdp.doublon_ligne l
WHERE l.doublon_id = :doublon AND l.genre = 'ij' AND f.id = l.ligne_id AND f.assure_id = d.de;

-- name: rendre_affections
-- Only those that the merge had moved.
WITH deplace AS (
    UPDATE pdp.affection f SET assure_id = d.vers, connu_at = :maintenant
    FROM demenagement d, pdp.doublon_ligne l
    WHERE l.doublon_id = :doublon AND l.genre = 'affection' AND f.id = l.ligne_id AND f.assure_id = d.de
    RETURNING f.id, f.assure_id
)
UPDATE medical.affection m SET assure_id = c.assure_id FROM deplace c WHERE m.affection_id = c.id;

-- name: rendre_faits_dsn
-- Only those that the merge had moved, under their key.
UPDATE pdp.fait_dsn f SET assure_id = d.vers, cle = d.vers || substr(f.cle, 37), connu_at = :maintenant FROM demenagement d, pdp.doublon_ligne l
WHERE l.doublon_id = :doublon AND l.genre = 'fait_dsn' AND f.id = l.ligne_id AND f.assure_id = d.de;

-- name: pointer
-- The row that gives way points to the other, or stands by itself again.
UPDATE identite.assure SET fusionne_vers = cast(:vers AS uuid) WHERE id = :efface;

-- name: fusionner
-- Done, with the cases it joined.
UPDATE pdp.doublon SET etat = 'fusionne', applique_at = :maintenant, parcours_garde_id = :garde, parcours_clos_id = :clos, statut_avant = :statut
WHERE id = :doublon;

-- name: refuser
-- Could not be done; the pair stays as it was.
UPDATE pdp.doublon SET etat = :etat, refus_code = :code WHERE id = :doublon;

-- name: separer
-- Parted again: two people until somebody says otherwise.
UPDATE pdp.doublon SET etat = 'annule', applique_at = NULL, parcours_garde_id = NULL, parcours_clos_id = NULL, statut_avant = NULL WHERE id = :doublon;

-- name: oublier_lignes
-- Everything is back.
DELETE FROM pdp.doublon_ligne WHERE doublon_id = :doublon;

-- name: agi_depuis
-- Whether somebody acted on the case that goes on since the merge.
SELECT EXISTS (SELECT 1 FROM pdp.acte a WHERE a.assure_id = :garde AND a.annule_at IS NULL AND a.fait_at > :applique_at);

-- name: rouvrir
-- The closed case as it was before the merge.
UPDATE pdp.parcours p SET clos_at = NULL, cloture_motif = NULL, statut = d.statut_avant, version = p.version + 1
FROM pdp.doublon d WHERE d.id = :doublon AND p.id = d.parcours_clos_id;

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

-- name: fermer_tache
-- The comparison is done.
UPDATE pdp.tache SET fermee_at = :maintenant, fermee_par = :par, issue = :issue,
    retard_jours = greatest(0, extract(day FROM cast(:maintenant AS timestamptz) - echeance_at)::integer)
WHERE parcours_id = :parcours AND motif = 'comparer_doublon' AND cause = :cause AND fermee_at IS NULL;

-- name: fermer_reprise
-- The reason that the merge had opened.
UPDATE pdp.tache SET fermee_at = :maintenant, fermee_par = 'sweep_doublons', issue = 'annulee', retard_jours = 0
WHERE parcours_id = :parcours AND cause = :cause AND fermee_at IS NULL;
