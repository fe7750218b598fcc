/** Work that may take long, in slices of some milliseconds: it yields after each how much of it is done, from 0 to 1. */
export type Work<T> = Generator<number, T, void>

/** Asked between two slices: undefined while there is time for the next one at once, else resolves when it may be done. */
export type TakeTurns = () => Promise<void> | undefined

/** Does all of it at once. */
export function finish<T>(work: Work<T>): T {
  for (;;) {
    const step = work.next()
    if (step.done === true) return step.value
  }
}

/** Does it slice by slice, and lets others go on in between. */
export async function finishInTurns<T>(work: Work<T>, takeTurns: TakeTurns): Promise<T> {
  for (;;) {
    const step = work.next()
    if (step.done === true) return step.value
    const turn = takeTurns()
    if (turn !== undefined) await turn
  }
}
