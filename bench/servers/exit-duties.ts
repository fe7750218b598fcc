import type { ChildProcess } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

const goneWithinMs = 1_000
const lookMs = 2

/** Of this process, as its end is: each duty a listener of its own would be more of them than Node takes without a warning. */
const duties = new Set<() => void>()

/** Does something when this process ends, however it ends short of SIGKILL, unless the returned function was called before. */
export function atExit(duty: () => void): () => void {
  if (duties.size === 0) process.on('exit', doAll)
  duties.add(duty)
  return () => {
    duties.delete(duty)
    if (duties.size === 0) process.off('exit', doAll)
  }
}

/** Ends a process that was started with this one. */
export function endWithUs(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): void {
  const { pid } = child
  // One that could not be started has no end.
  if (pid === undefined) return
  const forget = atExit(() => {
    child.kill(signal)
    if (signal === 'SIGKILL') waitUntilGone(pid)
  })
  child.once('exit', forget)
}

/** A process that was killed may still end what it is writing, into a folder that is about to go. Nothing but a look tells, for events have ended. */
function waitUntilGone(pid: number): void {
  const pause = new Int32Array(new SharedArrayBuffer(4))
  const end = performance.now() + goneWithinMs
  while (isAtWork(pid) && performance.now() < end) Atomics.wait(pause, 0, 0, lookMs)
}

/** Linux only; elsewhere nobody is. */
function isAtWork(pid: number): boolean {
  try {
    // What is left of a process that has ended is one thread, a zombie, until it is asked how it ended.
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ') || readdirSync(`/proc/${pid}/task`).length > 1
  } catch {
    return false
  }
}

/** The latest first: a server ends before the folder goes that it writes to. One that fails keeps no other from being done. */
function doAll(): void {
  const failures: unknown[] = []
  for (const duty of [...duties].toReversed()) {
    try {
      duty()
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, 'what should have ended with this process is still there')
}
