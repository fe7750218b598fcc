import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSigner } from 'fast-jwt'
import { z } from 'zod'
import { type KeptSecrets, readSecrets } from '../ops/secrets.ts'
import { flagOf } from '../ops/settings.ts'
import { connectRpc, type RpcClient } from '../protocol/client/rpc-client.ts'
import type { SaleFileInput } from '../protocol/sku-settings.ts'
import { freePorts } from './free-ports.ts'
import { type Finished, type ProcessOptions, SluiceProcess } from './sluice-process.ts'

export interface NodeOptions extends ProcessOptions {
  /** `start` if absent; `demo` is a node with a shop in it. */
  readonly command?: 'start' | 'demo'
  /** Settings by name, `{ shards: 4 }`; ports are free ones that stay the node's own unless they are given. */
  readonly settings?: Readonly<Record<string, string | number>>
  /** Kept when the node is stopped; by default a new folder that goes away with it. */
  readonly dataFolder?: string
}

export interface Ports {
  readonly web: number
  readonly ops: number
  readonly rpc: number
}

/**
 * `sluice start` as a real process: on free ports of loopback, in a data folder of its own, ready when {@link start} resolves.
 *
 *     const node = await RunningNode.start({ settings: { shards: 4 } })
 *     await node.kill()       SIGKILL, at once
 *     await node.restart()    the same data and ports
 *     await node.stop()       SIGTERM; the data goes away
 */
export class RunningNode {
  readonly dataFolder: string
  ports: Ports = { web: 0, ops: 0, rpc: 0 }
  private readonly options: NodeOptions
  private run: SluiceProcess | undefined
  private kept: KeptSecrets | undefined

  private constructor(options: NodeOptions, dataFolder: string) {
    this.options = options
    this.dataFolder = dataFolder
  }

  static async start(options: NodeOptions = {}): Promise<RunningNode> {
    const node = new RunningNode(options, options.dataFolder ?? (await mkdtemp(join(tmpdir(), 'sluice-node-'))))
    try {
      await node.launch()
    } catch (error) {
      await node.removeData()
      throw error
    }
    return node
  }

  get pid(): number {
    return this.process.pid
  }

  get isRunning(): boolean {
    return this.run?.isRunning === true
  }

  /** What the present or the last process wrote. */
  get log(): string {
    return this.process.log
  }

  get rpcUrl(): string {
    return `tcp://127.0.0.1:${this.ports.rpc}`
  }

  get socketUrl(): string {
    return `ws://127.0.0.1:${this.ports.web}/v1/ws`
  }

  /** As of a cluster with one gateway. */
  get doors(): readonly { readonly rpcUrl: string; readonly socketUrl: string }[] {
    return [this]
  }

  get webUrl(): string {
    return `http://127.0.0.1:${this.ports.web}`
  }

  get opsUrl(): string {
    return `http://127.0.0.1:${this.ports.ops}`
  }

  get secrets(): KeptSecrets {
    if (this.kept === undefined) throw new Error('the node was never ready')
    return this.kept
  }

  /** A token that says the user is who they are, valid for `seconds` from now. */
  tokenOf(user: string, seconds = 3_600): string {
    const exp = Math.floor(Date.now() / 1000) + seconds
    return createSigner({ key: this.secrets.jwtSecret, algorithm: 'HS256' })({ sub: user, exp })
  }

  /** A client with the operator's role; the caller closes it. */
  operator(): RpcClient {
    return connectRpc({ url: this.rpcUrl, key: this.secrets.operatorKey })
  }

  /** Creates a sale of one SKU that bears its name. Resolves when it can be bought. */
  async createSku(sku: string, wish: Partial<SaleFileInput['skus'][number]> = {}, opensAt = 0): Promise<void> {
    const operator = this.operator()
    try {
      await operator.saleCreate({
        sale: sku,
        title: `Sale of ${sku}`,
        opensAt,
        skus: [{ sku, title: `Thing ${sku}`, priceMinor: 9_900, stock: 1, ...wish }],
      })
    } finally {
      operator.close()
    }
  }

  /** Memory that the process occupies, in bytes. */
  async residentBytes(): Promise<number> {
    const status = await readFile(`/proc/${this.pid}/status`, 'utf8')
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
  }

  /** Ends the process without a warning; resolves when it is gone. */
  async kill(): Promise<void> {
    this.process.signal('SIGKILL')
    await this.process.finished
  }

  /** Starts the process again on the same data and ports, after {@link kill} or {@link terminate}. */
  async restart(): Promise<void> {
    if (this.isRunning) throw new Error('the node still runs')
    await this.launch()
  }

  /** Asks the process to stop and resolves with how it ended; the data stays. */
  async terminate(withinMs = 30_000): Promise<Finished> {
    this.process.signal('SIGTERM')
    return this.ended(withinMs)
  }

  /** Resolves with how the process ended by itself; it is killed, which the result tells, if it has not in time. */
  async ended(withinMs = 30_000): Promise<Finished> {
    const { process: run } = this
    const tooLong = setTimeout(() => run.signal('SIGKILL'), withinMs)
    try {
      return await run.finished
    } finally {
      clearTimeout(tooLong)
    }
  }

  /** Stops the process if it runs, and takes the data away. Rejects when it did not end by itself and well. */
  async stop(): Promise<void> {
    try {
      if (!this.isRunning) return
      const { code, signal } = await this.terminate()
      if (code !== 0) throw new Error(`the node ended with ${signal ?? `code ${code}`}:\n${this.log}`)
    } finally {
      await this.removeData()
    }
  }

  private get process(): SluiceProcess {
    if (this.run === undefined) throw new Error('the node was never started')
    return this.run
  }

  private async launch(): Promise<void> {
    const { web, ops, rpc } = this.ports.web === 0 ? await choosePorts() : this.ports
    const settings = { webPort: web, opsPort: ops, rpcPort: rpc, drainSeconds: 0, ...this.options.settings, dataFolder: this.dataFolder }
    const words = Object.entries(settings).flatMap(([name, value]) => [flagOf(name), String(value)])
    this.run = new SluiceProcess([this.options.command ?? 'start', ...words], this.options)
    this.ports = await this.run.waitFor(readyPorts, 'ready', readyWithinMs)
    this.kept ??= await readSecrets(this.dataFolder)
  }

  private async removeData(): Promise<void> {
    if (this.options.dataFolder === undefined) await rm(this.dataFolder, { recursive: true, force: true })
  }
}

const readyWithinMs = 60_000

async function choosePorts(): Promise<Ports> {
  const [web = 0, ops = 0, rpc = 0] = await freePorts(3)
  return { web, ops, rpc }
}

const readyLine = z.object({ text: z.literal('ready'), web: z.number(), ops: z.number(), rpc: z.number() })

/** The ports that the log's line `ready` names. */
function readyPorts(out: string): Ports | undefined {
  const line = out.split('\n').find((one) => one.includes('"text":"ready"') && one.endsWith('}'))
  return line === undefined ? undefined : readyLine.parse(JSON.parse(line))
}
