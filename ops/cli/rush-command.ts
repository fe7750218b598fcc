import { resolve } from 'node:path'
import type { Command } from 'commander'
import { z } from 'zod'
import type { RpcClient } from '../../protocol/client/rpc-client.ts'
import { counted } from '../counted.ts'
import { createLog } from '../log.ts'
import { usualHabits } from '../rush/habit.ts'
import { type RushResult, type RushSettings, startRush } from '../rush/rush.ts'
import { acceptedTokens, type Tokens } from '../rush/tokens.ts'
import { readSecrets } from '../secrets.ts'
import { settingsSchema } from '../settings.ts'
import { StartFault } from '../start-fault.ts'
import { realWorld } from '../world.ts'
import { CommandFault } from './command-fault.ts'
import { addNodeCommand, type NodeOptions, readNodeOptions, withNode } from './connection.ts'
import { LinesFile } from './lines-file.ts'
import { rushProgress } from './rush-progress.ts'
import { summaryText } from './rush-summary.ts'
import type { Terminal } from './terminal.ts'

const usersMax = 20_000
/** The server has as many to give, and some for itself: the usual limit of open files is 20,000. */
const socketsMax = 18_000
const arrivalsPerSecond = 1_000
const defaults = settingsSchema.parse({})
const defaultUrl = `ws://127.0.0.1:${defaults.webPort}`

/** `sluice rush`: a crowd for a sale that is on or about to open. */
export function addRushCommand(program: Command, terminal: Terminal): void {
  const rush = addNodeCommand(
    program,
    'rush',
    'let thousands of shoppers into a sale, and see whether every unit and every shopper is accounted for',
  )
  rush
    .requiredOption('--users <count>', `how many come, 1 to ${usersMax}`)
    .option('--sku <sku>', 'all want this one; otherwise each wants one of the sale, by chance')
    .option('--sale <sale>', 'the sale they come for; otherwise the newest that is not over')
    .option('--url <url>', `web port of the node (default ${defaultUrl})`)
    .option('--arrive-seconds <s>', `time over which they come (default 1 per ${arrivalsPerSecond} users)`)
    .option('--max-seconds <s>', 'time after which the rest is sent home', '600')
    .option('--think-ms <ms>', 'the longest that anyone thinks about a hold', String(usualHabits.thinkMsMax))
    .option('--leave-share <share>', 'part of them that gives back what it has', String(usualHabits.leaveShare))
    .option('--lapse-share <share>', 'part of them that lets the hold run out', String(usualHabits.lapseShare))
    .option('--decline-share <share>', 'part of them whose payment is declined', String(usualHabits.declineShare))
    .option('--told <file>', 'write what each shopper was told, a line of JSON each')
  rush.action(async () => {
    const options = readRushOptions(rush.opts())
    const node = readNodeOptions(rush)
    await withNode(node, terminal, (rpc) => runRush(options, node, rpc, terminal))
  })
}

async function runRush(options: RushOptions, node: NodeOptions, rpc: RpcClient, terminal: Terminal): Promise<void> {
  const settings = await settingsOf(options, rpc)
  const tokens = await tokensOf(settings.url, node, terminal)
  const told = options.told === undefined ? undefined : new LinesFile(resolve(terminal.workingFolder, options.told))
  try {
    const { summary, visits } = await watchedRush(settings, rpc, tokens, node.json === true, terminal)
    for (const visit of visits) told?.write(visit)
    terminal.out(node.json === true ? `${JSON.stringify({ kind: 'summary', ...summary })}\n` : summaryText(summary, terminal))
    const { problems } = summary
    if (problems.length > 0) throw new StartFault(`the rush met ${counted(problems.length, 'problem')}: ${problems.join('; ')}`)
  } finally {
    told?.close()
  }
}

async function watchedRush(
  settings: RushSettings,
  rpc: RpcClient,
  tokens: Tokens,
  asJson: boolean,
  terminal: Terminal,
): Promise<RushResult> {
  const log = createLog({ level: 'warn', pretty: terminal.interactive, colours: terminal.colours }, { write: (line) => terminal.err(line) })
  const progress = rushProgress(terminal, settings.users, asJson)
  const rush = await startRush(settings, { world: realWorld(log), rpc, tokens, onProgress: progress.show })
  terminal.onStopSignal(() => rush.stop())
  return rush.result.finally(progress.end)
}

const count = (least: number, most: number) => z.coerce.number().int().min(least).max(most)
const share = z.coerce.number().min(0).max(1)

const optionsSchema = z.object({
  users: count(1, usersMax),
  sku: z.string().optional(),
  sale: z.string().optional(),
  url: z.url({ protocol: /^wss?$/ }).default(defaultUrl),
  arriveSeconds: count(0, 3_600).optional(),
  maxSeconds: count(1, 3_600),
  thinkMs: count(0, 3_600_000),
  leaveShare: share,
  lapseShare: share,
  declineShare: share,
  told: z.string().optional(),
})

type RushOptions = z.output<typeof optionsSchema>

const allowed: Readonly<Record<string, string>> = {
  users: `a whole number from 1 to ${usersMax}`,
  url: 'an address that begins with ws:// or wss://',
  arriveSeconds: 'a whole number from 0 to 3600',
  maxSeconds: 'a whole number from 1 to 3600',
  thinkMs: 'a whole number from 0 to 3600000',
  leaveShare: 'from 0 to 1',
  lapseShare: 'from 0 to 1',
  declineShare: 'from 0 to 1',
}

function readRushOptions(given: unknown): RushOptions {
  const parsed = optionsSchema.safeParse(given)
  if (!parsed.success) {
    const names = new Set(parsed.error.issues.map(({ path }) => String(path[0])))
    throw new CommandFault(
      ...[...names].map((name) => `--${name.replace(/[A-Z]/g, '-$&').toLowerCase()} must be ${allowed[name] ?? 'a text'}`),
    )
  }
  const { leaveShare, lapseShare, declineShare } = parsed.data
  if (leaveShare + lapseShare + declineShare > 1) throw new CommandFault('the shares are more than 1 together')
  return parsed.data
}

async function settingsOf(options: RushOptions, rpc: RpcClient): Promise<RushSettings> {
  const { users, thinkMs, leaveShare, lapseShare, declineShare, maxSeconds } = options
  const url = new URL(options.url)
  if (url.pathname === '/') url.pathname = '/v1/ws'
  return {
    users,
    url: url.href,
    skus: await skusOf(options, rpc),
    habits: { thinkMsMax: thinkMs, leaveShare, lapseShare, declineShare },
    arriveWithinMs: options.arriveSeconds === undefined ? (users / arrivalsPerSecond) * 1000 : options.arriveSeconds * 1000,
    socketsMax,
    maxMs: maxSeconds * 1000,
  }
}

async function skusOf(options: RushOptions, rpc: RpcClient): Promise<readonly string[]> {
  if (options.sku !== undefined) return [options.sku]
  const sales = await rpc.sales()
  const sale = options.sale === undefined ? sales.findLast(({ state }) => state !== 'over') : sales.find((one) => one.sale === options.sale)
  if (sale !== undefined) return sale.skus.map(({ sku }) => sku)
  if (options.sale === undefined) throw new StartFault('there is no sale that is not over; sluice sale create makes one')
  throw new StartFault(`there is no sale ${options.sale}; sluice sale list names all`)
}

/** The shoppers' tokens: by the secret that is given or kept in the data folder, or those of a demo's guests. */
async function tokensOf(socketUrl: string, node: NodeOptions, terminal: Terminal): Promise<Tokens> {
  const web = new URL(socketUrl.replace(/^ws/, 'http'))
  const given = terminal.environment['SLUICE_JWT_SECRET']
  if (given !== undefined && given !== '') return acceptedTokens(web, given, 'SLUICE_JWT_SECRET')
  const variable = terminal.environment['SLUICE_DATA_FOLDER']
  const folder = node.dataFolder ?? (variable === '' ? undefined : variable) ?? defaults.dataFolder
  const kept = await readSecrets(resolve(terminal.workingFolder, folder))
  return acceptedTokens(web, kept?.jwtSecret, `the data folder ${folder}`)
}
