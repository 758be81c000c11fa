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

-- name: injoignables
-- Enough calls in vain (or a wrong number), then a letter without an answer in time; one call per day and part of the day counts, and counts
-- restart when the person is reached or gives a number, or the parcours is relaunched.
WITH depart AS (
    SELECT p.id, p.assure_id,
        greatest(
            (SELECT max(c.survenu_at) FROM pdp.contact c WHERE c.parcours_id = p.id AND c.saisie_par_erreur_at IS NULL
                AND c.resultat NOT IN ('messagerie', 'non_reponse', 'tiers', 'numero_faux')),
            (SELECT max(al.decide_at) FROM pdp.alerte al WHERE al.parcours_id = p.id AND al.decision = 'relancer_parcours'),
            (SELECT max(i.annule_at) FROM pdp.issue i WHERE i.parcours_id = p.id AND i.jalon = 'cloture'),
            (SELECT max(n.dit_at) FROM identite.coordonnee_dite n WHERE n.assure_id = p.assure_id AND n.genre = 'telephone' AND n.etat = 'dite'
                AND n.retiree_at IS NULL),
            '-infinity') AS depuis_at
    FROM pdp.parcours p
    WHERE p.plateforme_id = :plateforme AND (cast(:parcours AS uuid) IS NULL OR p.id = :parcours)
        AND p.clos_at IS NULL AND p.statut IN ('affecte', 'contact_en_cours', 'entretien_realise', 'accord_demande', 'oriente', 'en_accompagnement')
        AND NOT EXISTS (SELECT 1 FROM pdp.silence_du_jour(p.assure_id, :jour) z WHERE z.motif = 'deces')
), comptes AS (
    SELECT DISTINCT ON (d.id, faux, date_trunc('day', l.le), l.le >= date_trunc('day', l.le) + make_interval(hours => cast(:midi AS integer)),
            l.le >= date_trunc('day', l.le) + make_interval(hours => cast(:fin_apres_midi AS integer)))
        d.id AS parcours_id, d.assure_id, d.depuis_at, c.id, c.survenu_at, faux
    FROM depart d
    JOIN pdp.contact c ON c.parcours_id = d.id AND c.survenu_at > d.depuis_at AND c.saisie_par_erreur_at IS NULL
    CROSS JOIN LATERAL (SELECT c.survenu_at AT TIME ZONE :fuseau AS le, c.resultat = 'numero_faux' AS faux) l
    WHERE c.canal <> 'courrier' AND c.resultat IN ('messagerie', 'non_reponse', 'tiers', 'numero_faux')
    ORDER BY d.id, faux, date_trunc('day', l.le), l.le >= date_trunc('day', l.le) + make_interval(hours => cast(:midi AS integer)),
        l.le >= date_trunc('day', l.le) + make_interval(hours => cast(:fin_apres_midi AS integer)), c.survenu_at, c.id
), essais AS (
    SELECT k.*, row_number() OVER (PARTITION BY k.parcours_id ORDER BY k.survenu_at, k.id) AS rang FROM comptes k
), decisifs AS (
    SELECT DISTINCT ON (parcours_id) parcours_id, assure_id, depuis_at, id, survenu_at, rang
    FROM essais WHERE rang >= :essais OR faux ORDER BY parcours_id, rang
), courriers AS (
    SELECT x.*, (SELECT min(l.envoye_at) FROM (
            SELECT c.survenu_at AS envoye_at FROM pdp.contact c
            WHERE c.parcours_id = x.parcours_id AND c.canal = 'courrier' AND c.saisie_par_erreur_at IS NULL AND c.survenu_at >= x.survenu_at
            UNION ALL
            SELECT t.fermee_at FROM pdp.tache t
            WHERE t.parcours_id = x.parcours_id AND t.motif IN ('autre_canal', 'courrier_injoignable') AND t.fermee_at >= x.survenu_at
                AND t.issue <> ALL (cast(:issues_sans_courrier AS text[]))
                -- a letter written here counts from the day it is posted, not from the day it was asked for
                AND NOT EXISTS (SELECT 1 FROM pdp.outbox o WHERE o.parcours_id = x.parcours_id AND o.type = 'injoignable' AND o.cree_at >= x.survenu_at)
            UNION ALL
            SELECT o.livre_at FROM pdp.outbox o
            WHERE o.parcours_id = x.parcours_id AND o.type = 'injoignable' AND o.cree_at >= x.survenu_at AND o.etat = 'livre'
        ) l) AS courrier_at
    FROM decisifs x
)
SELECT k.parcours_id, k.assure_id, k.id::text AS cause, k.id AS objet_id, k.courrier_at AS survenu_at, NULL::timestamptz AS echeance_at,
    jsonb_build_object('essais', k.rang, 'jours', extract(day FROM cast(:maintenant AS timestamptz) - k.courrier_at)::integer) AS faits
FROM courriers k
WHERE k.courrier_at + make_interval(days => cast(:courrier_jours AS integer)) <= :maintenant
    AND NOT EXISTS (SELECT 1 FROM pdp.alerte al WHERE al.assure_id = k.assure_id AND al.type = 'parcours_interrompu' AND al.decide_at IS NOT NULL
        AND al.cause = k.id::text)
ORDER BY k.parcours_id;

-- name: absences_repetees
-- Enough missed appointments since the last one held or the last relaunch, and none to come.
WITH depart AS (
    SELECT p.id, p.assure_id,
        greatest(
            (SELECT max(x.debut_at) FROM pdp.tele_echange x WHERE x.parcours_id = p.id AND x.statut IN ('realise', 'realise_partiel')),
            (SELECT max(al.decide_at) FROM pdp.alerte al WHERE al.parcours_id = p.id AND al.decision = 'relancer_parcours'),
            (SELECT max(i.annule_at) FROM pdp.issue i WHERE i.parcours_id = p.id AND i.jalon = 'cloture'),
            '-infinity') AS depuis_at
    FROM pdp.parcours p
    WHERE p.plateforme_id = :plateforme AND (cast(:parcours AS uuid) IS NULL OR p.id = :parcours) AND p.clos_at IS NULL AND p.statut <> 'interrompu'
        AND NOT EXISTS (SELECT 1 FROM pdp.tele_echange x WHERE x.parcours_id = p.id AND x.statut IN ('planifie', 'confirme'))
        AND NOT EXISTS (SELECT 1 FROM pdp.silence_du_jour(p.assure_id, :jour) z WHERE z.motif = 'deces')
), manques AS (
    SELECT d.id AS parcours_id, d.assure_id, x.id, x.debut_at, row_number() OVER (PARTITION BY d.id ORDER BY x.debut_at, x.id) AS rang
    FROM depart d JOIN pdp.tele_echange x ON x.parcours_id = d.id AND x.statut = 'absent' AND x.debut_at > d.depuis_at
)
SELECT m.parcours_id, m.assure_id, m.id::text AS cause, m.id AS objet_id, m.debut_at AS survenu_at, NULL::timestamptz AS echeance_at,
    jsonb_build_object('absences', m.rang) AS faits
FROM manques m
WHERE m.rang = :absences
    AND NOT EXISTS (SELECT 1 FROM pdp.alerte al WHERE al.assure_id = m.assure_id AND al.type = 'parcours_interrompu' AND al.decide_at IS NOT NULL
        AND al.cause = m.id::text)
ORDER BY m.parcours_id;

-- name: accompagnements_refuses
-- Last word of the person about being followed: refused, or withdrawn; not yet decided by the médecin-conseil.
SELECT p.id AS parcours_id, p.assure_id, a.id::text AS cause, a.id AS objet_id, coalesce(a.retire_at, a.recueilli_at) AS survenu_at,
    NULL::timestamptz AS echeance_at, jsonb_build_object('circonstance', CASE WHEN a.decision = 'refuse' THEN 'refus' ELSE 'retrait' END) AS faits
FROM pdp.parcours p
CROSS JOIN LATERAL (
    SELECT id, decision, retire_at, recueilli_at FROM pdp.accord
    WHERE parcours_id = p.id AND destinataire = 'accompagnement' AND saisie_par_erreur_at IS NULL ORDER BY recueilli_at DESC, ordre DESC LIMIT 1
) a
WHERE p.plateforme_id = :plateforme AND (cast(:parcours AS uuid) IS NULL OR p.id = :parcours) AND p.clos_at IS NULL AND p.statut <> 'interrompu'
    AND (a.decision = 'refuse' OR a.retire_at IS NOT NULL)
    AND NOT EXISTS (SELECT 1 FROM pdp.alerte al WHERE al.assure_id = p.assure_id AND al.type = 'accord_retire' AND al.decide_at IS NOT NULL
        AND al.cause = a.id::text)
ORDER BY p.id;

-- name: sans_relais
-- The last hand-over was refused or left without effect, and nothing took over since.
SELECT p.id AS parcours_id, p.assure_id, o.id::text AS cause, o.id AS objet_id, o.repondue_at AS survenu_at, NULL::timestamptz AS echeance_at,
    jsonb_build_object('dispositif', o.dispositif, 'jours', extract(day FROM cast(:maintenant AS timestamptz) - o.repondue_at)::integer) AS faits
FROM pdp.parcours p
CROSS JOIN LATERAL (
    SELECT id, dispositif, statut, repondue_at FROM pdp.orientation WHERE parcours_id = p.id AND saisie_par_erreur_at IS NULL ORDER BY proposee_at DESC, id DESC LIMIT 1
) o
WHERE p.plateforme_id = :plateforme AND (cast(:parcours AS uuid) IS NULL OR p.id = :parcours) AND p.clos_at IS NULL AND p.statut <> 'interrompu'
    AND o.statut IN ('refusee', 'sans_suite')
    AND NOT EXISTS (SELECT 1 FROM pdp.silence_du_jour(p.assure_id, :jour) z WHERE z.motif = 'deces')
    AND o.repondue_at + make_interval(days => cast(:sans_relais_jours AS integer)) <= :maintenant
    AND NOT EXISTS (SELECT 1 FROM pdp.orientation v WHERE v.parcours_id = p.id AND v.statut IN ('envoyee', 'recue', 'acceptee', 'en_cours'))
    AND NOT EXISTS (SELECT 1 FROM pdp.tele_echange x WHERE x.parcours_id = p.id AND x.statut IN ('planifie', 'confirme'))
    AND NOT EXISTS (SELECT 1 FROM pdp.alerte al WHERE al.parcours_id = p.id AND al.decision = 'relancer_parcours' AND al.decide_at > o.repondue_at)
    AND NOT EXISTS (SELECT 1 FROM pdp.alerte al WHERE al.assure_id = p.assure_id AND al.type = 'parcours_interrompu' AND al.decide_at IS NOT NULL
        AND al.cause = o.id::text)
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

-- name: lister_taches_cause
-- Open reasons of these motifs for one cause.
SELECT id FROM pdp.tache WHERE parcours_id = :parcours AND cause = :cause AND motif = ANY (cast(:motifs AS text[])) AND fermee_at IS NULL;

-- name: suite_de_parcours
-- The one next action of every open parcours of a platform (who holds it, until when), or the list of stalls where it is; of one parcours when given.
SELECT parcours_id, plateforme_id, csam_id, statut, tache_id, motif, balle, echeance_at, en_attente, blocage
FROM pdp.suite_de_parcours(:maintenant)
WHERE (cast(:plateforme AS text) IS NULL OR plateforme_id = :plateforme) AND (cast(:parcours AS uuid) IS NULL OR parcours_id = :parcours)
ORDER BY parcours_id;
