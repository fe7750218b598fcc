import { seededRandom } from '../../cluster/manual-world.ts'
import type { Product } from '../../protocol/product.ts'
import { checkProduct } from '../../protocol/product.ts'

const syllables = 'ka ro mi ten la shu ber to vin del or qua pi sen ga lu mor ti ex an fo ri ne sta'.split(' ')
const wordsMax = 20_000
const titleWords = 4
const descriptionWords = 30
const categoriesMax = 40

/** Products of invented words, some of which are in most products and most in few; and questions that somebody might ask of them. The same each time. */
export class InventedShop {
  private readonly random = seededRandom(1)
  private readonly words = Array.from({ length: wordsMax }, () =>
    Array.from({ length: 2 + this.number(3) }, () => syllables[this.number(syllables.length)] ?? '').join(''),
  )

  product(number: number): Product {
    const checked = checkProduct({
      product: `p-${number}`,
      title: this.some(titleWords),
      description: this.some(descriptionWords),
      categories: [`Category ${this.number(categoriesMax)}`],
      priceMinor: this.number(100_000),
    })
    if (checked.kind === 'problems') throw new Error(checked.problems.join('; '))
    return checked.value
  }

  /** One of the words, the common ones more often. */
  word(): string {
    return this.words[Math.floor(this.random.next() ** 3 * wordsMax)] ?? ''
  }

  /** The beginning of a word, as somebody types it: three letters at least. */
  beginning(): string {
    return this.word().slice(0, 3 + this.number(3))
  }

  /** A word with one letter that is wrong. */
  misspelt(): string {
    const word = this.word()
    const at = this.number(word.length)
    return `${word.slice(0, at)}x${word.slice(at + 1)}`
  }

  private some(count: number): string {
    return Array.from({ length: count }, () => this.word()).join(' ')
  }

  number(below: number): number {
    return Math.floor(this.random.next() * below)
  }
}
