import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { endWithUs } from '../../bench/servers/exit-duties.ts'
import { readSecrets } from '../../ops/secrets.ts'
import { connectRpc, type RpcClient } from '../../protocol/client/rpc-client.ts'
import { projectFolder } from './compose-file.ts'

const readyWithinMs = 60_000
const member = z.object({ name: z.string(), pid: z.int(), log: z.string(), rpc: z.int().default(0) })
const addresses = z.object({
  folder: z.string(),
  gateways: z.array(member),
  actors: z.array(member),
  orders: z.array(member),
  servers: z.array(member),
})
type Addresses = z.output<typeof addresses>
export type ClusterProcess = z.output<typeof member>

/** How a run ended, and what it complained of. */
export interface ClusterEnd {
  readonly code: number | null
  readonly err: string
}

/** One run of `npm run cluster`, without npm. */
export class ClusterRun {
  readonly finished: Promise<ClusterEnd>
  addresses: Addresses = { folder: '', gateways: [], actors: [], orders: [], servers: [] }
  private readonly child

  private constructor(words: readonly string[]) {
    this.child = spawn(process.execPath, [join(projectFolder, 'dist/bench/cluster.js'), ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
    endWithUs(this.child, 'SIGTERM')
    let err = ''
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text
    })
    this.finished = once(this.child, 'close').then(() => ({ code: this.child.exitCode, err }))
  }

  /** Resolves when all of it is ready. */
  static async start(words: readonly string[]): Promise<ClusterRun> {
    const run = new ClusterRun(['--json', ...words])
    const lines = createInterface({ input: run.child.stdout })
    const tooLate = AbortSignal.timeout(readyWithinMs)
    const ended = run.finished.then(({ err }) => Promise.reject(new Error(`the cluster ended before it was ready: ${err}`)))
    const line = once(lines, 'line', { signal: tooLate })
    const [text] = z.tuple([z.string()]).parse(await Promise.race([line, ended]))
    run.addresses = addresses.parse(JSON.parse(text))
    return run
  }

  /** Runs it to its end, for command lines that do not start anything. */
  static finish(words: readonly string[]): Promise<ClusterEnd> {
    return new ClusterRun(words).finished
  }

  get processes(): readonly ClusterProcess[] {
    const { gateways, actors, orders, servers } = this.addresses
    return [...gateways, ...actors, ...orders, ...servers]
  }

  /** A client of the first gateway with the operator's role; the caller closes it. */
  async operator(): Promise<RpcClient> {
    const secrets = await readSecrets(this.addresses.folder)
    if (secrets === undefined) throw new Error('the cluster keeps no secrets')
    return connectRpc({ url: `tcp://127.0.0.1:${this.addresses.gateways[0]?.rpc}`, key: secrets.operatorKey })
  }

  /** As Ctrl-C does; resolves with how it ended. */
  interrupt(): Promise<ClusterEnd> {
    this.child.kill('SIGINT')
    return this.finished
  }

  /** Those of its processes that are still there. A pid that another program has got meanwhile does not count. */
  async left(): Promise<readonly string[]> {
    const alive = await Promise.all(this.processes.map(async (one) => [one.name, await commandOf(one.pid)] as const))
    return alive.filter(([, command]) => /nats-server|redis-server|main\.js/.test(command)).map(([name]) => name)
  }
}

async function commandOf(pid: number): Promise<string> {
  return readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
}
