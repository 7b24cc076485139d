/** How the demo's servers are checked. */

export const DATABASE_SECRET = "raos-db";

export const HEALTH = {
  health: { path: "/healthz", json: [{ pointer: "/status", equals: "ok" }] },
  modules: { path: "/api/modules" },
} as const;

/** Staging and production are checked in all six ways; the load is short, because this is a demo. */
export const ALL_SIX = {
  ...HEALTH,
  api: {
    requests: [
      {
        name: "greeting",
        path: "/api/greeting",
        expect: { headers: [{ name: "x-content-type-options", value: "nosniff" }] },
      },
      { name: "items", path: "/api/items", expect: { json: [{ pointer: "/items/0/name", equals: "Licence" }] } },
    ],
  },
  database: { secretRef: { name: DATABASE_SECRET }, query: "SELECT count(*) FROM items" },
  performance: { path: "/api/greeting", requestsPerSecond: 20, seconds: 3 },
  security: { requireHeaders: ["strict-transport-security", "x-content-type-options", "content-security-policy"] },
} as const;

/** The same, and whoever is greeted later than this is not content. */
export const IN_A_HURRY = { ...ALL_SIX, performance: { ...ALL_SIX.performance, maxP99Ms: 300 } } as const;
