import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { BenchFault } from '../bench-fault.ts'
import type { CrowdCommand, CrowdCounts, CrowdReport, CrowdWord } from './crowd-messages.ts'

const entry = fileURLToPath(new URL('./crowd-worker.js', import.meta.url))

/** People who wait, in a process of their own. */
export class Crowd {
  counts: CrowdCounts = { here: 0, away: 0, returned: 0 }
  private readonly child: ChildProcess
  private onReport: (report: CrowdReport) => void = () => {}
  private isClosed = false

  constructor() {
    this.child = fork(entry, { serialization: 'advanced' })
    this.child.on('message', (word: CrowdWord) => {
      if (word.kind === 'counts') this.counts = word
      else this.onReport(word)
    })
    this.child.once('exit', () => {
      if (!this.isClosed) process.emitWarning(new BenchFault('a process with people who wait has ended'))
    })
  }

  tell(command: CrowdCommand): void {
    this.child.send(command)
  }

  report(): Promise<CrowdReport> {
    return new Promise((resolve) => {
      this.onReport = resolve
      this.tell({ kind: 'report' })
    })
  }

  async close(): Promise<void> {
    this.isClosed = true
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    const ended = once(this.child, 'exit')
    this.child.kill('SIGKILL')
    await ended
  }
}
