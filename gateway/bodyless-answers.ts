/**
 * One of so many answers without a body is another one: nothing tells whether a client takes those, so one that asks again and again and never
 * reads could fill the memory with them.
 */
const bodylessInARow = 64

/** Says whether the next answer of a server may go without a body: to HEAD, or `304 Not Modified`. */
export class BodylessAnswers {
  private given = 0

  mayGive(): boolean {
    this.given = (this.given + 1) % bodylessInARow
    return this.given !== 0
  }
}
