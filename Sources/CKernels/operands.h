/// Private: how rows of x lie in memory once they are made ready for weights of a format.
#ifndef CK_OPERANDS_H
#define CK_OPERANDS_H

#include "dispatch.h"

CK_INLINE size_t ck_blocks(size_t columns) { return (columns + CK_INT8_BLOCK - 1) / CK_INT8_BLOCK; }

/// A row for int8 weights: the bytes of all blocks, then a scale for each block, then a correction for each
/// block, which is -128 times the sum of its bytes: added to a sum of (byte of the weights) * (byte of x) it
/// makes up for the weights' bytes being 128 too large.
CK_INLINE size_t ck_int8_scales(size_t columns) { return ck_blocks(columns) * CK_INT8_BLOCK; }
CK_INLINE size_t ck_int8_corrections(size_t columns) { return ck_blocks(columns) * (CK_INT8_BLOCK + 4); }

#endif
