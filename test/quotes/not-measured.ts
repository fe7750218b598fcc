/** Amounts that are settings, limits, examples or arithmetic, in the order of their document. */
export const notMeasured: Readonly<Record<string, readonly string[]>> = {}
