// Writes test/fixtures/journal-1 anew with the code as it is: npm run build && node scripts/make-journal-fixture.mjs
// Only for a new version of the format, which then gets a folder of its own: what an older version wrote has to stay readable.
import { writeFixture } from '../dist/test/journal-fixture.js'

await writeFixture()
