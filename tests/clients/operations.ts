/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
export type TileQueryVariables = Exact<{ [key: string]: never; }>;


export type TileQuery = { report: { totals: { revenueEur: string | null, parcelsBooked: string | null } } | null };

export type LineQueryVariables = Exact<{ [key: string]: never; }>;


export type LineQuery = { report: { rows: Array<{ isPartial: boolean, revenueEur: string | null, by: { time: string | null } }> } | null };

export type TwoGrainsQueryVariables = Exact<{ [key: string]: never; }>;


export type TwoGrainsQuery = { report: { rows: Array<{ parcelsBooked: string | null, by: { month: string | null, week: string | null } }> } | null };

export type YoyQueryVariables = Exact<{ [key: string]: never; }>;


export type YoyQuery = { report: { rows: Array<{ revenueEur: string | null, by: { time: string | null }, ly: { revenueEur: string | null }, lm: { revenueEur: string | null } }> } | null };

export type LanesQueryVariables = Exact<{
  c?: Array<string> | string | null | undefined;
}>;


export type LanesQuery = { report: { rows: Array<{ parcelsBooked: string | null, leadTimeP90: number | null, by: { origin: { region: string | null }, destination: { region: string | null } } }>, totals: { parcelsBooked: string | null, leadTimeP90: number | null } } | null };

export type HealthQueryVariables = Exact<{ [key: string]: never; }>;


export type HealthQuery = { report: { rows: Array<{ claims: string | null, parcelsDelivered: string | null, claimsRatio: number | null, nps: number | null, by: { time: string | null, customers: { country: string | null } } }> } | null };

export type TopNQueryVariables = Exact<{ [key: string]: never; }>;


export type TopNQuery = { report: { rows: Array<{ isOther: boolean, revenueEur: string | null, by: { customers: { name: string | null } } }>, totals: { revenueEur: string | null } } | null };

export type PageQueryVariables = Exact<{
  after?: string | null | undefined;
}>;


export type PageQuery = { report: { rows: Array<{ revenueEur: string | null, by: { customers: { name: string | null, parent: { name: string | null } } } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null, totalRows: string | null } } | null };

export type BigQueryVariables = Exact<{ [key: string]: never; }>;


export type BigQuery = { report: { rows: Array<{ revenueEur: string | null, by: { customers: { name: string | null } } }>, totals: { revenueEur: string | null } } | null };

export type ValuesQueryVariables = Exact<{
  s?: string | null | undefined;
}>;


export type ValuesQuery = { dimensionValues: { values: Array<string | null>, pageInfo: { hasNextPage: boolean } } };

export type BudgetQueryVariables = Exact<{ [key: string]: never; }>;


export type BudgetQuery = { report: { rows: Array<{ revenueEur: string | null, budgetEur: string | null, by: { time: string | null, origin: { region: string | null } } }> } | null };

export type FragQueryVariables = Exact<{
  detail: boolean;
}>;


export type FragQuery = { report: { rows: Array<{ parcelsBooked: string | null, by?: { time: string | null, shipments: { service: string | null } } }> } | null };

export type BaseFragment = { parcelsBooked: string | null, by: { time: string | null } };

export type DashQueryVariables = Exact<{ [key: string]: never; }>;


export type DashQuery = { a: { totals: { revenueEur: string | null } } | null, b: { totals: { revenueEur: string | null } } | null, c: { rows: Array<{ revenueEur: string | null, by: { shipments: { service: string | null } } }> } | null };
