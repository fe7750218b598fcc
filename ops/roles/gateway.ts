import { createHmac } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { SeedBox } from '../../actors/draw/seed-box.ts'
import { pseudonymOf } from '../../actors/pseudonym.ts'
import { decodeInner } from '../../cluster/call-codec.ts'
import { Gateway } from '../../gateway/gateway.ts'
import type { HttpRoute } from '../../gateway/http.ts'
import { IdentityCheck } from '../../gateway/identity.ts'
import { Keys } from '../../gateway/keys.ts'
import { admissionRate, LeasedTokens } from '../../gateway/leased-tokens.ts'
import { LiveLimits } from '../../gateway/live-limits.ts'
import { ProofOfWork } from '../../gateway/proof-of-work.ts'
import { loadStaticFiles } from '../../gateway/static-files.ts'
import type { TlsFiles } from '../../gateway/tls-files.ts'
import { loadUws } from '../../gateway/uws.ts'
import { PortFault } from '../../gateway/web-server.ts'
import { openAuditLog } from '../audit-port.ts'
import { readKeyPair } from '../certificate-files.ts'
import type { Config } from '../config.ts'
import { openElastic } from '../elastic-port.ts'
import { limitRules } from '../limit-rules.ts'
import { LineEncoderPool } from '../line-encoder-pool.ts'
import type { SharedPorts } from '../node-ports.ts'
import { SearchThread } from '../search-thread.ts'
import { listenFault, StartFault } from '../start-fault.ts'
import type { RoleParts } from './role-parts.ts'

/** Routes of the program around the node, by path. */
export type Routes = (identities: IdentityCheck) => ReadonlyMap<string, HttpRoute>

export interface GatewayRole {
  readonly gateway: Gateway
  readonly webPort: number
  readonly rpcPort: number
  /** Which build of uWebSockets.js serves the web port. */
  readonly server: string
  readonly identities: IdentityCheck
  readonly operatorKey: string
}

/** The role `gateway`: lets clients in when it has read the views. Rejects with a fault of one line. */
export async function startGateway(parts: RoleParts, routes: Routes): Promise<GatewayRole> {
  const { config, world, ports, calls, directory, metrics, closers, stopping, readiness } = parts
  const { uws, binary } = loadUws()
  const tls = await tlsFilesOf(config)
  const secrets = await ports.secrets()
  const seeds = new SeedBox(secrets.drawKey)
  const identities = new IdentityCheck(secrets, () => world.clock.now())
  const lineEncoder = new LineEncoderPool()
  closers.add(() => lineEncoder.close())
  const searchIndex = new SearchThread(world)
  closers.add(() => searchIndex.close())
  const elastic = await openElastic(config, world, closers)
  const shared = await ports.shared()
  const gateway = new Gateway({
    uws,
    world,
    bus: ports.bus,
    calls,
    directory,
    audit: { log: openAuditLog(config, shared, world), pseudonymOf },
    bans: shared.record('bans'),
    products: shared.table('products'),
    search: {
      index: searchIndex,
      reindexHours: config.reindexHours,
      remote: elastic === undefined ? undefined : { index: elastic, record: shared.record('search-feeder') },
    },
    limits: liveLimitsOf(parts, shared),
    newcomersAt: (ratePerSecond) => newcomersAt(parts, shared, ratePerSecond),
    keys: {
      keys: new Keys({ record: shared.record('keys'), bus: ports.bus, world }),
      identities,
      givenSecrets: { users: secrets.jwtSecret, payment: config.paymentSecret, office: config.officeSecret },
    },
    identities,
    shards: config.shards,
    files: loadStaticFiles({ '/': pageFolder, '/protocol': protocolFolder }, config.assetOrigin),
    routes: routes(identities),
    announceDraw: (settings) => seeds.announce(settings, world.random),
    decodeInner,
    lineEncoder,
    proofs: new ProofOfWork(proofSecret(secrets.jwtSecret), (limit) => Math.floor(world.random.next() * limit)),
    settings: { ...config, tls, webPortShared: config.shareWebPort === 'yes' },
  })
  closers.add(() => gateway.close())
  metrics.add(gateway)
  readiness.waitsFor('the shards')
  const opened = await gateway.start(stopping).catch((error: unknown) => {
    if (error instanceof PortFault) throw listenFault(error.cause, 'the web server', config.host, config.webPort, '--web-port')
    throw listenFault(error, 'the RPC listener', config.rpcHost, config.rpcPort, '--rpc-port')
  })
  if (opened === undefined) throw new StartFault('stopped while it waited for the shards')
  return { gateway, ...opened, server: binary, identities, operatorKey: secrets.operatorKey }
}

/** Of a rate for all gateways together, this one's part. */
function newcomersAt({ node, world }: RoleParts, shared: SharedPorts, ratePerSecond: number): LeasedTokens {
  return new LeasedTokens({ bucket: shared.bucket(admissionRate(ratePerSecond)), world, holder: node, ratePerSecond })
}

function liveLimitsOf({ config, ports, world }: RoleParts, shared: SharedPorts): LiveLimits {
  return new LiveLimits({ record: shared.record('limits'), bus: ports.bus, world, configured: config, rules: limitRules() })
}

/** All gateways have it, and whoever learns it can make no tokens. */
function proofSecret(jwtSecret: string): string {
  return createHmac('sha256', jwtSecret).update('sluice proof of work').digest('hex')
}

/** Checked here, for uWebSockets.js would only say that there is no server. */
async function tlsFilesOf({ tlsCertFile, tlsKeyFile }: Config): Promise<TlsFiles | undefined> {
  if (tlsCertFile === '') return undefined
  const pair = await readKeyPair({ setting: 'tlsCertFile', path: tlsCertFile }, { setting: 'tlsKeyFile', path: tlsKeyFile })
  return { ...pair, certificateFile: tlsCertFile, keyFile: tlsKeyFile }
}

const pageFolder = fileURLToPath(new URL('../../gateway/page', import.meta.url))
const protocolFolder = fileURLToPath(new URL('../../protocol', import.meta.url))
