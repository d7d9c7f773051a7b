// Embeds files with C23's #embed, so that the program needs none beside it.
// A new file is two lines here: its bytes and its entry.
#include "CAssets.h"

static const unsigned char migration_0001_up[] = {
#embed "../../migrations/0001_first_light.sql"
};
static const unsigned char migration_0001_down[] = {
#embed "../../migrations/0001_first_light.down.sql"
};
static const unsigned char migration_0002_up[] = {
#embed "../../migrations/0002_tenancy.sql"
};
static const unsigned char migration_0002_down[] = {
#embed "../../migrations/0002_tenancy.down.sql"
};
static const unsigned char openapi[] = {
#embed "../../docs/openapi.json"
};

static const ar1_asset assets[] = {
    {"docs/openapi.json", openapi, sizeof openapi},
    {"migrations/0001_first_light.down.sql", migration_0001_down, sizeof migration_0001_down},
    {"migrations/0001_first_light.sql", migration_0001_up, sizeof migration_0001_up},
    {"migrations/0002_tenancy.down.sql", migration_0002_down, sizeof migration_0002_down},
    {"migrations/0002_tenancy.sql", migration_0002_up, sizeof migration_0002_up},
};

size_t ar1_asset_count(void) { return sizeof assets / sizeof assets[0]; }

ar1_asset ar1_asset_at(size_t index) {
  return index < ar1_asset_count() ? assets[index] : (ar1_asset){"", (const unsigned char *)"", 0};
}
