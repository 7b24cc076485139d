/** What the exit code says: done; no, and it says why; asked wrongly; trouble, or a chain that does not prove itself; stopped by Ctrl-C. */
export const EXIT = { good: 0, no: 1, usage: 2, trouble: 3, interrupted: 130 } as const;
