import { afterEach, beforeEach, expect, test } from 'vitest'
import { LocalBus } from '../../cluster/local-bus.ts'
import { ManualWorld } from '../../cluster/manual-world.ts'
import { parseProductId, type ProductId } from '../../protocol/ids.ts'
import { checkProduct, type Product } from '../../protocol/product.ts'
import { Catalogue, type ProductChange } from './catalogue.ts'
import { ScriptedTable } from './scripted-table.ts'

let world: ManualWorld
let table: ScriptedTable
let bus: LocalBus
const opened: Catalogue[] = []

beforeEach(() => {
  world = new ManualWorld()
  table = new ScriptedTable()
  bus = new LocalBus(world.log)
})
afterEach(() => {
  for (const one of opened.splice(0)) one.close()
})

test('CAT-7 a price change is known to every gateway at once, and to one that did not hear of it within a second', async () => {
  const gateways = [await gateway(), await gateway(), await gateway(new LocalBus(world.log))]
  await gateways[0]?.put([product('lamp', { priceMinor: 100 })])
  await world.pass(1_000)
  expect(await pricesAt(gateways)).toEqual([100, 100, 100])
  const readsBefore = table.reads
  await gateways[1]?.put([product('lamp', { priceMinor: 90 })])
  await world.pass(0)
  expect(await pricesAt(gateways.slice(0, 2))).toEqual([90, 90])
  await world.pass(999)
  expect(await pricesAt(gateways)).toEqual([90, 90, 90])
  // The change brings the product along: nobody has to read it.
  expect(table.reads).toBe(readsBefore)
})

test('CAT-7 whoever is still reading when the change is told gets the new price', async () => {
  const one = await gateway()
  const other = await gateway()
  await one.put([product('lamp', { priceMinor: 100 })])
  await world.pass(0)
  table.hold()
  const asked = other.product(id('lamp'))
  await world.pass(0)
  await one.put([product('lamp', { priceMinor: 90 })])
  await world.pass(0)
  table.letGo()
  expect(await asked).toMatchObject({ priceMinor: 90 })
})

test('CAT-8 a removed product is gone, and one that was missing is there once it is written', async () => {
  const [one, other] = [await gateway(), await gateway()]
  expect(await other.product(id('lamp'))).toBeUndefined()
  await one.put([product('lamp')])
  await world.pass(0)
  expect(await other.product(id('lamp'))).toEqual(product('lamp'))
  await one.remove([id('lamp')])
  await world.pass(0)
  expect([await one.product(id('lamp')), await other.product(id('lamp'))]).toEqual([undefined, undefined])
})

test('CAT-9 while the table is away what is known stands, a change waits, and what came meanwhile is found afterwards', async () => {
  const [one, other] = [await gateway(), await gateway()]
  await one.put([product('lamp', { priceMinor: 100 })])
  await world.pass(0)
  await other.product(id('lamp'))
  table.isAway = true
  await world.pass(5_000)
  expect(await other.product(id('lamp'))).toMatchObject({ priceMinor: 100 })
  await expect(other.product(id('chair'))).rejects.toMatchObject({ code: 'STORE_FAILED' })
  await expect(one.put([product('lamp', { priceMinor: 90 })])).rejects.toMatchObject({ code: 'STORE_FAILED' })
  const late = await gateway()
  table.isAway = false
  await one.put([product('lamp', { priceMinor: 80 })])
  await world.pass(1_000)
  expect(await pricesAt([one, other, late])).toEqual([80, 80, 80])
  expect(world.logged.filter(({ level }) => level === 'warn')).toHaveLength(3)
})

test('CAT-9 after a failover that lost the newest products nobody goes on with them', async () => {
  const one = await gateway()
  const heard: (readonly ProductChange[] | 'all')[] = []
  one.onChange((changes) => heard.push(changes))
  await one.put([product('lamp')])
  await one.product(id('lamp'))
  table.loseAll()
  await world.pass(1_000)
  expect(await one.product(id('lamp'))).toBeUndefined()
  expect(heard).toEqual([[{ product: 'lamp', content: product('lamp') }], 'all'])
})

test('CAT-10 all products are read a page at a time', async () => {
  const one = await gateway()
  await one.put(Array.from({ length: 7 }, (_, n) => product(`p-${n}`)))
  await one.remove([id('p-3')])
  const pages: (readonly string[])[] = []
  for await (const page of one.pages(3)) pages.push(page.map((each) => each.product))
  expect(pages).toEqual([['p-0', 'p-1', 'p-2'], ['p-4', 'p-5', 'p-6'], []])
})

async function gateway(itsBus = bus): Promise<Catalogue> {
  const catalogue = new Catalogue({ table, bus: itsBus, world })
  opened.push(catalogue)
  await catalogue.start()
  return catalogue
}

async function pricesAt(gateways: readonly Catalogue[]): Promise<readonly unknown[]> {
  const found = await Promise.all(gateways.map((one) => one.product(id('lamp'))))
  return found.map((one) => (one === 'busy' ? one : one?.priceMinor))
}

function product(name: string, wish: Partial<Product> = {}): Product {
  const checked = checkProduct({ product: name, title: `The ${name}`, priceMinor: 100, ...wish })
  if (checked.kind === 'problems') throw new Error(checked.problems.join())
  return checked.value
}

function id(name: string): ProductId {
  const parsed = parseProductId(name)
  if (parsed === undefined) throw new Error(`${name} is no product`)
  return parsed
}
