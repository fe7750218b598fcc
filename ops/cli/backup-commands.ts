import { resolve } from 'node:path'
import type { Command } from 'commander'
import { z } from 'zod'
import type { BackupManifest } from '../backup/backup-manifest.ts'
import { makeBackup } from '../backup/make-backup.ts'
import { restoreBackup } from '../backup/restore-backup.ts'
import { readyRedis } from '../backup/restored-stores.ts'
import { auditJournal, type JournalReport } from '../journal/journal-audit.ts'
import { openClusterJournal, type OpenJournal, openJournal } from '../journal/open-journal.ts'
import { StartFault } from '../start-fault.ts'
import { realClock } from '../world.ts'
import { CommandFault } from './command-fault.ts'
import { helpText } from './help-text.ts'
import { reportText } from './journal-commands.ts'
import { addFolderOption, complaints, folderPlace, redisPlace } from './journal-place.ts'
import { ReadingProgress } from './reading-progress.ts'
import type { Terminal } from './terminal.ts'

const backupSchema = z.object({ to: z.string().min(1), dataFolder: z.string().optional(), json: z.boolean().default(false) })
const restoreSchema = z.object({
  from: z.string().optional(),
  redis: z.boolean().default(false),
  dataFolder: z.string().optional(),
  json: z.boolean().default(false),
})

const backupExamples = [
  ['sluice backup --to /backup/2027-06-01', 'beside a running node'],
  ['sluice backup --to /backup/x --data-folder /var/lib/sluice --json', ''],
] as const
const backupNotes =
  'It copies the data as they are in one moment and the keys, reads all of it once, and adds it up. The Redis of a cluster is copied by its own means: docs/backup.md says how. Exit codes: 0 the backup is whole and adds up, 1 it could not be made or does not add up, 2 asked for wrongly.'
const restoreExamples = [
  ['sluice restore --from /backup/2027-06-01 --data-folder ./sluice-data', 'into a folder without data'],
  ['SLUICE_REDIS_URL=redis://10.0.0.6:6379 sluice restore --redis', 'a Redis that was started on a copy'],
] as const
const restoreNotes =
  "Nothing is put where data are, and nothing is done while nodes work on that Redis. Afterwards hold the payment provider's ledger against it: sluice orders reconcile. Exit codes: 0 ready, 1 it could not be done or does not add up, 2 asked for wrongly."

/** `sluice backup | restore`. */
export function addBackupCommands(program: Command, terminal: Terminal): void {
  const backup = addFolderOption(program.command('backup'))
    .description('copy a data folder into a new folder, while its node runs or not')
    .requiredOption('--to <folder>', 'where to; must not be there yet')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', helpText(terminal, backupExamples, backupNotes))
  backup.action(() => runBackup(backupSchema.parse(backup.opts()), terminal))

  const restore = addFolderOption(program.command('restore'))
    .description('put a backup into a data folder without data, or make a Redis ready that was started on a copy')
    .option('--from <folder>', 'the backup')
    .option('--redis', 'the Redis that SLUICE_REDIS_URL names was started on a copy: make it ready for nodes')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', helpText(terminal, restoreExamples, restoreNotes))
  restore.action(() => runRestore(restoreSchema.parse(restore.opts()), terminal))
}

async function runBackup({ to, dataFolder, json }: z.output<typeof backupSchema>, terminal: Terminal): Promise<void> {
  if (dataFolder === undefined && (await redisPlace(terminal)) !== undefined)
    throw new CommandFault('SLUICE_REDIS_URL: a Redis is copied by its own means, as docs/backup.md says; --data-folder names a folder')
  const path = resolve(terminal.workingFolder, to)
  const progress = new ReadingProgress(terminal)
  progress.show('copying the data')
  const manifest = await makeBackup(resolve(terminal.workingFolder, folderPlace(dataFolder, terminal)), path, () => realClock.now())
  progress.end()
  const report = await audited(openJournal(path), terminal)
  if (json) terminal.out(`${JSON.stringify({ folder: to, ...manifest, report })}\n`)
  else terminal.out(`${reportText(report, to, terminal)}\nBackup of ${manifest.madeAt}: ${sizeText(manifest)}\n`)
  failIfDamaged(report, to)
}

async function runRestore({ from, redis, dataFolder, json }: z.output<typeof restoreSchema>, terminal: Terminal): Promise<void> {
  if (redis === (from !== undefined)) throw new CommandFault('--from and --redis: give one of them')
  const restored = from === undefined ? await restoreRedis(terminal) : await restoreFolder(from, dataFolder, terminal)
  const { name, madeAt, journal } = restored
  const report = await audited(journal, terminal)
  if (json) terminal.out(`${JSON.stringify({ restored: name, ...(madeAt === undefined ? {} : { madeAt }), report })}\n`)
  else terminal.out(`${reportText(report, name, terminal)}\n${afterwards(name, madeAt)}`)
  failIfDamaged(report, name)
}

interface Restored {
  readonly name: string
  readonly madeAt?: string
  readonly journal: OpenJournal
}

async function restoreFolder(from: string, dataFolder: string | undefined, terminal: Terminal): Promise<Restored> {
  const name = folderPlace(dataFolder, terminal)
  const folder = resolve(terminal.workingFolder, name)
  const { madeAt } = await restoreBackup(resolve(terminal.workingFolder, from), folder)
  return { name, madeAt, journal: openJournal(folder) }
}

async function restoreRedis(terminal: Terminal): Promise<Restored> {
  const place = await redisPlace(terminal)
  if (place === undefined) throw new CommandFault('--redis: SLUICE_REDIS_URL must name the Redis')
  const { where } = await readyRedis(place.url, place.tls, complaints(terminal))
  return { name: `Redis at ${where}`, journal: await openClusterJournal(place.url, place.tls, complaints(terminal)) }
}

async function audited(journal: OpenJournal, terminal: Terminal): Promise<JournalReport> {
  const progress = new ReadingProgress(terminal)
  try {
    return await auditJournal(progress.over(journal))
  } finally {
    progress.end()
    await journal.close()
  }
}

function failIfDamaged({ problemCount }: JournalReport, name: string): void {
  if (problemCount > 0) throw new StartFault(`the journal in ${name} does not add up`)
}

function sizeText({ bytes, shards }: BackupManifest): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB, ${shards.inv} inventory and ${shards.ses} session shards`
}

function afterwards(name: string, madeAt: string | undefined): string {
  const until = madeAt === undefined ? 'the moment of the copy' : madeAt
  return [
    `${name} is ready. It ends at ${until}: what was answered later is not in it.`,
    "Before you open it to buyers, hold the payment provider's ledger against it: sluice orders reconcile --ledger FILE.",
    '',
  ].join('\n')
}
