import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Seconds for which the threads of a process that live have been at work, as Linux counts them: to the nanosecond, where `/proc/PID/stat` has hundredths. */
export function processorSecondsOf(pid: number): number {
  const folder = `/proc/${pid}/task`
  let nanoseconds = 0
  for (const thread of readdirSync(folder)) nanoseconds += Number(readFileSync(join(folder, thread, 'schedstat'), 'utf8').split(' ')[0])
  return nanoseconds / 1e9
}
