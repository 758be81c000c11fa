-- name: lire_agent
-- The coordinator whose calendar is read.
SELECT id, plateforme_id, numero FROM pdp.agent WHERE id = :csam;

-- name: lister_absences
-- Absences not over yet.
SELECT du, au FROM pdp.absence_agent WHERE agent_id = :csam AND au >= :jour;

-- name: lister_occupes
-- Slots taken in the window.
SELECT debut_at, fin_at FROM pdp.tele_echange
WHERE csam_id = :csam AND statut IN ('planifie', 'confirme', 'realise', 'realise_partiel') AND fin_at > :debut AND debut_at < :fin;

-- name: trouver_a_venir
-- The appointment still to be held.
SELECT id, debut_at FROM pdp.tele_echange WHERE parcours_id = :parcours AND statut IN ('planifie', 'confirme');

-- name: planifier
-- Book the slot; the exclusion constraint refuses a double booking.
INSERT INTO pdp.tele_echange (plateforme_id, parcours_id, csam_id, csam_numero, debut_at, fin_at, canal, statut, planifie_at)
SELECT p.plateforme_id, p.id, a.id, a.numero, :debut, :fin, :canal, 'planifie', :maintenant
FROM pdp.parcours p JOIN pdp.agent a ON a.id = :csam WHERE p.id = :parcours
RETURNING id;

-- name: trouver_parcours
-- The parcours an appointment belongs to, to lock it first.
SELECT parcours_id FROM pdp.tele_echange WHERE id = :tele_echange;

-- name: verrouiller
-- One appointment, locked.
SELECT id, plateforme_id, parcours_id, csam_id, debut_at, statut FROM pdp.tele_echange WHERE id = :tele_echange FOR UPDATE;

-- name: finir
-- Its end, whatever it is.
UPDATE pdp.tele_echange SET statut = :statut, renseigne_at = :maintenant WHERE id = :tele_echange;

-- name: renseigner
-- What was said.
UPDATE pdp.tele_echange
SET statut = :statut, emploi = cast(:emploi AS jsonb), social = cast(:social AS jsonb), synthese = :synthese, renseigne_at = :maintenant
WHERE id = :tele_echange;

-- name: ecrire_sante
-- Declared health, in the medical schema; the coordinator who collects it re-reads only their own.
INSERT INTO medical.sante_declaree (tele_echange_id, plateforme_id, parcours_id, csam_id, reponses, recueilli_at)
VALUES (:tele_echange, :plateforme, :parcours, :csam, cast(:reponses AS jsonb), :maintenant)
ON CONFLICT (tele_echange_id) DO UPDATE SET reponses = excluded.reponses, recueilli_at = excluded.recueilli_at;
