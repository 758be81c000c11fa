-- name: verrouiller
-- One sweep at a time per platform; false when another one is at work.
SELECT pg_try_advisory_xact_lock(hashtext('sweep_veille'), hashtext(:plateforme));

-- name: accords_perdus
-- S13: hand-over still open at a partner while the agreement that covers it, or the accompagnement itself, was withdrawn.
SELECT o.parcours_id, p.assure_id, o.id::text AS cause, o.id AS objet_id, coalesce(a.retire_at, g.retire_at, g.recueilli_at) AS survenu_at,
    NULL::timestamptz AS echeance_at, jsonb_build_object('dispositif', o.dispositif) AS faits
FROM pdp.orientation o
JOIN pdp.parcours p ON p.id = o.parcours_id
JOIN pdp.accord a ON a.id = o.accord_id
LEFT JOIN LATERAL (
    SELECT decision, retire_at, recueilli_at FROM pdp.accord
    WHERE parcours_id = o.parcours_id AND destinataire = 'accompagnement' AND saisie_par_erreur_at IS NULL ORDER BY recueilli_at DESC, ordre DESC LIMIT 1
) g ON true
WHERE o.plateforme_id = :plateforme AND (cast(:parcours AS uuid) IS NULL OR o.parcours_id = :parcours)
    AND o.statut IN ('envoyee', 'recue', 'acceptee', 'en_cours')
    AND ((a.retire_at IS NOT NULL AND a.retrait_canal NOT IN ('expiration', 'reprise')) OR a.decision = 'refuse' OR g.retire_at IS NOT NULL OR g.decision = 'refuse')
ORDER BY o.id;

-- name: restes_de_clos
-- S12: closed parcours that still hold an open reason other than a follow-up or a relapse, an appointment or a hand-over. Found from what is
-- open, which stays of a size: closed parcours only grow in number.
SELECT DISTINCT p.id AS parcours_id, p.assure_id, p.cloture_motif AS cause, NULL::uuid AS objet_id, p.clos_at AS survenu_at,
    NULL::timestamptz AS echeance_at, '{}'::jsonb AS faits
FROM (
    SELECT t.parcours_id, false AS relais FROM pdp.tache t
    WHERE t.plateforme_id = :plateforme AND (cast(:parcours AS uuid) IS NULL OR t.parcours_id = :parcours)
        AND t.fermee_at IS NULL AND t.motif NOT IN ('suivi_m6', 'suivi_m12', 'rechute')
    UNION ALL
    SELECT x.parcours_id, false FROM pdp.tele_echange x
    WHERE x.plateforme_id = :plateforme AND (cast(:parcours AS uuid) IS NULL OR x.parcours_id = :parcours) AND x.statut IN ('planifie', 'confirme')
    UNION ALL
    SELECT o.parcours_id, o.statut IN ('acceptee', 'en_cours') FROM pdp.orientation o
    WHERE o.plateforme_id = :plateforme AND (cast(:parcours AS uuid) IS NULL OR o.parcours_id = :parcours)
        AND o.statut IN ('envoyee', 'recue', 'acceptee', 'en_cours')
) r
JOIN pdp.parcours p ON p.id = r.parcours_id AND p.clos_at IS NOT NULL
WHERE NOT (r.relais AND p.cloture_motif LIKE 'relais\_%') -- a relay that was accepted goes on without us
ORDER BY p.id;

-- name: entretiens_passes
-- S08: télé-échange over, outcome not recorded.
SELECT x.parcours_id, p.assure_id, x.id::text AS cause, x.id AS objet_id, x.fin_at AS survenu_at, NULL::timestamptz AS echeance_at, '{}'::jsonb AS faits
FROM pdp.tele_echange x
JOIN pdp.parcours p ON p.id = x.parcours_id AND p.clos_at IS NULL
WHERE x.plateforme_id = :plateforme AND (cast(:parcours AS uuid) IS NULL OR x.parcours_id = :parcours)
    AND x.statut IN ('planifie', 'confirme') AND x.fin_at <= :maintenant
    AND NOT EXISTS (SELECT 1 FROM pdp.tache t WHERE t.parcours_id = x.parcours_id AND t.motif = 'renseigner_tele_echange' AND t.cause = x.id::text
        AND t.fermee_at IS NULL)
ORDER BY x.fin_at, x.id;

-- name: arrets_finis
-- S14: last known absence over for longer than prolongations take to arrive; asked again when an answer left the parcours open.
SELECT p.id AS parcours_id, p.assure_id, 'arret_fini:' || e.fin AS cause, NULL::uuid AS objet_id, e.fin::timestamptz AS survenu_at,
    NULL::timestamptz AS echeance_at, jsonb_build_object('fin', e.fin) AS faits
FROM pdp.parcours p
CROSS JOIN LATERAL (SELECT max(fin) AS fin FROM pdp.episode WHERE assure_id = p.assure_id AND etat = 'courant') e
WHERE p.plateforme_id = :plateforme AND (cast(:parcours AS uuid) IS NULL OR p.id = :parcours) AND p.clos_at IS NULL
    AND e.fin + cast(:marge_jours AS integer) < :jour
    AND NOT EXISTS (SELECT 1 FROM pdp.silence_du_jour(p.assure_id, :jour) z WHERE z.motif = 'deces')
    AND NOT EXISTS (SELECT 1 FROM pdp.tache t WHERE t.parcours_id = p.id AND t.motif = 'confirmer_issue'
        AND (t.fermee_at IS NULL OR (t.cause = 'arret_fini:' || e.fin AND t.fermee_at + make_interval(days => cast(:point_jours AS integer)) > :maintenant)))
ORDER BY e.fin, p.id;

-- name: arrets_prolonges
-- A prolongation arrived after all: the question about the end of the absence falls.
SELECT t.parcours_id, p.assure_id, t.cause, t.id AS objet_id, t.ouverte_at AS survenu_at, NULL::timestamptz AS echeance_at, '{}'::jsonb AS faits
FROM pdp.tache t
JOIN pdp.parcours p ON p.id = t.parcours_id AND p.clos_at IS NULL
CROSS JOIN LATERAL (SELECT max(fin) AS fin FROM pdp.episode WHERE assure_id = p.assure_id AND etat = 'courant') e
WHERE t.plateforme_id = :plateforme AND (cast(:parcours AS uuid) IS NULL OR t.parcours_id = :parcours)
    AND t.fermee_at IS NULL AND t.motif = 'confirmer_issue' AND t.cause LIKE 'arret\_fini:%' AND t.cause <> 'arret_fini:' || e.fin
    AND e.fin + cast(:marge_jours AS integer) >= :jour
ORDER BY t.id;

-- name: rechutes
-- S15: the last parcours of a person, closed, while a new absence runs, or the same one goes on (domain/rechute.py); once per absence or closing.
SELECT p.id AS parcours_id, p.assure_id, 'rechute:' || r.retour || ':' || CASE r.retour WHEN 'poursuite' THEN c.clos_le::text ELSE e.id::text END AS cause,
    NULL::uuid AS objet_id, e.debut::timestamptz AS survenu_at, NULL::timestamptz AS echeance_at,
    jsonb_build_object('retour', r.retour, 'motif', p.cloture_motif, 'clos_le', c.clos_le, 'debut', e.debut) AS faits
FROM pdp.parcours p
CROSS JOIN LATERAL (SELECT (p.clos_at AT TIME ZONE :fuseau)::date AS clos_le) c
CROSS JOIN LATERAL (
    SELECT x.id, x.debut, x.fin FROM pdp.episode x
    WHERE x.assure_id = p.assure_id AND x.etat = 'courant' AND x.debut <= :jour AND x.fin >= cast(:jour AS date) - cast(:tolerance_jours AS integer)
    ORDER BY x.debut DESC LIMIT 1
) e
CROSS JOIN LATERAL (SELECT CASE WHEN e.debut > c.clos_le THEN 'nouvel_arret' ELSE 'poursuite' END AS retour) r
WHERE p.plateforme_id = :plateforme AND (cast(:parcours AS uuid) IS NULL OR p.id = :parcours) AND p.clos_at IS NOT NULL
    AND p.clos_at >= cast(:rechute_depuis AS date) AND p.csam_id IS NOT NULL
    AND p.cloture_motif <> ALL (cast(:motifs_sans_proposition AS text[]))
    AND CASE r.retour
        WHEN 'nouvel_arret' THEN e.debut <= (c.clos_le + make_interval(months => cast(:fenetre_mois AS integer)))::date
            AND least(cast(:jour AS date), e.fin) - e.debut + 1 >= cast(:rechute_arret_jours AS integer)
        ELSE cast(:jour AS date) <= (c.clos_le + make_interval(months => cast(:fenetre_mois AS integer)))::date
            AND p.cloture_motif = ANY (cast(:motifs_poursuite AS text[]))
            AND least(cast(:jour AS date), e.fin) - c.clos_le >= cast(:rechute_poursuite_jours AS integer)
    END
    AND NOT EXISTS (SELECT 1 FROM pdp.parcours q WHERE q.assure_id = p.assure_id AND q.id <> p.id AND (q.clos_at IS NULL OR q.clos_at > p.clos_at))
    AND NOT EXISTS (SELECT 1 FROM pdp.silence_du_jour(p.assure_id, :jour))
    AND NOT EXISTS (SELECT 1 FROM pdp.tache t WHERE t.parcours_id = p.id AND t.motif = 'rechute' AND (t.fermee_at IS NULL
        OR t.cause = 'rechute:' || r.retour || ':' || CASE r.retour WHEN 'poursuite' THEN c.clos_le::text ELSE e.id::text END))
ORDER BY p.clos_at, p.id;

-- name: compter_non_affectes
-- S05: parcours without a coordinator since that day or before.
SELECT count(*)::integer FROM pdp.parcours p
WHERE p.plateforme_id = :plateforme AND p.clos_at IS NULL AND p.csam_id IS NULL AND (p.decide_at AT TIME ZONE :fuseau)::date <= :limite_affectation;

-- name: alertes_sans_decision
-- S16: alert about an open parcours that nobody decided in time, without a dated reminder.
SELECT al.parcours_id, al.assure_id, al.cause, al.id AS objet_id, al.connu_at AS survenu_at, NULL::timestamptz AS echeance_at, '{}'::jsonb AS faits
FROM pdp.alerte al
JOIN pdp.parcours p ON p.id = al.parcours_id AND p.clos_at IS NULL
WHERE al.plateforme_id = :plateforme AND (cast(:parcours AS uuid) IS NULL OR al.parcours_id = :parcours)
    AND al.decide_at IS NULL AND (al.connu_at AT TIME ZONE :fuseau)::date <= :limite_decision
    AND NOT EXISTS (SELECT 1 FROM pdp.tache t WHERE t.parcours_id = al.parcours_id AND t.motif = 'decision_medecin' AND t.cause = al.cause
        AND t.fermee_at IS NULL)
ORDER BY al.connu_at, al.id;

-- name: compter_alertes_en_retard
-- Alerts, closed parcours included, that nobody decided in time.
SELECT count(*)::integer FROM pdp.alerte al
WHERE al.plateforme_id = :plateforme AND al.decide_at IS NULL AND (al.connu_at AT TIME ZONE :fuseau)::date <= :limite_decision;

-- name: sans_evenement
-- S11: nothing happened for too long, nothing dated is to come, and the médecin-conseil was not told about this very silence.
SELECT p.id AS parcours_id, p.assure_id, c.cause, NULL::uuid AS objet_id, p.dernier_evenement_at AS survenu_at, NULL::timestamptz AS echeance_at,
    jsonb_build_object('jours', extract(day FROM cast(:maintenant AS timestamptz) - p.dernier_evenement_at)::integer) AS faits
FROM pdp.parcours p
CROSS JOIN LATERAL (SELECT 'inactivite:' || to_char(p.dernier_evenement_at AT TIME ZONE 'UTC', 'YYYYMMDD"T"HH24MISSUS') AS cause) c
WHERE p.plateforme_id = :plateforme AND (cast(:parcours AS uuid) IS NULL OR p.id = :parcours)
    AND p.clos_at IS NULL AND p.statut <> 'interrompu'
    AND NOT EXISTS (SELECT 1 FROM pdp.silence_du_jour(p.assure_id, :jour) z WHERE z.motif = 'deces')
    AND p.dernier_evenement_at + make_interval(days => cast(:inactivite_jours AS integer)) <= :maintenant
    AND NOT EXISTS (SELECT 1 FROM pdp.tache t WHERE t.parcours_id = p.id AND t.fermee_at IS NULL AND t.echeance_at > :maintenant)
    AND NOT EXISTS (SELECT 1 FROM pdp.alerte al WHERE al.parcours_id = p.id AND (al.decide_at IS NULL OR (al.type = 'enlisement' AND al.cause = c.cause)))
    AND NOT EXISTS (SELECT 1 FROM pdp.alerte al WHERE al.assure_id = p.assure_id AND al.type = 'enlisement' AND al.decide_at IS NULL)
ORDER BY p.dernier_evenement_at, p.id;

-- name: attentes_echues
-- S03: all that is open waits for the person or a partner, and all of it is overdue.
SELECT p.id AS parcours_id, p.assure_id, 'attente:' || max(t.id::text) AS cause, NULL::uuid AS objet_id, max(t.echeance_at) AS survenu_at,
    NULL::timestamptz AS echeance_at, '{}'::jsonb AS faits
FROM pdp.parcours p
JOIN pdp.tache t ON t.parcours_id = p.id AND t.fermee_at IS NULL
WHERE p.plateforme_id = :plateforme AND (cast(:parcours AS uuid) IS NULL OR p.id = :parcours) AND p.clos_at IS NULL
GROUP BY p.id
HAVING bool_and(t.balle IN ('assure', 'partenaire')) AND max(t.echeance_at) <= :maintenant
ORDER BY p.id;

-- name: sans_tache
-- S01: open parcours of a coordinator with nothing to do; while a letter may still be answered, the deadline is that of the answer.
SELECT p.id AS parcours_id, p.assure_id, 'sans_tache' AS cause, NULL::uuid AS objet_id, p.dernier_evenement_at AS survenu_at,
    CASE WHEN l.courrier_at + make_interval(days => cast(:courrier_jours AS integer)) > :maintenant
        THEN l.courrier_at + make_interval(days => cast(:courrier_jours AS integer)) END AS echeance_at,
    '{}'::jsonb AS faits
FROM pdp.parcours p
LEFT JOIN LATERAL (
    SELECT max(t.fermee_at) AS courrier_at FROM pdp.tache t
    WHERE t.parcours_id = p.id AND t.motif = 'courrier_injoignable' AND t.fermee_at IS NOT NULL AND t.issue <> ALL (cast(:issues_sans_courrier AS text[]))
) l ON true
WHERE p.plateforme_id = :plateforme AND (cast(:parcours AS uuid) IS NULL OR p.id = :parcours) AND p.clos_at IS NULL AND p.csam_id IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM pdp.tache t WHERE t.parcours_id = p.id AND t.fermee_at IS NULL)
ORDER BY p.id;

-- name: termines_sans_alerte
-- Closed parcours whose end could not be told because an earlier one was not yet decided: looked for among the people of whom one was decided
-- since a day, whatever the date of the closing.
SELECT p.id AS parcours_id, p.assure_id, c.cause, NULL::uuid AS objet_id, p.clos_at AS survenu_at, NULL::timestamptz AS echeance_at,
    jsonb_build_object('motif', p.cloture_motif, 'situation', coalesce(i.situation, 'inconnu')) AS faits
FROM pdp.parcours p
CROSS JOIN LATERAL (SELECT 'cloture:' || to_char(p.clos_at AT TIME ZONE 'UTC', 'YYYYMMDD"T"HH24MISSUS') AS cause) c
LEFT JOIN LATERAL (
    SELECT situation FROM pdp.issue WHERE parcours_id = p.id AND jalon = 'cloture' AND annule_at IS NULL ORDER BY decide_at DESC LIMIT 1
) i ON true
WHERE p.plateforme_id = :plateforme AND (cast(:parcours AS uuid) IS NULL OR p.id = :parcours) AND p.clos_at IS NOT NULL
    AND p.cloture_motif <> ALL (cast(:sans_alerte AS text[]))
    AND EXISTS (SELECT 1 FROM pdp.alerte b WHERE b.assure_id = p.assure_id AND b.plateforme_id = :plateforme AND b.type = 'parcours_termine'
        AND b.decide_at >= :fins_depuis)
    AND NOT EXISTS (SELECT 1 FROM pdp.alerte al WHERE al.assure_id = p.assure_id AND al.type = 'parcours_termine'
        AND (al.cause = c.cause OR al.decide_at IS NULL))
ORDER BY p.clos_at, p.id;

-- name: envois_refuses
-- S10: a hand-over that will not leave, because the first sending to its partner was refused; told once per refusal.
SELECT o.parcours_id, p.assure_id, o.id::text AS cause, o.id AS objet_id, g.decidee_at AS survenu_at, NULL::timestamptz AS echeance_at, '{}'::jsonb AS faits
FROM pdp.porte g
JOIN pdp.partenaire n ON n.id::text = g.objet
JOIN pdp.orientation o ON o.partenaire_id = n.id AND o.statut IN ('envoyee', 'recue')
JOIN pdp.parcours p ON p.id = o.parcours_id AND p.clos_at IS NULL
WHERE g.plateforme_id = :plateforme AND g.genre = 'premier_envoi' AND g.decision = 'refusee' AND g.utilisee_at IS NULL AND g.perimee_at IS NULL
    AND (cast(:parcours AS uuid) IS NULL OR o.parcours_id = :parcours)
    AND EXISTS (SELECT 1 FROM pdp.outbox x WHERE x.orientation_id = o.id AND x.type = 'orientation' AND x.etat = 'a_envoyer')
    AND NOT EXISTS (SELECT 1 FROM pdp.tache t WHERE t.parcours_id = o.parcours_id AND t.motif = 'message_en_echec' AND t.cause = o.id::text
        AND (t.fermee_at IS NULL OR t.fermee_at >= g.decidee_at))
ORDER BY o.id;

-- name: envois_permis
-- The refusal was turned into an agreement: the hand-over leaves, nothing else is to be chosen.
SELECT t.parcours_id, p.assure_id, t.cause, t.id AS objet_id, t.ouverte_at AS survenu_at, NULL::timestamptz AS echeance_at, '{}'::jsonb AS faits
FROM pdp.tache t
JOIN pdp.parcours p ON p.id = t.parcours_id AND p.clos_at IS NULL
JOIN pdp.orientation o ON o.parcours_id = t.parcours_id AND o.id::text = t.cause
JOIN pdp.porte g ON g.genre = 'premier_envoi' AND g.objet = o.partenaire_id::text AND g.decision = 'acceptee'
WHERE t.plateforme_id = :plateforme AND (cast(:parcours AS uuid) IS NULL OR t.parcours_id = :parcours)
    AND t.fermee_at IS NULL AND t.motif = 'message_en_echec'
ORDER BY t.id;

-- name: lister_taches_cause
-- Open reasons of these motifs for one cause.
SELECT id FROM pdp.tache WHERE parcours_id = :parcours AND cause = :cause AND motif = ANY (cast(:motifs AS text[])) AND fermee_at IS NULL;

-- name: suite_de_parcours
-- The one next action of every open parcours of a platform (who holds it, until when), or the list of stalls where it is; of one parcours when given.
SELECT parcours_id, plateforme_id, csam_id, statut, tache_id, motif, balle, echeance_at, en_attente, blocage
FROM pdp.suite_de_parcours(:maintenant)
WHERE (cast(:plateforme AS text) IS NULL OR plateforme_id = :plateforme) AND (cast(:parcours AS uuid) IS NULL OR parcours_id = :parcours)
ORDER BY parcours_id;
