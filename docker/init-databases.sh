#!/bin/sh
# Run once by PostgreSQL's image, in an empty data directory: one role and one database a service, none
# of which another service's role can open. Passwords are read by psql itself, so no argument shows them.
set -eu

for service in hsm idp signsvc desk; do
    psql --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
        --set service="$service" <<'SQL'
\set file /run/secrets/ :service -password
\set password `cat :file`
CREATE ROLE :"service" LOGIN PASSWORD :'password' CONNECTION LIMIT 60;
CREATE DATABASE :"service" OWNER :"service" ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE :"service" FROM PUBLIC;
SQL
done
psql --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
    --command 'REVOKE ALL ON DATABASE postgres FROM PUBLIC'
