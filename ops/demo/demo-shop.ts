import type { Clock } from '../../cluster/world.ts'
import type { RpcClient } from '../../protocol/client/rpc-client.ts'
import type { Plain } from '../../protocol/msgpack-writer.ts'
import type { SaleInfo } from '../../protocol/results.ts'
import type { SaleFile } from '../../protocol/sku-settings.ts'
import { fetchProof } from '../fetch-proof.ts'
import { numberedSale, numberOfSale } from './numbered-sale.ts'

/** What the demo needs of an operator's client. */
export interface SaleOperator {
  sales(): Promise<readonly SaleInfo[]>
  saleCreate(file: SaleFile): Promise<unknown>
  call: RpcClient['call']
}

/** From the making of a sale to its opening: time to open the page and to read what is on offer. */
export const opensInMs = 20_000

/** The demo's sale: one after the other, each made when the last is over. */
export class DemoShop {
  private readonly operator: SaleOperator
  private readonly template: SaleFile
  private readonly clock: Clock
  private making: Promise<boolean> | undefined
  private name = ''
  private order: readonly string[] = []
  private drawn: string | undefined

  constructor(operator: SaleOperator, template: SaleFile, clock: Clock) {
    this.operator = operator
    this.template = template
    this.clock = clock
  }

  /** The newest sale of the demo; empty before the first {@link next}. */
  get sale(): string {
    return this.name
  }

  /** The SKUs of that sale as its file has them: the first one is the one to show large. */
  get skus(): readonly string[] {
    return this.order
  }

  /** Makes a sale, unless the last one is not over: then nothing is made, and the result is false. Whoever asks meanwhile gets the same sale. */
  next(): Promise<boolean> {
    this.making ??= this.make().finally(() => {
      this.making = undefined
    })
    return this.making
  }

  /** What everyone may know of the draw of that sale, when it is over. Rejects with a `SluiceError` before. */
  async proof(): Promise<Plain | undefined> {
    return this.drawn === undefined ? undefined : fetchProof(this.operator, this.drawn)
  }

  /** Where the current sale stands. */
  async info(): Promise<SaleInfo | undefined> {
    return (await this.operator.sales()).find(({ sale }) => sale === this.name)
  }

  private async make(): Promise<boolean> {
    const last = newestOf(this.template, await this.operator.sales())
    if (last !== undefined && last.info.state !== 'over') {
      this.show(numberedSale(this.template, last.number, last.info.opensAt))
      return false
    }
    const file = numberedSale(this.template, (last?.number ?? 0) + 1, this.clock.now() + opensInMs)
    await this.operator.saleCreate(file)
    this.show(file)
    return true
  }

  private show(file: SaleFile): void {
    this.name = file.sale
    this.order = file.skus.map(({ sku }) => sku)
    this.drawn = file.skus.find(({ draw }) => draw !== undefined)?.sku
  }
}

function newestOf(template: SaleFile, sales: readonly SaleInfo[]): { readonly number: number; readonly info: SaleInfo } | undefined {
  return sales
    .flatMap((info) => {
      const number = numberOfSale(template, info.sale)
      return number === undefined ? [] : [{ number, info }]
    })
    .toSorted((a, b) => b.number - a.number)[0]
}
