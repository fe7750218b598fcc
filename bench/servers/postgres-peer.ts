import { postgresDatabase, postgresUser, startBenchPostgres } from './bench-postgres.ts'
import type { Durability } from './bench-redis.ts'
import { plentyOfStock } from './buy-script.ts'
import type { Peer } from './peer.ts'
import { postgresBuy, type PostgresPeerName, postgresSchema } from './postgres-buy.ts'

export interface PostgresPeerOptions {
  readonly run: string
  readonly durability: Durability
}

/** PostgreSQL itself, asked by its own protocol: the work of one `buy` is a function of it. A connection of the load is one of its processes. */
export async function startPostgres(name: PostgresPeerName, { run, durability }: PostgresPeerOptions): Promise<Peer> {
  const postgres = await startBenchPostgres(durability, postgresSchema(name, plentyOfStock))
  const access = { user: postgresUser, database: postgresDatabase, statement: postgresBuy }
  return {
    name,
    protocol: 'postgres',
    target: { kind: 'sockets', host: '127.0.0.1', port: postgres.port, wire: { protocol: 'postgres', access }, run },
    facts: { server: `PostgreSQL ${postgres.version}`, durability: postgres.durability },
    readCounters: () => Promise.resolve({ cpuSeconds: { postgres: postgres.cpuSeconds() } }),
    stop: () => postgres.stop(),
  }
}
