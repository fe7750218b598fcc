import type { ChildProcess } from 'node:child_process'

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
  // One that could not be started has no end.
  if (child.pid === undefined) return
  child.once(
    'exit',
    atExit(() => child.kill(signal)),
  )
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
