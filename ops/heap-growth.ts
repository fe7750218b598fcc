import { setFlagsFromString } from 'node:v8'

/** What V8 chooses by itself at most. */
const growthPercent = 300

/**
 * Has V8 mark the heap when it has grown to so many times what was in use, always. By itself it chooses less the more is allocated, and counts tables off the heap, which are most of what a sale allocates, against
 * that share of a small heap: a rush then spends its time marking, and the write barriers of marking slow down everything else (`npm run bench:load`: with this a fifth to a quarter more calls a second, and half the p99).
 */
export function letHeapGrow(): void {
  setFlagsFromString(`--heap-growing-percent=${growthPercent}`)
}
