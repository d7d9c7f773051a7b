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
static const unsigned char migration_0003_up[] = {
#embed "../../migrations/0003_history.sql"
};
static const unsigned char migration_0003_down[] = {
#embed "../../migrations/0003_history.down.sql"
};
static const unsigned char migration_0004_up[] = {
#embed "../../migrations/0004_operation.sql"
};
static const unsigned char migration_0004_down[] = {
#embed "../../migrations/0004_operation.down.sql"
};
static const unsigned char migration_0005_up[] = {
#embed "../../migrations/0005_fair_share.sql"
};
static const unsigned char migration_0005_down[] = {
#embed "../../migrations/0005_fair_share.down.sql"
};
static const unsigned char migration_0006_up[] = {
#embed "../../migrations/0006_job_rules.sql"
};
static const unsigned char migration_0006_down[] = {
#embed "../../migrations/0006_job_rules.down.sql"
};
static const unsigned char migration_0007_up[] = {
#embed "../../migrations/0007_lab_pause_and_usage.sql"
};
static const unsigned char migration_0007_down[] = {
#embed "../../migrations/0007_lab_pause_and_usage.down.sql"
};
static const unsigned char migration_0008_up[] = {
#embed "../../migrations/0008_stale_groups.sql"
};
static const unsigned char migration_0008_down[] = {
#embed "../../migrations/0008_stale_groups.down.sql"
};
static const unsigned char migration_0009_up[] = {
#embed "../../migrations/0009_checkpoints.sql"
};
static const unsigned char migration_0009_down[] = {
#embed "../../migrations/0009_checkpoints.down.sql"
};
static const unsigned char migration_0010_up[] = {
#embed "../../migrations/0010_hot_path.sql"
};
static const unsigned char migration_0010_down[] = {
#embed "../../migrations/0010_hot_path.down.sql"
};
static const unsigned char migration_0011_up[] = {
#embed "../../migrations/0011_task_ranges.sql"
};
static const unsigned char migration_0011_down[] = {
#embed "../../migrations/0011_task_ranges.down.sql"
};
static const unsigned char migration_0012_up[] = {
#embed "../../migrations/0012_webhook_turns.sql"
};
static const unsigned char migration_0012_down[] = {
#embed "../../migrations/0012_webhook_turns.down.sql"
};
static const unsigned char migration_0013_up[] = {
#embed "../../migrations/0013_device_use.sql"
};
static const unsigned char migration_0013_down[] = {
#embed "../../migrations/0013_device_use.down.sql"
};
static const unsigned char migration_0014_up[] = {
#embed "../../migrations/0014_heap_only_claims.sql"
};
static const unsigned char migration_0014_down[] = {
#embed "../../migrations/0014_heap_only_claims.down.sql"
};
static const unsigned char migration_0015_up[] = {
#embed "../../migrations/0015_lean_rows.sql"
};
static const unsigned char migration_0015_down[] = {
#embed "../../migrations/0015_lean_rows.down.sql"
};
static const unsigned char migration_0016_up[] = {
#embed "../../migrations/0016_lean_submissions.sql"
};
static const unsigned char migration_0016_down[] = {
#embed "../../migrations/0016_lean_submissions.down.sql"
};
static const unsigned char migration_0017_up[] = {
#embed "../../migrations/0017_fewer_checks_and_indices.sql"
};
static const unsigned char migration_0017_down[] = {
#embed "../../migrations/0017_fewer_checks_and_indices.down.sql"
};
static const unsigned char migration_0018_up[] = {
#embed "../../migrations/0018_payloads_at_hand.sql"
};
static const unsigned char migration_0018_down[] = {
#embed "../../migrations/0018_payloads_at_hand.down.sql"
};
static const unsigned char migration_0019_up[] = {
#embed "../../migrations/0019_webhooks_when_there_are_any.sql"
};
static const unsigned char migration_0019_down[] = {
#embed "../../migrations/0019_webhooks_when_there_are_any.down.sql"
};
static const unsigned char migration_0020_up[] = {
#embed "../../migrations/0020_moments_and_series.sql"
};
static const unsigned char migration_0020_down[] = {
#embed "../../migrations/0020_moments_and_series.down.sql"
};
static const unsigned char migration_0021_up[] = {
#embed "../../migrations/0021_what_may_begin.sql"
};
static const unsigned char migration_0021_down[] = {
#embed "../../migrations/0021_what_may_begin.down.sql"
};
static const unsigned char dashboard_script[] = {
#embed "../../dashboard/app.js"
};
static const unsigned char dashboard_page[] = {
#embed "../../dashboard/index.html"
};
static const unsigned char dashboard_style[] = {
#embed "../../dashboard/style.css"
};
static const unsigned char openapi[] = {
#embed "../../docs/openapi.json"
};

static const ar1_asset assets[] = {
    {"dashboard/app.js", dashboard_script, sizeof dashboard_script},
    {"dashboard/index.html", dashboard_page, sizeof dashboard_page},
    {"dashboard/style.css", dashboard_style, sizeof dashboard_style},
    {"docs/openapi.json", openapi, sizeof openapi},
    {"migrations/0001_first_light.down.sql", migration_0001_down, sizeof migration_0001_down},
    {"migrations/0001_first_light.sql", migration_0001_up, sizeof migration_0001_up},
    {"migrations/0002_tenancy.down.sql", migration_0002_down, sizeof migration_0002_down},
    {"migrations/0002_tenancy.sql", migration_0002_up, sizeof migration_0002_up},
    {"migrations/0003_history.down.sql", migration_0003_down, sizeof migration_0003_down},
    {"migrations/0003_history.sql", migration_0003_up, sizeof migration_0003_up},
    {"migrations/0004_operation.down.sql", migration_0004_down, sizeof migration_0004_down},
    {"migrations/0004_operation.sql", migration_0004_up, sizeof migration_0004_up},
    {"migrations/0005_fair_share.down.sql", migration_0005_down, sizeof migration_0005_down},
    {"migrations/0005_fair_share.sql", migration_0005_up, sizeof migration_0005_up},
    {"migrations/0006_job_rules.down.sql", migration_0006_down, sizeof migration_0006_down},
    {"migrations/0006_job_rules.sql", migration_0006_up, sizeof migration_0006_up},
    {"migrations/0007_lab_pause_and_usage.down.sql", migration_0007_down, sizeof migration_0007_down},
    {"migrations/0007_lab_pause_and_usage.sql", migration_0007_up, sizeof migration_0007_up},
    {"migrations/0008_stale_groups.down.sql", migration_0008_down, sizeof migration_0008_down},
    {"migrations/0008_stale_groups.sql", migration_0008_up, sizeof migration_0008_up},
    {"migrations/0009_checkpoints.down.sql", migration_0009_down, sizeof migration_0009_down},
    {"migrations/0009_checkpoints.sql", migration_0009_up, sizeof migration_0009_up},
    {"migrations/0010_hot_path.down.sql", migration_0010_down, sizeof migration_0010_down},
    {"migrations/0010_hot_path.sql", migration_0010_up, sizeof migration_0010_up},
    {"migrations/0011_task_ranges.down.sql", migration_0011_down, sizeof migration_0011_down},
    {"migrations/0011_task_ranges.sql", migration_0011_up, sizeof migration_0011_up},
    {"migrations/0012_webhook_turns.down.sql", migration_0012_down, sizeof migration_0012_down},
    {"migrations/0012_webhook_turns.sql", migration_0012_up, sizeof migration_0012_up},
    {"migrations/0013_device_use.down.sql", migration_0013_down, sizeof migration_0013_down},
    {"migrations/0013_device_use.sql", migration_0013_up, sizeof migration_0013_up},
    {"migrations/0014_heap_only_claims.down.sql", migration_0014_down, sizeof migration_0014_down},
    {"migrations/0014_heap_only_claims.sql", migration_0014_up, sizeof migration_0014_up},
    {"migrations/0015_lean_rows.down.sql", migration_0015_down, sizeof migration_0015_down},
    {"migrations/0015_lean_rows.sql", migration_0015_up, sizeof migration_0015_up},
    {"migrations/0016_lean_submissions.down.sql", migration_0016_down, sizeof migration_0016_down},
    {"migrations/0016_lean_submissions.sql", migration_0016_up, sizeof migration_0016_up},
    {"migrations/0017_fewer_checks_and_indices.down.sql", migration_0017_down, sizeof migration_0017_down},
    {"migrations/0017_fewer_checks_and_indices.sql", migration_0017_up, sizeof migration_0017_up},
    {"migrations/0018_payloads_at_hand.down.sql", migration_0018_down, sizeof migration_0018_down},
    {"migrations/0018_payloads_at_hand.sql", migration_0018_up, sizeof migration_0018_up},
    {"migrations/0019_webhooks_when_there_are_any.down.sql", migration_0019_down, sizeof migration_0019_down},
    {"migrations/0019_webhooks_when_there_are_any.sql", migration_0019_up, sizeof migration_0019_up},
    {"migrations/0020_moments_and_series.down.sql", migration_0020_down, sizeof migration_0020_down},
    {"migrations/0020_moments_and_series.sql", migration_0020_up, sizeof migration_0020_up},
    {"migrations/0021_what_may_begin.down.sql", migration_0021_down, sizeof migration_0021_down},
    {"migrations/0021_what_may_begin.sql", migration_0021_up, sizeof migration_0021_up},
};

size_t ar1_asset_count(void) { return sizeof assets / sizeof assets[0]; }

ar1_asset ar1_asset_at(size_t index) {
  return index < ar1_asset_count() ? assets[index] : (ar1_asset){"", (const unsigned char *)"", 0};
}
