-- name: inserer
-- One message per key; a known key yields no row.
INSERT INTO pdp.outbox (cle, plateforme_id, parcours_id, orientation_id, partenaire_id, canal, type, charge, empreinte, accord_destinataire,
    classes, prochain_essai_at, horizon_at, cree_at)
VALUES (:cle, :plateforme, :parcours, :orientation, :partenaire, :canal, :type, cast(:charge AS jsonb), :empreinte, :destinataire,
    :classes, :pas_avant, :horizon, :maintenant)
ON CONFLICT (cle) DO NOTHING
RETURNING id;

-- name: inserer_interne
-- One mail to a member of staff per key; a known key yields no row.
INSERT INTO pdp.outbox (cle, plateforme_id, agent_id, canal, type, charge, empreinte, prochain_essai_at, horizon_at, cree_at)
VALUES (:cle, :plateforme, :agent, 'courriel', 'avis_interne', cast(:charge AS jsonb), :empreinte, :maintenant, :horizon, :maintenant)
ON CONFLICT (cle) DO NOTHING
RETURNING id;

-- name: lire_agent
-- Where a mail to a member of staff goes: no address once she has left, on the day it is where the platform is.
SELECT CASE WHEN coalesce(a.actif_au >= (cast(:maintenant AS timestamptz) AT TIME ZONE f.fuseau)::date, true) THEN a.courriel END AS courriel, f.libelle AS plateforme, f.telephone
FROM pdp.agent a JOIN pdp.plateforme f ON f.id = a.plateforme_id
WHERE a.id = :agent AND a.plateforme_id = :plateforme;

-- name: trouver_par_cle
-- What is known under a key.
SELECT id, empreinte FROM pdp.outbox WHERE cle = :cle;

-- name: rappeler
-- Take back what nobody is sending.
UPDATE pdp.outbox SET etat = 'rappele', dernier_code = 'rappel'
WHERE orientation_id = :orientation AND type IN ('orientation', 'avis_partenaire') AND etat = 'a_envoyer'
RETURNING plateforme_id, parcours_id, type;

-- name: compter_partis
-- Messages of an orientation that the partner has or may have.
SELECT count(*) FROM pdp.outbox
WHERE orientation_id = :orientation AND type = 'orientation' AND (etat IN ('livre', 'en_cours', 'incertain') OR essais > 0);

-- name: compter_en_attente
-- Messages of a hand-over that are still to leave.
SELECT count(*) FROM pdp.outbox WHERE orientation_id = :orientation AND type = 'orientation' AND etat = 'a_envoyer';

-- name: compter_annulations
-- Withdrawals already written for a hand-over: an undo recalled them.
SELECT count(*) FROM pdp.outbox WHERE orientation_id = :orientation AND type = 'annulation';

-- name: reclamer
-- Take one due row, or one whose lease ran out, and check in the same statement that it may still leave.
WITH due AS (
    SELECT o.id,
        CASE
            WHEN o.etat = 'en_cours' AND o.canal IN ('courriel', 'lien', 'messagerie') THEN 'incertain'  -- nobody there to recognise a key
            WHEN o.etat = 'en_cours' AND o.interruptions + 1 >= cast(:interruptions_max AS integer) THEN 'interrompu'  -- its sending kills its workers
            WHEN o.type IN ('orientation', 'avis_partenaire') AND r.statut IN ('annulee', 'expiree') THEN 'orientation_retiree'
            WHEN o.type IN ('rappel_partenaire', 'reponse_question') AND r.statut NOT IN ('envoyee', 'recue', 'acceptee', 'en_cours') THEN 'orientation_retiree'
            WHEN o.type = 'rappel_partenaire' AND r.balle IS DISTINCT FROM 'partenaire' THEN 'orientation_retiree'  -- answered since: nothing to remind
            WHEN EXISTS (  -- a message without a partner speaks to the person; a hand-over would make the partner call a dead person's family
                SELECT 1 FROM pdp.parcours c, LATERAL pdp.silence_du_jour(c.assure_id, (cast(:maintenant AS timestamptz) AT TIME ZONE f.fuseau)::date) s
                WHERE c.id = o.parcours_id AND (o.partenaire_id IS NULL OR (s.motif = 'deces' AND o.type <> 'annulation'))
            ) THEN 'silence'
            WHEN o.accord_destinataire IS NOT NULL AND (pdp.accompagnement_refuse(o.parcours_id) OR NOT coalesce(  -- to this recipient, all it holds
                coalesce(o.classes, '{}') <@ CASE WHEN r.id IS NOT NULL
                    THEN pdp.accord_vivant(r.accord_id, o.partenaire_id, (cast(:maintenant AS timestamptz) AT TIME ZONE f.fuseau)::date)
                    ELSE (SELECT e.classes FROM pdp.accord_en_vigueur(o.parcours_id, o.accord_destinataire, o.partenaire_id,
                        (cast(:maintenant AS timestamptz) AT TIME ZONE f.fuseau)::date) e) END, false)
            ) THEN 'accord_absent'
            WHEN o.cause IS NOT NULL THEN (  -- the person decides until the last instant, and a dead number is not tried again
                SELECT CASE
                        WHEN o.trop_tard_at <= :reel THEN 'trop_tard'
                        WHEN c.clos_at >= o.cree_at THEN 'parcours_clos'
                        WHEN o.canal = ANY (a.contact_refus) OR o.canal = ANY (d.refus) THEN 'refus_canal'
                        WHEN CASE o.canal WHEN 'sms' THEN k.telephone ELSE k.courriel END IS NULL THEN 'coordonnee_absente'
                        WHEN CASE o.canal WHEN 'sms' THEN k.telephone_faux_at ELSE k.courriel_faux_at END IS NOT NULL OR EXISTS (
                            SELECT 1 FROM identite.coordonnee_morte m
                            WHERE m.assure_id = a.id AND m.canal = o.canal AND m.levee_at IS NULL
                              AND m.empreinte = sha256(convert_to(lower(CASE o.canal WHEN 'sms' THEN k.telephone ELSE k.courriel END), 'UTF8'))
                        ) THEN 'coordonnee_morte'
                    END
                FROM pdp.parcours c
                JOIN identite.assure a ON a.id = c.assure_id
                CROSS JOIN LATERAL identite.coordonnees(a.id) k
                LEFT JOIN LATERAL pdp.preference_du(a.id) d ON true
                WHERE c.id = o.parcours_id)
        END AS obstacle
    FROM pdp.outbox o
    JOIN pdp.plateforme f ON f.id = o.plateforme_id
    LEFT JOIN pdp.orientation r ON r.id = o.orientation_id
    WHERE ((o.etat = 'a_envoyer' AND o.prochain_essai_at <= :maintenant) OR (o.etat = 'en_cours' AND o.bail_jusqu_a < clock_timestamp()))
      AND NOT (o.type = 'annulation' AND EXISTS (  -- a withdrawal that overtakes its hand-over would find nothing to take back
          SELECT 1 FROM pdp.outbox x WHERE x.orientation_id = o.orientation_id AND x.type = 'orientation' AND x.etat = 'en_cours'))
      AND NOT (o.orientation_id IS NOT NULL AND o.type NOT IN ('annulation', 'avis_partenaire') AND EXISTS (
          -- what is said of a hand-over leaves after it, in the order it was written; a notice says nothing of it, and a code is waited for
          SELECT 1 FROM pdp.outbox x WHERE x.orientation_id = o.orientation_id AND x.id <> o.id AND x.etat IN ('a_envoyer', 'en_cours')
            AND x.partenaire_id = o.partenaire_id AND x.type <> 'annulation' AND (x.cree_at, x.id) < (o.cree_at, o.id)))
      AND (o.partenaire_id IS NULL OR NOT EXISTS (  -- added by hand: somebody agrees before anything leaves for it
          SELECT 1 FROM pdp.porte g WHERE g.genre = 'premier_envoi' AND g.objet = o.partenaire_id::text AND g.utilisee_at IS NULL
            AND g.perimee_at IS NULL AND g.decision IS DISTINCT FROM 'acceptee'))
      AND CASE WHEN cast(:fichier_de AS uuid) IS NULL THEN o.canal NOT IN ('courrier', 'csv')  -- letters are printed by people, files are written by batches
          ELSE o.canal = 'csv' AND o.partenaire_id = :fichier_de END
      AND (o.partenaire_id IS NOT NULL OR o.agent_id IS NOT NULL OR o.plateforme_id = ANY (cast(:ouvertes AS text[]))  -- a person is not woken up
          OR (o.etat = 'en_cours' AND o.canal IN ('courriel', 'lien', 'messagerie')) OR o.trop_tard_at <= :reel)  -- neither of these lets anything leave
      AND CASE WHEN o.canal IN ('courriel', 'messagerie', 'sms') THEN o.canal ELSE coalesce(o.partenaire_id::text, '') END <> ALL (cast(:ecartes AS text[]))
    ORDER BY (o.etat = 'en_cours' AND o.interruptions > 0), o.prochain_essai_at, o.cree_at, o.id  -- what was interrupted again and again goes last
    LIMIT 1
    FOR UPDATE OF o SKIP LOCKED
)
UPDATE pdp.outbox o
SET etat = CASE WHEN d.obstacle IS NULL THEN 'en_cours' WHEN d.obstacle IN ('incertain', 'interrompu') THEN 'incertain'
        WHEN d.obstacle = 'accord_absent' AND o.type = 'orientation' AND (o.ambigu OR o.etat = 'en_cours') THEN 'incertain' ELSE 'rappele' END,
    jeton = o.jeton + 1,
    interruptions = CASE WHEN o.etat = 'en_cours' THEN o.interruptions + 1 ELSE 0 END,
    ambigu = o.ambigu OR o.etat = 'en_cours',
    essais = o.essais + CASE WHEN d.obstacle IS NULL THEN 1 ELSE 0 END,
    bail_jusqu_a = CASE WHEN d.obstacle IS NULL THEN clock_timestamp() + make_interval(secs => :bail_s) END,
    dernier_code = coalesce(CASE WHEN d.obstacle = 'incertain' THEN 'bail_expire' ELSE d.obstacle END, o.dernier_code)
FROM due d
WHERE o.id = d.id
RETURNING o.id, o.cle, o.plateforme_id, o.parcours_id, o.orientation_id, o.partenaire_id, o.canal, o.type, o.charge, o.etat, o.essais, o.jeton,
    o.horizon_at, o.cree_at, o.cause, o.trop_tard_at, d.obstacle, o.agent_id;

-- name: lire_destinataire
-- Partner and platform of a message; what goes by a former transport goes to the address it had.
SELECT p.id_source, p.nom, p.type AS partenaire_type,
    CASE WHEN coalesce(cast(:canal AS text), p.canal) = p.canal THEN p.url ELSE coalesce((SELECT t.url FROM pdp.partenaire_transport t
        WHERE t.partenaire_id = p.id AND t.canal = cast(:canal AS text) ORDER BY t.depuis_at DESC LIMIT 1), p.url) END AS url,
    p.adresse_securisee, f.libelle AS plateforme, f.telephone, p.jeton_url,
    CASE WHEN cast(:contact AS uuid) IS NULL THEN p.courriel ELSE (SELECT c.courriel FROM pdp.partenaire_contact c
        WHERE c.id = cast(:contact AS uuid) AND c.partenaire_id = p.id AND c.retire_at IS NULL AND (c.rappels OR EXISTS (
            SELECT 1 FROM pdp.partenaire_absence a WHERE a.relais_id = c.id AND a.retiree_at IS NULL))) END AS courriel
FROM pdp.plateforme f LEFT JOIN pdp.partenaire p ON p.plateforme_id = f.id AND p.id = :partenaire
WHERE f.id = :plateforme;

-- name: conclure
-- Outcome of an attempt; no row when another worker took over meanwhile.
UPDATE pdp.outbox
SET etat = :etat, dernier_code = :code, bail_jusqu_a = NULL, prochain_essai_at = coalesce(:reprise, prochain_essai_at), livre_at = :livre_at,
    interruptions = 0, ambigu = ambigu OR :ambigu
WHERE id = :id AND jeton = :jeton AND etat = 'en_cours'
RETURNING id;

-- name: tenir
-- Just before the call: still ours, and for how long from now; no row when another worker took over. Says what was decided since the claim.
UPDATE pdp.outbox o SET bail_jusqu_a = clock_timestamp() + make_interval(secs => :bail_s)
WHERE o.id = :id AND o.jeton = :jeton AND o.etat = 'en_cours'
RETURNING o.type = 'orientation' AND EXISTS (SELECT 1 FROM pdp.orientation r WHERE r.id = o.orientation_id AND r.statut IN ('annulee', 'expiree')) AS retiree;

-- name: peut_arriver
-- Whether the hand-over of a withdrawal may still reach its partner: an attempt of which nobody knows the end.
SELECT EXISTS (SELECT 1 FROM pdp.outbox WHERE orientation_id = :orientation AND type = 'orientation' AND (ambigu OR etat = 'incertain'));

-- name: relancer_annulation
-- The hand-over may have reached its partner after its withdrawal, which found nothing there: the withdrawal leaves again, under its key.
UPDATE pdp.outbox SET etat = 'a_envoyer', prochain_essai_at = :maintenant, livre_at = NULL, dernier_code = 'apres_retrait'
WHERE orientation_id = :orientation AND type = 'annulation' AND etat = 'livre' AND canal IN ('api', 'fhir')
RETURNING id;

-- name: marquer_envoyee
-- The partner has it; the first delivery counts.
UPDATE pdp.orientation SET envoyee_at = :maintenant WHERE id = :orientation AND envoyee_at IS NULL RETURNING dispositif;
