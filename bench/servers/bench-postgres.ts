import { execFile } from 'node:child_process'
import { chownSync } from 'node:fs'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { BenchFault } from '../bench-fault.ts'
import type { Durability } from './bench-redis.ts'
import { BenchServer } from './bench-server.ts'
import { freePorts } from './free-ports.ts'
import { postgresFolder, requirePackages } from './needed-packages.ts'

export const postgresUser = 'bench'
export const postgresDatabase = 'postgres'

/** The machine's PostgreSQL with a database of its own. `schema`: the statements that it is set up with. */
export async function startBenchPostgres(durability: Durability, schema: readonly string[]): Promise<BenchServer> {
  requirePackages(['postgres-update'])
  const programs = postgresFolder() ?? ''
  const account = await ownAccount()
  const [port = 0] = await freePorts(1)
  const commits = `synchronous_commit = ${durability === 'fsync' ? 'on' : 'off'}`
  return BenchServer.start({
    name: 'postgres',
    port,
    durability: commits,
    commandIn: async (folder) => {
      if (account !== undefined) chownSync(folder, account.uid, account.gid)
      const data = join(folder, 'data')
      const locale = ['--no-locale', '--encoding=UTF8']
      await run(join(programs, 'initdb'), ['-D', data, '-U', postgresUser, '--auth=trust', '--no-sync', ...locale], account)
      return {
        name: 'postgres',
        path: join(programs, 'postgres'),
        args: ['-D', data, ...settingsFor(port, folder, commits).flatMap((setting) => ['-c', setting])],
        ...(account === undefined ? {} : { account }),
        install: 'install it, on Debian with: apt-get install postgresql',
      }
    },
    says: { version: /starting PostgreSQL ([\d.]+)/, ready: 'ready to accept connections' },
    setUp: () => {
      const words = ['-h', '127.0.0.1', '-p', String(port), '-U', postgresUser, '-d', postgresDatabase, '-v', 'ON_ERROR_STOP=1', '-q']
      return run(join(programs, 'psql'), [...words, ...schema.flatMap((statement) => ['-c', statement])])
    },
  })
}

/** As such a server would be set: memory for what is hot, one checkpoint at most in a run, no log for replicas that it has not. fsync is on, as it is by default. */
function settingsFor(port: number, folder: string, commits: string): readonly string[] {
  const where = ['listen_addresses=127.0.0.1', `port=${port}`, `unix_socket_directories=${folder}`]
  const memory = ['shared_buffers=512MB', 'wal_buffers=64MB', 'max_wal_size=8GB', 'checkpoint_timeout=30min']
  return [...where, ...memory, 'max_connections=200', 'wal_level=minimal', 'max_wal_senders=0', 'fsync=on', commits.replaceAll(' ', '')]
}

/** It refuses to run as root: then it runs as the user that its package has made. */
async function ownAccount(): Promise<{ readonly uid: number; readonly gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const [uid = 0, gid = 0] = await Promise.all(['-u', '-g'].map(async (which) => Number(await run('id', [which, 'postgres']))))
  return { uid, gid }
}

/** Resolves with what it printed. Rejects with a {@link BenchFault} that says what it complained of. */
async function run(program: string, words: readonly string[], account: Account = {}): Promise<string> {
  try {
    return (await promisify(execFile)(program, words, account)).stdout
  } catch (error) {
    const reason = error instanceof Error && 'stderr' in error ? String(error.stderr).trim().split('\n').join(' | ') : String(error)
    throw new BenchFault(`${basename(program)} failed: ${reason}`, error)
  }
}

type Account = { readonly uid?: number; readonly gid?: number }
