#include "CImageCodecs.h"

#include <limits.h>
#include <string.h>
#include <zlib.h>

ptrdiff_t image_inflate(const uint8_t *bytes, size_t count, uint8_t *output, size_t capacity) {
  if (count > UINT_MAX || capacity > UINT_MAX) return -1;
  z_stream stream;
  memset(&stream, 0, sizeof stream);
  if (inflateInit(&stream) != Z_OK) return -1;
  stream.next_in = (Bytef *)bytes;
  stream.avail_in = (uInt)count;
  stream.next_out = output;
  stream.avail_out = (uInt)capacity;
  int status = inflate(&stream, Z_FINISH);
  ptrdiff_t written = (ptrdiff_t)(capacity - stream.avail_out);
  inflateEnd(&stream);
  return status == Z_STREAM_END ? written : -1;
}
