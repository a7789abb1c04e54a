// The page: the player of the report's recordings, and that of stored runs where there are any.

const element = (id) => document.getElementById(id);

/** Return the value in JSON that was compressed and written as base64. */
async function unpacked(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).json();
}

mount(element("ghosts-player"), JSON.parse(element("ghosts-player-data").textContent));
const packed = element("ghosts-stored-runs-data");
if (packed) mount(element("ghosts-stored-runs"), await unpacked(packed.textContent));
