use super::*;
use crate::{catalog::Catalog, sql::Text};

fn small() -> DuckDb {
    let database = DuckDb::in_memory().expect("a database in memory");
    fill(&database, 0.01, &|_, _| {}).expect("the sample");
    database
}

fn one(database: &DuckDb, sql: &str) -> String {
    let rows = database.query_blocking(&Text { sql: sql.to_owned(), parameters: Vec::new() }).expect(sql);
    let csv = rows.to_csv(&["value"]);
    csv.lines().nth(1).expect("one row").to_owned()
}

#[test]
fn the_small_sample_is_the_same_on_every_machine() {
    let database = small();
    let fingerprint = |table: &str| {
        // md5 of the rows as text: independent of how DuckDB hashes.
        one(&database, &format!("SELECT md5(string_agg(t::VARCHAR, '|' ORDER BY t::VARCHAR)) FROM {table} t"))
    };
    let tables =
        ["marts.fct_shipments", "marts.fct_claims", "marts.fct_budget", "marts.dim_fx_rates", "segment.tracks"];
    assert_eq!(
        tables.map(fingerprint),
        [
            "f5b4e9ab65dd067ab2127df6e1e4d557",
            "b8af6428c7d3c58a0e92e2a9f619f326",
            "3c29663ca9e4a56eb97e30270cde6b42",
            "a88977e865dda07a496d45bc61fe5220",
            "b6206c7a649db6bde2954e8f28665674",
        ]
    );
}

#[test]
fn every_oddity_occurs_at_the_small_scale() {
    let database = small();
    for (what, sql) in [
        ("parcels without a customer", "FROM marts.fct_shipments WHERE customer_id IS NULL"),
        (
            "dangling customers",
            "FROM marts.fct_shipments ANTI JOIN marts.dim_customers USING (customer_id) WHERE customer_id IS NOT NULL",
        ),
        (
            "dangling parents",
            "FROM marts.dim_customers c ANTI JOIN marts.dim_customers p ON p.customer_id = c.parent_id WHERE c.parent_id IS NOT NULL",
        ),
        ("customers without a country", "FROM marts.dim_customers WHERE country IS NULL"),
        ("depots without a region", "FROM marts.dim_depots WHERE region IS NULL"),
        ("parcels without a price", "FROM marts.fct_shipments WHERE price IS NULL"),
        ("parcels without a weight", "FROM marts.fct_shipments WHERE weight_kg IS NULL"),
        ("parcels on a bound of the weight classes", "FROM marts.fct_shipments WHERE weight_kg = 5"),
        ("test parcels", "FROM marts.fct_shipments WHERE is_test"),
        ("late parcels", "FROM marts.fct_shipments WHERE delivered_at > promised_at"),
        (
            "bookings at local midnight",
            "FROM marts.fct_shipments WHERE (booked_at AT TIME ZONE 'Europe/Berlin')::TIME = '00:00:00'",
        ),
        (
            "bookings in the hour that occurs twice",
            "FROM marts.fct_shipments WHERE booked_at >= TIMESTAMPTZ '2024-10-27 00:00:00+00' AND booked_at < TIMESTAMPTZ '2024-10-27 02:00:00+00'",
        ),
        ("rows that were loaded late", "FROM marts.fct_shipments WHERE loaded_at > booked_at + INTERVAL 1 DAY"),
        (
            "parcels with several claims",
            "FROM (SELECT shipment_id FROM marts.fct_claims GROUP BY 1 HAVING count(*) > 1)",
        ),
        ("claims for no parcel", "FROM marts.fct_claims ANTI JOIN marts.fct_shipments USING (shipment_id)"),
        (
            "bookings without a rate of their day",
            "FROM marts.fct_shipments ANTI JOIN marts.dim_fx_rates f ON f.currency = fct_shipments.currency AND f.rate_date = (booked_at AT TIME ZONE 'Europe/Berlin')::DATE",
        ),
        ("messages that came twice", "FROM (SELECT id FROM segment.tracks GROUP BY id HAVING count(*) > 1)"),
        ("events without a user", "FROM segment.tracks WHERE user_id IS NULL"),
        ("events that came a day late", "FROM segment.tracks WHERE received_at > timestamp + INTERVAL 1 DAY"),
        ("pages without a name", "FROM segment.pages WHERE name IS NULL"),
    ] {
        assert_ne!(one(&database, &format!("SELECT count(*) {sql}")), "0", "{what}");
    }
}

#[test]
fn the_promises_about_partitions_hold() {
    let database = small();
    for broken in [
        "FROM marts.fct_shipments WHERE booked_date <> (booked_at AT TIME ZONE 'UTC')::DATE",
        "FROM marts.fct_shipments WHERE delivered_at < booked_at OR delivered_at > booked_at + INTERVAL 59 DAY",
        "FROM marts.fct_shipments WHERE promised_at < booked_at OR promised_at > booked_at + INTERVAL 19 DAY",
        "FROM marts.fct_shipments WHERE handed_over_at < booked_at OR handed_over_at > booked_at + INTERVAL 19 DAY",
        "FROM segment.tracks WHERE received_date <> (received_at AT TIME ZONE 'UTC')::DATE",
        "FROM segment.tracks WHERE received_at < coalesce(original_timestamp, timestamp) - INTERVAL 1 HOUR
            OR received_at > coalesce(original_timestamp, timestamp) + INTERVAL 3 DAY",
        "FROM segment.pages WHERE received_at < timestamp OR received_at > timestamp + INTERVAL 1 DAY",
    ] {
        assert_eq!(one(&database, &format!("SELECT count(*) {broken}")), "0", "{broken}");
    }
}

#[test]
fn the_committed_catalog_is_that_of_the_sample() {
    let mut catalog = small().catalog_blocking(None).expect("a catalog");
    for table in catalog.tables.values_mut() {
        table.rows = None;
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/catalog.json");
    let committed = std::fs::read_to_string(&path).expect("the catalog is committed");
    let mut committed = Catalog::from_json(&committed).expect("it is a catalog");
    for table in committed.tables.values_mut() {
        // Periods are those of the calendars of the definitions, of which the sample knows nothing.
        table.periods.clear();
    }
    assert_eq!(
        committed.to_json(),
        catalog.to_json(),
        "run `entente catalog pull` on the demo and read the difference"
    );
}

#[test]
fn a_file_is_replaced_when_the_new_one_is_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("parcel.duckdb");
    std::fs::write(&path, "an old file").expect("a file");
    let steps = Cell::new((0, 0));
    let summary = create(&path, 0.01, &|done, total| steps.set((done, total))).expect("the sample");
    assert_eq!(summary.parcels, 2_000);
    assert_eq!(steps.get().0, steps.get().1, "the last call says that all is done");
    let database = DuckDb::open(&path, Access::ReadOnly).expect("it opens");
    assert_eq!(one(&database, "SELECT count(*) FROM marts.fct_shipments"), "2000");
    assert_eq!(std::fs::read_dir(folder.path()).expect("the folder").count(), 1, "nothing else is left");
}
