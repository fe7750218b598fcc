import { resolve } from 'node:path'
import type { Command } from 'commander'
import { z } from 'zod'
import type { ArchiveRecord, Position, ShardName } from '../../cluster/store.ts'
import { shardOfSku } from '../journal/home-shards.ts'
import type { OpenJournal } from '../journal/open-journal.ts'
import { type PastSku, pastClaims, pastSku } from '../journal/past-sku.ts'
import { type Mark, positionText } from '../journal/positions.ts'
import { replayShard } from '../journal/replay-shard.ts'
import { StartFault } from '../start-fault.ts'
import { CommandFault } from './command-fault.ts'
import { helpText } from './help-text.ts'
import { parseMark, parseSku } from './journal-marks.ts'
import { addJournalOption, withJournal } from './journal-place.ts'
import { LinesFile } from './lines-file.ts'
import { ReadingProgress } from './reading-progress.ts'
import { table, timeText } from './tables.ts'
import type { Terminal } from './terminal.ts'

const optionsSchema = z.object({
  sku: z.string(),
  until: z.string().optional(),
  seq: z.string().optional(),
  claims: z.string().optional(),
  json: z.boolean().default(false),
})
type Options = z.output<typeof optionsSchema>

const examples = [
  ['sluice replay --sku lamp', 'as it is by the journal now'],
  ['sluice replay --sku lamp --until 2027-06-01T18:00:05Z', 'as it was five seconds after the opening'],
  ['sluice replay --sku lamp --seq 1-17 --claims claims.jsonl', 'right behind record 1-17 of its shard'],
  ['sluice replay --sku lamp --seq 17', 'the same, where the shard has had one epoch only'],
] as const
const notes =
  "Exit codes: 0 rebuilt, 1 the journal is damaged, or that moment is past the archive's time, or there was no such SKU yet, 2 asked for wrongly."

/** `sluice replay`. */
export function addReplayCommand(program: Command, terminal: Terminal): void {
  const replay = addJournalOption(program.command('replay'))
    .description("rebuild a SKU's state at any moment that is still in the journal or its archive, by the code that made it")
    .requiredOption('--sku <sku>', 'whose state')
    .option('--until <time>', 'with everything up to this time, such as 2027-06-01T18:00:05Z (default: all there is)')
    .option('--seq <record>', 'with everything up to this record of its shard, as sluice journal read names it')
    .option('--claims <file>', 'write what every user had then, a line of JSON each')
    .option('--json', 'print the state as JSON')
    .addHelpText('after', helpText(terminal, examples, notes))
  replay.action(() => withJournal(replay, terminal, (source) => run(source, optionsSchema.parse(replay.opts()), terminal)))
}

async function run(source: OpenJournal, options: Options, terminal: Terminal): Promise<void> {
  const sku = parseSku(options.sku)
  const shard = shardOfSku(sku, source.shards)
  const until = await markOf(options, source, shard)
  const progress = new ReadingProgress(terminal)
  const past = await replayShard(progress.over(source), shard, until)
  progress.end()
  const found = past.state.find(sku)
  if (found === undefined) throw new StartFault(`there is no SKU ${sku} in ${shard} up to record ${positionText(past.position)}`)
  if (options.claims !== undefined) {
    const file = new LinesFile(resolve(terminal.workingFolder, options.claims))
    try {
      for (const claim of pastClaims(found, past.now)) file.write(claim)
    } finally {
      file.close()
    }
  }
  const told = pastSku(found, past, shard)
  terminal.out(options.json ? `${JSON.stringify(told)}\n` : pastText(told, terminal))
}

async function markOf({ until, seq }: Options, source: Reading, shard: ShardName): Promise<Mark | undefined> {
  if (until !== undefined && seq !== undefined) throw new CommandFault('--until and --seq: choose one of them')
  if (until !== undefined) {
    const mark = parseMark('--until', until)
    if (mark.kind === 'time') return mark
    throw new CommandFault(`--until takes a time; --seq ${until} names a record`)
  }
  if (seq === undefined) return undefined
  if (!/^\d{1,15}$/.test(seq)) {
    const mark = parseMark('--seq', seq)
    if (mark.kind === 'record') return mark
    throw new CommandFault(`--seq takes a record; --until ${seq} names a time`)
  }
  return { kind: 'record', position: { epoch: await onlyEpoch(source, shard, seq), seq: Number(seq) } }
}

type Reading = { readArchive(shard: ShardName): AsyncIterable<ArchiveRecord> }

/** A number alone names a record where the shard never changed hands. */
async function onlyEpoch(source: Reading, shard: ShardName, seq: string): Promise<number> {
  let last: Position | undefined
  const ends: string[] = []
  for await (const { position } of source.readArchive(shard)) {
    if (last !== undefined && last.epoch !== position.epoch) ends.push(positionText(last))
    last = position
  }
  if (last === undefined) throw new StartFault(`${shard} has no records`)
  if (ends.length === 0) return last.epoch
  const all = [...ends, positionText(last)]
  throw new CommandFault(
    `--seq: ${shard} has had ${all.length} epochs, which end with ${all.slice(-epochsNamed).join(', ')}: say which, such as ${last.epoch}-${seq}`,
  )
}

const epochsNamed = 5

function pastText(past: PastSku, terminal: Terminal): string {
  const { sku, shard, at, now, state, units, available, held, ordered, sold, waiting, users } = past
  const head = `${sku} as it was at ${timeText(now)}, with record ${at} of ${shard}\n\n`
  const numbers = table(
    terminal,
    ['state', 'put in', 'available', 'held', 'ordered', 'sold', 'waiting'],
    [[state, units, available, held, ordered, sold, waiting]],
  )
  const byState = Object.entries(users).map(([name, count]) => [name, count] as const)
  return byState.length === 0 ? head + numbers : `${head}${numbers}\n${table(terminal, ['latest claim', 'users'], byState)}`
}
