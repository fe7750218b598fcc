import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { endWithUs } from '../../bench/servers/exit-duties.ts'
import { TempFolder } from '../../bench/servers/temp-folder.ts'
import { freePorts } from '../free-ports.ts'
import { until } from '../servers/until.ts'
import { projectFolder } from './compose-file.ts'

const run = promisify(execFile)
const sourceFolder = join(projectFolder, 'ops/deploy/nginx')

export interface NginxOptions {
  /** Web ports of the gateways on loopback. */
  readonly gateways: readonly number[]
  /** A free one unless it is given. */
  readonly port?: number
  /** In the place of trusted-hops.conf. */
  readonly trustedHops?: string
  /** Other values in our nginx.conf: each text has to be there. */
  readonly instead?: Readonly<Record<string, string>>
}

/** The nginx of the system with our configuration, but for addresses and folders; in a folder of its own, gone after {@link stop}. */
export class NginxServer {
  readonly port: number
  readonly stop: () => Promise<void>

  private constructor(port: number, stop: () => Promise<void>) {
    this.port = port
    this.stop = stop
  }

  static async start(options: NginxOptions): Promise<NginxServer> {
    const [free = 0] = await freePorts(1)
    const port = options.port ?? free
    const folder = new TempFolder('nginx')
    const file = join(folder.path, 'nginx.conf')
    writeFileSync(file, localConfiguration(folder.path, port, options))
    writeFileSync(
      join(folder.path, 'trusted-hops.conf'),
      options.trustedHops ?? readFileSync(join(sourceFolder, 'trusted-hops.conf'), 'utf8'),
    )
    // Workers of root's nginx would be somebody else, who may not write here.
    const owner = process.getuid?.() === 0 ? 'user root; ' : ''
    const words = ['-c', file, '-p', folder.path, '-e', 'stderr', '-g', `${owner}daemon off;`]
    try {
      await run('nginx', [...words, '-t'])
    } catch (error) {
      await folder.remove()
      throw error
    }
    const child = spawn('nginx', words, { stdio: 'ignore' })
    const ended = once(child, 'exit')
    endWithUs(child, 'SIGTERM')
    const server = new NginxServer(port, async () => {
      child.kill('SIGTERM')
      await ended
      await folder.remove()
    })
    await until(() =>
      fetch(`${server.url}/nginx-health`).then(
        ({ ok }) => ok,
        () => false,
      ),
    )
    return server
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  get socketUrl(): string {
    return `ws://127.0.0.1:${this.port}/v1/ws`
  }
}

function localConfiguration(folder: string, port: number, { gateways, instead = {} }: NginxOptions): string {
  const shipped = readFileSync(join(sourceFolder, 'nginx.conf'), 'utf8')
  const servers = gateways.map((gateway) => `server 127.0.0.1:${gateway} max_fails=2 fail_timeout=5s;`).join('\n')
  const changes = {
    ...instead,
    // The machine that runs the tests may allow fewer.
    'worker_rlimit_nofile 65536;': '',
    'worker_connections 32768;': 'worker_connections 1024;',
    'worker_processes auto;': 'worker_processes 2;',
    'server gateway-1:7080 max_fails=2 fail_timeout=5s;': servers,
    'server gateway-2:7080 max_fails=2 fail_timeout=5s;': '',
    'listen 8080': `listen 127.0.0.1:${port}`,
  }
  const text = Object.entries(changes).reduce((done, [from, to]) => {
    if (!done.includes(from)) throw new Error(`nginx.conf has no ${from}`)
    return done.replaceAll(from, to)
  }, shipped)
  return text.replaceAll(' /tmp/nginx', ` ${folder}/nginx`)
}
