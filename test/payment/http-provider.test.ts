import { createServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { HttpProvider } from '../../actors/payment/http/http-provider.ts'
import type { Charge, PaymentProvider, Refund } from '../../actors/payment/payment-provider.ts'
import { listenOn, portOf } from '../loopback.ts'
import { recordedWorld } from '../recorded-world.ts'
import type { Mood } from './provider-moods.ts'
import { ProviderServer } from './provider-server.ts'

const secret = 'between-the-two-of-us-and-nobody-else'
const charge: Charge = { amountMinor: 4_900, currency: 'EUR', payment: 'tok_visa' }
const connectionsMax = 4
/** Long enough for whatever answers at all, and for what does not. */
const deadlines = { patient: 20_000, hasty: 200 }

function refundOf(amountMinor: number): Refund {
  return { charge: 'lamp:x1:1', amountMinor, currency: 'EUR' }
}

describe('the provider http', () => {
  let server: ProviderServer
  let provider: HttpProvider

  const providerOf = (url: string, deadlineMs = deadlines.patient, itsSecret = secret): HttpProvider =>
    new HttpProvider(recordedWorld(), {
      url,
      secrets: { current: itsSecret, accepted: [itsSecret] },
      limits: { deadlineMs, connectionsMax },
    })
  const codeOf = async (asking: Promise<unknown>): Promise<unknown> => {
    const fault: unknown = await asking.then(
      (answer) => `answered ${String(answer)}`,
      (error: unknown) => error,
    )
    return fault instanceof Error && 'code' in fault ? fault.code : fault
  }

  beforeEach(async () => {
    server = await ProviderServer.start({ secret, lateMs: 100, pendingMs: 100 })
    provider = providerOf(server.url)
  })
  afterEach(async () => {
    provider.close()
    await server.stop()
  })

  test('PAY-40 charges, asks and gives back, each under its key, signed so that the other side knows who it is', async () => {
    expect(await provider.query('lamp:x1:1')).toBe('absent')
    expect(await provider.charge(charge, 'lamp:x1:1')).toBe('paid')
    expect(await provider.charge(charge, 'lamp:x1:1')).toBe('paid')
    expect(await provider.charge({ ...charge, payment: 'tok_declined' }, 'lamp:x1:2')).toBe('declined')
    expect(await provider.query('lamp:x1:1')).toBe('paid')
    expect(await provider.query('lamp:x1:2')).toBe('declined')
    expect(await provider.refund(refundOf(1_900), 'lamp:x1:1/a')).toBe('refunded')
    expect(await provider.refund(refundOf(1_900), 'lamp:x1:1/a')).toBe('refunded')
    expect(await provider.refund(refundOf(4_900), 'lamp:x1:1/b')).toBe('refused')
    expect(await provider.query('lamp:x1:1')).toBe('paid')
    expect(await provider.refund(refundOf(3_000), 'lamp:x1:1/c')).toBe('refunded')
    expect(await provider.query('lamp:x1:1'), 'nothing is left of it').toBe('declined')
    expect(await provider.refund({ ...refundOf(100), charge: 'lamp:x1:2' }, 'lamp:x1:2/a')).toBe('absent')
    expect(server.books.balanceMinor).toBe(0)
    expect(server.books.all().map(({ kind, key }) => `${kind} ${key}`)).toEqual([
      'charge lamp:x1:1',
      'declined lamp:x1:2',
      'refund lamp:x1:1/a',
      'refund lamp:x1:1/c',
    ])
  })

  test('PAY-46 closes a charge: what was taken is told, and what was not never is', async () => {
    await provider.charge(charge, 'lamp:x1:1')
    expect(await provider.closeCharge('lamp:x1:1')).toBe('paid')
    expect(await provider.closeCharge('lamp:x1:2')).toBe('declined')
    expect(await provider.closeCharge('lamp:x1:2')).toBe('declined')
    expect(await provider.charge(charge, 'lamp:x1:2')).toBe('declined')
    expect(await provider.query('lamp:x1:2')).toBe('declined')
    server.script = ['pending']
    expect(await provider.charge(charge, 'lamp:x1:3')).toBe('unknown')
    expect(await provider.closeCharge('lamp:x1:3')).toBe('unknown')
    await expect.poll(() => provider.closeCharge('lamp:x1:3')).toBe('paid')
    expect(server.books.balanceMinor).toBe(2 * 4_900)
  })

  test('PAY-41 what is not decided is unknown until it is', async () => {
    server.script = ['pending']
    expect(await provider.charge(charge, 'lamp:x1:1')).toBe('unknown')
    expect(await provider.refund(refundOf(4_900), 'lamp:x1:1/a')).toBe('unknown')
    await expect.poll(() => provider.query('lamp:x1:1')).toBe('paid')
  })

  test.each<[Mood, string, number]>([
    ['fails', 'SERVER_FAILED', deadlines.patient],
    ['hangs', 'SERVER_SILENT', deadlines.hasty],
    ['loses-request', 'SERVER_SILENT', deadlines.hasty],
    ['loses-answer', 'SERVER_AWAY', deadlines.patient],
    ['babbles', 'SERVER_UNREADABLE', deadlines.patient],
    ['floods', 'SERVER_UNREADABLE', deadlines.patient],
  ])('PAY-42 a provider that %s has said nothing, and is asked again', async (mood, code, deadlineMs) => {
    const asker = providerOf(server.url, deadlineMs)
    server.script = [mood, mood]
    expect(await codeOf(asker.charge(charge, 'lamp:x1:1'))).toBe(code)
    expect(await codeOf(asker.query('lamp:x1:1'))).toBe(code)
    asker.close()
    expect(await provider.charge(charge, 'lamp:x1:1')).toBe('paid')
    expect(server.books.balanceMinor).toBe(4_900)
  })

  test('PAY-42 nor has one that is not there', async () => {
    await server.stop()
    expect(await codeOf(provider.charge(charge, 'lamp:x1:1'))).toBe('SERVER_AWAY')
    server = await ProviderServer.start({ secret })
  })

  test('PAY-42 an answer that comes in drops, each of them in time, is over at the deadline', async () => {
    const dripping = await listenOn(
      createServer((socket) => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10000\r\n\r\n')
        const drops = setInterval(() => socket.write(' '), 20)
        socket.on('error', () => clearInterval(drops)).on('close', () => clearInterval(drops))
      }),
    )
    const dripped = providerOf(`http://127.0.0.1:${portOf(dripping)}`, deadlines.hasty)
    expect(await codeOf(dripped.query('lamp:x1:1'))).toBe('SERVER_SILENT')
    dripped.close()
    dripping.close()
  })

  test('PAY-43 the second answer of a provider that answers twice is not taken for that of the next request', async () => {
    const narrow = new HttpProvider(recordedWorld(), {
      url: server.url,
      secrets: { current: secret, accepted: [secret] },
      limits: { deadlineMs: deadlines.patient, connectionsMax: 1 },
    })
    server.script = ['twice']
    expect(await narrow.charge(charge, 'lamp:x1:1')).toBe('paid')
    expect(await codeOf(narrow.charge({ ...charge, payment: 'tok_declined' }, 'lamp:x1:2'))).toBe('SERVER_UNREADABLE')
    await expect.poll(() => outcomeOf(narrow, 'lamp:x1:2')).toBe('declined')
    narrow.close()
  })

  test('PAY-44 a provider that knows another secret is told apart from one that finds fault with the request', async () => {
    const stranger = providerOf(server.url, deadlines.patient, 'x'.repeat(32))
    expect(await codeOf(stranger.charge(charge, 'lamp:x1:1'))).toBe('SERVER_FAILED')
    expect(await codeOf(provider.charge(charge, ''))).toBe('SERVER_REFUSED')
    expect(server.books.all()).toEqual([])
    stranger.close()
  })

  test('PAY-45 has no more requests under way than it may have connections', async () => {
    const keys = Array.from({ length: 20 }, (_, index) => `lamp:x1:${index + 1}`)
    server.climate = { late: 1 }
    const outcomes = await Promise.all(keys.map((key) => outcomeOf(provider, key)))
    expect(outcomes).toEqual(keys.map(() => 'absent'))
    expect(server.places.most).toBe(connectionsMax)
  })
})

/** What the provider says once it says something. */
function outcomeOf(provider: PaymentProvider, key: string): Promise<string> {
  return provider.query(key).catch(() => 'nothing')
}
