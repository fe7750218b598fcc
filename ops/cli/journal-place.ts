import { resolve } from 'node:path'
import type { Command } from 'commander'
import { z } from 'zod'
import type { RedisTls } from '../../cluster/redis.ts'
import type { Log } from '../../cluster/world.ts'
import { openClusterJournal, type OpenJournal, openJournal } from '../journal/open-journal.ts'
import { readRedisTls } from '../redis-tls.ts'
import { settingsSchema, variableOf } from '../settings.ts'
import { CommandFault } from './command-fault.ts'
import type { Terminal } from './terminal.ts'

const { dataFolder: usualFolder } = settingsSchema.parse({})
const optionsSchema = z.object({ dataFolder: z.string().optional() })

/** A command that reads the journal itself. */
export function addJournalOption(command: Command): Command {
  return command.option(
    '--data, --data-folder <folder>',
    `where the node keeps its data (SLUICE_DATA_FOLDER; default ${usualFolder}); not given, and SLUICE_REDIS_URL set: the journal of that cluster`,
  )
}

/** A command that is about a data folder and no other place. */
export function addFolderOption(command: Command): Command {
  return command.option('--data, --data-folder <folder>', `where the node keeps its data (SLUICE_DATA_FOLDER; default ${usualFolder})`)
}

/** Opens the journal that the command speaks of, and closes it when `use` is done. `name` is for people. */
export async function withJournal<T>(
  command: Command,
  terminal: Terminal,
  use: (source: OpenJournal, name: string) => Promise<T>,
): Promise<T> {
  const { source, name } = await open(command, terminal)
  try {
    return await use(source, name)
  } finally {
    await source.close()
  }
}

/** The Redis that the settings name, and how to speak TLS with it. */
export async function redisPlace(terminal: Terminal): Promise<{ readonly url: string; readonly tls: RedisTls | undefined } | undefined> {
  const url = variableIn(terminal, 'redisUrl')
  if (url === undefined) return undefined
  const { data: settings } = settingsSchema.safeParse(Object.fromEntries(redisSettings.map((name) => [name, variableIn(terminal, name)])))
  if (settings === undefined) throw new CommandFault(`${variableOf('redisUrl')} is no address of Redis`)
  return { url, tls: await readRedisTls(settings) }
}

/** The data folder that the command speaks of. */
export function folderPlace(dataFolder: string | undefined, terminal: Terminal): string {
  return dataFolder ?? variableIn(terminal, 'dataFolder') ?? usualFolder
}

function variableIn(terminal: Terminal, name: string): string | undefined {
  const text = terminal.environment[variableOf(name)]
  return text === '' ? undefined : text
}

async function open(command: Command, terminal: Terminal): Promise<{ readonly source: OpenJournal; readonly name: string }> {
  const { dataFolder } = optionsSchema.parse(command.opts())
  const redis = dataFolder === undefined ? await redisPlace(terminal) : undefined
  if (redis !== undefined) return { source: await openClusterJournal(redis.url, redis.tls, complaints(terminal)), name: 'Redis' }
  const name = folderPlace(dataFolder, terminal)
  return { source: openJournal(resolve(terminal.workingFolder, name)), name }
}

const redisSettings = ['redisUrl', 'redisCaFile', 'redisCertFile', 'redisKeyFile'] as const

/** A server that is away is waited for; whoever sits before the terminal wants to know. */
export function complaints(terminal: Terminal): Log {
  const say: Log['warn'] = (fields, text) => terminal.err(`sluice: ${text} ${JSON.stringify(fields)}\n`)
  return { debug: () => {}, info: () => {}, warn: say, error: say }
}
