/** What is found in a pipeline's Python sources. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { CodeScanError, isMeant, scanCode, schemaName } from "../../src/migration/inventory/scan-code.ts";

const folder = mkdtempSync(join(tmpdir(), "tenon-code-"));
after(() => rmSync(folder, { recursive: true, force: true }));

mkdirSync(join(folder, "workflow/pipeline"), { recursive: true });
mkdirSync(join(folder, ".git"));
writeFileSync(
  join(folder, "workflow/pipeline/ephys.py"),
  `import datajoint as dj
schema = dj.schema(DB_PREFIX + "ephys")
ephys.activate(db_prefix + "ephys", db_prefix + "probe", linking_module=__name__)
support = dj.create_virtual_module("support", f"{ORG}_support_{WORKFLOW}_ephys_support")
adm = dj.VirtualModule('adm', f'{ORG}_admin_workflow')
schema = dj.schema()
@schema
class LFP(dj.Imported):
    definition = """
    lfp : blob@datajoint-blob
    file : filepath@data-root
    """
root = dj.config["custom"]["raw_root_data_dir"]
mode = dj.config.get("custom", {}).get("ephys_mode")
key = os.getenv("AWS_ACCESS_KEY") or os.environ["AWS_ACCESS_SECRET"]
path = "/home/jovyan/s3/inbox"
`,
);
writeFileSync(
  join(folder, "workflow/explore.ipynb"),
  JSON.stringify({ cells: [{ source: ['mua = dj.VirtualModule("mua", db_prefix + "mua")\n'] }] }),
);
writeFileSync(
  join(folder, "docker-compose.yaml"),
  `host: \${DJ_HOST:-db.datajoint.com}\nurl: https://s3.amazonaws.com:9000\n`,
);
writeFileSync(join(folder, ".git/ignored.py"), 'dj.schema("never")');

describe("scanCode", () => {
  it("finds schemas, stores, addresses, configuration, variables and absolute paths, with their places", async () => {
    const scan = await scanCode(folder);
    const names = (needs: readonly { readonly name: string }[]) => needs.map(({ name }) => name);
    assert.deepEqual(names(scan.schemas), [
      "*_admin_workflow",
      "*_support_*_ephys_support",
      "*ephys",
      "*mua",
    ]);
    assert.deepEqual(names(scan.stores), ["data-root", "datajoint-blob"]);
    assert.deepEqual(names(scan.addresses), ["db.datajoint.com", "s3.amazonaws.com:9000"]);
    assert.deepEqual(names(scan.configuration), ["custom.ephys_mode", "custom.raw_root_data_dir"]);
    assert.deepEqual(names(scan.variables), ["AWS_ACCESS_KEY", "AWS_ACCESS_SECRET", "DJ_HOST"]);
    assert.deepEqual(names(scan.absolutePaths), ["/home/jovyan/s3/inbox"]);
    assert.deepEqual(scan.schemas.find(({ name }) => name === "*ephys")!.places, [
      "workflow/pipeline/ephys.py:2",
      "workflow/pipeline/ephys.py:3",
    ]);
    assert.equal(scan.files, 3);
  });

  it("refuses a folder without sources", async () => {
    await assert.rejects(scanCode(join(folder, "nowhere")), CodeScanError);
    mkdirSync(join(folder, "empty"));
    await assert.rejects(scanCode(join(folder, "empty")), /no Python source/);
  });
});

describe("schemaName", () => {
  it("keeps what is literal and shows a star for what is not", () => {
    assert.equal(schemaName('db_prefix + "ephys"'), "*ephys");
    assert.equal(schemaName('f"{ORG}_admin_workflow"'), "*_admin_workflow");
    assert.equal(schemaName('"lab_ephys"'), "lab_ephys");
    assert.equal(schemaName("schema_name=db_prefix + 'lab'"), "*lab");
    for (const nothing of ["", "name", "prefix + name", "create_tables=True"])
      assert.equal(schemaName(nothing), undefined);
  });

  it("means the schemas that fit it", () => {
    assert.ok(isMeant("*ephys", "org_wf_ephys"));
    assert.ok(!isMeant("*ephys", "org_wf_ephys_report"));
    assert.ok(isMeant("*_support_*_ephys_support", "org_support_wf_ephys_support"));
  });
});
