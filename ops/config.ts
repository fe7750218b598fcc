import { resolve } from 'node:path'
import { flagOf, listSettings, type Settings, settingsSchema, variableOf } from './settings.ts'

/** What a node is started with: checked settings, and what follows from them. */
export interface Config extends Settings {
  /** Whether the RPC port may be used without a key, which is so on loopback only. */
  readonly rpcOpen: boolean
  /** Set where this process is one of a cluster. */
  readonly cluster: ClusterUrls | undefined
  /** Whether orders that have ended are brought to somebody. */
  readonly hasOffice: boolean
}

export interface ClusterUrls {
  readonly natsUrl: string
  readonly redisUrl: string
}

export interface LoadedConfig {
  readonly config: Config
  /** Variables that look like settings but are none: most likely misspelt. Not refused, since container platforms set such variables too. */
  readonly unknownVariables: readonly string[]
}

export type Texts = Readonly<Record<string, string | undefined>>

/** Settings that cannot be used; each problem is one line that names the setting, where it came from, the value and what is allowed. */
export class ConfigFault extends Error {
  readonly code = 'CONFIG'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.problems = problems
  }
}

/**
 * Flags over environment over defaults. `flags` are by setting name (`webPort`), `environment` by variable (`SLUICE_WEB_PORT`);
 * an empty variable counts as not set. `defaults` go before the schema's own, for a command that has others. Throws a {@link ConfigFault} that names every problem at once.
 */
export function loadConfig(flags: Texts, environment: Texts, workingFolder: string, defaults: Texts = {}): LoadedConfig {
  const origins = new Map<string, string>()
  const values: Record<string, unknown> = {}
  for (const { name, read, secret } of listSettings()) {
    const flag = flags[name]
    const variable = environment[variableOf(name)]
    const text = flag ?? (variable === '' ? undefined : variable)
    const fallback = defaults[name]
    if (text === undefined) {
      if (fallback !== undefined) values[name] = read(fallback)
      continue
    }
    origins.set(name, `${secret ? 'the value' : JSON.stringify(text)} from ${flag === undefined ? variableOf(name) : flagOf(name)}`)
    values[name] = read(text)
  }
  const parsed = settingsSchema.safeParse(values)
  if (!parsed.success) throw new ConfigFault(problemsOf(new Set(parsed.error.issues.map((issue) => String(issue.path[0]))), origins))
  const settings = parsed.data
  const contradictions = contradictionsOf(settings)
  if (contradictions.length > 0) throw new ConfigFault(contradictions)
  const config = {
    ...settings,
    dataFolder: resolve(workingFolder, settings.dataFolder),
    rpcOpen: isLoopback(settings.rpcHost),
    cluster: clusterOf(settings),
    hasOffice: settings.officeUrl !== undefined || settings.officeStream === 'yes',
  }
  return { config, unknownVariables: unknownVariablesOf(environment) }
}

/** 127.0.0.0/8, ::1 or localhost: nobody else's machine gets here. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^(::ffff:)?127\.\d+\.\d+\.\d+$/.test(host)
}

function problemsOf(names: ReadonlySet<string>, origins: ReadonlyMap<string, string>): readonly string[] {
  return listSettings()
    .filter(({ name }) => names.has(name))
    .map(({ name, allowed }) => `${name}: ${origins.get(name) ?? 'the default'} is not allowed; it must be ${allowed}`)
}

function clusterOf({ natsUrl, redisUrl }: Settings): ClusterUrls | undefined {
  return natsUrl === undefined || redisUrl === undefined ? undefined : { natsUrl, redisUrl }
}

/** Settings that are each fine but not together. */
function contradictionsOf(settings: Settings): readonly string[] {
  const problems: string[] = []
  const ports = [settings.webPort, settings.rpcPort, settings.opsPort].filter((one) => one !== 0)
  if (new Set(ports).size < ports.length) problems.push('webPort, rpcPort and opsPort: two of them are the same; each needs its own')
  if (settings.trustUserHeader !== '' && settings.trustedProxies.length === 0 && !isLoopback(settings.host)) {
    problems.push(
      'trustUserHeader: anyone who reaches the web port could be any user; name the proxies in trustedProxies, or listen on loopback',
    )
  }
  problems.push(...clusterProblems(settings), ...paymentProblems(settings), ...officeProblems(settings))
  for (const [cert, key] of filePairs) {
    const [given, missing] = settings[cert] === '' ? [key, cert] : [cert, key]
    if ((settings[cert] === '') !== (settings[key] === '')) problems.push(`${missing}: missing, and ${given} is of no use without it`)
  }
  return problems
}

const filePairs = [
  ['tlsCertFile', 'tlsKeyFile'],
  ['natsCertFile', 'natsKeyFile'],
  ['redisCertFile', 'redisKeyFile'],
] as const

function clusterProblems(settings: Settings): readonly string[] {
  const { role, natsUrl, redisUrl, durability } = settings
  if (clusterOf(settings) !== undefined) return []
  const both = `a cluster needs ${variableOf('natsUrl')} and ${variableOf('redisUrl')}`
  if (redisUrl !== undefined) return [`natsUrl: missing; ${both}`]
  if (natsUrl !== undefined) return [`redisUrl: missing; ${both}`]
  const problems: string[] = []
  if (role !== 'all') problems.push(`role: ${role} is a part of a cluster; ${both}`)
  if (typeof durability !== 'string') problems.push(`durability: replicas are those of a cluster's Redis; ${both}`)
  return problems
}

function paymentProblems({ role, paymentProvider, paymentUrl, paymentSecret }: Settings): readonly string[] {
  if (paymentProvider !== 'http' || (role !== 'orders' && role !== 'all')) return []
  const needs = `the provider http needs ${variableOf('paymentUrl')} and ${variableOf('paymentSecret')}`
  const problems: string[] = []
  if (paymentUrl === undefined) problems.push(`paymentUrl: missing; ${needs}`)
  else if (!URL.canParse(paymentUrl)) problems.push('paymentUrl: this is no URL')
  if (paymentSecret === undefined) problems.push(`paymentSecret: missing; ${needs}`)
  return problems
}

function officeProblems(settings: Settings): readonly string[] {
  const { role, officeUrl, officeStream, officeSecret } = settings
  if (officeStream === 'yes' && officeUrl !== undefined) return ['officeUrl and officeStream: choose one of them']
  if (officeStream === 'yes' && clusterOf(settings) === undefined)
    return [`officeStream: one process has no JetStream; name the back office in ${variableOf('officeUrl')}`]
  if (officeUrl === undefined) return []
  if (!URL.canParse(officeUrl)) return ['officeUrl: this is no URL']
  const tells = role === 'orders' || role === 'all'
  return tells && officeSecret === undefined ? [`officeSecret: missing; a back office needs ${variableOf('officeSecret')}`] : []
}

/** `SLUICE_KEY` and `SLUICE_RPC` belong to the commands that talk to a node. */
function unknownVariablesOf(environment: Texts): readonly string[] {
  const known = new Set(['SLUICE_KEY', 'SLUICE_RPC', ...listSettings().map(({ name }) => variableOf(name))])
  return Object.keys(environment).filter((name) => name.startsWith('SLUICE_') && !known.has(name))
}
