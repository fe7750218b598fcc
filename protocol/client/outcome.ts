import { SluiceError } from './sluice-error.ts'

/** What a promise has come to by now, for tests that own the time. */
export interface Outcome<T> {
  result?: T
  error?: SluiceError
}

/** Follows a call of a client. Whatever else than a SluiceError it rejects with is a defect and stays an unhandled rejection. */
export function outcomeOf<T>(promise: Promise<T>): Outcome<T> {
  const outcome: Outcome<T> = {}
  void follow(promise, outcome)
  return outcome
}

async function follow<T>(promise: Promise<T>, outcome: Outcome<T>): Promise<void> {
  try {
    outcome.result = await promise
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error
    outcome.error = error
  }
}
