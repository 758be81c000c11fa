-- Clocks of hand-overs: the facts they are read from, the cache they leave, what is due.

-- name: lire_faits
-- Facts of hand-overs of one parcours (or of one of them), with their questions, days when the partner is closed, and reminders made.
SELECT o.id, o.plateforme_id, o.parcours_id, o.partenaire_id, o.dispositif, o.statut, o.proposee_at, o.envoyee_at, o.recue_at, o.acceptee_at, o.repondue_at,
    o.rendez_vous_at, o.rendez_vous_manque_at, o.nouvelles_at, o.close_at, p.assure_id, p.statut AS parcours_statut, p.clos_at,
    n.nom AS partenaire_nom, n.canal, n.courriel, n.delai_reponse_jours,
    coalesce((SELECT jsonb_agg(jsonb_build_array(q.par, q.posee_at, q.repondue_at) ORDER BY q.posee_at, q.id)
        FROM pdp.echange_question q WHERE q.orientation_id = o.id AND q.retiree_at IS NULL), '[]') AS questions,
    coalesce((SELECT jsonb_agg(jsonb_build_array(a.du, a.au) ORDER BY a.du, a.id)
        FROM pdp.partenaire_absence a
        WHERE a.partenaire_id = o.partenaire_id AND a.contact_id IS NULL AND a.relais_id IS NULL AND a.retiree_at IS NULL
            AND a.au >= (o.proposee_at AT TIME ZONE 'UTC')::date), '[]') AS absences,
    coalesce((SELECT jsonb_agg(jsonb_build_array(r.etape, r.echeance_at, r.faite_at, r.nature) ORDER BY r.faite_at, r.rang)
        FROM pdp.orientation_relance r WHERE r.orientation_id = o.id AND r.retiree_at IS NULL), '[]') AS relances
FROM pdp.orientation o
JOIN pdp.parcours p ON p.id = o.parcours_id
JOIN pdp.partenaire n ON n.id = o.partenaire_id
WHERE o.parcours_id = :parcours AND (cast(:orientation AS uuid) IS NULL OR o.id = :orientation) AND o.saisie_par_erreur_at IS NULL
ORDER BY o.proposee_at DESC, o.id;

-- name: ecrire
-- The clock as it was read; the day expected follows it while an answer is awaited.
UPDATE pdp.orientation
SET etape = :etape, balle = :balle, echeance_at = :echeance, arretee = :arretee, relances = :relances, a_revoir_at = :a_revoir,
    reponse_attendue_le = coalesce(cast(:attendue AS date), reponse_attendue_le)
WHERE id = :orientation;

-- name: reclamer_dues
-- Hand-overs with something to do, the oldest first; their parcours are locked first, as every service does, those held by somebody are left.
-- One whose partner has answered waits for its answer to be applied: nobody is reminded of what is done, nothing expires under it. Nor is a
-- partner reminded of what it no longer sees, its agreement over.
SELECT o.id, o.parcours_id
FROM pdp.orientation o JOIN pdp.parcours p ON p.id = o.parcours_id
WHERE o.plateforme_id = :plateforme AND o.a_revoir_at <= :maintenant AND (o.accord_jusqu_au IS NULL OR o.accord_jusqu_au >= :jour)
    AND NOT EXISTS (SELECT 1 FROM pdp.inbox i WHERE i.orientation_id = o.id AND i.partenaire_id = o.partenaire_id AND i.traite_at IS NULL)
ORDER BY o.a_revoir_at, o.id
LIMIT :lot
FOR NO KEY UPDATE OF p SKIP LOCKED;

-- name: verrouiller
-- Whether a hand-over is still due, locked.
SELECT o.a_revoir_at <= :maintenant AS due FROM pdp.orientation o WHERE o.id = :orientation FOR NO KEY UPDATE;

-- name: compter_reponses_en_attente
-- Answers of its partner received and not applied yet, asked under lock: one may have come since the hand-over was claimed.
SELECT count(*) FROM pdp.inbox i JOIN pdp.orientation o ON o.id = i.orientation_id AND o.partenaire_id = i.partenaire_id
WHERE o.id = :orientation AND i.traite_at IS NULL;

-- name: compter_dues
-- What is still due: held by somebody, or in fault.
SELECT count(*) FROM pdp.orientation o
WHERE o.plateforme_id = :plateforme AND o.a_revoir_at <= :maintenant AND (o.accord_jusqu_au IS NULL OR o.accord_jusqu_au >= :jour);

-- name: lister_accords_finis
-- Hand-overs under way whose agreement is over and whose coordinator was not told of that end; their parcours are locked first.
SELECT o.id, o.plateforme_id, o.parcours_id, o.accord_jusqu_au, n.nom AS partenaire
FROM pdp.orientation o JOIN pdp.parcours p ON p.id = o.parcours_id JOIN pdp.partenaire n ON n.id = o.partenaire_id
WHERE o.plateforme_id = :plateforme AND o.statut IN ('envoyee', 'recue', 'acceptee', 'en_cours') AND o.accord_jusqu_au < :jour AND p.clos_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM pdp.tache t WHERE t.parcours_id = o.parcours_id AND t.motif = 'demander_accord'
        AND t.cause = 'fin_accord:' || o.id || ':' || o.accord_jusqu_au)
ORDER BY o.accord_jusqu_au, o.id
LIMIT :lot
FOR NO KEY UPDATE OF p SKIP LOCKED;

-- name: lire_taches
-- Open reasons that the clock of a hand-over holds.
SELECT id, motif, echeance_at FROM pdp.tache
WHERE parcours_id = :parcours AND fermee_at IS NULL AND motif = ANY (cast(:motifs AS text[])) AND starts_with(cause, cast(:cause AS text))
ORDER BY ouverte_at, id;

-- name: dater_tache
-- The deadline of a reason follows the clock, unless a person put it off.
UPDATE pdp.tache SET echeance_at = :echeance WHERE id = :tache AND echeance_at <> :echeance AND attente_jusqu_au IS NULL AND silence_id IS NULL;

-- name: consigner_relance
-- A reminder, once per deadline and rank; a known one yields no row.
INSERT INTO pdp.orientation_relance (plateforme_id, orientation_id, etape, echeance_at, rang, nature, due_at, faite_at, retard_minutes, messages, faite_par)
VALUES (:plateforme, :orientation, :etape, :echeance, :rang, :nature, :due, :maintenant, :retard, :messages, :par)
ON CONFLICT (orientation_id, etape, echeance_at, rang) WHERE retiree_at IS NULL DO NOTHING
RETURNING id;

-- name: lister_collegues
-- Who else of a partner receives reminders, on that day: its declared colleagues who are there, and whoever answers for somebody away or while it
-- is closed.
SELECT c.id, c.courriel,
    EXISTS (SELECT 1 FROM pdp.partenaire_absence a WHERE a.partenaire_id = c.partenaire_id AND a.contact_id IS NULL AND a.relais_id = c.id
        AND a.retiree_at IS NULL AND :jour BETWEEN a.du AND a.au) AS relais
FROM pdp.partenaire_contact c
WHERE c.partenaire_id = :partenaire AND c.retire_at IS NULL AND c.courriel IS NOT NULL
    AND (c.rappels OR EXISTS (SELECT 1 FROM pdp.partenaire_absence a WHERE a.relais_id = c.id AND a.retiree_at IS NULL AND :jour BETWEEN a.du AND a.au))
    AND NOT EXISTS (SELECT 1 FROM pdp.partenaire_absence a WHERE a.contact_id = c.id AND a.retiree_at IS NULL AND :jour BETWEEN a.du AND a.au)
ORDER BY c.ajoute_at, c.id;

-- name: expirer
-- Over for want of an answer.
UPDATE pdp.orientation SET statut = 'expiree', repondue_at = :maintenant WHERE id = :orientation AND statut IN ('envoyee', 'recue', 'acceptee', 'en_cours');

-- name: poser_question
-- One question of the CSAM; the key of the form makes a double click one question.
INSERT INTO pdp.echange_question (plateforme_id, orientation_id, partenaire_id, par, texte, posee_at, posee_par, cle_saisie)
SELECT o.plateforme_id, o.id, o.partenaire_id, 'csam', :texte, :maintenant, :par, :cle FROM pdp.orientation o WHERE o.id = :orientation
ON CONFLICT (cle_saisie) DO NOTHING
RETURNING id;

-- name: recevoir_question
-- One question of the partner, from what it wrote; the same again yields no row.
INSERT INTO pdp.echange_question (plateforme_id, orientation_id, partenaire_id, par, texte, posee_at, inbox_id)
SELECT o.plateforme_id, o.id, o.partenaire_id, 'partenaire', :texte, :posee_at, :inbox FROM pdp.orientation o WHERE o.id = :orientation
ON CONFLICT (inbox_id) DO NOTHING
RETURNING id;

-- name: lister_questions_ouvertes
-- Questions without an answer, the oldest first.
SELECT q.id, q.par, q.texte, q.posee_at FROM pdp.echange_question q
WHERE q.orientation_id = :orientation AND q.repondue_at IS NULL AND q.retiree_at IS NULL
ORDER BY q.posee_at, q.id
FOR UPDATE;

-- name: trouver_question
-- The question that a form asked.
SELECT id FROM pdp.echange_question WHERE cle_saisie = :cle AND orientation_id = :orientation;

-- name: trouver_reponse
-- The question that a form answered.
SELECT id FROM pdp.echange_question WHERE cle_reponse = :cle AND orientation_id = :orientation;

-- name: lire_pour_echanger
-- A hand-over under lock, and how its partner is written to.
SELECT o.id, o.plateforme_id, o.parcours_id, o.partenaire_id, o.dispositif, o.statut, o.envoyee_at, p.assure_id, n.canal, n.courriel
FROM pdp.orientation o JOIN pdp.parcours p ON p.id = o.parcours_id JOIN pdp.partenaire n ON n.id = o.partenaire_id
WHERE o.id = :orientation FOR NO KEY UPDATE OF o;

-- name: repondre
-- The answer of the CSAM, once.
UPDATE pdp.echange_question SET reponse = :texte, repondue_at = :maintenant, repondue_par = :par, cle_reponse = :cle
WHERE id = :question AND repondue_at IS NULL AND retiree_at IS NULL
RETURNING id;

-- name: recevoir_reponse
-- News of the partner answer what the CSAM had asked before them.
UPDATE pdp.echange_question SET reponse = :texte, repondue_at = greatest(cast(:dite_at AS timestamptz), posee_at), reponse_inbox_id = :inbox
WHERE orientation_id = :orientation AND par = 'csam' AND repondue_at IS NULL AND retiree_at IS NULL AND posee_at <= :recu_at
RETURNING id;

-- name: lister_a_repondre
-- Questions of partners that wait for the coordinator, the oldest first.
SELECT q.id, q.orientation_id, q.texte, q.posee_at FROM pdp.echange_question q JOIN pdp.orientation o ON o.id = q.orientation_id
WHERE o.parcours_id = :parcours AND q.par = 'partenaire' AND q.repondue_at IS NULL AND q.retiree_at IS NULL
ORDER BY q.posee_at, q.id;

-- name: lister_fil
-- Everything said about the hand-overs of a parcours, oldest first: words of the partner, questions and answers of the CSAM.
SELECT x.orientation_id, x.genre, x.nature, x.texte, x.rendez_vous_at, x.dit_at, x.agent_prenom, x.agent_nom, x.repondant
FROM (
    SELECT i.orientation_id, 'partenaire' AS genre, i.nature, i.compte_rendu AS texte, i.rendez_vous_at, least(i.survenu_at, i.recu_at) AS dit_at,
        NULL AS agent_prenom, NULL AS agent_nom, i.repondant, i.id
    FROM pdp.inbox i JOIN pdp.orientation o ON o.id = i.orientation_id AND o.partenaire_id = i.partenaire_id
    WHERE o.parcours_id = :parcours AND i.nature <> 'statut' AND i.resultat IN ('appliquee', 'ancienne')
    UNION ALL
    SELECT q.orientation_id, 'csam', 'question', q.texte, NULL, q.posee_at, a.prenom, a.nom, NULL, q.id
    FROM pdp.echange_question q JOIN pdp.orientation o ON o.id = q.orientation_id JOIN pdp.agent a ON a.id = q.posee_par
    WHERE o.parcours_id = :parcours AND q.retiree_at IS NULL
    UNION ALL
    SELECT q.orientation_id, 'csam', 'reponse', q.reponse, NULL, q.repondue_at, a.prenom, a.nom, NULL, q.id
    FROM pdp.echange_question q JOIN pdp.orientation o ON o.id = q.orientation_id JOIN pdp.agent a ON a.id = q.repondue_par
    WHERE o.parcours_id = :parcours AND q.retiree_at IS NULL
) x
ORDER BY x.dit_at, x.id;
