-- name: lister_partenaires_a_lire
-- Servers to read with the cursor of the last reading: of the transport a partner has now, and of a former one while what left by it goes on.
SELECT DISTINCT ON (p.plateforme_id, p.id_source, t.canal) p.id, p.plateforme_id, p.id_source, t.canal, t.url, p.jeton_url, c.curseur, c.tente_at
FROM pdp.partenaire p
JOIN pdp.partenaire_transport t ON t.partenaire_id = p.id AND t.canal IN ('api', 'fhir') AND t.url IS NOT NULL
LEFT JOIN pdp.curseur_partenaire c ON c.partenaire_id = p.id AND c.canal = t.canal
WHERE (cast(:plateforme AS text) IS NULL OR p.plateforme_id = :plateforme)
  AND CASE WHEN t.jusqu_at IS NULL THEN EXISTS (SELECT 1 FROM pdp.orientation o WHERE o.partenaire_id = p.id)
      ELSE EXISTS (SELECT 1 FROM pdp.orientation o JOIN pdp.outbox x ON x.orientation_id = o.id AND x.type = 'orientation'
          WHERE o.partenaire_id = p.id AND o.statut IN ('envoyee', 'recue', 'acceptee', 'en_cours') AND x.canal = t.canal AND x.etat = 'livre') END
ORDER BY p.plateforme_id, p.id_source, t.canal, t.jusqu_at DESC NULLS FIRST;

-- name: avancer_curseur
-- Only from where this reading started: a slower concurrent reading never moves it back.
INSERT INTO pdp.curseur_partenaire AS c (partenaire_id, plateforme_id, canal, curseur, lu_at)
VALUES (:partenaire, :plateforme, :canal, :curseur, :maintenant)
ON CONFLICT (partenaire_id, canal) DO UPDATE SET curseur = excluded.curseur, lu_at = excluded.lu_at
WHERE c.curseur = :avant;

-- name: reserver_lecture
-- Take the reading of a server that was not called since :avant; no row when it was. An instant to come (a clock set back) does not hold.
INSERT INTO pdp.curseur_partenaire AS c (partenaire_id, plateforme_id, canal, curseur, tente_at)
VALUES (:partenaire, :plateforme, :canal, '', :maintenant)
ON CONFLICT (partenaire_id, canal) DO UPDATE SET tente_at = excluded.tente_at
WHERE c.tente_at IS NULL OR c.tente_at <= :avant OR c.tente_at > :maintenant
RETURNING c.curseur;

-- name: deposer
-- One answer; a known id yields no row.
INSERT INTO pdp.inbox (id, plateforme_id, partenaire_id, evenement_id, orientation_id, version, nature, statut, motif, compte_rendu, rendez_vous_at, transport,
    survenu_at, empreinte, recu_at)
VALUES (:id, :plateforme, :partenaire, :evenement, :orientation, :version, :nature, :statut, :motif, :compte_rendu, :rendez_vous_at, :transport,
    :survenu_at, :empreinte, :maintenant)
ON CONFLICT (partenaire_id, evenement_id) DO NOTHING
RETURNING id;

-- name: deposer_seances
-- The same, with dates of sessions.
INSERT INTO pdp.inbox (id, plateforme_id, partenaire_id, evenement_id, orientation_id, version, nature, statut, motif, compte_rendu, rendez_vous_at, transport,
    survenu_at, empreinte, recu_at, seances)
VALUES (:id, :plateforme, :partenaire, :evenement, :orientation, :version, :nature, :statut, :motif, :compte_rendu, :rendez_vous_at, :transport,
    :survenu_at, :empreinte, :maintenant, :seances)
ON CONFLICT (partenaire_id, evenement_id) DO NOTHING
RETURNING id;

-- name: vider_seances
-- Dates that the person no longer agrees to hear back are not kept.
UPDATE pdp.inbox SET seances = '{}' WHERE id = :id;

-- name: lire_seances
-- Dates of sessions of one answer.
SELECT seances FROM pdp.inbox WHERE id = :id;

-- name: trouver_evenement
-- What is known under an id of a partner.
SELECT id, empreinte FROM pdp.inbox WHERE partenaire_id = :partenaire AND evenement_id = :evenement;

-- name: lister_a_appliquer
-- Answers not applied yet, by hand-over and version; locked, so that two runs take turns instead of overtaking each other.
SELECT i.id, i.plateforme_id, i.partenaire_id, i.evenement_id, i.orientation_id, i.version, i.nature, i.statut, i.motif, i.compte_rendu,
    i.rendez_vous_at, i.survenu_at, i.recu_at
FROM pdp.inbox i
WHERE i.plateforme_id = :plateforme AND i.traite_at IS NULL
ORDER BY i.orientation_id, i.version, i.recu_at, i.id
FOR UPDATE;

-- name: trouver_parcours
-- Parcours of the hand-over answered, when it is this partner's.
SELECT parcours_id FROM pdp.orientation WHERE id = :orientation AND partenaire_id = :partenaire AND plateforme_id = :plateforme;

-- name: verrouiller_orientation
-- The hand-over answered, when it is this partner's.
SELECT id, parcours_id, statut, version_partenaire, compte_rendu
FROM pdp.orientation WHERE id = :orientation AND partenaire_id = :partenaire AND plateforme_id = :plateforme FOR NO KEY UPDATE;

-- name: traiter
-- What was done of an answer, once.
UPDATE pdp.inbox SET traite_at = :maintenant, resultat = :resultat WHERE id = :id AND traite_at IS NULL;

-- name: appliquer
-- Answer written on the hand-over; a receipt is not an answer.
UPDATE pdp.orientation
SET statut = :statut, version_partenaire = greatest(version_partenaire, :version), refus_motif = coalesce(:motif, refus_motif), compte_rendu = coalesce(:compte_rendu, compte_rendu),
    repondue_at = CASE WHEN :statut = 'recue' THEN repondue_at ELSE least(cast(:survenu_at AS timestamptz), cast(:maintenant AS timestamptz)) END
WHERE id = :orientation;

-- name: est_d_un_autre_compte
-- Whether nothing as late, or later, came by the same transport: versions are compared within one only.
SELECT NOT EXISTS (SELECT 1 FROM pdp.inbox x WHERE x.orientation_id = i.orientation_id AND x.partenaire_id = i.partenaire_id AND x.id <> i.id
    AND x.transport = i.transport AND x.version >= i.version)
FROM pdp.inbox i WHERE i.id = :id;

-- name: compter_autres_actives
-- Other hand-overs still going on.
SELECT count(*) FROM pdp.orientation
WHERE parcours_id = :parcours AND id <> :orientation AND statut IN ('envoyee', 'recue', 'acceptee', 'en_cours');

-- name: ecrire_faits
-- Facts of a hand-over, read again from every answer kept: the same whatever their order of arrival.
UPDATE pdp.orientation o
SET recue_at = coalesce(f.recue_at, o.recue_at), acceptee_at = coalesce(f.acceptee_at, o.acceptee_at), rendez_vous_at = f.rendez_vous_at,
    rendez_vous_manque_at = f.manque_at, nouvelles_at = coalesce(f.nouvelles_at, o.nouvelles_at)
FROM (
    SELECT min(i.dite_at) FILTER (WHERE i.statut = 'recue') AS recue_at,
        min(i.dite_at) FILTER (WHERE i.statut IN ('acceptee', 'en_cours', 'realisee', 'sans_suite')) AS acceptee_at,
        max(i.dite_at) FILTER (WHERE i.nature = 'nouvelles' OR i.statut = 'en_cours') AS nouvelles_at,
        (array_agg(i.rendez_vous_at ORDER BY i.version DESC, i.survenu_at DESC, i.evenement_id DESC) FILTER (WHERE i.nature = 'rendez_vous'))[1] AS rendez_vous_at,
        (array_agg(CASE WHEN i.nature = 'rendez_vous_manque' THEN i.dite_at END ORDER BY i.version DESC, i.survenu_at DESC, i.evenement_id DESC)
            FILTER (WHERE i.nature IN ('rendez_vous', 'rendez_vous_manque')))[1] AS manque_at
    FROM (SELECT x.*, least(x.survenu_at, x.recu_at) AS dite_at FROM pdp.inbox x
        WHERE x.orientation_id = :orientation AND x.resultat IN ('appliquee', 'ancienne')) i
    JOIN pdp.orientation r ON r.id = i.orientation_id AND r.partenaire_id = i.partenaire_id
) f
WHERE o.id = :orientation;

-- name: compter_entre
-- Versions between two, given to something else than a step.
SELECT count(DISTINCT version) FROM pdp.inbox WHERE orientation_id = :orientation AND nature <> 'statut' AND version > :de AND version < :a;

-- name: compter_rendez_vous_suivants
-- Meetings set or missed, told after a version.
SELECT count(*) FROM pdp.inbox
WHERE orientation_id = :orientation AND partenaire_id = :partenaire AND nature IN ('rendez_vous', 'rendez_vous_manque') AND version > :version
    AND resultat = 'appliquee';

-- name: prendre_son_tour
-- One writer at a time on the answers to a hand-over, whatever the transport: each is checked against the one before it, and has its own version.
-- A statement of its own: what is read next is read after the wait (a partner may read a hand-over, not lock its row).
SELECT pg_advisory_xact_lock(hashtextextended(cast(:orientation AS text), 43));

-- name: lire_pour_repondre
-- Where a hand-over stands for its partner: its own last answer counts before it is applied; whether a question of ours waits for it.
SELECT o.plateforme_id, o.partenaire_id, coalesce(a.statut, o.statut) AS statut, greatest(o.version_partenaire, coalesce(v.version, 0)) AS version,
    EXISTS (SELECT 1 FROM pdp.echange_question q
        WHERE q.orientation_id = o.id AND q.par = 'csam' AND q.repondue_at IS NULL AND q.retiree_at IS NULL) AS interroge
FROM pdp.orientation o
LEFT JOIN LATERAL (SELECT i.statut FROM pdp.inbox i WHERE i.orientation_id = o.id AND i.traite_at IS NULL AND i.nature = 'statut'
    ORDER BY i.version DESC, i.recu_at DESC LIMIT 1) a ON true
LEFT JOIN LATERAL (SELECT max(i.version) AS version FROM pdp.inbox i WHERE i.orientation_id = o.id) v ON true
WHERE o.id = :orientation;
