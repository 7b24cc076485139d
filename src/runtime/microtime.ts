/** The time format of Leases and Events: six fractional digits, the three that a Date has are refused. */
export const microtime = (date: Date): string => `${date.toISOString().slice(0, -1)}000Z`;
