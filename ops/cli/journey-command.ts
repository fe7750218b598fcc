import type { Command } from 'commander'
import picocolors from 'picocolors'
import { z } from 'zod'
import { counted } from '../counted.ts'
import { shardsOfJourneys } from '../journal/home-shards.ts'
import type { OpenJournal } from '../journal/open-journal.ts'
import { readJourneys } from '../journey/journey-reader.ts'
import { outcomeNames, stepText } from '../journey/journey-words.ts'
import type { SkuJourney, UserJourney, Visit } from '../journey/user-journey.ts'
import { helpText } from './help-text.ts'
import { parseSku, parseUser } from './journal-marks.ts'
import { addJournalOption, withJournal } from './journal-place.ts'
import { ReadingProgress } from './reading-progress.ts'
import { timeText } from './tables.ts'
import type { Terminal } from './terminal.ts'
import { wrapped } from './wrapped.ts'

const optionsSchema = z.object({ sku: z.string().optional(), json: z.boolean().default(false) })
type Options = z.output<typeof optionsSchema>

const stepColumn = 30

/** So that a user is one screen; --json has all of it. */
const stepsShown = 14
const visitsShown = 4

const examples = [
  ['sluice user journey ann', 'what ann came to, and why'],
  ['sluice user journey ann bob --sku lamp --json', ''],
] as const
const notes =
  'Refusals change nothing and are in no journal: of somebody who never had a claim it is told what everybody was answered, and when. Exit codes: 0 told, 1 no journal or one that cannot be read, 2 asked for wrongly.'

/** `sluice user journey`. */
export function addJourneyCommand(user: Command, terminal: Terminal): void {
  const journey = addJournalOption(user.command('journey <users...>'))
    .description('explain from the journal what became of a user and why: places, holds, orders, money, limits; a node may be running')
    .option('--sku <sku>', 'only of this SKU')
    .option('--json', 'print a line of JSON for each user')
    .addHelpText('after', helpText(terminal, examples, notes))
  journey.action((users: readonly string[]) =>
    withJournal(journey, terminal, (source) => run(source, users.map(parseUser), optionsSchema.parse(journey.opts()), terminal)),
  )
}

async function run(source: OpenJournal, users: readonly string[], options: Options, terminal: Terminal): Promise<void> {
  const sku = options.sku === undefined ? undefined : parseSku(options.sku)
  const shards = shardsOfJourneys(users, sku, source.shards)
  const progress = new ReadingProgress(terminal)
  const journeys = await readJourneys(progress.over(source), users, shards, sku)
  progress.end()
  for (const journey of journeys) terminal.out(options.json ? `${JSON.stringify(journey)}\n` : journeyText(journey, terminal))
}

function journeyText({ user, visits, skus, partial }: UserJourney, terminal: Terminal): string {
  const { bold } = picocolors.createColors(terminal.colours)
  const parts = [`${bold(user)}\n`, visitsText(visits, terminal)]
  if (skus.length === 0) parts.push('  Nothing in the journal.\n')
  for (const sku of skus) parts.push(skuText(sku, terminal))
  if (partial.length > 0)
    parts.push(
      wrapped(
        `Of ${partial.join(', ')} the oldest records are past the archive's time: what happened in them is not told here.`,
        terminal.columns,
        '',
      ),
    )
  return `${parts.join('')}\n`
}

function visitsText(visits: readonly Visit[], terminal: Terminal): string {
  if (visits.length === 0) return ''
  const more = visits.length - visitsShown
  const told = visits.slice(-visitsShown).map(({ at, kind }) => `${kind} ${timeText(at)}`)
  return wrapped(`Devices: ${more > 0 ? `${more} words of them before, ` : ''}${told.join(', ')}.`, terminal.columns, '  ')
}

function skuText({ sku, sale, outcome, why, steps }: SkuJourney, terminal: Terminal): string {
  const { bold, green, yellow } = picocolors.createColors(terminal.colours)
  const paint = outcome === 'bought' ? green : yellow
  const head = `\n  ${bold(sku)}${sale === '' || sale === sku ? '' : ` (sale ${sale})`}: ${paint(outcomeNames[outcome])}\n`
  const reasons = why.map((sentence) => wrapped(sentence, terminal.columns, '    ')).join('')
  const more = steps.length - stepsShown
  const left = more > 0 ? [`    ${counted(more, 'step')} before; --json has all\n`] : []
  let day = ''
  const lines = steps.slice(-stepsShown).map((step) => {
    const text = timeText(step.at)
    const isSameDay = text.slice(0, 10) === day
    day = text.slice(0, 10)
    const time = `    ${isSameDay ? ' '.repeat(11) + text.slice(11) : text.replace('T', ' ')}`.padEnd(stepColumn)
    return time + wrapped(stepText(step), terminal.columns, ' '.repeat(stepColumn)).slice(stepColumn)
  })
  return [head, reasons, ...(lines.length === 0 ? [] : ['\n']), ...left, ...lines].join('')
}
