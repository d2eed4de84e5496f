//! What Looker keeps from some is kept from them: views behind guards, grants of explores and views, hidden fields, and
//! fields that explores take away.

use entente::import::lookml::Outcome::{Native, Verbatim};

use super::small::{fate, imported, read, text, whole};

/// Orders of customers, with items, in some explores.
fn shop(explores: &str) -> String {
    format!(
        "connection: \"c\"
        access_grant: fin {{ user_attribute: dept allowed_values: [\"finance\"] }}
        access_grant: hr {{ user_attribute: dept allowed_values: [\"hr\"] }}
        {explores}
        view: orders {{
          sql_table_name: a.orders ;;
          dimension: id {{ primary_key: yes type: number }}
          dimension: customer_id {{ type: number }}
          dimension: region {{ type: string }}
          measure: orders_placed {{ type: count }}
        }}
        view: customers {{
          sql_table_name: a.customers ;;
          dimension: id {{ primary_key: yes type: number }}
          dimension: email {{ type: string }}
          set: private {{ fields: [email] }}
          measure: balance {{ type: sum sql: ${{TABLE}}.balance ;; }}
        }}
        view: items {{
          sql_table_name: a.items ;;
          dimension: id {{ primary_key: yes type: number }}
          dimension: order_id {{ type: number }}
          measure: revenue {{ type: sum sql: ${{TABLE}}.price ;; }}
        }}"
    )
}

const CUSTOMERS: &str =
    "join: customers { relationship: many_to_one sql_on: ${orders.customer_id} = ${customers.id} ;; }";
const ITEMS: &str = "join: items { relationship: one_to_many sql_on: ${items.order_id} = ${orders.id} ;; }";

/// Returns the explore of orders with both, under a guard.
fn orders(guard: &str) -> String {
    format!("explore: orders {{ {guard} {CUSTOMERS} {ITEMS} }}")
}

#[test]
fn what_is_behind_a_guard_stays_there() {
    let liquid = "sql_always_where: ${orders.region} = '{{ _user_attributes['region'] }}' ;;";
    let filter = "access_filter: { field: orders.region user_attribute: region }";
    let of_customers = "access_filter: { field: customers.email user_attribute: mail }";
    let fixed = "sql_always_where: ${orders.region} <> 'x' ;;";
    let moment = "sql_always_where: {% condition orders.region %} ${orders.region} {% endcondition %} ;;";
    let alone = "does not act on `customers` alone";
    for (explores, name, expected) in [
        (orders(liquid), "orders.region", (Verbatim, "")),
        (orders(liquid), "items", (Verbatim, "asks who is asking")),
        (orders(liquid), "customers", (Verbatim, "asks who is asking")),
        (orders(liquid) + "explore: items {}", "items.revenue", (Native, "")),
        // Items look orders up, so the policy acts on them; customers do not.
        (orders(filter), "items.revenue", (Native, "")),
        (orders(filter), "customers", (Verbatim, alone)),
        (orders(filter), "orders.customers", (Verbatim, "stays LookML")),
        (orders(filter) + "explore: customers {}", "customers.balance", (Native, "")),
        (orders(of_customers), "customers.balance", (Native, "")),
        (orders(of_customers), "items.revenue", (Native, "")),
        // What is kept back from everyone is no secret of a person.
        (orders(fixed), "items.revenue", (Native, "")),
        (orders(fixed), "customers.email", (Native, "")),
        (orders(fixed), "customers.balance", (Verbatim, "has no form in `customers`")),
        (orders(moment), "items.revenue", (Verbatim, "has no form in `items`")),
        (orders(moment) + "explore: items {}", "items.revenue", (Native, "")),
    ] {
        let found = imported(&[("m.model.lkml", &shop(&explores))], None);
        let (outcome, why) = fate(&found, "m.model.lkml", name);
        assert!(outcome == expected.0 && why.contains(expected.1), "{explores}: {name} is {outcome:?}: {why}");
    }
    let found = imported(&[("m.model.lkml", &shop(&orders(fixed)))], None);
    assert!(text(&found, "metrics/items.yml").contains("where: orders.region <> 'x'"));
    // A view that was only joined has no explore that people find.
    assert!(text(&found, "metrics/items.yml").contains("name: items\n    hidden: true"));
    assert!(!text(&found, "metrics/orders.yml").contains("hidden: true"));
}

#[test]
fn grants_of_explores_views_and_joins_are_policies() {
    let policy = |name: &str, members: &str, roles: &str| format!("name: {name}\n{members}    visible_to: [{roles}]");
    let customers = "    dimensions:\n      - customers.email\n      - customers.id\n    metrics: [balance]\n";
    let granted =
        |grants: &str| CUSTOMERS.replace("relationship", &format!("required_access_grants: [{grants}] relationship"));
    let (fin, both) = (granted("fin"), granted("fin, hr"));
    let view = "view: +customers { required_access_grants: [hr] }".to_owned();
    let open = "explore: customers {}";
    let other = "explore: customers { required_access_grants: [hr] }";
    let (of_fin, of_hr) = (policy("fin", customers, "fin"), policy("hr", customers, "hr"));
    let either = policy("fin_or_hr", customers, "fin, hr");
    for (explores, expected) in [
        (format!("explore: orders {{ {fin} }}"), vec![of_fin.clone()]),
        (format!("explore: orders {{ {both} }}"), vec![of_fin.clone(), of_hr.clone()]),
        (format!("explore: orders {{ {fin} }} {open}"), vec![]),
        (format!("explore: orders {{ {fin} }} {open} {view}"), vec![of_hr.clone()]),
        (format!("explore: orders {{ {fin} }} {other}"), vec![either]),
        (format!("explore: orders {{ {both} }} {other}"), vec![of_hr]),
        // Nobody declares the grant, so nobody has it.
        (format!("explore: orders {{ {} }}", granted("nowhere")), vec![policy("nowhere", customers, "nowhere")]),
    ] {
        let found = imported(&[("m.model.lkml", &shop(&explores))], None);
        let policies = text(&found, "metrics/policies.yml");
        assert_eq!(policies.matches("name: ").count(), expected.len(), "{explores}:\n{policies}");
        for part in expected {
            assert!(policies.contains(&part), "{explores}: {part}\n{policies}");
        }
    }
    let guarded = format!("explore: orders {{ required_access_grants: [fin] {CUSTOMERS} }} {open}");
    let found = imported(&[("m.model.lkml", &shop(&guarded))], None);
    let policies = text(&found, "metrics/policies.yml");
    assert!(policies.contains("metrics: [orders_placed]") && !policies.contains("customers."), "{policies}");
}

#[test]
fn a_part_of_a_metric_is_for_those_who_see_the_metric() {
    let by = |name: &str, grants: &str, sql: &str| {
        format!("view: +orders {{ measure: {name} {{ {grants} type: number sql: {sql} ;; }} }}")
    };
    let fin = "required_access_grants: [fin]";
    let spread = by("spread", fin, "MAX(${TABLE}.price) - MIN(${TABLE}.price)");
    let top = by("top", "", "MAX(${TABLE}.price) * 2");
    for (fields, restricted) in
        [(spread.clone(), "[max_price, min_price, spread]"), (spread + &top, "[min_price, spread]")]
    {
        let found = imported(&[("m.model.lkml", &shop(&format!("explore: orders {{}} {fields}")))], None);
        let policies = text(&found, "metrics/policies.yml");
        assert!(policies.contains(&format!("metrics: {restricted}")), "{policies}");
    }
}

#[test]
fn fields_that_are_hidden_by_default_are_hidden() {
    let view = "view: +orders {
          fields_hidden_by_default: yes
          dimension: region { hidden: no }
          measure: orders_placed { hidden: no }
          measure: biggest { type: running_total sql: ${orders_placed} ;; }
        }
        explore: orders {}";
    let folder = whole(&shop(view));
    let yaml = read(&folder, "metrics/orders.yml");
    for part in ["{ name: id, type: number, hidden: true }", "{ name: region, type: string }"] {
        assert!(yaml.contains(part), "{part}:\n{yaml}");
    }
    assert_eq!(yaml.matches("hidden").count(), 2, "{yaml}");
    let refined = read(&folder, "lookml_out/views/refined/orders.view.lkml");
    assert!(!refined.contains("fields_hidden_by_default"), "{refined}");
    assert!(refined.contains("measure: biggest {\n    hidden: yes\n"), "{refined}");
}

#[test]
fn what_an_explore_takes_away_is_away_under_every_name() {
    let items = "relationship: many_to_one sql_on: ${items.order_id} = ${orders.id} ;;";
    let explore = |list: &str, of_join: &str| {
        let customers = CUSTOMERS.replace("relationship", &format!("{of_join} relationship"));
        let text =
            format!("explore: items {{ {list} join: orders {{ {items} }} {customers} }} explore: customers {{}}");
        let folder = whole(&shop(&(text + "explore: orders {}")));
        read(&folder, "lookml_out/kept/explores/items.explore.lkml")
    };
    let taken = explore("fields: [ALL_FIELDS*, -customers.private*]", "");
    assert!(taken.contains("-customers.private*, -orders_customers.private*"), "{taken}");
    let limited = explore("", "fields: [customers.id]");
    assert!(limited.contains("join: orders_customers {\n    fields: [orders_customers.id]\n"), "{limited}");
    // Measures of joined views are shown as before.
    assert!(limited.contains("fields: [ALL_FIELDS*, -orders_customers.measures*]"), "{limited}");
}
