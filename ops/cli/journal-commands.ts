import { resolve } from 'node:path'
import type { Command } from 'commander'
import picocolors from 'picocolors'
import { z } from 'zod'
import { counted } from '../counted.ts'
import { auditJournal, type JournalReport } from '../journal/journal-audit.ts'
import type { OpenJournal } from '../journal/open-journal.ts'
import { StartFault } from '../start-fault.ts'
import { helpText } from './help-text.ts'
import { addJournalOption, withJournal } from './journal-place.ts'
import { addJournalReadCommand } from './journal-read-command.ts'
import { LinesFile } from './lines-file.ts'
import { ReadingProgress } from './reading-progress.ts'
import { table } from './tables.ts'
import type { Terminal } from './terminal.ts'

const optionsSchema = z.object({ json: z.boolean().optional(), claims: z.string().optional() })

const examples = [
  ['sluice journal verify --data ./sluice-data', 'the folder of a node, running or not, or of a backup'],
  ['SLUICE_REDIS_URL=redis://10.0.0.5:6379 sluice journal verify --json', 'the journal of a cluster'],
  ['sluice journal verify --claims claims.jsonl', 'and what became of every claim'],
] as const
const notes = 'Exit codes: 0 everything adds up, 1 it does not or there is nothing to read, 2 asked for wrongly.'

/** `sluice journal read | verify`. */
export function addJournalCommands(program: Command, terminal: Terminal): void {
  const journal = program.command('journal').description('look into what happened')
  addJournalReadCommand(journal, terminal)
  const verify = addJournalOption(journal.command('verify'))
    .description(
      'read the journal from its beginning, recompute every unit and every claim, and say what does not add up; a node may be running',
    )
    .option('--claims <file>', 'write what became of every claim, a line of JSON each')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', helpText(terminal, examples, notes))
  verify.action(() => withJournal(verify, terminal, (source, name) => run(source, name, optionsSchema.parse(verify.opts()), terminal)))
}

async function run(source: OpenJournal, name: string, options: z.output<typeof optionsSchema>, terminal: Terminal): Promise<void> {
  const claims = options.claims === undefined ? undefined : new LinesFile(resolve(terminal.workingFolder, options.claims))
  const progress = new ReadingProgress(terminal)
  try {
    const report = await auditJournal(progress.over(source), (claim) => claims?.write(claim))
    progress.end()
    terminal.out(options.json === true ? `${JSON.stringify(report)}\n` : reportText(report, name, terminal))
    if (report.problemCount > 0) throw new StartFault(`the journal in ${name} has ${counted(report.problemCount, 'problem')}`)
  } finally {
    claims?.close()
  }
}

/** What was found, for people; `name` is that of the journal. */
export function reportText(report: JournalReport, name: string, terminal: Terminal): string {
  const { green } = picocolors.createColors(terminal.colours)
  const { shards, records, events, epochs, partial, skus, problems, problemCount } = report
  const parts = [`${name}: ${records} records with ${events} events in ${shards} shards, ${epochs} epochs\n`]
  if (skus.length > 0) {
    const headings = ['SKU', 'state', 'put in', 'available', 'held', 'ordered', 'sold', 'waiting', 'claims', 'users']
    const rows = skus.map((one) => [
      one.sku,
      one.phase,
      one.units,
      one.available,
      one.held,
      one.ordered,
      one.sold,
      one.waiting,
      one.claims,
      one.users,
    ])
    parts.push(table(terminal, headings, rows))
  }
  if (partial.length > 0) {
    parts.push(`Of ${partial.join(', ')} the oldest records are past the archive's time: only their chain and checksums were verified.\n`)
  }
  if (problemCount === 0) {
    parts.push(green('No gap, every checksum right, every unit in one place, one live claim per user, limits kept, the line in order.\n'))
  } else {
    const rows = problems.map(({ shard, at, sku, problem }) => [shard, at, sku, problem])
    parts.push(table(terminal, ['shard', 'record', 'SKU', 'problem'], rows))
    if (problemCount > problems.length) parts.push(`and ${problemCount - problems.length} more\n`)
  }
  return parts.join('\n')
}
