// libpng, libjpeg, libtiff and libwebp behind functions that return, and the inner loops of resampling.
//
// The first two report errors by longjmp, which must not cross Swift frames: every jump ends in here. A
// function that returns int gives 0 for success; otherwise `reason` holds a sentence, cut at
// IMAGE_REASON_SIZE bytes.
#ifndef C_IMAGE_CODECS_H
#define C_IMAGE_CODECS_H

#include <stddef.h>
#include <stdint.h>

#define IMAGE_REASON_SIZE 200

#pragma clang assume_nonnull begin

// Decodes a file into height * width * 3 bytes of RGB. A file of another size than the stated one is refused,
// so that it cannot write past the end. Where the picture is transparent, grey of `ground` shows through.
int image_decode_png(
    const uint8_t *bytes, size_t count, uint32_t width, uint32_t height, uint8_t ground, uint8_t *rgb,
    char *reason);
int image_decode_jpeg(
    const uint8_t *bytes, size_t count, uint32_t width, uint32_t height, uint8_t ground, uint8_t *rgb,
    char *reason);
int image_decode_tiff(
    const uint8_t *bytes, size_t count, uint32_t width, uint32_t height, uint8_t ground, uint8_t *rgb,
    char *reason);
int image_decode_webp(
    const uint8_t *bytes, size_t count, uint32_t width, uint32_t height, uint8_t ground, uint8_t *rgb,
    char *reason);

// The size of a file's first picture as stored; a TIFF's orientation as its tag gives it, 1 without one, and whether it
// is grey of more than 8 bits.
int image_read_tiff_header(
    const uint8_t *bytes, size_t count, uint32_t *width, uint32_t *height, int *orientation, int *deep_grey,
    char *reason);
int image_read_webp_header(
    const uint8_t *bytes, size_t count, uint32_t *width, uint32_t *height, char *reason);

// Encodes; on success *file is the caller's to free(). One channel is grey, three are RGB.
int image_encode_png(
    const uint8_t *pixels, uint32_t width, uint32_t height, int channels, uint8_t *_Nullable *_Nonnull file,
    size_t *count, char *reason);
int image_encode_jpeg(
    const uint8_t *rgb, uint32_t width, uint32_t height, int quality, uint8_t *_Nullable *_Nonnull file,
    size_t *count, char *reason);

// Decompresses a zlib stream; the number of bytes, or -1 for a broken stream or one longer than the capacity.
ptrdiff_t image_inflate(const uint8_t *bytes, size_t count, uint8_t *output, size_t capacity);

// One axis of a resampling: `bounds` has the first input and the number of inputs of each output, `weights`
// has `stride` fixed-point weights with 22 fractional bits for each.
void image_resample_horizontally(
    const uint8_t *rgb, ptrdiff_t width, ptrdiff_t height, uint8_t *output, ptrdiff_t output_width,
    const int32_t *bounds, const int32_t *weights, ptrdiff_t stride);
// `row_bytes` bytes per row; `sums` is room for as many numbers.
void image_resample_vertically(
    const uint8_t *rgb, ptrdiff_t row_bytes, uint8_t *output, ptrdiff_t output_height, const int32_t *bounds,
    const int32_t *weights, ptrdiff_t stride, int32_t *sums);

#pragma clang assume_nonnull end

#endif
