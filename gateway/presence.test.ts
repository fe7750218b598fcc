import { beforeEach, expect, test } from 'vitest'
import { hashText } from '../protocol/hash.ts'
import { parseUserId, type UserId } from '../protocol/ids.ts'
import { FakeConnection } from './fake-connection.ts'
import { Presences } from './presence.ts'
import { SkuView } from './sku-view.ts'
import { skuSettings, skuView } from './view-fixtures.ts'

const [anna, ben] = [userOf('anna'), userOf('ben')]
const lamp = new SkuView(0, skuView(skuSettings('lamp')))
const vase = new SkuView(0, skuView(skuSettings('vase')))

let said: string[]
let presences: Presences

beforeEach(() => {
  said = []
  presences = new Presences({ attached: (user) => said.push(`+${user}`), detached: (user) => said.push(`-${user}`) })
})

test('GW-60 the session hears of a first connection and of the last one, not of those between', () => {
  const [phone, laptop] = [new FakeConnection(), new FakeConnection()]
  presences.join(anna, phone)
  presences.join(anna, laptop)
  presences.leave(anna, phone)
  expect(said).toEqual(['+anna'])
  presences.leave(anna, laptop)
  presences.leave(anna, laptop)
  expect(said).toEqual(['+anna', '-anna'])
  expect(presences.size).toBe(0)
})

test('GW-60 a user is found by name and by the bytes of the name, while connected', () => {
  const phone = new FakeConnection()
  const presence = presences.join(anna, phone)
  const bytes = new TextEncoder().encode('xannax')
  const scanned = () => presences.findScanned(hashText('anna'), bytes, 1, 5)
  expect([presences.find(anna), scanned()]).toEqual([presence, presence])
  expect(presences.findScanned(hashText('anna'), bytes, 0, 4)).toBeUndefined()
  expect(presences.findScanned(hashText('ben'), bytes, 1, 5)).toBeUndefined()
  presences.leave(anna, phone)
  expect([presences.find(anna), scanned()]).toEqual([undefined, undefined])
})

test('GW-61 a claim is followed until its user has another one of that SKU, or has gone', () => {
  const [phone, other] = [new FakeConnection(), new FakeConnection()]
  const presence = presences.join(anna, phone)
  const first = presences.follow(presence, lamp, 7)
  presences.follow(presence, vase, 7)
  presences.follow(presences.join(ben, other), lamp, 8)
  expect(presences.follow(presence, lamp, 7)).toBe(first)
  const second = presences.follow(presence, lamp, 9)
  expect([...(presences.claimsOf(lamp)?.keys() ?? [])]).toEqual([8, 9])
  expect(presence.claims.get('lamp')).toBe(second)
  presences.leave(anna, phone)
  expect([...(presences.claimsOf(lamp)?.keys() ?? [])]).toEqual([8])
  expect(presences.claimsOf(vase)).toBeUndefined()
})

test('GW-61 a number that has become the claim of another user stays followed when the first one goes', () => {
  const [phone, other] = [new FakeConnection(), new FakeConnection()]
  presences.follow(presences.join(anna, phone), lamp, 7)
  const newer = presences.follow(presences.join(ben, other), lamp, 7)
  presences.leave(anna, phone)
  expect(presences.claimsOf(lamp)?.get(7)).toBe(newer)
})

function userOf(text: string): UserId {
  const user = parseUserId(text)
  if (user === undefined) throw new Error(`${text} is no user`)
  return user
}
