/** Arrays that grow. */

/** A copy with room for as many more. */
export function doubled(array: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer>;
export function doubled(array: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer>;
export function doubled(array: Float64Array<ArrayBuffer> | Uint32Array<ArrayBuffer>) {
  const size = array.length * 2;
  const larger = array instanceof Uint32Array ? new Uint32Array(size) : new Float64Array(size);
  larger.set(array);
  return larger;
}
