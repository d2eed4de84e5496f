// What an app may do with the generated types, and what the compiler keeps it from doing.
import type { HealthQuery, LanesQueryVariables, LineQuery } from './operations';

export function points(line: LineQuery): [string, number][] {
  const rows = line.report?.rows ?? [];
  return rows.filter((row) => !row.isPartial && row.by.time !== null).map((row) => [row.by.time!, Number(row.revenueEur)]);
}

// @ts-expect-error A report may fail, and then it is null.
export const unguarded = (line: LineQuery) => line.report.rows;

// @ts-expect-error Money is an exact decimal in a string, not a number.
export const money: number | null = (({}) as LineQuery).report!.rows[0]!.revenueEur;

// A ratio is a float.
export const ratio = (health: HealthQuery): number | null => health.report?.rows[0]?.claimsRatio ?? null;

export const lanes: LanesQueryVariables = { c: ['DE', 'FR'] };

// @ts-expect-error A country is a text.
export const numbers: LanesQueryVariables = { c: [1] };

// @ts-expect-error What is not selected is not there.
export const missing = (line: LineQuery) => line.report?.rows[0]?.parcelsBooked;
