-- The tables of the sample warehouse: a parcel carrier's marts, and user events as Segment leaves them.
CREATE SCHEMA marts;
CREATE SCHEMA segment;

CREATE TABLE marts.dim_depots (
    depot_id VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    region VARCHAR,                       -- null: opened, and not yet given to a region
    country VARCHAR NOT NULL,
    zone VARCHAR NOT NULL,                -- an IANA zone such as Europe/Berlin
    capacity INTEGER NOT NULL,
    opened_on DATE NOT NULL
);

CREATE TABLE marts.dim_customers (
    customer_id BIGINT NOT NULL,
    parent_id BIGINT,                     -- the group that the account belongs to
    name VARCHAR NOT NULL,
    country VARCHAR,
    segment VARCHAR NOT NULL,
    email VARCHAR NOT NULL,
    created_on DATE NOT NULL
);

-- One row per tariff and period of validity, [valid_from, valid_to).
CREATE TABLE marts.dim_tariffs (
    tariff_code VARCHAR NOT NULL,
    currency VARCHAR NOT NULL,
    valid_from TIMESTAMPTZ NOT NULL,
    valid_to TIMESTAMPTZ,
    name VARCHAR NOT NULL,
    base_price DECIMAL(12,2) NOT NULL
);

CREATE TABLE marts.dim_fx_rates (
    currency VARCHAR NOT NULL,
    rate_date DATE NOT NULL,
    eur DECIMAL(12,6) NOT NULL            -- what one unit is worth in euros
);

CREATE TABLE marts.dim_retail_calendar (
    calendar_date DATE NOT NULL,
    retail_week DATE NOT NULL,            -- each period by its first day; months of 4, 4 and 5 weeks
    retail_month DATE NOT NULL,
    retail_quarter DATE NOT NULL,
    retail_year DATE NOT NULL
);

CREATE TABLE marts.fct_shipments (
    shipment_id BIGINT NOT NULL,
    booking_id VARCHAR NOT NULL,
    customer_id BIGINT,                   -- null: booked at a counter, without an account
    origin_depot_id VARCHAR NOT NULL,
    destination_depot_id VARCHAR NOT NULL,
    service VARCHAR NOT NULL,
    tariff_code VARCHAR NOT NULL,
    currency VARCHAR NOT NULL,
    price DECIMAL(12,2),                  -- null: not rated yet
    weight_kg DOUBLE,
    is_insured BOOLEAN,                   -- null: the channel did not ask
    is_test BOOLEAN NOT NULL,
    status VARCHAR NOT NULL,
    attempts INTEGER NOT NULL,
    booked_date DATE NOT NULL,            -- the day of booked_at in UTC; the partition
    booked_at TIMESTAMPTZ NOT NULL,
    handed_over_at TIMESTAMPTZ,
    promised_at TIMESTAMPTZ NOT NULL,
    delivered_at TIMESTAMPTZ,
    lead_time_hours DOUBLE,               -- from booking to delivery
    loaded_at TIMESTAMPTZ NOT NULL        -- some rows arrive days late
);

CREATE TABLE marts.fct_stops (
    stop_id BIGINT NOT NULL,
    depot_id VARCHAR NOT NULL,
    courier_id BIGINT NOT NULL,
    kind VARCHAR NOT NULL,
    tour_date DATE NOT NULL,              -- the depot's own day
    arrived_at TIMESTAMP NOT NULL,        -- the depot's wall clock
    parcels INTEGER NOT NULL,
    minutes DOUBLE NOT NULL
);

CREATE TABLE marts.fct_claims (
    claim_id BIGINT NOT NULL,
    shipment_id BIGINT NOT NULL,          -- a few name a parcel that is not there
    kind VARCHAR NOT NULL,
    status VARCHAR NOT NULL,
    amount DECIMAL(12,2) NOT NULL,
    currency VARCHAR NOT NULL,
    opened_at TIMESTAMPTZ NOT NULL,
    refunded_at TIMESTAMPTZ
);

CREATE TABLE marts.depot_inventory (
    snapshot_date DATE NOT NULL,
    depot_id VARCHAR NOT NULL,
    parcels INTEGER NOT NULL,
    oldest_hours DOUBLE NOT NULL
);

CREATE TABLE marts.fct_budget (
    month DATE NOT NULL,
    region VARCHAR NOT NULL,
    amount DECIMAL(14,2) NOT NULL         -- in euros
);

CREATE TABLE segment.tracks (
    id VARCHAR NOT NULL,                  -- the message; a retried one is there twice
    event VARCHAR NOT NULL,
    user_id VARCHAR,
    anonymous_id VARCHAR NOT NULL,
    original_timestamp TIMESTAMPTZ,       -- the clock of the device; null from old apps
    "timestamp" TIMESTAMPTZ NOT NULL,     -- corrected by Segment
    received_at TIMESTAMPTZ NOT NULL,
    received_date DATE NOT NULL,          -- the partition
    properties JSON NOT NULL
);

CREATE TABLE segment.pages (
    id VARCHAR NOT NULL,
    name VARCHAR,
    path VARCHAR NOT NULL,
    user_id VARCHAR,
    anonymous_id VARCHAR NOT NULL,
    "timestamp" TIMESTAMPTZ NOT NULL,
    received_at TIMESTAMPTZ NOT NULL,
    received_date DATE NOT NULL
);

CREATE TABLE segment.identifies (
    id VARCHAR NOT NULL,
    user_id VARCHAR NOT NULL,
    anonymous_id VARCHAR NOT NULL,
    customer_id BIGINT,
    role VARCHAR,
    "timestamp" TIMESTAMPTZ NOT NULL,
    received_at TIMESTAMPTZ NOT NULL
);

-- Segment's own views: each message once, and each user as last identified.
CREATE VIEW segment.tracks_view AS
    SELECT * FROM segment.tracks QUALIFY row_number() OVER (PARTITION BY id ORDER BY received_at) = 1;
CREATE VIEW segment.users AS
    SELECT user_id AS id, arg_max(customer_id, "timestamp") AS customer_id, arg_max(role, "timestamp") AS role,
           min("timestamp") AS first_seen_at
    FROM segment.identifies GROUP BY user_id;
