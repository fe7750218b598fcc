import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ServerProcess } from './server-process.ts'
import { TempFolder } from './temp-folder.ts'

export interface NatsServerOptions {
  /** A free one if absent. Who restarts the server gives one that nobody else takes meanwhile. */
  readonly port?: number
  /** Off by default. What it stores is kept across restarts. */
  readonly jetStream?: boolean
  readonly token?: string
  readonly user?: { readonly name: string; readonly password: string }
  /** Paths; clients then have to speak TLS. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string }
  /** Further settings as they stand in its configuration file: `{ max_payload: '1MB' }`. */
  readonly settings?: Readonly<Record<string, string>>
}

/** The machine's nats-server on loopback, with a folder of its own: ready when {@link start} resolves, gone with the process that started it. */
export class NatsServer {
  /** Where it listens; kept when it is started again. */
  port: number
  private readonly options: NatsServerOptions
  private readonly folder = new TempFolder('nats')
  private run: ServerProcess | undefined

  private constructor(options: NatsServerOptions) {
    this.options = options
    this.port = options.port ?? 0
  }

  static async start(options: NatsServerOptions = {}): Promise<NatsServer> {
    const server = new NatsServer(options)
    try {
      await server.resume()
    } catch (error) {
      await server.folder.remove()
      throw error
    }
    return server
  }

  get url(): string {
    return `${this.options.tls === undefined ? 'nats' : 'tls'}://127.0.0.1:${this.port}`
  }

  /** Ends the process; what it stored stays. */
  async halt(): Promise<void> {
    await this.run?.stop()
    this.run = undefined
  }

  /** Takes away what it stored, while it is halted. */
  forget(): void {
    rmSync(join(this.folder.path, 'jetstream'), { recursive: true, force: true })
  }

  /** Starts it again on its port, after {@link halt}. */
  async resume(): Promise<void> {
    const file = join(this.folder.path, 'nats.conf')
    writeFileSync(file, configuration(this.options, this.port, this.folder.path))
    const { process: run, ready } = await ServerProcess.start(
      { name: 'nats-server', path: 'nats-server', args: ['-c', file], install: 'install it, on Debian with: apt-get install nats-server' },
      portWhenReady(),
    )
    this.run = run
    this.port = ready
  }

  cpuSeconds(): number {
    return this.run?.cpuSeconds() ?? 0
  }

  signal(signal: NodeJS.Signals): void {
    this.run?.signal(signal)
  }

  async stop(): Promise<void> {
    await this.halt()
    await this.folder.remove()
  }
}

function configuration(options: NatsServerOptions, port: number, folder: string): string {
  const { jetStream, token, user, tls, settings } = options
  const lines = [`listen: "127.0.0.1:${port === 0 ? -1 : port}"`]
  if (jetStream === true) lines.push(`jetstream { store_dir: "${folder}" }`)
  if (token !== undefined) lines.push(`authorization { token: "${token}" }`)
  if (user !== undefined) lines.push(`authorization { user: "${user.name}", password: "${user.password}" }`)
  if (tls !== undefined) lines.push(`tls { cert_file: "${tls.certFile}", key_file: "${tls.keyFile}" }`)
  for (const [name, value] of Object.entries(settings ?? {})) lines.push(`${name}: ${value}`)
  return `${lines.join('\n')}\n`
}

function portWhenReady(): (line: string) => number | undefined {
  let port = 0
  return (line) => {
    port = Number(/Listening for client connections on [\d.]+:(\d+)/.exec(line)?.[1] ?? port)
    return line.includes('Server is ready') ? port : undefined
  }
}
