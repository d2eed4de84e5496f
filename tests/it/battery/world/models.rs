//! A world → its project file and models.

use super::World;

const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// Lines that begin with `      - ` may be left out of a smaller case.
const MODELS: &[&str] = &[
    "models:",
    "  - name: parcels",
    "    description: Parcels.",
    "    table: parcels",
    "    primary_key: id",
    "    where: not void",
    "    time: booked_at",
    "    joins:",
    "      - { to: customers, key: customer_id }",
    "      - { to: depots, key: origin_id, as: origin }",
    "      - { to: depots, key: destination_id, as: destination }",
    "      - { to: rates, key: { currency: upper(currency), day: date(booked_at) } }",
    "      - { to: plans, key: { currency: upper(currency) }, as_of: done_on }",
    "    dimensions:",
    "      - { name: kind, type: string }",
    "      - { name: ok, type: boolean }",
    "      - { name: booked_at, type: time }",
    "      - { name: done_on, type: time }",
    "      - { name: weight, type: number }",
    "      - { name: weight_class, type: number, expr: weight, buckets: [2, 5] }",
    "      - { name: is_claimed, type: boolean, expr: exists(claims) }",
    "  - name: claims",
    "    description: Claims.",
    "    table: claims",
    "    primary_key: id",
    "    where: not void",
    "    time: filed_at",
    "    joins:",
    "      - { to: parcels, key: parcel_id, fan_out: dedupe }",
    "    dimensions:",
    "      - { name: reason, type: string }",
    "      - { name: filed_at, type: time }",
    "  - name: customers",
    "    description: Customers.",
    "    table: customers",
    "    primary_key: id",
    "    where: not void",
    "    joins:",
    "      - { to: customers, key: parent_id, as: parent }",
    "    dimensions:",
    "      - { name: number, type: number, expr: id }",
    "      - { name: country, type: string }",
    "      - { name: parcels_ever, type: number, metric: parcels_ever }",
    "      - { name: claim_class, type: number, metric: claims_ever, buckets: [1, 2] }",
    "  - name: depots",
    "    description: Depots.",
    "    table: depots",
    "    primary_key: id",
    "    joins:",
    "      - { to: plans, key: { currency: case id % 1000 when 1 then 'EUR' when 2 then 'USD' end }, as_of: time, as: then }",
    "    dimensions:",
    "      - { name: region, type: string }",
    "  - name: rates",
    "    description: Rates of a currency on a day.",
    "    table: rates",
    "    primary_key: [currency, day]",
    "    dimensions:",
    "      - { name: tier, type: string }",
    "  - name: plans",
    "    description: Plans of a currency.",
    "    table: plans",
    "    primary_key: [currency, valid_from]",
    "    versions: { of: currency, from: valid_from, to: valid_to }",
    "    dimensions:",
    "      - { name: title, type: string }",
    "  - name: statuses",
    "    description: What parcels were like.",
    "    table: statuses",
    "    primary_key: id",
    "    versions: { of: parcel_id, from: valid_from, to: valid_to }",
    "    joins:",
    "      - { key: parcel_id, to: parcels }",
    "  - name: notes",
    "    description: Notes of parcels.",
    "    table: notes",
    "    primary_key: parcel_id",
    "    joins:",
    "      - { to: parcels, key: parcel_id }",
    "    dimensions:",
    "      - { name: tone, type: string }",
    "  - name: segments",
    "    description: Segments of customers.",
    "    table: segments",
    "    primary_key: id",
    "    dimensions:",
    "      - { name: title, type: string }",
    "  - name: memberships",
    "    description: Customers in segments.",
    "    table: memberships",
    "    primary_key: [customer_id, segment_id]",
    "    joins:",
    "      - { to: customers, key: customer_id, fan_out: dedupe }",
    "      - { to: segments, key: segment_id }",
    "  - name: shares",
    "    description: Parts of customers that centers have.",
    "    table: shares",
    "    primary_key: [customer_id, center]",
    "    joins:",
    "      - { to: customers, key: customer_id, fan_out: { weight: share } }",
    "    dimensions:",
    "      - { name: center, type: string }",
    "      - { name: share, type: number }",
];

impl World {
    /// The project file.
    pub(in crate::battery) fn config(&self) -> String {
        format!(
            "language: 1\nname: world\nconnection: local\nconnections: {{ local: {{ type: duckdb, path: world.duckdb }} }}\n\
             time_zone: {}\nweek_start: {}\nfiscal_year_start: {}\n",
            self.zone,
            WEEKDAYS[self.week_start as usize],
            MONTHS[self.fiscal_start as usize - 1]
        )
    }

    /// The tables and models.
    pub(in crate::battery) fn models(&self) -> String {
        let mut yaml = String::new();
        if let Some(partitions) = &self.partitions {
            yaml.push_str(&partitions.yaml());
        }
        yaml.push_str(&self.policies());
        yaml.push_str(
            "calendars:\n  - { name: retail, table: retail, date: day, granularities: { retail_month: {}, retail_year: {} } }\n",
        );
        for line in self.lines() {
            yaml.push_str(&self.line_with_promise(line));
            yaml.push('\n');
        }
        yaml
    }

    /// The lines of the models, without those left out and without lists that became empty.
    fn lines(&self) -> Vec<&'static str> {
        let mut lines: Vec<&'static str> = Vec::new();
        for line in MODELS.iter().filter(|line| !self.left_out.contains(*line)) {
            let is_item = line.starts_with("      - ");
            if !is_item && lines.last().is_some_and(|last| *last == "    joins:" || *last == "    dimensions:") {
                lines.pop();
            }
            lines.push(line);
        }
        lines
    }

    /// The lines that may be left out.
    pub(in crate::battery) fn optional_lines(&self) -> Vec<&'static str> {
        MODELS.iter().copied().filter(|line| line.starts_with("      - ") && !self.left_out.contains(line)).collect()
    }
}
