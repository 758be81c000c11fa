-- Facts of one person as known at an instant: current versions learnt by then, superseded ones that were believed then. No medical class.

-- name: list_avis
-- Prescriptions, with when this version and when the avis itself was first known.
WITH versions AS (
    SELECT id_avis, date_debut, date_fin, nature, risque, temps_partiel, motif_categorie, ald, annule, connu_at AS connu_du, NULL::timestamptz AS connu_au
    FROM pdp.arret_prescrit WHERE assure_id = :assure
    UNION ALL
    SELECT id_avis, date_debut, date_fin, nature, risque, temps_partiel, motif_categorie, ald, annule, connu_du, connu_au
    FROM pdp.arret_prescrit_version WHERE assure_id = :assure
), datees AS (
    SELECT v.*, min(v.connu_du) OVER (PARTITION BY v.id_avis) AS premier_at FROM versions v
)
SELECT id_avis, date_debut, date_fin, nature, risque, temps_partiel, motif_categorie, ald, annule, connu_du, premier_at
FROM datees
WHERE connu_du <= :instant AND (connu_au IS NULL OR :instant < connu_au)
ORDER BY date_debut, id_avis;

-- name: list_paiements
-- Paid periods.
SELECT id_versement AS cle, risque, temps_partiel, debut, fin, jours, annule, connu_at AS connu_du
FROM pdp.ij_versee WHERE assure_id = :assure AND connu_at <= :instant
UNION ALL
SELECT v.cle, r.risque, coalesce(r.temps_partiel, false), r.debut, r.fin, r.jours, coalesce(r.annule, false), v.connu_du
FROM pdp.fait_version v CROSS JOIN LATERAL jsonb_populate_record(NULL::pdp.ij_versee, v.contenu) r
WHERE v.assure_id = :assure AND v.genre = 'ij_versee' AND v.connu_du <= :instant AND :instant < v.connu_au
ORDER BY debut, cle;

-- name: list_affections
-- Dates of affections and invalidity, never their name.
SELECT id_droit AS cle, nature, affection, debut, fin, annule, connu_at AS connu_du
FROM pdp.affection WHERE assure_id = :assure AND connu_at <= :instant
UNION ALL
SELECT v.cle, r.nature, r.affection, r.debut, r.fin, coalesce(r.annule, false), v.connu_du
FROM pdp.fait_version v CROSS JOIN LATERAL jsonb_populate_record(NULL::pdp.affection, v.contenu) r
WHERE v.assure_id = :assure AND v.genre = 'affection' AND v.connu_du <= :instant AND :instant < v.connu_au
ORDER BY debut, cle;

-- name: list_employeur
-- What employers declared.
SELECT cle, genre, code, neutre, debut, fin, reprise_le, reprise_code, siret, annule, connu_at AS connu_du
FROM pdp.fait_dsn WHERE assure_id = :assure AND connu_at <= :instant
UNION ALL
SELECT v.cle, r.genre, r.code, coalesce(r.neutre, false), r.debut, r.fin, r.reprise_le, r.reprise_code, r.siret, coalesce(r.annule, false), v.connu_du
FROM pdp.fait_version v CROSS JOIN LATERAL jsonb_populate_record(NULL::pdp.fait_dsn, v.contenu) r
WHERE v.assure_id = :assure AND v.genre = 'fait_dsn' AND v.connu_du <= :instant AND :instant < v.connu_au
ORDER BY debut, cle;

-- name: list_silences
-- Days of quiet mode, without the reason.
SELECT du AS debut, au AS fin
FROM pdp.mise_en_silence
WHERE assure_id = :assure AND posee_at <= :instant AND (levee_at IS NULL OR :instant < levee_at)
ORDER BY du, posee_at;
