import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { freePorts } from '../free-ports.ts'
import { ProviderBooks } from './provider-books.ts'
import { listeningSchema, type ProviderTask } from './provider-messages.ts'
import type { Climate } from './provider-moods.ts'

const program = fileURLToPath(new URL('provider-worker.js', import.meta.url))

/** A {@link ProviderServer} as a process of its own, which can be killed and started again on its port, over its ledger. */
export class ProviderProcess {
  private readonly task: ProviderTask
  private child: ChildProcess | undefined
  private climate: Climate = {}

  private constructor(task: ProviderTask) {
    this.task = task
  }

  static async start(task: Omit<ProviderTask, 'port'>): Promise<ProviderProcess> {
    const [port = 0] = await freePorts(1)
    const provider = new ProviderProcess({ ...task, port })
    await provider.restart()
    return provider
  }

  get url(): string {
    return `http://127.0.0.1:${this.task.port}/pay`
  }

  /** What it has written so far. */
  books(): ProviderBooks {
    return new ProviderBooks(this.task.ledgerFile)
  }

  become(climate: Climate): void {
    this.climate = climate
    this.child?.send(climate)
  }

  async kill(): Promise<void> {
    const { child } = this
    this.child = undefined
    if (child === undefined) return
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  }

  /** Starts it again after {@link kill}, in the climate that it had. */
  async restart(): Promise<void> {
    const child = fork(program, [JSON.stringify(this.task)], { stdio: 'inherit' })
    this.child = child
    const said: readonly unknown[] = await Promise.race([once(child, 'message'), failed(child)])
    listeningSchema.parse(said[0])
    child.send(this.climate)
  }
}

async function failed(child: ChildProcess): Promise<never> {
  await once(child, 'exit')
  throw new Error('the provider ended before it listened')
}
