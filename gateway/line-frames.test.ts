import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { EncodedLines, encodeLines, lineCodec, lineEvent, lineNumbersOf, type LineRound } from './line-frames.ts'
import { Notification } from './notification.ts'
import { skuSettings, tenUnits } from './view-fixtures.ts'

const { sku } = skuSettings('lamp')
const u32 = fc.integer({ min: 0, max: 0xffff_ffff })
/** None, or one of two places. */
const outlooks = fc.option(
  fc
    .tuple(fc.nat(1_000), fc.nat(1_000), fc.nat(100), fc.nat(100))
    .map(([near, far, likely, none]) => ({ ahead: [0, 1_000], p50: [near, near + far], p90: [2 * near, 2 * (near + far)], likely, none })),
  { nil: undefined },
)
const wanted = fc.array(fc.tuple(u32, u32, fc.integer({ min: 0, max: 3 })), { maxLength: 40 })

test('GW-102 a round has the same bytes as its notifications would have, in the codecs that are asked for', () => {
  fc.assert(
    fc.property(wanted, outlooks, (told, outlook) => {
      const round: LineRound = {
        sku,
        numbers: lineNumbersOf({ ...tenUnits, held: 3, ...(outlook === undefined ? {} : { outlook }) }),
        tickets: Uint32Array.from(told, ([ticket]) => ticket),
        aheads: Uint32Array.from(told, ([, ahead]) => ahead),
        codecs: Uint8Array.from(told, ([, , codecs]) => codecs),
      }
      const lines = new EncodedLines(encodeLines(round), told.length)
      for (const [i, [ticket, ahead, codecs]] of told.entries()) {
        const said = new Notification('line', lineEvent(sku, ticket, ahead, round.numbers))
        const { msgpack, json } = lines.frame(i)
        expect(Buffer.from(msgpack)).toEqual((codecs & lineCodec.msgpack) === 0 ? Buffer.alloc(0) : Buffer.from(said.msgpack))
        expect(Buffer.from(json).toString()).toBe((codecs & lineCodec.json) === 0 ? '' : said.json)
      }
    }),
  )
})
