project_name: "hand"
constant: schema { value: "main" }
