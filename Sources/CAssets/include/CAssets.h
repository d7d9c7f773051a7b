#ifndef AR1_ASSETS_H
#define AR1_ASSETS_H

#include <stddef.h>

/// A file of the repository that was put into the program when it was built.
typedef struct {
  /// Its path from the repository's root.
  const char *_Nonnull path;
  const unsigned char *_Nonnull bytes;
  size_t count;
} ar1_asset;

/// All embedded files, in the order of their paths.
size_t ar1_asset_count(void);
/// The asset at an index below the count.
ar1_asset ar1_asset_at(size_t index);

#endif
