/** Work that may take long, in slices of some milliseconds: it yields after each how much of it is done, from 0 to 1. */
export type Work<T> = Generator<number, T, void>

/** Does all of it at once. */
export function finish<T>(work: Work<T>): T {
  for (;;) {
    const step = work.next()
    if (step.done === true) return step.value
  }
}
