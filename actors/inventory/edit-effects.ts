import { moneyText } from '../../protocol/money-text.ts'
import type { SettingChange } from '../../protocol/results.ts'
import { type EditedSetting, isSetting, type SkuEdit, valueOf } from '../../protocol/sale-change.ts'
import { claimState, isLive } from './claim.ts'
import type { SkuState } from './sku-state.ts'

/**
 * What the edit makes of each setting, and whom it concerns: nobody's hold or order becomes another one, and the sentence says how many there are. Cost: a look at
 * every row for some of them.
 */
export function effectsOf(sku: SkuState, edit: SkuEdit): readonly SettingChange[] {
  return Object.entries(edit).flatMap(([setting, value]: readonly [string, SettingChange['after']]) =>
    isSetting(setting)
      ? [{ sku: sku.settings.sku, setting, before: valueOf(sku.settings, setting), after: value, effect: effectOf(sku, setting, value) }]
      : [],
  )
}

function effectOf(sku: SkuState, setting: EditedSetting, after: SettingChange['after']): string {
  switch (setting) {
    case 'priceMinor':
      return priceEffect(sku, Number(after))
    case 'perUserMax':
      return limitEffect(sku, Number(after))
    case 'holdTtlMs':
      return `${keep(rowsIn(sku, claimState.held), 'open hold')} the end that was promised; holds from now on last ${secondsText(Number(after))}`
    case 'paymentTtlMs':
      return `${keep(rowsIn(sku, claimState.pending), 'pending order')} the deadline that was promised; orders from now on, also of open holds, have ${secondsText(Number(after))} to be paid`
    case 'lineMax':
      return `everyone in line keeps their place (${people(sku.line.size)} now); new ones are taken up to ${after}`
    case 'usersMax':
      return `everyone who is known stays so (${people(sku.users.count)} now); new ones are taken up to ${after}`
    case 'grantsPerSecond':
      return `open holds stay as they are (${rowsIn(sku, claimState.held)} now); ${after === 0 ? 'holds are given out as fast as units come free' : `from now on at most ${counted(Number(after), 'hold')} per second`}`
    case 'opensAt':
      return `nobody can buy before ${timeText(Number(after))}`
    case 'closesAt':
      return after === null
        ? 'the sale goes on until it is closed'
        : `at ${timeText(Number(after))} tickets end (${people(sku.line.size)} in line now), holds and orders run out`
    case 'refundRestocks':
      return `what is wholly given back from now on ${after === true ? 'goes on sale again' : 'stays sold'}`
    case 'refundFreesLimit':
      return `what is wholly given back from now on counts against its user's limit ${after === true ? 'no more' : 'as before'}`
    case 'saleTitle':
    case 'title':
    case 'description':
    case 'image':
      return 'what pages show; no claim changes'
  }
}

/** Holds may have been made at several prices, of which the new one may be one. */
function priceEffect({ users, prices, settings }: SkuState, after: number): string {
  const holds = new Map<number, number>()
  let orders = 0
  for (const row of users.rows()) {
    const state = users.state(row)
    if (state === claimState.pending) orders++
    if (state !== claimState.held) continue
    const price = prices.of(users.price(row))
    holds.set(price, (holds.get(price) ?? 0) + 1)
  }
  const money = (minor: number) => moneyText(minor, settings.currency)
  const kept = Array.from(holds, ([price, count]) => `${keep(count, 'open hold')} ${money(price)}`)
  if (kept.length === 0) kept.push('there are no open holds')
  if (orders > 0) kept.push(`${keep(orders, 'pending order')} the amount that was promised`)
  return `${kept.join(', ')}; holds from now on, also of people in line, cost ${money(after)}`
}

function limitEffect({ users }: SkuState, after: number): string {
  let above = 0
  for (const row of users.rows()) {
    const has = users.bought(row) - users.returned(row)
    const wants = isLive(users.state(row)) ? users.qty(row) : 0
    if (has + wants > after) above++
  }
  const kept = above === 0 ? 'nobody has more' : `who has or waits for more keeps it (${people(above)} now)`
  return `${kept}; claims from now on may bring one user to ${counted(after, 'unit')}`
}

function rowsIn({ users }: SkuState, state: number): number {
  let count = 0
  for (const row of users.rows()) if (users.state(row) === state) count++
  return count
}

function keep(count: number, noun: string): string {
  return `${counted(count, noun)} ${count === 1 ? 'keeps' : 'keep'}`
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

function people(count: number): string {
  return count === 1 ? '1 person' : `${count} people`
}

function secondsText(ms: number): string {
  return `${ms / 1_000} s`
}

function timeText(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z')
}
