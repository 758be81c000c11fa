-- name: trouver_a_venir
-- The appointment still to be held.
SELECT id, debut_at FROM pdp.tele_echange WHERE parcours_id = :parcours AND statut IN ('planifie', 'confirme');

-- name: planifier
-- Book the slot; the exclusion constraint refuses a double booking. In calendars an appointment moved stays the same one.
INSERT INTO pdp.tele_echange (plateforme_id, parcours_id, csam_id, csam_numero, debut_at, fin_at, canal, statut, planifie_at, ics_uid, ics_sequence)
SELECT p.plateforme_id, p.id, a.id, a.numero, :debut, :fin, :canal, 'planifie', :maintenant, coalesce(d.ics_uid, gen_random_uuid()),
    coalesce(d.ics_sequence + 1, 0)
FROM pdp.parcours p JOIN pdp.agent a ON a.id = :csam LEFT JOIN pdp.tele_echange d ON d.id = cast(:deplace AS uuid) WHERE p.id = :parcours
RETURNING id;

-- name: trouver_parcours
-- The parcours an appointment belongs to, to lock it first.
SELECT parcours_id FROM pdp.tele_echange WHERE id = :tele_echange;

-- name: verrouiller
-- One appointment, locked.
SELECT id, plateforme_id, parcours_id, csam_id, debut_at, statut, emploi, social, bilan, synthese FROM pdp.tele_echange WHERE id = :tele_echange FOR UPDATE;

-- name: finir
-- Its end, whatever it is.
UPDATE pdp.tele_echange SET statut = :statut, renseigne_at = :maintenant WHERE id = :tele_echange;

-- name: renseigner
-- What was said.
UPDATE pdp.tele_echange
SET statut = :statut, emploi = cast(:emploi AS jsonb), social = cast(:social AS jsonb), bilan = cast(:bilan AS jsonb), synthese = :synthese,
    renseigne_at = :maintenant
WHERE id = :tele_echange;

-- name: ecrire_sante
-- Declared health, in the medical schema; the coordinator who collects it re-reads only their own.
INSERT INTO medical.sante_declaree (tele_echange_id, plateforme_id, parcours_id, csam_id, reponses, recueilli_at)
VALUES (:tele_echange, :plateforme, :parcours, :csam, cast(:reponses AS jsonb), :maintenant)
ON CONFLICT (tele_echange_id) DO UPDATE SET reponses = excluded.reponses, recueilli_at = excluded.recueilli_at;
