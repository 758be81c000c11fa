-- name: lister_cas
-- Open parcours of a colleague, most urgent first: what falls due in the period (late already, when it has begun), the appointment in it,
-- and the last other colleague who followed the person.
SELECT p.id, p.assure_id, p.statut, s.commune_insee, s.langue, (p.decide_at AT TIME ZONE :fuseau)::date >= :recent_depuis AS recent,
    (SELECT count(*) FROM pdp.orientation o
     WHERE o.parcours_id = p.id AND o.statut IN ('en_attente_accord', 'envoyee', 'recue', 'acceptee', 'en_cours'))::integer AS orientations,
    coalesce(t.dues, 0)::integer AS dues, coalesce(t.promesses, 0)::integer AS promesses, t.premiere_at,
    x.id AS tele_echange_id, x.debut_at, x.fin_at,
    (SELECT f.csam_id FROM pdp.affectation f JOIN pdp.parcours q ON q.id = f.parcours_id
     WHERE q.assure_id = p.assure_id AND f.csam_id <> p.csam_id ORDER BY f.du DESC, f.id LIMIT 1) AS precedent
FROM pdp.parcours p
JOIN identite.assure s ON s.id = p.assure_id
LEFT JOIN LATERAL (
    SELECT count(*) AS dues, count(*) FILTER (WHERE k.motif = 'rappel_promis') AS promesses, min(k.echeance_at) AS premiere_at
    FROM pdp.tache k
    WHERE k.parcours_id = p.id AND k.fermee_at IS NULL AND k.balle IN ('csam', 'assure')
        AND k.echeance_at < :fin_at AND (k.echeance_at >= :debut_at OR :debut_at <= :maintenant)
) t ON true
LEFT JOIN pdp.tele_echange x ON x.parcours_id = p.id AND x.statut IN ('planifie', 'confirme') AND x.debut_at >= greatest(:debut_at, :maintenant)
    AND x.debut_at < :fin_at
WHERE p.plateforme_id = :plateforme AND p.csam_id = :agent AND p.clos_at IS NULL
ORDER BY p.priorite DESC, p.decide_at, p.id;

-- name: lister_occupes
-- Colleagues who already have an appointment at the time of one of these.
SELECT x.id AS tele_echange_id, y.csam_id
FROM pdp.tele_echange x
JOIN pdp.tele_echange y ON y.plateforme_id = x.plateforme_id AND y.csam_id <> x.csam_id AND y.debut_at < x.fin_at AND x.debut_at < y.fin_at
    AND y.statut IN ('planifie', 'confirme', 'realise', 'realise_partiel')
WHERE x.id = ANY (cast(:tele_echanges AS uuid[]));

-- name: lister_absences
-- Days on which colleagues of the platform are away, in a period.
SELECT agent_id, du, au FROM pdp.absence_agent WHERE plateforme_id = :plateforme AND au >= :du AND du <= :au;

-- name: lire_agent
-- The colleague, if a coordinator of the platform.
SELECT id, nom, prenom, quotite, plateforme_id FROM pdp.agent WHERE id = :agent AND plateforme_id = :plateforme AND role = 'csam';

-- name: lister_noms
-- Names of the coordinators of the platform.
SELECT id, nom, prenom FROM pdp.agent WHERE plateforme_id = :plateforme AND role = 'csam' ORDER BY nom, prenom, id;

-- name: creer
-- One live redistribution per colleague and first day: asked for twice, the second gives no row.
INSERT INTO pdp.redistribution (plateforme_id, agent_id, du, au, demandee_par, demandee_at)
VALUES (:plateforme, :agent, :du, :au, :par, :maintenant)
ON CONFLICT (agent_id, du) WHERE annulee_at IS NULL DO NOTHING
RETURNING id;

-- name: trouver
-- The live redistribution of a colleague from that day; for a departure, the one that began before too: it is looked at again every day.
SELECT id, au FROM pdp.redistribution
WHERE agent_id = :agent AND annulee_at IS NULL AND (du = :du OR (cast(:depart AS boolean) AND au IS NULL AND du < :du))
ORDER BY du LIMIT 1;

-- name: verrouiller
-- One redistribution, locked.
SELECT id, plateforme_id, agent_id, du, au, demandee_par, effet_at, rendue_at, annulee_at FROM pdp.redistribution
WHERE id = :redistribution FOR NO KEY UPDATE;

-- name: prevoir
-- What the manager confirmed, kept until it takes effect.
INSERT INTO pdp.redistribution_ligne (redistribution_id, parcours_id, plateforme_id, de_csam_id, vers_csam_id, motif, etat, rendez_vous, change_at)
SELECT :redistribution, c.parcours_id, :plateforme, :de, c.vers, c.motif, 'prevue', c.rendez_vous, :maintenant
FROM unnest(cast(:parcours AS uuid[]), cast(:vers AS uuid[]), cast(:motifs AS text[]), cast(:rendez_vous AS text[])) AS c (parcours_id, vers, motif, rendez_vous)
ON CONFLICT (redistribution_id, parcours_id) DO UPDATE
    SET vers_csam_id = excluded.vers_csam_id, motif = excluded.motif, rendez_vous = excluded.rendez_vous, change_at = excluded.change_at, etat = 'prevue'
    WHERE redistribution_ligne.etat IN ('prevue', 'sans_objet');

-- name: changer_de_mains
-- The parcours still in the hands they were in change coordinator; the others are left alone.
UPDATE pdp.parcours p SET csam_id = c.vers, version = p.version + 1
FROM unnest(cast(:parcours AS uuid[]), cast(:de AS uuid[]), cast(:vers AS uuid[])) AS c (parcours_id, de, vers)
WHERE p.id = c.parcours_id AND p.csam_id = c.de AND p.clos_at IS NULL
RETURNING p.id;

-- name: clore_affectations
-- End of the current line of history.
UPDATE pdp.affectation SET au = :maintenant WHERE parcours_id = ANY (cast(:parcours AS uuid[])) AND au IS NULL;

-- name: ouvrir_affectations
-- New line of history: who, from whom, why, until when, with the hand-over sheet and the words of the giver;
-- whoever does it has nothing to be told.
INSERT INTO pdp.affectation (plateforme_id, parcours_id, csam_id, de_csam_id, du, motif, par_type, par_id, retour_le, relais, note, lue_at, depart_lu_at)
SELECT :plateforme, c.parcours_id, c.vers, c.de, :maintenant, c.motif, :type, :par, :retour, c.relais, :note,
    CASE WHEN c.vers::text = :par THEN cast(:maintenant AS timestamptz) END, CASE WHEN c.de::text = :par THEN cast(:maintenant AS timestamptz) END
FROM unnest(cast(:parcours AS uuid[]), cast(:de AS uuid[]), cast(:vers AS uuid[]), cast(:motifs AS text[]), cast(:relais AS text[]))
    AS c (parcours_id, de, vers, motif, relais);

-- name: consigner
-- One event per parcours that changed hands.
SELECT journal.consigner_lot(CASE WHEN cast(:retour_de AS boolean) THEN 'parcours_rendu' ELSE 'parcours_redistribue' END, (
    SELECT coalesce(jsonb_agg(jsonb_build_object('plateforme_id', p.plateforme_id, 'assure_id', p.assure_id, 'parcours_id', p.id,
        'donnees', jsonb_strip_nulls(jsonb_build_object(cast(:cle AS text), cast(:redistribution AS uuid), 'de', c.de, 'vers', c.vers,
            'retour_le', cast(:retour AS date)))) ORDER BY p.id), '[]')
    FROM unnest(cast(:parcours AS uuid[]), cast(:de AS uuid[]), cast(:vers AS uuid[])) AS c (parcours_id, de, vers)
    JOIN pdp.parcours p ON p.id = c.parcours_id));

-- name: lister_relais
-- What a colleague who receives a parcours must know: open reasons in order, appointment, hand-overs under way.
SELECT p.id, p.statut, x.debut_at,
    (SELECT count(*) FROM pdp.orientation o
     WHERE o.parcours_id = p.id AND o.statut IN ('en_attente_accord', 'envoyee', 'recue', 'acceptee', 'en_cours'))::integer AS orientations,
    coalesce((SELECT array_agg(t.motif ORDER BY t.echeance_at, t.id) FROM pdp.tache t WHERE t.parcours_id = p.id AND t.fermee_at IS NULL), '{}') AS motifs,
    coalesce((SELECT array_agg(t.echeance_at ORDER BY t.echeance_at, t.id) FROM pdp.tache t WHERE t.parcours_id = p.id AND t.fermee_at IS NULL), '{}') AS echeances
FROM pdp.parcours p
LEFT JOIN pdp.tele_echange x ON x.parcours_id = p.id AND x.statut IN ('planifie', 'confirme')
WHERE p.id = ANY (cast(:parcours AS uuid[]));

-- name: lister_rendez_vous
-- Appointments to come of some parcours, in a period; a parcours has one at most.
SELECT x.parcours_id, x.id, x.csam_id FROM pdp.tele_echange x
WHERE x.parcours_id = ANY (cast(:parcours AS uuid[])) AND x.statut IN ('planifie', 'confirme')
    AND x.debut_at >= :debut_at AND (cast(:fin_at AS timestamptz) IS NULL OR x.debut_at < :fin_at)
ORDER BY x.debut_at, x.id FOR NO KEY UPDATE;

-- name: confier_rendez_vous
-- The appointment stays at the same instant with the colleague, when free and present; no row otherwise.
UPDATE pdp.tele_echange x SET csam_id = a.id, csam_numero = a.numero
FROM pdp.agent a
WHERE x.id = :tele_echange AND a.id = :vers AND x.statut IN ('planifie', 'confirme')
    AND NOT EXISTS (
        SELECT 1 FROM pdp.tele_echange y
        WHERE y.csam_id = a.id AND y.id <> x.id AND y.debut_at < x.fin_at AND x.debut_at < y.fin_at
            AND y.statut IN ('planifie', 'confirme', 'realise', 'realise_partiel'))
    AND NOT EXISTS (
        SELECT 1 FROM pdp.absence_agent b WHERE b.agent_id = a.id AND (x.debut_at AT TIME ZONE :fuseau)::date BETWEEN b.du AND b.au)
RETURNING x.id;

-- name: marquer_effet
-- Took effect.
UPDATE pdp.redistribution SET effet_at = :maintenant WHERE id = :redistribution AND effet_at IS NULL;

-- name: marquer_rendue
-- Nothing is left to come back.
UPDATE pdp.redistribution r SET rendue_at = :maintenant
WHERE r.id = :redistribution AND NOT EXISTS (SELECT 1 FROM pdp.redistribution_ligne l WHERE l.redistribution_id = r.id AND l.etat IN ('prevue', 'faite'));

-- name: marquer_annulee
-- Taken back.
UPDATE pdp.redistribution SET annulee_at = :maintenant, annulee_par = :par WHERE id = :redistribution AND annulee_at IS NULL;

-- name: trouver_depart
-- First day of the departure of a colleague that still stands, if any.
SELECT min(du) FROM pdp.redistribution WHERE agent_id = :agent AND au IS NULL AND annulee_at IS NULL;

-- name: marquer_lignes
-- New state of some lines.
UPDATE pdp.redistribution_ligne SET etat = :etat, change_at = :maintenant
WHERE redistribution_id = :redistribution AND parcours_id = ANY (cast(:parcours AS uuid[])) AND etat = ANY (cast(:depuis AS text[]));

-- name: marquer_rendez_vous
-- What became of the appointment of a line.
UPDATE pdp.redistribution_ligne SET rendez_vous = :rendez_vous WHERE redistribution_id = :redistribution AND parcours_id = :parcours;

-- name: lister_lignes
-- Lines of a redistribution, and who has each parcours now.
SELECT l.parcours_id, l.de_csam_id, l.vers_csam_id, l.motif, l.etat, l.rendez_vous, p.csam_id, p.clos_at
FROM pdp.redistribution_ligne l JOIN pdp.parcours p ON p.id = l.parcours_id
WHERE l.redistribution_id = :redistribution
ORDER BY l.parcours_id;

-- name: lister_a_appliquer
-- Redistributions in force, oldest first: those whose first day has come, and those under way, for what has fallen due since; the last day
-- follows an absence that was extended.
SELECT r.id, greatest(r.au, x.au) AS au FROM pdp.redistribution r
LEFT JOIN LATERAL (
    SELECT max(b.au) AS au FROM pdp.absence_agent b WHERE b.agent_id = r.agent_id AND :jour BETWEEN b.du AND b.au AND r.au IS NOT NULL
) x ON true
WHERE r.plateforme_id = :plateforme AND r.du <= :jour AND r.annulee_at IS NULL AND r.rendue_at IS NULL
    AND (r.effet_at IS NULL OR r.au IS NULL OR x.au IS NOT NULL)
ORDER BY r.du, r.id FOR NO KEY UPDATE OF r SKIP LOCKED;

-- name: lister_a_rendre
-- Redistributions whose colleague is back: last day over (the absence may have been shortened since), in service, and not away again that day.
SELECT r.id FROM pdp.redistribution r JOIN pdp.agent a ON a.id = r.agent_id
LEFT JOIN pdp.absence_agent b ON b.agent_id = r.agent_id AND b.du = r.du
WHERE r.plateforme_id = :plateforme AND least(r.au, b.au) < :jour AND r.au IS NOT NULL AND r.effet_at IS NOT NULL AND r.annulee_at IS NULL AND r.rendue_at IS NULL
    AND (a.actif_au IS NULL OR :jour <= a.actif_au)
    AND NOT EXISTS (SELECT 1 FROM pdp.absence_agent x WHERE x.agent_id = a.id AND :jour BETWEEN x.du AND x.au)
    AND NOT EXISTS (SELECT 1 FROM pdp.redistribution d WHERE d.agent_id = a.id AND d.au IS NULL AND d.du <= :jour AND d.annulee_at IS NULL)
ORDER BY r.au, r.id FOR NO KEY UPDATE OF r SKIP LOCKED;

-- name: finir_suivantes
-- A parcours that came back to its first coordinator no longer goes back to the one who replaced her.
UPDATE pdp.redistribution_ligne l SET etat = 'sans_objet', change_at = :maintenant
WHERE l.parcours_id = ANY (cast(:parcours AS uuid[])) AND l.redistribution_id <> :redistribution AND l.etat = 'faite';

-- name: lister_remplacants
-- Who holds each parcours of a redistribution by a chain of later ones, for each its first holder here.
SELECT l.parcours_id, p.csam_id
FROM pdp.redistribution_ligne l
JOIN pdp.parcours p ON p.id = l.parcours_id AND p.clos_at IS NULL
WHERE l.redistribution_id = :redistribution AND l.etat = 'faite' AND (p.csam_id = l.vers_csam_id OR EXISTS (
    SELECT 1 FROM pdp.redistribution_ligne n
    WHERE n.parcours_id = l.parcours_id AND n.redistribution_id <> l.redistribution_id AND n.etat = 'faite' AND n.vers_csam_id = p.csam_id));

-- name: lister_redistributions
-- Redistributions not over, and those of the last weeks, latest first.
SELECT r.id, r.agent_id, a.nom, a.prenom, r.du, r.au, r.demandee_at, r.effet_at, r.rendue_at, r.annulee_at,
    (SELECT count(*) FROM pdp.redistribution_ligne l WHERE l.redistribution_id = r.id AND l.etat <> 'sans_objet')::integer AS lignes
FROM pdp.redistribution r JOIN pdp.agent a ON a.id = r.agent_id
WHERE coalesce(r.rendue_at, r.annulee_at, 'infinity') >= :depuis
ORDER BY r.du DESC, r.id;

-- name: lire_redistribution
-- One redistribution with the colleague's name.
SELECT r.id, r.agent_id, a.nom, a.prenom, r.du, r.au, r.demandee_at, r.effet_at, r.rendue_at, r.annulee_at,
    (SELECT count(*) FROM pdp.redistribution_ligne l WHERE l.redistribution_id = r.id AND l.etat <> 'sans_objet')::integer AS lignes
FROM pdp.redistribution r JOIN pdp.agent a ON a.id = r.agent_id
WHERE r.id = :redistribution;

-- name: lister_resultats
-- Lines of a redistribution with names, by colleague.
SELECT l.parcours_id, l.vers_csam_id, v.nom, v.prenom, l.motif, l.etat, l.rendez_vous
FROM pdp.redistribution_ligne l JOIN pdp.agent v ON v.id = l.vers_csam_id
WHERE l.redistribution_id = :redistribution
ORDER BY v.nom, v.prenom, v.id, l.parcours_id;
