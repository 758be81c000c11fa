-- name: lister_dus
-- Partners reached by files for whom something is to leave, or was left half way by a worker that never came back.
SELECT p.id, p.plateforme_id, p.id_source
FROM pdp.partenaire p
WHERE EXISTS (
    SELECT 1 FROM pdp.outbox o
    WHERE o.partenaire_id = p.id AND o.canal = 'csv'
      AND ((o.etat = 'a_envoyer' AND o.prochain_essai_at <= :maintenant) OR (o.etat = 'en_cours' AND o.bail_jusqu_a < clock_timestamp())))
ORDER BY p.plateforme_id, p.id_source;

-- name: lister_prepares
-- Files already named for these messages, by a worker that may have written them before it died.
SELECT l.outbox_id, l.fichier_id, l.numero, f.nom
FROM pdp.echange_ligne l JOIN pdp.echange_fichier f ON f.id = l.fichier_id
WHERE l.outbox_id = ANY (cast(:messages AS uuid[])) AND f.etat = 'prepare'
ORDER BY l.fichier_id, l.numero;

-- name: preparer
-- A batch named before it is written: whoever takes over writes the same one.
INSERT INTO pdp.echange_fichier (id, plateforme_id, partenaire_id, sens, nom, etat, lignes, cree_at)
VALUES (:id, :plateforme, :partenaire, 'envoi', :nom, 'prepare', :lignes, :maintenant);

-- name: preparer_ligne
-- What a batch carries, in order.
INSERT INTO pdp.echange_ligne (fichier_id, plateforme_id, numero, outbox_id, orientation_id) VALUES (:fichier, :plateforme, :numero, :message, :orientation);

-- name: marquer_ecrit
-- The file is in the folder.
UPDATE pdp.echange_fichier SET etat = 'ecrit', empreinte = :empreinte, taille_octets = :taille, lignes = :lignes, fini_at = :maintenant
WHERE id = :id AND sens = 'envoi';

-- name: lister_partenaires
-- Partners who exchange files, or did: what left by files keeps its answers.
SELECT p.id, p.plateforme_id, p.id_source
FROM pdp.partenaire p
WHERE p.canal = 'csv' OR EXISTS (SELECT 1 FROM pdp.partenaire_transport t WHERE t.partenaire_id = p.id AND t.canal = 'csv')
ORDER BY p.plateforme_id, p.id_source;

-- name: deposer
-- A file of answers; the same content again yields no row.
INSERT INTO pdp.echange_fichier (id, plateforme_id, partenaire_id, sens, nom, etat, empreinte, taille_octets, cree_at)
VALUES (:id, :plateforme, :partenaire, 'reponse', :nom, 'depose', :empreinte, :taille, :maintenant)
ON CONFLICT (partenaire_id, empreinte) WHERE sens = 'reponse' DO NOTHING;

-- name: deposer_par
-- The same, sent by a manager on the portal.
INSERT INTO pdp.echange_fichier (id, plateforme_id, partenaire_id, sens, nom, etat, empreinte, taille_octets, cree_at, depose_par)
VALUES (:id, :plateforme, :partenaire, 'reponse', :nom, 'depose', :empreinte, :taille, :maintenant, :par)
ON CONFLICT (partenaire_id, empreinte) WHERE sens = 'reponse' DO NOTHING;

-- name: verrouiller
-- A file of answers by its content; two passages take turns.
SELECT id, nom, etat, appliquees, inchangees FROM pdp.echange_fichier
WHERE partenaire_id = :partenaire AND sens = 'reponse' AND empreinte = :empreinte FOR UPDATE;

-- name: trouver_par_contenu
-- What became of a content already received.
SELECT id, etat, cree_at FROM pdp.echange_fichier WHERE partenaire_id = :partenaire AND sens = 'reponse' AND empreinte = :empreinte;

-- name: compter_etrangeres
-- References of a file that belong to another partner.
SELECT count(*) FROM pdp.orientation WHERE id = ANY (cast(:references AS uuid[])) AND partenaire_id <> :partenaire;

-- name: verrouiller_orientations
-- Hand-overs of this partner named by a file, always in the same order.
SELECT id, statut FROM pdp.orientation WHERE id = ANY (cast(:references AS uuid[])) AND partenaire_id = :partenaire ORDER BY id FOR NO KEY UPDATE;

-- name: trouver_meme_reponse
-- The same answer already received: given the same day, or the last one of its kind when the file gives no day.
SELECT 1 FROM pdp.inbox i
WHERE i.partenaire_id = :partenaire AND i.orientation_id = :orientation AND i.nature = :nature AND i.statut IS NOT DISTINCT FROM :statut
    AND i.motif IS NOT DISTINCT FROM :motif AND i.compte_rendu IS NOT DISTINCT FROM :texte AND i.rendez_vous_at IS NOT DISTINCT FROM :rendez_vous_at
    AND CASE WHEN cast(:survenu_at AS timestamptz) IS NOT NULL THEN i.survenu_at = :survenu_at
        ELSE NOT EXISTS (SELECT 1 FROM pdp.inbox x WHERE x.orientation_id = i.orientation_id AND x.partenaire_id = i.partenaire_id AND x.nature = i.nature
            AND x.version > i.version) END
LIMIT 1;

-- name: rejeter
-- A refused line.
INSERT INTO pdp.echange_ligne (fichier_id, plateforme_id, numero, orientation_id, code, message)
VALUES (:fichier, :plateforme, :numero, :orientation, :code, :message);

-- name: resoudre
-- A later file says it correctly.
UPDATE pdp.echange_ligne l SET resolue_at = :maintenant
FROM pdp.echange_fichier f
WHERE f.id = l.fichier_id AND f.partenaire_id = :partenaire AND l.orientation_id = :orientation AND l.code IS NOT NULL AND l.resolue_at IS NULL;

-- name: conclure
-- What came of a file of answers.
UPDATE pdp.echange_fichier
SET etat = :etat, lignes = :lignes, appliquees = :appliquees, inchangees = :inchangees, rejetees = :rejetees, motif_code = :motif_code, motif = :motif,
    fini_at = :maintenant
WHERE id = :id;

-- name: lister_rejets
-- Refused lines of a file.
SELECT numero, orientation_id, code, message, resolue_at FROM pdp.echange_ligne WHERE fichier_id = :fichier AND code IS NOT NULL ORDER BY numero;

-- name: lister_rejets_de
-- Refused lines of several files.
SELECT fichier_id, numero, orientation_id, code, message, resolue_at FROM pdp.echange_ligne
WHERE fichier_id = ANY (cast(:fichiers AS uuid[])) AND code IS NOT NULL ORDER BY fichier_id, numero;

-- name: lister_fichiers
-- Latest files of one way, of the platform or of one partner.
SELECT f.id, f.sens, f.nom, f.etat, f.lignes, f.appliquees, f.inchangees, f.rejetees, f.motif, f.cree_at, f.fini_at, f.partenaire_id, p.nom AS partenaire,
    (SELECT count(*) FROM pdp.echange_ligne l WHERE l.fichier_id = f.id AND l.code IS NOT NULL AND l.resolue_at IS NULL) AS a_corriger
FROM pdp.echange_fichier f JOIN pdp.partenaire p ON p.id = f.partenaire_id
WHERE f.sens = :sens AND (cast(:partenaire AS uuid) IS NULL OR f.partenaire_id = :partenaire) AND (cast(:id AS uuid) IS NULL OR f.id = :id)
ORDER BY f.cree_at DESC, f.nom DESC
LIMIT :limite;

-- name: lister_choix
-- Partners a file of answers may come from.
SELECT id, nom, id_source FROM pdp.partenaire WHERE canal = 'csv' ORDER BY nom;

-- name: trouver_partenaire
-- One partner, to find its folder.
SELECT id, plateforme_id, id_source FROM pdp.partenaire WHERE id = :partenaire;
