-- Platforms, agents, partners, and the accounts by which people sign in.

CREATE TABLE pdp.plateforme (
    id text PRIMARY KEY CHECK (id ~ '^PF[0-9AB]{2,3}$'),
    libelle text NOT NULL,
    departement text NOT NULL UNIQUE,
    fuseau text NOT NULL DEFAULT 'Europe/Paris',
    telephone text
);
COMMENT ON TABLE pdp.plateforme IS 'One PDP platform, the partition of every business table';
COMMENT ON COLUMN pdp.plateforme.id IS 'PF followed by the department';
COMMENT ON COLUMN pdp.plateforme.libelle IS 'Name shown to people';
COMMENT ON COLUMN pdp.plateforme.departement IS 'Department, decides holidays';
COMMENT ON COLUMN pdp.plateforme.fuseau IS 'IANA time zone of the insured';
COMMENT ON COLUMN pdp.plateforme.telephone IS 'Number given in every message';

CREATE TABLE pdp.agent (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    numero integer GENERATED ALWAYS AS IDENTITY UNIQUE,
    plateforme_id text NOT NULL REFERENCES pdp.plateforme,
    matricule text NOT NULL UNIQUE,
    nom text NOT NULL,
    prenom text NOT NULL,
    courriel text,
    role text NOT NULL CHECK (role IN ('csam', 'medecin_conseil', 'responsable', 'evaluateur')),
    territoire text[] NOT NULL DEFAULT '{}',
    competences text[] NOT NULL DEFAULT '{}',
    quotite numeric(3, 2) NOT NULL DEFAULT 1 CHECK (quotite > 0 AND quotite <= 1),
    actif_du date NOT NULL,
    actif_au date,
    UNIQUE (plateforme_id, id),
    CHECK (actif_au IS NULL OR actif_du <= actif_au)
);
COMMENT ON TABLE pdp.agent IS 'Staff of the platform; never deleted, only ended';
COMMENT ON COLUMN pdp.agent.id IS 'Opaque id, survives a change of employer';
COMMENT ON COLUMN pdp.agent.numero IS 'Integer twin of id, for the exclusion constraint on slots';
COMMENT ON COLUMN pdp.agent.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.agent.matricule IS 'Number in the agents feed';
COMMENT ON COLUMN pdp.agent.nom IS 'Family name';
COMMENT ON COLUMN pdp.agent.prenom IS 'Given name';
COMMENT ON COLUMN pdp.agent.courriel IS 'Professional address';
COMMENT ON COLUMN pdp.agent.role IS 'Function, decides the database role';
COMMENT ON COLUMN pdp.agent.territoire IS 'INSEE commune prefixes served; {tous} = the whole platform';
COMMENT ON COLUMN pdp.agent.competences IS 'Skills, such as languages';
COMMENT ON COLUMN pdp.agent.quotite IS 'Working time, 1 = full time; divides the load';
COMMENT ON COLUMN pdp.agent.actif_du IS 'First working day here';
COMMENT ON COLUMN pdp.agent.actif_au IS 'Last working day here';

CREATE TABLE pdp.absence_agent (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    agent_id uuid NOT NULL,
    du date NOT NULL,
    au date NOT NULL,
    motif text NOT NULL DEFAULT 'conge' CHECK (motif IN ('conge', 'maladie', 'formation', 'autre')),
    CHECK (du <= au),
    UNIQUE (agent_id, du),
    FOREIGN KEY (plateforme_id, agent_id) REFERENCES pdp.agent (plateforme_id, id)
);
COMMENT ON TABLE pdp.absence_agent IS 'Days an agent is away: no assignment, no slot';
COMMENT ON COLUMN pdp.absence_agent.id IS 'Opaque id';
COMMENT ON COLUMN pdp.absence_agent.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.absence_agent.agent_id IS 'Agent';
COMMENT ON COLUMN pdp.absence_agent.du IS 'First day away';
COMMENT ON COLUMN pdp.absence_agent.au IS 'Last day away';
COMMENT ON COLUMN pdp.absence_agent.motif IS 'Kind of absence';

CREATE TABLE pdp.partenaire (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL REFERENCES pdp.plateforme,
    id_source text NOT NULL,
    type text NOT NULL CHECK (type IN ('service_social', 'spst', 'cap_emploi', 'psychologue')),
    nom text NOT NULL,
    canal text NOT NULL CHECK (canal IN ('api', 'portail')),
    url text,
    courriel text,
    telephone text,
    delai_reponse_jours integer,
    actif_du date NOT NULL,
    actif_au date,
    UNIQUE (plateforme_id, id),
    UNIQUE (plateforme_id, id_source),
    CHECK (canal <> 'api' OR url IS NOT NULL)
);
COMMENT ON TABLE pdp.partenaire IS 'A partner service, configured and never coded';
COMMENT ON COLUMN pdp.partenaire.id IS 'Opaque id';
COMMENT ON COLUMN pdp.partenaire.plateforme_id IS 'Platform it serves';
COMMENT ON COLUMN pdp.partenaire.id_source IS 'Id in the partenaires feed';
COMMENT ON COLUMN pdp.partenaire.type IS 'Kind of service';
COMMENT ON COLUMN pdp.partenaire.nom IS 'Name shown';
COMMENT ON COLUMN pdp.partenaire.canal IS 'How it is reached: api (HTTP) or portail (inbox)';
COMMENT ON COLUMN pdp.partenaire.url IS 'Base address of its API';
COMMENT ON COLUMN pdp.partenaire.courriel IS 'Address for neutral notices';
COMMENT ON COLUMN pdp.partenaire.telephone IS 'Phone';
COMMENT ON COLUMN pdp.partenaire.delai_reponse_jours IS 'Working days it commits to answer in; NULL = platform policy';
COMMENT ON COLUMN pdp.partenaire.actif_du IS 'First day of the partnership';
COMMENT ON COLUMN pdp.partenaire.actif_au IS 'Last day of the partnership';

CREATE TABLE securite.compte (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    login text NOT NULL UNIQUE CHECK (login = lower(login)),
    mot_de_passe text NOT NULL,
    role text NOT NULL CHECK (role IN ('csam', 'medecin_conseil', 'responsable', 'evaluateur', 'partenaire')),
    plateforme_id text NOT NULL REFERENCES pdp.plateforme,
    agent_id uuid REFERENCES pdp.agent,
    partenaire_id uuid REFERENCES pdp.partenaire,
    nom_affiche text NOT NULL,
    actif boolean NOT NULL DEFAULT true,
    echecs integer NOT NULL DEFAULT 0,
    bloque_jusqu_a timestamptz,
    CHECK ((role = 'partenaire') = (partenaire_id IS NOT NULL)),
    CHECK ((role = 'partenaire') = (agent_id IS NULL))
);
COMMENT ON TABLE securite.compte IS 'Account of the portal';
COMMENT ON COLUMN securite.compte.id IS 'Opaque id';
COMMENT ON COLUMN securite.compte.login IS 'Lower-case sign-in name';
COMMENT ON COLUMN securite.compte.mot_de_passe IS 'scrypt$n$r$p$salt$hash, never the password';
COMMENT ON COLUMN securite.compte.role IS 'Function';
COMMENT ON COLUMN securite.compte.plateforme_id IS 'Platform';
COMMENT ON COLUMN securite.compte.agent_id IS 'Agent behind the account';
COMMENT ON COLUMN securite.compte.partenaire_id IS 'Partner behind the account';
COMMENT ON COLUMN securite.compte.nom_affiche IS 'Name in the page header';
COMMENT ON COLUMN securite.compte.actif IS 'False = cannot sign in, open sessions are refused';
COMMENT ON COLUMN securite.compte.echecs IS 'Failed sign-ins since the last success';
COMMENT ON COLUMN securite.compte.bloque_jusqu_a IS 'No sign-in is evaluated before this instant';

CREATE TABLE securite.session (
    jeton_empreinte bytea PRIMARY KEY,
    compte_id uuid NOT NULL REFERENCES securite.compte,
    csrf text NOT NULL,
    ouverte_at timestamptz NOT NULL,
    vue_at timestamptz NOT NULL,
    expire_at timestamptz NOT NULL,
    fermee_at timestamptz,
    preferences jsonb NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE securite.session IS 'Session of the portal, kept on the server and revocable at once';
COMMENT ON COLUMN securite.session.jeton_empreinte IS 'SHA-256 of the cookie';
COMMENT ON COLUMN securite.session.compte_id IS 'Account';
COMMENT ON COLUMN securite.session.csrf IS 'Token every form must carry';
COMMENT ON COLUMN securite.session.ouverte_at IS 'Sign-in';
COMMENT ON COLUMN securite.session.vue_at IS 'Last request, for the idle limit';
COMMENT ON COLUMN securite.session.expire_at IS 'Absolute limit';
COMMENT ON COLUMN securite.session.fermee_at IS 'Sign-out or revocation';
COMMENT ON COLUMN securite.session.preferences IS 'Filters of lists, so that Back and the next page keep them';
CREATE INDEX ON securite.session (compte_id);
