import { formatOrderId, parseSkuId } from '../../protocol/ids.ts'
import type { JournalLine } from '../journal/journal-lines.ts'
import { positionText } from '../journal/positions.ts'
import type { Move } from '../journal/sku-trail.ts'
import type { JourneyStep, StepKind } from './user-journey.ts'

/** The steps that a line of the journal is for each of these users, by user. */
export function stepsIn(line: JournalLine, users: ReadonlySet<string>): readonly (readonly [user: string, step: JourneyStep])[] {
  const steps: (readonly [string, JourneyStep])[] = []
  const waitingBefore = (line.trail?.ledger?.waiting ?? 0) - line.moves.filter(({ to }) => to === 'queued').length
  let joined = 0
  for (const move of line.moves) {
    const ahead = move.to === 'queued' ? waitingBefore + joined++ : 0
    if (!users.has(move.user)) continue
    const kind = kindOf(move, line)
    if (kind !== undefined)
      steps.push([move.user, { ...placeOf(line), kind, claim: move.claim, qty: move.qty, ...fieldsOf(move, line, ahead) }])
  }
  const { event } = line
  if ((event.kind === 'refundBegun' || event.kind === 'refundEnded') && users.has(event.user)) {
    const kind = event.kind === 'refundBegun' ? 'refundAsked' : event.isDone ? 'refundDone' : 'refundRefused'
    const { claim, qty, amountMinor } = event
    steps.push([event.user, { ...placeOf(line), kind, claim, qty, amountMinor, ...currencyOf(line) }])
  }
  return steps
}

function placeOf({ now, shard, position }: JournalLine): Pick<JourneyStep, 'at' | 'shard' | 'record'> {
  return { at: now, shard, record: positionText(position) }
}

/** Undefined for what the next move of the same event says better: a place in the lobby that becomes a ticket. */
function kindOf({ from, to }: Move, { event }: JournalLine): StepKind | undefined {
  if (to === 'seated') return undefined
  if (to === 'queued') return event.kind === 'seated' ? 'drawn' : 'queued'
  if (to === 'held') return from === undefined ? 'held' : 'turn'
  return to === 'pending' ? 'ordered' : to
}

type Fields = Partial<Pick<JourneyStep, 'ahead' | 'until' | 'order' | 'amountMinor' | 'currency'>>

function fieldsOf({ claim, to }: Move, line: JournalLine, ahead: number): Fields {
  const { event, trail } = line
  if (to === 'queued') return trail?.ledger === undefined ? {} : { ahead }
  if (to === 'held') return untilOf(event)
  if (to !== 'pending' || event.kind !== 'ordered') return {}
  const sku = parseSkuId(line.sku)
  const ledger = trail?.ledger
  const named =
    sku === undefined || ledger === undefined
      ? {}
      : { order: formatOrderId({ sku, incarnation: `${ledger.settings.incarnation}${ledger.orderTag}`, claim }) }
  return { ...named, ...untilOf(event), amountMinor: event.amountMinor, ...currencyOf(line) }
}

function untilOf(event: JournalLine['event']): Pick<Fields, 'until'> {
  return 'until' in event ? { until: event.until } : {}
}

function currencyOf({ trail }: JournalLine): Pick<Fields, 'currency'> {
  const currency = trail?.ledger?.settings.currency
  return currency === undefined ? {} : { currency }
}
