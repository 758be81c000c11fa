-- Quiet mode of one person. Which silence holds on a day is answered by pdp.silence_du_jour alone.

-- name: lire_personne
-- Platform of a person.
SELECT plateforme_id FROM identite.assure WHERE id = :assure;

-- name: verrouiller_parcours
-- The open parcours of a person, locked before anything of a silence is: calls and closings lock the same row first.
SELECT id FROM pdp.parcours WHERE assure_id = :assure AND clos_at IS NULL FOR NO KEY UPDATE;

-- name: verrouiller_personne
-- One change of silence at a time for a person, even without a parcours.
SELECT pg_advisory_xact_lock(hashtext('silence'), hashtext(cast(:assure AS text)));

-- name: trouver_parcours
-- The parcours under which a silence is told: the open one, else the last.
SELECT id, clos_at IS NULL AS ouvert FROM pdp.parcours WHERE assure_id = :assure ORDER BY clos_at IS NOT NULL, decide_at DESC, id LIMIT 1;

-- name: trouver_courante
-- The last silence of a person that was not lifted, over or not.
SELECT id, plateforme_id, assure_id, motif, du, au, note, posee_at, levee_at FROM pdp.mise_en_silence WHERE assure_id = :assure AND courante;

-- name: lire
-- One silence.
SELECT id, plateforme_id, assure_id, motif, du, au, note, posee_at, levee_at FROM pdp.mise_en_silence WHERE id = :silence;

-- name: du_jour
-- The silence of a person on a day, no row when she may be contacted.
SELECT id, motif, du, au FROM pdp.silence_du_jour(:assure, :jour);

-- name: poser
-- A new silence; no row when another one is current.
INSERT INTO pdp.mise_en_silence (plateforme_id, assure_id, motif, du, au, note, posee_par, posee_at)
VALUES (:plateforme, :assure, :motif, :du, :au, :note, :par, :maintenant)
ON CONFLICT (assure_id) WHERE courante DO NOTHING
RETURNING id;

-- name: tourner
-- A silence that ended by its date leaves its place to the next one.
UPDATE pdp.mise_en_silence SET courante = false WHERE id = :silence;

-- name: lever
-- Lifted before its end, once.
UPDATE pdp.mise_en_silence SET courante = false, levee_at = :maintenant, levee_par = :par WHERE id = :silence AND levee_at IS NULL;

-- name: lister
-- Silences of a person, latest first, with who asked and who lifted.
SELECT s.id, s.motif, s.du, s.au, s.note, s.posee_at, s.levee_at, p.prenom AS par_prenom, p.nom AS par_nom, l.prenom AS leveur_prenom, l.nom AS leveur_nom
FROM pdp.mise_en_silence s
JOIN pdp.agent p ON p.id = s.posee_par
LEFT JOIN pdp.agent l ON l.id = s.levee_par
WHERE s.assure_id = :assure
ORDER BY s.posee_at DESC, s.id
LIMIT 50;

-- name: retenir
-- Open reasons that speak to silent people: put off to the day after the silence, closed when it has no end. Of the person of a
-- parcours, or of a whole platform.
WITH silence AS (
    SELECT m.id, m.assure_id, m.motif, m.du, m.au
    FROM pdp.mise_en_silence m
    WHERE m.plateforme_id = :plateforme AND m.courante AND (m.au IS NULL OR m.au >= :jour)
        AND (cast(:parcours AS uuid) IS NULL OR m.assure_id = (SELECT assure_id FROM pdp.parcours WHERE id = :parcours))
), vise AS (
    SELECT t.id, s.id AS silence_id, s.motif AS raison, s.au
    FROM silence s
    JOIN pdp.parcours p ON p.assure_id = s.assure_id
    JOIN pdp.tache t ON t.parcours_id = p.id AND t.fermee_at IS NULL AND t.motif = ANY (cast(:motifs AS text[]))
    WHERE CASE WHEN s.au IS NULL THEN s.du <= :jour
        ELSE s.du <= greatest(cast(:jour AS date), (t.echeance_at AT TIME ZONE :fuseau)::date) AND (t.echeance_at AT TIME ZONE :fuseau)::date <= s.au
        END
    FOR UPDATE OF t
)
UPDATE pdp.tache t
SET silence_id = v.silence_id,
    echeance_avant_at = CASE WHEN v.au IS NOT NULL THEN coalesce(t.echeance_avant_at, t.echeance_at) END,
    echeance_at = CASE WHEN v.au IS NULL THEN t.echeance_at ELSE (v.au + 1 + cast(:heure AS time)) AT TIME ZONE :fuseau END,
    fermee_at = CASE WHEN v.au IS NULL THEN cast(:maintenant AS timestamptz) END,
    fermee_par = CASE WHEN v.au IS NULL THEN cast(:par AS text) END,
    issue = CASE WHEN v.au IS NULL THEN v.raison END,
    retard_jours = CASE WHEN v.au IS NULL THEN 0 END
FROM vise v
WHERE t.id = v.id
RETURNING t.id, t.parcours_id, t.motif, v.raison, v.au;

-- name: rendre
-- What a lifted silence had put off comes back at its first deadline, or later when that is past; a deadline moved by hand since is left.
UPDATE pdp.tache t
SET echeance_at = greatest(t.echeance_avant_at, cast(:au_plus_tot AS timestamptz)), silence_id = NULL, echeance_avant_at = NULL
WHERE t.silence_id = :silence AND t.fermee_at IS NULL AND t.echeance_avant_at IS NOT NULL
RETURNING t.parcours_id, t.motif;

-- name: rouvrir
-- What a lifted silence without an end had closed is open again, unless the parcours was closed or the same reason opened since.
UPDATE pdp.tache t
SET fermee_at = NULL, fermee_par = NULL, issue = NULL, retard_jours = NULL, silence_id = NULL,
    echeance_at = greatest(t.echeance_at, cast(:au_plus_tot AS timestamptz))
FROM pdp.parcours p
WHERE t.silence_id = :silence AND t.fermee_at IS NOT NULL AND t.echeance_avant_at IS NULL AND t.issue = :raison
    AND p.id = t.parcours_id AND (p.clos_at IS NULL OR t.motif IN ('suivi_m6', 'suivi_m12'))
    AND NOT EXISTS (SELECT 1 FROM pdp.tache d
        WHERE d.parcours_id = t.parcours_id AND d.motif = t.motif AND d.cause = t.cause
            AND (d.fermee_at IS NULL OR (d.silence_id = t.silence_id AND (d.ouverte_at, d.id) > (t.ouverte_at, t.id))))
RETURNING t.parcours_id, t.motif;
