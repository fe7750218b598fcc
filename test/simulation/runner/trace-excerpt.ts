/** A failure's trace goes back so far. */
export const traceLinesMax = 40
const linesBeforeDifference = 10

/** The last lines of a whole trace up to a time, in ms since the run began. */
export function linesBefore(trace: readonly string[], atMs: number): readonly string[] {
  // A line begins with its time in seconds, rounded to ms (trace.ts).
  const until = (atMs + 0.5) / 1000
  const after = trace.findIndex((line) => Number.parseFloat(line) > until)
  const end = after === -1 ? trace.length : after
  return trace.slice(Math.max(0, end - traceLinesMax), end)
}

/** Where two whole traces of a seed part, and what came right before. */
export function firstDifference(used: readonly string[], own: readonly string[]): readonly string[] {
  const at = used.findIndex((line, index) => line !== own[index])
  const end = at === -1 && own.length > used.length ? used.length : at
  if (end === -1) return ['(twice more it was the same)']
  const before = used.slice(Math.max(0, end - linesBeforeDifference), end)
  return [...before, `in a used process: ${used[end] ?? 'the end'}`, `in one of its own: ${own[end] ?? 'the end'}`]
}
