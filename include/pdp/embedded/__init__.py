"""The platform on one machine: embedded PostgreSQL, Airflow, portal and simulators under one supervisor."""
