project_name: "acme_shop"

constant: schema { value: "shop" export: override_optional }
constant: vat { value: "1.19" }
