import { createSigner } from 'fast-jwt'
import { z } from 'zod'
import { SeedBox } from '../actors/draw/seed-box.ts'
import { pseudonymOf } from '../actors/pseudonym.ts'
import { decodeInner } from '../cluster/call-codec.ts'
import { Calls } from '../cluster/calls.ts'
import { LocalBus } from '../cluster/local-bus.ts'
import { type Heard, type ScriptedAnswer, ScriptedShard } from '../cluster/scripted-shard.ts'
import type { SharedRecord } from '../cluster/shared-record.ts'
import type { SharedTable } from '../cluster/shared-table.ts'
import type { World } from '../cluster/world.ts'
import { type AuditLimits, AuditLog } from '../gateway/audit-log.ts'
import { Gateway, type GatewayParts } from '../gateway/gateway.ts'
import { IdentityCheck } from '../gateway/identity.ts'
import { Keys } from '../gateway/keys.ts'
import { LiveLimits } from '../gateway/live-limits.ts'
import { ProofOfWork } from '../gateway/proof-of-work.ts'
import { loadUws } from '../gateway/uws.ts'
import { broadcastFrame, shardView, skuSettings, skuView } from '../gateway/view-fixtures.ts'
import { limitRules } from '../ops/limit-rules.ts'
import { createLog } from '../ops/log.ts'
import { settingsSchema } from '../ops/settings.ts'
import { realWorld } from '../ops/world.ts'
import type { ShardBroadcast } from '../protocol/broadcast.ts'
import { op } from '../protocol/entry.ts'
import type { Plain } from '../protocol/msgpack-writer.ts'
import type { SkuSettings } from '../protocol/sku-settings.ts'
import { publicSubject, shardSubject } from '../protocol/subject.ts'
import { RawSocket, RawTcp, type SocketWish } from './raw-connections.ts'

export interface RigOptions {
  readonly settings?: Partial<GatewayParts['settings']>
  readonly files?: GatewayParts['files']
  readonly routes?: GatewayParts['routes']
  readonly pendingMax?: number
  readonly callDeadlineMs?: number
  /** What the inventory shard answers to everything but the question for its view. */
  readonly script?: (command: Heard) => ScriptedAnswer
  readonly sessionScript?: (command: Heard) => ScriptedAnswer
  /** Shared with other rigs. */
  readonly bans?: SharedRecord
  readonly products?: SharedTable
  readonly audit?: SharedTable
  readonly auditLimits?: AuditLimits
  readonly keys?: SharedRecord
  readonly limits?: SharedRecord
  readonly search?: GatewayParts['search']
  readonly bus?: LocalBus
  readonly newcomers?: GatewayParts['newcomers']
  readonly newcomersAt?: NonNullable<GatewayParts['newcomersAt']>
  /** Settings of the SKU beside those that it has anyway. */
  readonly lamp?: Partial<SkuSettings>
}

const httpBody = z.object({
  result: z.unknown().optional(),
  error: z.looseObject({ code: z.string() }).optional(),
})

/** What came by HTTP: the status, and the body. */
export type HttpAnswer = z.output<typeof httpBody> & { readonly status: number }

const secrets = {
  jwtSecret: 'a secret of at least thirty-two characters',
  backendKey: 'key-of-the-backend',
  operatorKey: 'key-of-operators',
  drawKey: 'key of draws of at least thirty-two characters',
}
const epoch = 1

function auditOf(
  table: SharedTable,
  limits: AuditLimits = { auditEntriesMax: 1_000, auditDays: 365 },
  { clock, log }: World,
): NonNullable<GatewayParts['audit']> {
  return { log: new AuditLog({ table, clock, log, limits }), pseudonymOf }
}

/** A gateway on real ports of loopback, with one shard whose answers the test writes: it has the SKU `lamp`, which is open. */
export class GatewayRig {
  readonly gateway: Gateway
  readonly inventory: ScriptedShard
  readonly sessions: ScriptedShard
  readonly bus: LocalBus
  ports = { webPort: 0, rpcPort: 0 }
  /** Warnings and errors, a line each. */
  readonly logged: string[] = []
  private readonly calls: Calls
  private readonly connections: { close(): void }[] = []
  private skewMs = 0

  private constructor(options: RigOptions) {
    const log = createLog({ level: 'warn', pretty: false, colours: false }, { write: (line) => void this.logged.push(line) })
    const real = realWorld(log)
    const clock = { now: () => real.clock.now() + this.skewMs, monotonic: () => real.clock.monotonic() + this.skewMs }
    const world: World = { ...real, clock }
    this.bus = options.bus ?? new LocalBus(log)
    const lamp = skuView({ ...skuSettings('lamp'), ...options.lamp })
    const script = options.script ?? (() => ({ kind: 'result', result: { state: 'none' } }))
    this.inventory = new ScriptedShard(this.bus, shardSubject('inv', 0), (command) =>
      command.op === op.view ? { kind: 'inner', result: shardView({ shard: 0, epoch, seq: 1 }, [lamp]) } : script(command),
    )
    const sessionScript = options.sessionScript ?? (() => ({ kind: 'result', result: null }))
    this.sessions = new ScriptedShard(this.bus, shardSubject('ses', 0), sessionScript)
    const limits = { pendingMax: options.pendingMax ?? 1_000, callDeadlineMs: options.callDeadlineMs ?? 10_000 }
    this.calls = new Calls({ bus: this.bus, world, node: 'rig', shards: 1, limits })
    const configured = { ...settingsSchema.parse({ webPort: 0, rpcPort: 0, opsPort: 0 }), rpcOpen: true, ...options.settings }
    const identities = new IdentityCheck(secrets, () => clock.now())
    const { bus } = this
    this.gateway = new Gateway({
      uws: loadUws().uws,
      world,
      bus: this.bus,
      calls: this.calls,
      identities,
      shards: 1,
      files: options.files ?? new Map(),
      routes: options.routes ?? new Map(),
      decodeInner,
      announceDraw: (settings) => new SeedBox(secrets.drawKey).announce(settings, world.random),
      ...(options.bans === undefined ? {} : { bans: options.bans }),
      ...(options.audit === undefined ? {} : { audit: auditOf(options.audit, options.auditLimits, { ...world, log }) }),
      ...(options.products === undefined ? {} : { products: options.products }),
      ...(options.search === undefined ? {} : { search: options.search }),
      ...(options.newcomers === undefined ? {} : { newcomers: options.newcomers }),
      proofs: new ProofOfWork('the secret of proofs', (limit) => Math.floor(world.random.next() * limit)),
      ...(options.limits === undefined
        ? {}
        : {
            limits: new LiveLimits({
              record: options.limits,
              bus,
              world,
              configured: { ...configured, admitPerSecond: 0 },
              rules: limitRules(),
            }),
          }),
      ...(options.keys === undefined
        ? {}
        : {
            keys: {
              keys: new Keys({ record: options.keys, bus, world }),
              identities,
              givenSecrets: { users: secrets.jwtSecret, payment: undefined, office: undefined },
            },
          }),
      ...(options.newcomersAt === undefined ? {} : { newcomersAt: options.newcomersAt }),
      settings: configured,
    })
  }

  static async start(options: RigOptions = {}): Promise<GatewayRig> {
    const rig = new GatewayRig(options)
    const ports = await rig.gateway.start()
    if (ports === undefined) throw new Error('the gateway did not start')
    rig.ports = ports
    return rig
  }

  get webUrl(): string {
    return `http://127.0.0.1:${this.ports.webPort}`
  }

  get socketUrl(): string {
    return `ws://127.0.0.1:${this.ports.webPort}/v1/ws`
  }

  /** A token that is valid for `seconds` by the gateway's clock. */
  tokenOf(user: string, seconds = 3_600, key = secrets.jwtSecret): string {
    const exp = Math.floor((Date.now() + this.skewMs) / 1000) + seconds
    return createSigner({ key, algorithm: 'HS256', noTimestamp: true })({ sub: user, exp })
  }

  get keys(): { readonly operator: string; readonly backend: string } {
    return { operator: secrets.operatorKey, backend: secrets.backendKey }
  }

  /** Moves the gateway's clock on; its timers go on by the real one. */
  skip(ms: number): void {
    this.skewMs += ms
  }

  /** What the shard would tell every gateway in its next tick. */
  broadcast(part: Pick<ShardBroadcast, 'toSeq' | 'skus'>): void {
    this.bus.send(publicSubject(0), broadcastFrame({ shard: 0, epoch, fromSeq: 1, ...part }))
  }

  /** A service, from any address of 127.0.0.0/8. This connection and those of the methods below end with the rig. */
  async rpc(from?: string): Promise<RawTcp> {
    return this.keep(await RawTcp.open(this.ports.rpcPort, true, from))
  }

  async socket(wish: SocketWish = {}): Promise<RawSocket> {
    return this.keep(await RawSocket.open(this.socketUrl, wish))
  }

  /** A connection to the web port on which a test speaks HTTP itself. */
  async web(from?: string): Promise<RawTcp> {
    return this.keep(await RawTcp.open(this.ports.webPort, false, from))
  }

  /** Any other client: it is closed with the rig. */
  keep<Connection extends { close(): void }>(connection: Connection): Connection {
    this.connections.push(connection)
    return connection
  }

  /** A call by HTTP, of the user or with the key that `bearer` is. */
  async http(bearer: string, method: string, params: readonly Plain[]): Promise<HttpAnswer> {
    const response = await fetch(`${this.webUrl}/v1/call/${method}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bearer}` },
      body: JSON.stringify(params),
    })
    return { status: response.status, ...httpBody.parse(await response.json()) }
  }

  close(): void {
    for (const connection of this.connections.splice(0)) connection.close()
    this.gateway.close()
    this.calls.close()
  }
}
