import { type Command, Option } from 'commander'
import { z } from 'zod'
import type { World } from '../../cluster/world.ts'
import { type Config, loadConfig, type Texts } from '../config.ts'
import { openDataFolder } from '../data-folder.ts'
import { createLog } from '../log.ts'
import { SampledLog } from '../sampled-log.ts'
import { flagOf, listSettings, variableOf } from '../settings.ts'
import { realClock, realWorld } from '../world.ts'
import type { Terminal } from './terminal.ts'

/**
 * What the composition root makes of a config. Rejects with a fault of one line, with everything closed again that it had opened; also when `stopping` ends a
 * start that waits for something.
 */
export type StartNode = (config: Config, world: World, options: { readonly stopping: AbortSignal }) => Promise<RunningNode>

export interface RunningNode {
  /** Drains and closes; resolves when nothing of it is left. */
  stop(): Promise<void>
  /** Rejects when the node cannot go on by itself; resolves after `stop`, or when an operator wants it to stop. */
  readonly ended: Promise<void>
}

/** `sluice start`, whose options are the table of settings. */
export function addStartCommand(program: Command, terminal: Terminal, startNode: StartNode): void {
  const start = program.command('start').description('run a node until it is asked to stop (SIGINT or SIGTERM)')
  addSettingOptions(start)
  start.action(() => runNode(readSettingOptions(start), {}, terminal, startNode))
}

/** Gives a command a flag for every setting; settings without a flag are named at the end of its help. `defaults` are the command's own. */
export function addSettingOptions(command: Command, defaults: Texts = {}): void {
  const settings = listSettings()
  for (const { name, group, unit, description, fallback } of settings.filter(({ secret }) => !secret)) {
    const value = defaults[name] ?? fallback
    const said = value === '' ? '' : `; default ${value}`
    command.addOption(new Option(`${flagOf(name)} <${unit}>`, `${description} (${variableOf(name)}${said})`).helpGroup(`${group}:`))
  }
  const secrets = settings
    .filter(({ secret }) => secret)
    .map((one) => `  ${variableOf(one.name).padEnd(22)} ${one.description}; ${one.fallback}`)
  command.addHelpText(
    'after',
    `\nSecrets are read from the environment only:\n${secrets.join('\n')}\n\nFlags win over variables, variables over defaults.`,
  )
}

const flagsSchema = z.record(z.string(), z.string())

/** What commander made of those options. */
export function readSettingOptions(command: Command): Texts {
  return flagsSchema.parse(command.opts())
}

/** Between two looks for lines that were left out. */
const samplingMs = 1_000

/** Starts a node and runs it until it is asked to stop, or cannot go on by itself. */
export async function runNode(flags: Texts, defaults: Texts, terminal: Terminal, startNode: StartNode): Promise<void> {
  const { config, unknownVariables } = loadConfig(flags, terminal.environment, terminal.workingFolder, defaults)
  const log = new SampledLog(
    createLog({ level: config.logLevel, pretty: terminal.interactive, colours: terminal.colours }, { write: (line) => terminal.out(line) }),
    realClock,
  )
  const sampling = setInterval(() => log.flush(), samplingMs).unref()
  for (const variable of unknownVariables) log.warn({ variable }, 'this variable is no setting; sluice start --help lists them')
  const stopping = new AbortController()
  const stopAsked = new Promise<void>((resolve) => {
    terminal.onStopSignal((signal) => {
      log.info({ signal }, 'asked to stop')
      stopping.abort()
      resolve()
    })
  })
  const folder = config.cluster === undefined ? await openDataFolder(config.dataFolder) : undefined
  const node = await startNode(config, realWorld(log), { stopping: stopping.signal }).catch(async (error: unknown) => {
    await folder?.discardIfNew()
    // It was still waiting for something, and nobody wants it any more.
    if (!stopping.signal.aborted) throw error
    log.info({ reason: String(error) }, 'stopped before it was ready')
    return undefined
  })
  try {
    if (node !== undefined) await Promise.race([stopAsked, node.ended])
  } finally {
    await node?.stop()
    clearInterval(sampling)
  }
}
