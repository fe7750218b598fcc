import type { Command } from 'commander'
import picocolors from 'picocolors'
import { z } from 'zod'
import { comparePositions, type ShardName } from '../../cluster/store.ts'
import { counted } from '../counted.ts'
import { shardOfSku, shardOfUser } from '../journal/home-shards.ts'
import { type JournalLine, type LinesSource, readJournalLines } from '../journal/journal-lines.ts'
import { lineJson } from '../journal/line-json.ts'
import { lineText } from '../journal/line-text.ts'
import { isAfter, isBefore, type Mark, positionText } from '../journal/positions.ts'
import { StartFault } from '../start-fault.ts'
import { CommandFault } from './command-fault.ts'
import { helpText } from './help-text.ts'
import { parseMark, parseShard, parseSku, parseUser } from './journal-marks.ts'
import { addJournalOption, withJournal } from './journal-place.ts'
import { Portions } from './portions.ts'
import { timeText } from './tables.ts'
import type { Terminal } from './terminal.ts'

const optionsSchema = z.object({
  shard: z.string().optional(),
  from: z.string().optional(),
  to: z.string().optional(),
  sku: z.string().optional(),
  user: z.string().optional(),
  json: z.boolean().default(false),
})
type Options = z.output<typeof optionsSchema>

const examples = [
  ['sluice journal read --sku lamp --user ann', "everything that happened to ann's claims of the lamp"],
  ['sluice journal read --shard inv.3 --from 1-17', 'one shard from a record on'],
  ['sluice journal read --from 2027-06-01T18:00:00Z --json', 'all shards from a time on, for programs'],
] as const
const notes =
  'Shard by shard, in each the oldest first. Records are named epoch-seq. Exit codes: 0 read to the end, 1 nothing to read or a record that cannot be read, 2 asked for wrongly.'

/** `sluice journal read`. */
export function addJournalReadCommand(journal: Command, terminal: Terminal): void {
  const read = addJournalOption(journal.command('read'))
    .description('print what happened, event by event, from the journal and its archive; a node may be running')
    .option('--shard <shard>', 'only this shard, such as inv.3 or ses.0')
    .option('--from <mark>', 'from this record (1-17, with --shard or --sku) or this time on')
    .option('--to <mark>', 'up to this record or time')
    .option('--sku <sku>', 'only what concerns this SKU')
    .option('--user <user>', 'only what concerns this user, whom the journal may name by the number of a claim alone')
    .option('--json', 'print a line of JSON for each event')
    .addHelpText('after', helpText(terminal, examples, notes))
  read.action(() => withJournal(read, terminal, (source) => run(source, optionsSchema.parse(read.opts()), terminal)))
}

async function run(source: LinesSource, options: Options, terminal: Terminal): Promise<void> {
  const wish = wishOf(options, source.shards)
  const out = new Portions((text) => terminal.out(text))
  const print = options.json ? (line: JournalLine) => out.write(`${lineJson(line)}\n`) : new LinesPrinter(out, terminal).print
  let unreadable = 0
  for (const shard of wish.shards) {
    for await (const line of readJournalLines(source, [shard])) {
      if (wish.to !== undefined && isAfter(line, wish.to)) break
      if (wish.from !== undefined && isBefore(line, wish.from)) continue
      const isBroken = line.event.kind === 'unreadable'
      if (isBroken) unreadable++
      if (isBroken || wish.wants(line)) print(line)
    }
  }
  out.flush()
  if (unreadable > 0)
    throw new StartFault(`${counted(unreadable, 'event or record', 'events or records')} cannot be read; sluice journal verify says more`)
}

interface Wish {
  readonly shards: readonly ShardName[]
  readonly from: Mark | undefined
  readonly to: Mark | undefined
  readonly wants: (line: JournalLine) => boolean
}

function wishOf(options: Options, all: readonly ShardName[]): Wish {
  const sku = options.sku === undefined ? undefined : parseSku(options.sku)
  const user = options.user === undefined ? undefined : parseUser(options.user)
  const from = options.from === undefined ? undefined : parseMark('--from', options.from)
  const to = options.to === undefined ? undefined : parseMark('--to', options.to)
  const shards = options.shard === undefined ? shardsFor(sku, user, all) : [parseShard(options.shard, all)]
  const isOfRecords = from?.kind === 'record' || to?.kind === 'record'
  if (isOfRecords && options.shard === undefined && sku === undefined)
    throw new CommandFault('every shard counts its own records: --from and --to with a record need --shard or --sku, or take a time')
  const wants = (line: JournalLine): boolean => (sku === undefined || line.sku === sku) && (user === undefined || line.users.includes(user))
  return { shards, from, to, wants }
}

/** Where that SKU or user can be: a SKU in its own shard and in what the session of any user says, a user in all inventories and one session shard. */
function shardsFor(sku: string | undefined, user: string | undefined, all: readonly ShardName[]): readonly ShardName[] {
  const home = sku === undefined ? undefined : shardOfSku(sku, all)
  const session = user === undefined ? undefined : shardOfUser(user, all)
  return all.filter((shard) =>
    shard.startsWith('inv.') ? home === undefined || shard === home : session === undefined ? home === undefined : shard === session,
  )
}

/** One head for each record, and its events below. */
class LinesPrinter {
  private readonly out: Portions
  private readonly colours: ReturnType<typeof picocolors.createColors>
  private last: JournalLine | undefined

  constructor(out: Portions, terminal: Terminal) {
    this.out = out
    this.colours = picocolors.createColors(terminal.colours)
  }

  readonly print = (line: JournalLine): void => {
    const { bold, cyan } = this.colours
    const { last } = this
    const isSame = last?.shard === line.shard && comparePositions(last.position, line.position) === 0
    this.last = line
    if (!isSame)
      this.out.write(`${bold(`${line.shard} ${positionText(line.position)}`)}${line.now === 0 ? '' : `  ${timeText(line.now)}`}\n`)
    const { sku, kind, who, details } = lineText(line)
    const what = [cyan(kind.padEnd(kindColumns)), sku, who].filter((text) => text !== '').join('  ')
    this.out.write(`  ${what}${details === '' ? '' : `  ${details}`}\n`)
  }
}

const kindColumns = 12
